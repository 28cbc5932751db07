"""Faults planted in a real answer of lme4: each must turn red, in words that name the culprit.

Every fault takes the road of a real engine: fitted by `parity.bench.attempt`, judged by
`parity.run.judge` against lme4's own answer to sleepstudy with random slopes (180 rows).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from parity.bench import attempt
from parity.case import Case
from parity.dataset import Dataset
from parity.formula import parse
from parity.result import Design, FitResult
from parity.run import judge
from parity.verdict import Verdict
from tests.meta.answers import SLOPE, answer
from tests.meta.bands import BANDS
from tests.parity.fake_engines import FakeEngine, with_element, with_numbers, without

if TYPE_CHECKING:
    from pathlib import Path

    from parity.finding import Comparison
    from parity.result import Key

Plant = Callable[[FitResult], FitResult]

INTERCEPT, DAYS = "(Intercept)", "Days"
DATA = pd.DataFrame({"Reaction": [1.0]})


@dataclass
class Planted(FakeEngine):
    """An engine that gives lme4's stored answer with a fault in it."""

    source: str = "slope_reml"
    plant: Plant = field(default=lambda result: result)

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:  # noqa: ARG002 - stored answers
        return self.plant(answer(self.source, engine=self.name, case=case.name))


def case_of(tmp_path: Path, formula: str = SLOPE) -> Case:
    data = Dataset(name="sleepstudy", file=tmp_path / "none.csv", sha256=None)
    return Case("sleepstudy", data, parse(formula))


def judged(plant: Plant, tmp_path: Path, *, source: str, reference: str) -> Comparison:
    """Return what the harness says of the planted answer."""
    engine = Planted("candidate", plant=plant, source=source)
    given = attempt(engine, case_of(tmp_path), DATA)
    (comparison,) = judge((answer(reference), given), BANDS, ())
    return comparison


@dataclass(frozen=True)
class Fault:
    """What is planted, and what must be said of it.

    Attributes
    ----------
    says
        Words that the comparison's message must hold.
    culprit
        Quantity and key whose two numbers the message must show in full.
    reference, source
        The stored answers that are held against each other before the fault.
    """

    name: str
    plant: Plant
    verdict: Verdict
    says: tuple[str, ...] = ()
    culprit: tuple[str, Key] | None = None
    reference: str = "slope_reml"
    source: str = "slope_reml"


def swapped(quantity: str, one: Key, other: Key) -> Plant:
    def plant(result: FitResult) -> FitResult:
        numbers = dict(result.values[quantity])
        numbers[one], numbers[other] = numbers[other], numbers[one]
        return with_numbers(result, quantity, numbers)

    return plant


def mapped(quantity: str, change: Callable[[float], float], *keys: Key) -> Plant:
    """Return a plant that changes the numbers of a quantity, or those of some keys."""

    def plant(result: FitResult) -> FitResult:
        numbers = result.values[quantity]
        chosen = keys or tuple(numbers)
        return with_numbers(
            result, quantity, {**numbers, **{k: change(numbers[k]) for k in chosen}}
        )

    return plant


def dropped(quantity: str, key: Key) -> Plant:
    def plant(result: FitResult) -> FitResult:
        numbers = {k: v for k, v in result.values[quantity].items() if k != key}
        return with_numbers(result, quantity, numbers)

    return plant


def put(quantity: str, key: Key, number: float) -> Plant:
    return lambda result: with_element(result, quantity, key, number)


def taken_for(quantity: str, other: str) -> Plant:
    """Return a plant that gives another quantity's numbers under this one's name."""
    return lambda result: with_numbers(result, quantity, result.values[other])


def both(*plants: Plant) -> Plant:
    def plant(result: FitResult) -> FitResult:
        for step in plants:
            result = step(result)
        return result

    return plant


def with_cell(row: int, column: int, number: float) -> Plant:
    """Return a plant that changes one cell of X."""

    def plant(result: FitResult) -> FitResult:
        design = cast("Design", result.design)
        matrix = design.matrix.copy()
        matrix[row, column] = number
        return replace(result, design=Design(design.columns, matrix))

    return plant


def scaled_column(column: int, factor: float) -> Plant:
    def plant(result: FitResult) -> FitResult:
        design = cast("Design", result.design)
        matrix = design.matrix.copy()
        matrix[:, column] *= factor
        return replace(result, design=Design(design.columns, matrix))

    return plant


def renamed_coefficients(result: FitResult) -> FitResult:
    """Return the answer with the coefficient names of the treatment contrasts."""
    names = tuple(key[0] for key in answer("cake").values["fixef"])
    own = [key[0] for key in result.values["fixef"]]
    new = dict(zip(own, names, strict=True))
    values = {
        quantity: {tuple(new.get(part, part) for part in key): v for key, v in numbers.items()}
        for quantity, numbers in result.values.items()
    }
    return replace(
        result, values=values, design=replace(cast("Design", result.design), columns=names)
    )


def rotated_levels(result: FitResult) -> FitResult:
    """Return the answer with every subject's effects under the next subject's name."""
    levels = result.groups["Subject"]
    following = dict(zip(levels, (*levels[1:], levels[0]), strict=True))
    numbers: dict[Key, float] = {
        (group, following[level], term): number
        for (group, level, term), number in result.values["ranef"].items()
    }
    return with_numbers(result, "ranef", numbers)


def marginal(result: FitResult) -> FitResult:
    """Return the answer with fitted values that leave the random effects out."""
    design = cast("Design", result.design)
    beta = np.array([result.values["fixef"][column,] for column in design.columns])
    fitted = (design.matrix @ beta).tolist()
    numbers: dict[Key, float] = {(row,): v for row, v in zip(result.rows, fitted, strict=True)}
    return with_numbers(result, "fitted", numbers)


def all_absent(result: FitResult) -> FitResult:
    for quantity in tuple(result.values):
        if quantity not in {"nobs", "ngroups", "converged", "singular"}:
            result = without(result, quantity, "not asked for")
    return result


def wider(result: FitResult) -> FitResult:
    """Return the answer with limits of t on n - p degrees of freedom for the normal ones."""
    factor = float(stats.t.ppf(0.975, 178))
    numbers: dict[Key, float] = {}
    for coefficient, limit in result.values["wald_ci"]:
        middle, error = (result.values[q][coefficient,] for q in ("fixef", "se_conditional"))
        sign = -1 if limit == "2.5 %" else 1
        numbers[coefficient, limit] = middle + sign * factor * error
    return with_numbers(result, "wald_ci", numbers)


def raises(_: FitResult) -> FitResult:
    raise np.linalg.LinAlgError("Singular matrix")


def double(number: float) -> float:
    return 2 * number


SIGMA = answer("slope_reml").values["sigma"][()]
CONSTANT = 180 * float(np.log(2 * np.pi))
BAD = Verdict.DIFFER
SLOPE_SD = ("Subject", DAYS)
SLOPE_EFFECT = ("Subject", "308", DAYS)

FAULTS = [
    Fault("swapped coefficient names", swapped("fixef", (INTERCEPT,), (DAYS,)), BAD,
          culprit=("fixef", (DAYS,))),
    Fault("one coefficient's sign", mapped("fixef", lambda b: -b, (DAYS,)), BAD,
          culprit=("fixef", (DAYS,))),
    Fault("a coefficient dropped", dropped("fixef", (DAYS,)), Verdict.INCOMPARABLE,
          ("another set of coefficients", "only in lme4: Days")),
    Fault("a coefficient more", put("fixef", ("Extra",), 1.0), Verdict.INCOMPARABLE,
          ("another set of coefficients", "only in candidate: Extra")),
    Fault("a random effect's variance dropped", dropped("variance", SLOPE_SD),
          Verdict.INCOMPARABLE, ("another set of random effects", "only in lme4: Subject Days")),
    Fault("a prediction dropped", dropped("ranef", SLOPE_EFFECT), BAD,
          ("ranef[Subject, 308, Days] is missing in candidate",)),
    Fault("a prediction more", put("ranef", ("Subject", "999", DAYS), 0.0), BAD,
          ("ranef[Subject, 999, Days] is missing in lme4",)),
    Fault("a covariance dropped", dropped("vcov_conditional", (DAYS, INTERCEPT)), BAD,
          ("vcov_conditional[Days, (Intercept)] is missing in candidate",)),
    Fault("NaN", put("fixef", (DAYS,), float("nan")), Verdict.FAILED, ("fixef['Days'] is nan",)),
    Fault("infinity", put("sigma", (), float("inf")), Verdict.FAILED, ("sigma[] is inf",)),
    Fault("an empty mapping", lambda r: with_numbers(r, "ranef", {}), Verdict.FAILED,
          ("ranef: an empty mapping",)),
    Fault("a quantity forgotten",
          lambda r: replace(r, values={k: v for k, v in r.values.items() if k != "theta"}),
          Verdict.FAILED, ("theta: neither given nor absent",)),
    Fault("a quantity given and absent",
          lambda r: replace(r, absent={**r.absent, "theta": "none"}),
          Verdict.FAILED, ("theta: both given and absent",)),
    Fault("absent without a reason", lambda r: without(r, "theta", ""), Verdict.FAILED,
          ("theta is absent without a reason",)),
    Fault("a quantity of another kind", lambda r: with_numbers(r, "r2", {(): 0.5}), Verdict.FAILED,
          ("r2: no quantity of a lmm",)),
    Fault("a key that names too little", put("ranef", ("308", DAYS), 1.0), Verdict.FAILED,
          ("ranef: key ('308', 'Days') should name",)),
    Fault("the flag ML for REML", lambda r: replace(r, criterion="ML"), Verdict.INCOMPARABLE,
          ("another criterion: REML in lme4, ML in candidate",)),
    Fault("an ML fit under the flag REML", lambda r: replace(r, criterion="REML"), Verdict.DIFFER,
          ("candidate reports 8.31 of deviance more than lme4",), ("loglik", ()),
          source="slope_ml"),
    Fault("variances for sds", taken_for("sd", "variance"), BAD,
          culprit=("sd", ("Subject", INTERCEPT))),
    Fault("sds for variances", taken_for("variance", "sd"), BAD,
          culprit=("variance", ("Subject", INTERCEPT))),
    Fault("one row missing", lambda r: r, Verdict.INCOMPARABLE,
          ("another set of rows: 180 in lme4, 179 in candidate; only in lme4: 180",),
          source="one_row_less"),
    Fault("one row missing, all rows named",
          lambda r: replace(r, rows=answer("slope_reml").rows), Verdict.FAILED,
          ("180 rows, 179 rows of X, 179 nobs",), source="one_row_less"),
    Fault("two fitted values swapped", swapped("fitted", ("1",), ("10",)), BAD,
          culprit=("fitted", ("1",))),
    Fault("two residuals swapped", swapped("resid", ("1",), ("10",)), BAD,
          culprit=("resid", ("1",))),
    Fault("residuals of the other sign", mapped("resid", lambda e: -e), BAD,
          culprit=("resid", ("57",))),
    Fault("fitted values without the random effects", marginal, BAD, ("fitted[",)),
    Fault("another reference level", lambda r: r, Verdict.INCOMPARABLE,
          ("another set of coefficients", "only in lme4: recipeB", "only in candidate: recipeA"),
          reference="cake", source="cake_relevelled"),
    Fault("another reference level under the same names", renamed_coefficients,
          Verdict.INCOMPARABLE,
          ("another design matrix", "design[recipeB, 1] is 0.0 in lme4 and 1.0 in candidate"),
          reference="cake", source="cake_relevelled"),
    Fault("another contrast", lambda r: r, Verdict.INCOMPARABLE,
          ("another set of coefficients", "only in lme4: recipeB, recipeC"),
          reference="cake", source="cake_sum"),
    Fault("another contrast under the same names", renamed_coefficients, Verdict.INCOMPARABLE,
          ("another design matrix", "design[recipe", "-1.0 in candidate"),
          reference="cake", source="cake_sum"),
    Fault("a covariate in another unit", scaled_column(1, 1 / 7), Verdict.INCOMPARABLE,
          ("another design matrix", "design[Days, 10] is 9.0 in lme4 and 1.28")),
    Fault("NaN in X", with_cell(3, 1, float("nan")), Verdict.FAILED,
          ("design[Days] is nan in row 4",)),
    Fault("infinity in X", with_cell(0, 0, float("inf")), Verdict.FAILED,
          ("design[(Intercept)] is inf in row 1",)),
    Fault("X of other rows than are named",
          lambda r: replace(r, rows=(*r.rows[1:], r.rows[0])), Verdict.INCOMPARABLE,
          ("another design matrix", "design[Days, ")),
    Fault("effects under shuffled levels", rotated_levels, BAD, ("ranef[Subject, ",)),
    Fault("two levels' effects swapped",
          swapped("ranef", SLOPE_EFFECT, ("Subject", "309", DAYS)), BAD,
          culprit=("ranef", SLOPE_EFFECT)),
    Fault("intercept's effect for the slope's",
          swapped("ranef", SLOPE_EFFECT, ("Subject", "308", INTERCEPT)), BAD,
          culprit=("ranef", SLOPE_EFFECT)),
    Fault("a level under another name",
          lambda r: replace(r, groups={"Subject": ("0308", *r.groups["Subject"][1:])}),
          Verdict.INCOMPARABLE,
          ("another set of levels of Subject", "only in lme4: 308", "only in candidate: 0308")),
    Fault("a level twice",
          lambda r: replace(r, groups={"Subject": (*r.groups["Subject"], "308")}),
          Verdict.INCOMPARABLE,
          ("another set of levels of Subject: 18 in lme4, 19 in candidate", "repeated: 308")),
    Fault("another grouping factor",
          lambda r: replace(r, groups={"subject": r.groups["Subject"]}), Verdict.INCOMPARABLE,
          ("another set of grouping factors", "only in candidate: subject")),
    Fault("a row twice",
          lambda r: replace(r, rows=("2", *r.rows[1:])), Verdict.INCOMPARABLE,
          ("another set of rows", "only in lme4: 1", "repeated: 2")),
    Fault("conditional variances for sds", mapped("ranef_sd", lambda s: s * s), BAD,
          ("ranef_sd[Subject, ",)),
    Fault("the correlation's sign", mapped("correlation", lambda c: -c), BAD,
          culprit=("correlation", ("Subject", INTERCEPT, DAYS))),
    Fault("a covariance for the correlation", put("correlation", ("Subject", INTERCEPT, DAYS), 9.6),
          BAD, culprit=("correlation", ("Subject", INTERCEPT, DAYS))),
    Fault("joint errors for conditional ones", taken_for("se_conditional", "se_joint"), BAD,
          culprit=("se_conditional", (DAYS,)), reference="unbalanced", source="unbalanced"),
    Fault("variances for standard errors", mapped("se_conditional", lambda s: s * s), BAD,
          culprit=("se_conditional", (INTERCEPT,))),
    Fault("covariance matrix under transposed names",
          swapped("vcov_conditional", (INTERCEPT, INTERCEPT), (DAYS, DAYS)), BAD,
          culprit=("vcov_conditional", (DAYS, DAYS))),
    Fault("covariance matrix over sigma2",
          mapped("vcov_conditional", lambda v: v / SIGMA**2), BAD, ("vcov_conditional[",)),
    Fault("the correlation of coefficients, its sign", mapped("corr_conditional", lambda c: -c),
          BAD, culprit=("corr_conditional", (DAYS, INTERCEPT))),
    Fault("sigma for sigma2", taken_for("sigma2", "sigma"), BAD, culprit=("sigma2", ())),
    Fault("sigma2 for sigma", taken_for("sigma", "sigma2"), BAD, culprit=("sigma", ())),
    Fault("sigma over n for n - p", mapped("sigma", lambda s: s * (178 / 180) ** 0.5), BAD,
          culprit=("sigma", ())),
    Fault("deviance without its constant", mapped("deviance", lambda d: d - CONSTANT), BAD,
          ("contradict each other",), ("deviance", ())),
    Fault("criterion without its constant",
          both(mapped("deviance", lambda d: d - CONSTANT),
               mapped("loglik", lambda d: d + CONSTANT / 2)), BAD,
          ("lme4 reports 331 of deviance more than candidate",), ("loglik", ())),
    Fault("the log-likelihood's sign", mapped("loglik", lambda v: -v), BAD,
          ("contradict each other",), ("loglik", ())),
    Fault("an optimum not reached",
          both(mapped("deviance", lambda d: d + 0.02), mapped("loglik", lambda v: v - 0.01)),
          BAD, ("candidate reports 0.02 of deviance more than lme4",), ("loglik", ())),
    Fault("AIC off by one parameter", mapped("aic", lambda a: a + 2), BAD, culprit=("aic", ())),
    Fault("BIC with n - p for n",
          mapped("bic", lambda b: b + 6 * float(np.log(178 / 180))), BAD, culprit=("bic", ())),
    Fault("absolute theta", mapped("theta", lambda t: t * SIGMA), BAD, ("theta[Subject, ",)),
    Fault("theta transposed",
          lambda r: with_numbers(r, "theta", {(g, j, i): v for (g, i, j), v in
                                              r.values["theta"].items()}), BAD,
          ("theta[Subject, Days, (Intercept)] is missing in candidate",)),
    Fault("p one-sided", mapped("wald_p", lambda p: p / 2), BAD, ("wald_p[",)),
    Fault("limits by t for the normal's", wider, BAD, ("wald_ci[",)),
    Fault("t without its sign", mapped("tvalue", lambda t: -t, (DAYS,)), BAD,
          culprit=("tvalue", (DAYS,))),
    Fault("raw residuals' quantiles", mapped("scaled_resid_quantile", lambda q: q * SIGMA), BAD,
          ("scaled_resid_quantile[Max]",)),
    Fault("nobs off by one", put("nobs", (), 179.0), Verdict.FAILED, ("180 rows", "179 nobs")),
    Fault("ngroups off by one", put("ngroups", ("Subject",), 17.0), BAD,
          culprit=("ngroups", ("Subject",))),
    Fault("npar without sigma", put("npar", (), 5.0), BAD, culprit=("npar", ())),
    Fault("residual df of a linear model", put("df_resid", (), 178.0), BAD,
          culprit=("df_resid", ())),
    Fault("not converged", put("converged", (), 0.0), BAD, culprit=("converged", ())),
    Fault("singular", put("singular", (), 1.0), BAD, culprit=("singular", ())),
    Fault("a comparison of nothing", all_absent, Verdict.FAILED,
          ("candidate on sleepstudy: not one number would be compared",)),
    Fault("an engine that raises", raises, Verdict.FAILED,
          ("candidate failed: LinAlgError: Singular matrix",)),
    Fault("an answer to another case", lambda r: replace(r, case="other"), Verdict.FAILED,
          ("answer of case 'other', not 'sleepstudy'",)),
    Fault("an answer under another engine's name", lambda r: replace(r, engine="lme4"),
          Verdict.FAILED, ("answer of engine 'lme4', not 'candidate'",)),
    Fault("no answer at all", lambda _: cast("FitResult", None), Verdict.FAILED,
          ("the engine returned NoneType, no FitResult",)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_fault_turns_red_and_the_text_names_the_culprit(fault: Fault, tmp_path: Path) -> None:
    sound = judged(lambda r: r, tmp_path, source=fault.reference, reference=fault.reference)
    assert sound.verdict is Verdict.AGREE, sound.message
    comparison = judged(fault.plant, tmp_path, source=fault.source, reference=fault.reference)
    assert comparison.verdict is fault.verdict, comparison.message
    assert not comparison.verdict.green
    for words in fault.says:
        assert words in comparison.message
    if fault.culprit is not None:
        quantity, key = fault.culprit
        reference = answer(fault.reference).values[quantity][key]
        candidate = next(
            f.candidate for f in comparison.findings if (f.quantity, f.key) == fault.culprit
        )
        name = quantity + (f"[{', '.join(key)}]" if key else "")
        assert f"{name} is {reference!r} in lme4 and {candidate!r} in candidate" in (
            comparison.message
        )


def test_there_are_enough_faults_and_each_has_something_to_say() -> None:
    assert len(FAULTS) >= 35
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.says or fault.culprit for fault in FAULTS)
