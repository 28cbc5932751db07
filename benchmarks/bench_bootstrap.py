"""A parametric bootstrap: responses simulated, the model refitted to each, intervals.

`parity.bootstrap` against lme4's `confint(method = "boot")`, the first fit included in both. lme4
draws the rows of a response, `parity.bootstrap` the few numbers that its criterion takes of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.contest import Growth
from benchmarks.examples import EXAMPLES, INTERCEPT, labelled, simulate
from benchmarks.rounds import Cost, measure
from benchmarks.spread import Target

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.baseline import Baseline
    from benchmarks.contest import Contest
    from benchmarks.rounds import Turns

_BASE, _OURS = "lme4: confint, boot", "parity.bootstrap"
_REFITS, _FEW_REFITS, _SEED = 1_000, 100, 1
_ROUNDS = {"seed-gender": 3, "seed-slope": 2, "sleepstudy": 2, "jsp-class": 1, "penicillin": 1}
_SPEEDS = {"seed-gender": 150.0, "seed-slope": 15.0, "sleepstudy": 15.0}
_POINTS = [
    *(("rows", rows, 100) for rows in (300, 1_000, 3_000, 10_000)),
    *(("groups", 3_000, groups) for groups in (10, 100, 1_000)),
]


def _bootstrap(formula: str, data: pd.DataFrame, refits: int) -> Cost:
    from parity import bootstrap  # noqa: PLC0415  (where it is missing, the page says so)

    found: list[pd.DataFrame] = []
    cost = measure(lambda: found.append(bootstrap(formula, data, n=refits, seed=_SEED).confint()))
    width = float(np.diff(found[0].loc["sigma"].to_numpy(np.float64))[0])
    return Cost(cost.wall, cost.cpu, {"width": width})


@pytest.mark.parametrize("name", _ROUNDS)
def bench_bootstrap(name: str, contest: Contest, baseline: Baseline) -> None:
    """Bootstrap a model of shipped data, or of the seed's."""
    example = EXAMPLES[name]
    data = example.read()[list(example.columns)]
    baseline.send(name, example.formula, data)
    turns = contest.run(
        f"{name}: {example.formula}, {_REFITS:,} refits",
        {
            _BASE: partial(_ask, baseline, name, _REFITS),
            _OURS: partial(_bootstrap, example.formula, data, _REFITS),
        },
        rounds=_ROUNDS[name],
        base=_BASE,
        targets=[Target(_OURS, "speed", _SPEEDS[name])] if name in _SPEEDS else [],
    )
    contest.note(_widths(turns))


@pytest.mark.parametrize(("axis", "rows", "groups"), _POINTS)
def bench_growth(axis: str, rows: int, groups: int, contest: Contest, baseline: Baseline) -> None:
    """Bootstrap one random intercept on more and more rows, and groups."""
    name, data = f"{rows}x{groups}", labelled(simulate(rows, groups))
    baseline.send(name, INTERCEPT, data)
    fixed = f"{groups:,} groups" if axis == "rows" else f"{rows:,} rows"
    series = f"A bootstrap of {_FEW_REFITS} refits, {fixed}"
    contest.run(
        f"{INTERCEPT}, {rows:,} rows in {groups:,} groups",
        {
            _BASE: partial(_ask, baseline, name, _FEW_REFITS),
            _OURS: partial(_bootstrap, INTERCEPT, data, _FEW_REFITS),
        },
        rounds=2,
        base=_BASE,
        growth=Growth(series, axis, rows if axis == "rows" else groups),
    )


def _ask(baseline: Baseline, name: str, refits: int) -> Cost:
    """Return what one whole bootstrap costs: what R says of one refit, times their number."""
    one = baseline.ask("bootstrap", name, refits)
    return Cost(one.wall * refits, one.cpu * refits, {"width": one.figures["value"]})


def _widths(turns: Turns) -> str:
    """Return whether both give the same interval, but for the draws."""
    widths = {name: costs[0].figures["width"] for name, costs in turns.costs.items()}
    told = ", ".join(f"{name} {width:.4g}" for name, width in widths.items())
    return f"The width of the interval of sigma: {told}."
