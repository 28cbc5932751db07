"""The tight oracle: the lowest answer of several optimisers stands, and says what it beat."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import pytest

from bridge import FitError
from parity.bench import Restartable
from parity.case import Case
from parity.casefile import load_suite
from parity.engine import Engine
from parity.engines import lme4_tight, lme4_trial
from parity.engines.lme4 import Lme4, ask
from parity.engines.lme4_search import BOBYQA_GLMM, LMM, Search
from parity.engines.lme4_tight import Lme4Tight, in_order
from parity.engines.lme4_trial import Trial, Trials
from parity.formula import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge import BridgeError, Fit
    from parity.result import FitResult, Key
    from parity.spec import ModelSpec

CASES = {case.name: case for case in load_suite().cases}
INTERCEPT, SLOPE, CROSS = (
    ("school", "(Intercept)", "(Intercept)"),
    ("school", "raven", "raven"),
    ("school", "raven", "(Intercept)"),
)
# Near the optimum of jsp-slope-reml, which lme4's default misses.
NEAR: dict[Key, float] = {INTERCEPT: 0.911, CROSS: -0.0321, SLOPE: 0.0102}


@cache
def answer_to(name: str) -> FitResult:
    return Lme4Tight().fit(CASES[name], CASES[name].dataset.load())


def deviance(result: FitResult) -> float:
    return result.values["deviance"][()]


def refit(name: str, *starts: Mapping[Key, float]) -> FitResult:
    return Lme4Tight().refit(CASES[name], CASES[name].dataset.load(), starts)


# --- what it reaches -----------------------------------------------------------------------------


@pytest.mark.r
@pytest.mark.parametrize(
    ("name", "optimum", "within"),
    [
        # Minimum of the criterion, certified in interval arithmetic to more digits than these;
        # deviances of some thousands are rounded to 1e-12.
        ("sleepstudy-slope-reml", 1743.628271958490760688055, 2e-11),
        ("sleepstudy-slope-ml", 1751.939344463197620766681, 2e-11),
        ("orthodont-slope-reml", 432.5816615, 5e-8),
        ("jsp-slope-reml", 7311.5822, 5e-5),
        # glmer's own deviance is off by 1.3e-8 there, at any inner tolerance.
        ("cbpp", 184.0525637295, 5e-8),
    ],
)
def test_the_certified_optimum_is_reached(name: str, optimum: float, within: float) -> None:
    assert deviance(answer_to(name)) == pytest.approx(optimum, abs=within)


@pytest.mark.r
def test_where_the_default_stops_early_the_gap_is_said() -> None:
    told = answer_to("jsp-slope-reml").conditions[0]
    assert "won: lme4's default is 0.299 above its REML criterion of 7311.58215" in told


@pytest.mark.r
def test_the_gap_of_glmer_s_default_is_that_of_one_function() -> None:
    # Laplace's criterion at the default's estimates by dense Newton steps in NumPy: 184.0525724034.
    # The default states 184.0531328, 5.7e-4 above: the error of its inner iterations.
    told = answer_to("cbpp").conditions[0]
    assert "lme4's default is 8.67e-06 above its deviance of 184.05256374" in told
    assert "at lme4's own the default states 184.0531327" in told


@pytest.mark.r
def test_the_standard_errors_of_cbpp_are_those_of_the_exact_hessian() -> None:
    # Exact Hessian of the Laplace criterion; the default's are wrong in the third digit.
    result = answer_to("cbpp")
    errors = [0.23247199, 0.30664250, 0.32663785, 0.42743659]
    assert list(result.values["se_joint"].values()) == pytest.approx(errors, abs=2e-6)
    assert result.values["theta"]["herd", "(Intercept)", "(Intercept)"] == pytest.approx(
        0.642261448442895563, abs=1e-6
    )


@pytest.mark.r
def test_grouseticks_does_not_break() -> None:
    result = answer_to("grouseticks")
    assert result.values["converged"][()] == 1
    # Laplace's criterion there by dense Newton steps in NumPy; at 1e-10 glmer has 1780.542709.
    assert deviance(result) == pytest.approx(1780.5426601748, abs=1e-8)


@pytest.mark.r
def test_glmer_s_conditions_are_free_of_the_first_stage_s_words() -> None:
    told = [text for text in answer_to("cbpp").conditions if not text.startswith("tight: ")]
    assert told == []


@pytest.mark.r
@pytest.mark.parametrize("tolerances", [(1e-300, 1e-10), (1e-13,)])
def test_an_inner_tolerance_that_glmer_never_reaches_is_said_and_the_next_one_taken(
    monkeypatch: pytest.MonkeyPatch, tolerances: tuple[float, ...]
) -> None:
    monkeypatch.setattr(lme4_tight, "TOLERANCES", tolerances)
    monkeypatch.setattr(lme4_tight, "GLMM", (BOBYQA_GLMM,))
    result = refit("cbpp")
    said = [text for text in result.conditions if "no search converged" in text]
    assert said == [f"tight: at tolPwrss = {t:g} no search converged" for t in tolerances[:-1]]
    assert deviance(result) == pytest.approx(184.0525637295, abs=5e-8)


@pytest.mark.r
def test_a_default_at_the_optimum_stands() -> None:
    result = answer_to("dyestuff2-reml")
    assert "no search ended below lme4's default" in result.conditions[0]
    assert result.values["singular"][()] == 1


@pytest.mark.r
def test_a_linear_model_is_lme4_s() -> None:
    case = Case("own", CASES["jsp-raven-ml"].dataset, parse("math ~ raven"))
    data = case.dataset.load()
    tight, plain = Lme4Tight().fit(case, data), Lme4().fit(case, data)
    assert (tight.engine, tight.values) == ("lme4-tight", plain.values)


def test_it_is_an_engine_that_can_be_restarted() -> None:
    assert isinstance(Lme4Tight(), Engine)
    assert isinstance(Lme4Tight(), Restartable)


# --- challengers ---------------------------------------------------------------------------------


@pytest.fixture
def without_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave lme4's default and the challengers alone."""
    monkeypatch.setattr(lme4_tight, "LMM", ())


@pytest.mark.r
@pytest.mark.usefixtures("without_searches")
def test_a_better_start_of_a_challenger_wins() -> None:
    assert deviance(refit("jsp-slope-reml")) == pytest.approx(7311.8811, abs=5e-5)
    result = refit("jsp-slope-reml", NEAR)
    assert deviance(result) == pytest.approx(7311.5822, abs=5e-5)
    assert result.conditions[0].startswith("tight: bobyqa from challenger 1's theta won")


@pytest.mark.r
@pytest.mark.usefixtures("without_searches")
def test_a_challenger_s_column_of_negative_diagonal_is_turned_round() -> None:
    result = refit("jsp-slope-reml", {key: -number for key, number in NEAR.items()})
    assert deviance(result) == pytest.approx(7311.5822, abs=5e-5)


@pytest.mark.r
@pytest.mark.usefixtures("without_searches")
@pytest.mark.parametrize(
    ("start", "told"),
    [
        ({INTERCEPT: 1.0, SLOPE: 1.0}, f"it lacks {CROSS}"),
        ({INTERCEPT: 1.0, SLOPE: 1.0, CROSS: 0.0, ("x", "y", "y"): 1.0}, "the model has no ('x'"),
        ({INTERCEPT: 1.0, SLOPE: float("nan"), CROSS: 0.0}, f"it is not finite at {SLOPE}"),
    ],
)
def test_a_start_that_is_none_is_named(start: dict[Key, float], told: str) -> None:
    result = refit("jsp-slope-reml", start)
    expected = f"tight: challenger 1's theta was not tried: {told}"
    assert any(text.startswith(expected) for text in result.conditions), result.conditions


@pytest.mark.r
def test_a_far_start_of_glmer_changes_no_digit_that_is_good() -> None:
    # Its inner iterations start far off: such a fit is a place to start from, no answer.
    result = refit("cbpp", {("herd", "(Intercept)", "(Intercept)"): 3.0})
    assert deviance(result) == pytest.approx(184.0525637295, abs=5e-8)
    assert "challenger 1" not in result.conditions[0]


def test_theta_is_put_into_lme4_s_order_with_whole_columns_turned() -> None:
    start: dict[Key, float] = {SLOPE: -2.0, INTERCEPT: -1.0, CROSS: 0.5}
    assert in_order(start, [INTERCEPT, CROSS, SLOPE]) == [1.0, -0.5, 2.0]


# --- which answer stands -------------------------------------------------------------------------


@pytest.mark.r
def test_an_optimiser_that_ends_higher_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    stay = {"algorithm": "NLOPT_LN_NELDERMEAD", "maxeval": 1}

    def astray(
        spec: ModelSpec,
        data: pd.DataFrame,
        *,
        start: Mapping[str, Sequence[float]] | None = None,
        control: Mapping[str, object] | None = None,
    ) -> Fit | BridgeError:
        if start is None:
            return ask(spec, data, start=start, control=control)
        control = {"optimizer": "nloptwrap", "optCtrl": stay}
        return ask(spec, data, start={"theta": [9.0]}, control=control)

    monkeypatch.setattr(lme4_trial, "ask", astray)
    result = refit("dyestuff-reml")
    plain = Lme4().fit(CASES["dyestuff-reml"], CASES["dyestuff-reml"].dataset.load())
    assert result.values == plain.values
    assert "no search ended below lme4's default" in result.conditions[0]


@pytest.mark.r
def test_each_search_starts_from_the_best_answer_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[float] | None, list[float], float]] = []

    def overheard(spec: ModelSpec, data: pd.DataFrame, **search: Any) -> Fit | BridgeError:  # noqa: ANN401 - passed on
        fit = ask(spec, data, **search)
        assert not isinstance(fit, Exception) and fit.theta is not None and fit.reml_criterion  # noqa: PT018
        start = search["start"]["theta"] if search["start"] else None
        asked.append((start, fit.theta.tolist(), fit.reml_criterion))
        return fit

    monkeypatch.setattr(lme4_trial, "ask", overheard)
    monkeypatch.setattr(lme4_tight, "LMM", LMM[:3])  # nlminbwrap may not be there
    refit("orthodont-slope-reml")
    assert [start for start, _, _ in asked] == [
        None,
        *(min(asked[:n], key=lambda one: one[2])[1] for n in (1, 2, 3)),
    ]


@pytest.mark.r
def test_glmer_s_default_is_no_answer_while_an_inner_tolerance_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lme4_tight, "GLMM", (Search("bobyqa", {"nonsense": 1}),))
    result = refit("cbpp")
    for tolerance in ("1e-13", "1e-10"):
        assert f"tight: at tolPwrss = {tolerance} no search converged" in result.conditions
    assert deviance(result) == pytest.approx(184.053132779, abs=1e-8)  # the default's


@pytest.mark.r
def test_an_optimiser_that_fails_is_a_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lme4_tight, "LMM", (Search("bobyqa", {"nonsense": 1}),))
    result = refit("dyestuff-reml")
    assert result.conditions[1].startswith("tight: bobyqa failed: ")
    assert deviance(result) == pytest.approx(319.65428, abs=5e-6)


@pytest.mark.r
def test_a_large_model_is_restarted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lme4_tight, "_LARGE", 1000)
    result = refit("jsp-slope-reml")
    assert "tight: 1154 rows and 3 parameters: only bobyqa was restarted" in result.conditions
    assert deviance(result) == pytest.approx(7311.5822, abs=5e-5)


def ended(label: str, deviance: float, *, converged: bool = True, final: bool = True) -> Trial:
    return Trial(label, cast("Fit", SimpleNamespace(converged=converged)), deviance, final)


def trials(*done: Trial) -> Trials:
    return Trials(CASES["dyestuff-reml"].spec, pd.DataFrame(), 1e-13, list(done))


def test_the_lowest_deviance_stands_converged_or_not() -> None:
    found = trials(ended("a", 10.0), ended("b", 9.9, converged=False), ended("c", 11.0))
    assert found.answer().label == "b"


def test_of_equal_deviances_one_that_converged_stands() -> None:
    found = trials(ended("a", 10.0, converged=False), ended("b", 10.0 + 1e-10), ended("c", 10.1))
    assert found.answer().label == "b"


def test_a_trial_that_is_a_start_alone_stands_only_where_nothing_else_does() -> None:
    start = ended("start", 9.0, final=False)
    assert trials(start, ended("a", 10.0)).answer().label == "a"
    assert trials(start).answer().label == "start"


def test_where_every_search_fails_the_first_failure_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures = iter(range(100))
    monkeypatch.setattr(lme4_trial, "ask", lambda *_, **__: FitError(f"no {next(failures)}"))
    with pytest.raises(FitError, match="no 0"):
        refit("dyestuff-reml", {("Batch", "(Intercept)", "(Intercept)"): 1.0})
