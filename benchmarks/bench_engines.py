"""A whole fit by each engine and by each other package, against R's own.

"Rscript" is `lmer` or `glmer` alone. The engines of parity return every quantity that it compares,
standard errors and predictions included. "criterion" is the design, Newton's search and the
estimates of `parity.criterion`. A generalised model is answered by parity's GLMM on statsmodels.
Other packages run in interpreters of their own, with their own defaults. "Deviance" is how far
above the lowest one of the table each stopped. In the series over a growing size, a contestant that
took long at one size is not asked for a larger one.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.contest import Growth
from benchmarks.examples import EXAMPLES, INTERCEPT, labelled, simulate
from benchmarks.interpreters import write_model
from benchmarks.native import fit_frame
from benchmarks.rounds import Cost, measure
from parity.case import Case
from parity.checkup import FrameDataset
from parity.engine import create
from parity.formula import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from benchmarks.baseline import Baseline
    from benchmarks.companion import Companion
    from benchmarks.contest import Contest

    Contestants = dict[str, Callable[[], Cost]]

RIVALS = ("glmm", "mixedlm")
_BASE = "Rscript"
_CASES = {
    "sleepstudy": ("lme4", "statsmodels", "statsmodels-polished"),
    "jsp": ("lme4", "statsmodels", "statsmodels-polished"),
    "penicillin": ("lme4", "statsmodels", "statsmodels-polished"),
    "insteval": (),
    "seed-fail": ("lme4", "statsmodels"),
}
_TOO_LARGE = (
    "crossed effects are one group to MixedLM, with dense matrices of 73 421 rows and columns"
)
_PATIENCE = 3.0
_ROWS, _GROUPS = (1_000, 10_000, 100_000), (10, 100, 1_000, 10_000)
_FEW_GROUPS, _MANY_ROWS = 100, 50_000


def _by_engine(name: str, formula: str, data: pd.DataFrame, family: str | None) -> Cost:
    """Return the cost of an engine's answer, with the deviance that it reports."""
    spec = parse(formula, family=family or "gaussian")
    case = Case("benchmark", FrameDataset("data", None, None, data), spec)  # type: ignore[arg-type]
    answers = []
    cost = measure(lambda: answers.append(create(name).fit(case, data)))
    answer = answers[0]
    if not answer.fitted:
        raise RuntimeError(answer.message)
    return Cost(cost.wall, cost.cpu, {"value": -2.0 * answer.values["loglik"][()]})  # noqa: PD011  (FitResult's own)


def _by_criterion(formula: str, data: pd.DataFrame) -> Cost:
    found: list[float] = []
    cost = measure(lambda: found.append(fit_frame(parse(formula), data)))
    return Cost(cost.wall, cost.cpu, {"value": found[0]})


def _by_mixedlm(data: pd.DataFrame) -> Cost:
    """Return the cost of statsmodels' fit as its user writes it, by REML."""
    from statsmodels.regression import mixed_linear_model  # noqa: PLC0415  (slow to load)

    untyped: Any = mixed_linear_model.MixedLM
    found: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cost = measure(
            lambda: found.append(untyped.from_formula("y ~ x", data, groups="g").fit().llf)
        )
    return Cost(cost.wall, cost.cpu, {"value": -2.0 * found[0]})


def _by_rivals(running: dict[str, Companion], path: Path, count: int) -> Contestants:
    return {
        companion.greeting: partial(companion.ask, "fit", path, count)
        for companion in running.values()
    }


@pytest.mark.parametrize("name", _CASES)
def bench_case(
    name: str,
    contest: Contest,
    baseline: Baseline,
    rivals: tuple[dict[str, Companion], dict[str, str]],
    folder: Path,
) -> None:
    """Fit a shipped case by everything that can."""
    example = EXAMPLES[name]
    data = example.read()[list(example.columns)]
    baseline.send(name, example.formula, data, family=example.family)
    count = min(example.count, 5)
    contestants: Contestants = {_BASE: partial(baseline.ask, "alone", name, count)}
    for engine in _CASES[name]:
        contestants[f"engine {engine}"] = partial(
            _by_engine, engine, example.formula, data, example.family
        )
    if example.family is None:
        contestants["criterion"] = partial(_by_criterion, example.formula, data)
    running, missing = rivals
    path = write_model(folder / name, example.formula, data, example.family)
    contestants |= _by_rivals(running, path, count)
    absent = missing | ({} if _CASES[name] else {"statsmodels": _TOO_LARGE})
    large = name == "insteval"
    contest.run(
        f"{name}: {example.formula}",
        contestants,
        rounds=1 if large else 5,
        warm=not large,
        base=_BASE,
        absent=absent,
    )


class _Series:
    """Who is still asked in a series; one for each, so that its tests run in order."""

    late: dict[tuple[str, str], str] = {}  # noqa: RUF012  (the state of one run)


def _grow(
    growth: Growth, groups: int, rows: int, contest: Contest, contestants: Contestants,
    missing: dict[str, str],
) -> None:  # fmt: skip
    late = {name: why for (series, name), why in _Series.late.items() if series == growth.series}
    asked = {name: work for name, work in contestants.items() if name not in late}
    turns = contest.run(
        f"{INTERCEPT}, {rows:,} rows in {groups:,} groups",
        asked,
        rounds=3,
        warm=growth.size in {_ROWS[0], _GROUPS[0]},
        base=_BASE,
        absent=missing | late,
        growth=growth,
    )
    for name, costs in turns.costs.items():
        if max(cost.wall for cost in costs) > _PATIENCE:
            why = f"took more than {_PATIENCE:.0f} s at {growth.size:,} {growth.axis}"
            _Series.late[growth.series, name] = why


_POINTS = [
    *(("rows", rows, _FEW_GROUPS) for rows in _ROWS),
    *(("groups", _MANY_ROWS, groups) for groups in _GROUPS),
]


@pytest.mark.parametrize("point", _POINTS)
def bench_growth(
    point: tuple[str, int, int],
    contest: Contest,
    baseline: Baseline,
    rivals: tuple[dict[str, Companion], dict[str, str]],
    folder: Path,
) -> None:
    """Fit one random intercept on more and more rows, and groups."""
    axis, rows, groups = point
    name, data = f"{rows}x{groups}", labelled(simulate(rows, groups))
    baseline.send(name, INTERCEPT, data)
    running, missing = rivals
    contestants: Contestants = {
        _BASE: partial(baseline.ask, "alone", name),
        "criterion": partial(_by_criterion, INTERCEPT, data),
        "statsmodels MixedLM": partial(_by_mixedlm, data),
        **_by_rivals(running, write_model(folder / name, INTERCEPT, data), 1),
    }
    fixed = f"{groups:,} groups" if axis == "rows" else f"{rows:,} rows"
    growth = Growth(f"A fit, {fixed}", axis, rows if axis == "rows" else groups)
    _grow(growth, groups, rows, contest, contestants, missing)
