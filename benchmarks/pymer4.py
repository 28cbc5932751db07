"""pymer4's lmer against the same model in Rscript, and through the bridge.

    PYTHON benchmarks/pymer4.py [ROUNDS] [EXAMPLE ...]

PYTHON is one that has pymer4, of which the README beside this file says how to make it. A fit of
pymer4's is ``pymer4.models.lmer(formula, data).fit()``, which computes tables of estimates, fitted
values and predictions at once; a fit of the bridge's all that `bridge.lmer` returns.
"""

# ruff: noqa: INP001, T201  (a program that prints, of no package)
from __future__ import annotations

import importlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

# A script's own folder would come first, and this file be taken for pymer4.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.baseline import Baseline
from benchmarks.examples import EXAMPLES
from benchmarks.rounds import Cost, measure, median, ratio, run_rounds
from benchmarks.sheet import print_end, print_head, print_line
from bridge import connect, lmer

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = {"sleepstudy": 5, "InstEval": 1}
_BASE = "Rscript: lmer alone"
_OURS, _THEIRS = "bridge.lmer, embedded", "pymer4"


def _load() -> Any:  # noqa: ANN401  (a library without types)
    """Return pymer4's models.

    Raises
    ------
    SystemExit
        With a sentence, when it cannot be imported.
    """
    # Before pymer4 loads lme4, so that it lies where its arithmetic is that of Rscript here.
    connect("embedded").call("requireNamespace", {"package": "lme4"})
    try:
        return importlib.import_module("pymer4.models")
    # R packages that are missing come as errors of rpy2's.
    except Exception as error:  # noqa: BLE001
        words = " ".join(str(error).split())
        raise SystemExit(
            f"pymer4 cannot be imported by {sys.executable} ({type(error).__name__}: {words}): "
            "make an environment for it as benchmarks/README.md says."
        ) from None


def _fits(models: Any, name: str) -> dict[str, Callable[[], object]]:  # noqa: ANN401
    """Return what fits an example in this process, by contestant."""
    polars = importlib.import_module("polars")
    example, session = EXAMPLES[name], connect("embedded")
    data = example.read()
    # pymer4 takes polars alone; R makes factors of columns of text.
    grouping = dict.fromkeys(data.select_dtypes("category").columns, str)
    table = polars.from_pandas(data.astype(grouping)[list(example.columns)])

    return {
        _OURS: lambda: lmer(example.formula, data, session=session),
        _THEIRS: lambda: models.lmer(example.formula, data=table).fit(),
    }


def _run(name: str, rounds: int, baseline: Baseline, models: Any) -> None:  # noqa: ANN401
    example = EXAMPLES[name]
    data = example.read()

    def fit_alone() -> Cost:
        return baseline.fit("lmer", example, data)[0]

    contestants: dict[str, Callable[[], Cost]] = {_BASE: fit_alone}
    for label, work in _fits(models, name).items():
        contestants[label] = partial(measure, work, max(1, example.count // 5))
        if example.count > 1:
            work()  # loads what is loaded lazily
    print(f"\n{name}: {example.formula}, {rounds} round{'s' * (rounds > 1)}")
    print_line("", "wall ms", "CPU ms", "wall ratio", "CPU ratio")
    costs = run_rounds(contestants, rounds)
    for label, found in costs.items():
        cells = [f"{1e3 * median(found, 'wall'):.1f}", f"{1e3 * median(found, 'cpu'):.1f}"]
        cells += [f"{ratio(found, costs[_BASE], clock):.2f}" for clock in ("wall", "cpu")]
        print_line(label, *cells)


def main(rounds: int | None, names: list[str]) -> None:
    """Print the tables."""
    models = _load()
    print_head("pymer4 against Rscript", "pymer4", "polars")
    with Baseline() as baseline:
        for name in names:
            _run(name, _ROUNDS.get(name, 5) if rounds is None else rounds, baseline, models)
    print_end()


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else None
    main(asked, sys.argv[2:] or list(_ROUNDS))
