"""One evaluation of the deviance of `y ~ x + (1 | g)` at a given theta, by REML.

lme4's is its own deviance function (`devFunOnly`), statsmodels' is `MixedLM.loglike`; the
criterion's stands alone, and with gradient and Hessian. What is computed once for all theta is not
counted.
"""

from __future__ import annotations

import itertools
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.contest import Growth
from benchmarks.examples import INTERCEPT, labelled, simulate
from benchmarks.native import arrays
from benchmarks.rounds import Cost, measure
from parity.criterion.derivative import differentiate
from parity.criterion.lmm import Criterion

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from benchmarks.baseline import Baseline
    from benchmarks.contest import Contest

_BASE, _OURS, _HESSIAN, _THEIRS = (
    "lme4's devfun",
    "criterion",
    "criterion with gradient and Hessian",
    "statsmodels' loglike",
)
_ROWS, _GROUPS = (1_000, 10_000, 100_000, 1_000_000), (10, 100, 1_000, 10_000, 100_000)
_FEW_GROUPS, _MANY_ROWS = 100, 200_000
_POINTS = [
    *(("rows", rows, _FEW_GROUPS) for rows in _ROWS),
    *(("groups", _MANY_ROWS, groups) for groups in _GROUPS),
]
_AGREES = 1e-9
_BLOCK = 2_000_000
"""Rows that a block of evaluations goes through."""


def _evaluate(evaluate: Callable[[float], float], count: int) -> Cost:
    """Return the cost of one evaluation, each at another theta."""
    thetas = itertools.count()
    return measure(lambda: evaluate(1.0 + 1e-3 * next(thetas)), count)


def _ask(baseline: Baseline, name: str, count: int) -> Cost:
    found = baseline.ask("devfun", name, count)
    return Cost(found.wall, found.cpu)


def _with_hessian(criterion: Criterion, theta: float) -> float:
    point = criterion.at(np.array([theta]))
    derivatives = differentiate(point)
    assert np.isfinite(derivatives.hessian).all()
    return point.deviance


def _mixedlm(data: pd.DataFrame) -> Callable[[float], float]:
    from statsmodels.regression import mixed_linear_model  # noqa: PLC0415  (slow to load)

    mixed: Any = mixed_linear_model

    X = np.column_stack([np.ones(len(data)), data["x"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = mixed.MixedLM(data["y"].to_numpy(), X, groups=data["g"].to_numpy())
    # what fit() sets, and loglike() reads
    model.reml, model.cov_pen, model.fe_pen = True, None, None

    def evaluate(theta: float) -> float:
        params = mixed.MixedLMParams.from_components(
            fe_params=np.zeros(2), cov_re=np.array([[theta**2]])
        )
        return -2.0 * float(model.loglike(params, profile_fe=True))

    return evaluate


@pytest.mark.parametrize(("axis", "rows", "groups"), _POINTS)
def bench_evaluation(
    axis: str, rows: int, groups: int, contest: Contest, baseline: Baseline
) -> None:
    """Evaluate on more and more rows, and groups."""
    data, name = simulate(rows, groups), f"{rows}x{groups}"
    baseline.send(name, INTERCEPT, labelled(data), theta=np.ones(1))
    criterion = Criterion(arrays(data), reml=True)
    count = max(3, min(200, _BLOCK // (rows + 20 * groups)))
    theirs, few = _mixedlm(data), max(1, min(10, 20_000 // groups))
    contestants: dict[str, Callable[[], Cost]] = {
        _BASE: partial(_ask, baseline, name, count),
        _OURS: partial(_evaluate, lambda theta: criterion.deviance(np.array([theta])), count),
        _HESSIAN: partial(_evaluate, partial(_with_hessian, criterion), count),
        _THEIRS: partial(_evaluate, theirs, few),
    }
    fixed = f"{groups:,} groups" if axis == "rows" else f"{rows:,} rows"
    contest.run(
        f"{rows:,} rows in {groups:,} groups",
        contestants,
        rounds=5,
        warm=True,  # what is computed once for all theta
        base=_BASE,
        growth=Growth(f"An evaluation, {fixed}", axis, rows if axis == "rows" else groups),
        notes=[_agreement(baseline, name, criterion, theirs)],
    )


def _agreement(
    baseline: Baseline, name: str, criterion: Criterion, theirs: Callable[[float], float]
) -> str:
    """Return whether all three are the same function."""
    ours = criterion.deviance(np.ones(1))
    others = {
        _BASE: baseline.ask("devfun", name).figures["value"],
        _THEIRS: theirs(1.0),
    }
    apart = {who: abs(value - ours) / abs(ours) for who, value in others.items()}
    worst = max(apart, key=lambda who: apart[who])
    if apart[worst] <= _AGREES:
        return "All three give the same deviance at theta = 1."
    return f"At theta = 1 {worst} differs from the criterion by {apart[worst]:.1e} of it."
