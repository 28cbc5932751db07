"""pymer4's `lmer` against the same model in Rscript, and through the bridge.

A fit of pymer4's is ``pymer4.models.lmer(formula, data).fit()``, which computes tables of
estimates, fitted values and predictions at once; a fit of the bridge's all that `bridge.lmer`
returns. pymer4 runs in an interpreter of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from benchmarks.examples import EXAMPLES
from benchmarks.interpreters import write_example
from benchmarks.rounds import measure
from bridge import connect, lmer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.baseline import Baseline
    from benchmarks.companion import Companion
    from benchmarks.contest import Contest
    from benchmarks.rounds import Cost

RIVALS = ("pymer4",)
_ROUNDS = {"sleepstudy": 5, "jsp": 5}
_BASE, _OURS = "Rscript: the fit alone", "bridge, embedded"
_COUNT = 3


@pytest.mark.parametrize("name", _ROUNDS)
def bench_pymer4(
    name: str,
    contest: Contest,
    baseline: Baseline,
    rivals: tuple[dict[str, Companion], dict[str, str]],
    folder: Path,
) -> None:
    """Fit by each."""
    example, session = EXAMPLES[name], connect("embedded")
    data = example.read()
    baseline.send(name, example.formula, data[list(example.columns)])
    contestants: dict[str, Callable[[], Cost]] = {
        _BASE: partial(baseline.ask, "alone", name, example.count),
        _OURS: lambda: measure(lambda: lmer(example.formula, data, session=session), _COUNT),
    }
    running, absent = rivals
    for companion in running.values():
        path = write_example(folder / name, example)
        contestants[companion.greeting] = partial(companion.ask, "fit", path, _COUNT)
    contest.run(
        f"{name}: {example.formula}",
        contestants,
        rounds=_ROUNDS[name],
        warm=True,
        base=_BASE,
        shown="time",
        absent=absent,
    )
