"""MixedLM at the optimum of its own log-likelihood, against certified values and lme4.

Certified values are those of REFEREE.md (interval arithmetic), recomputed here to 22 digits by
Newton's method in 500-bit arithmetic on the exact values of the doubles.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parity.engines.statsmodels_climb import loglik, profile
from parity.engines.statsmodels_lmm import StatsmodelsPolished
from parity.engines.statsmodels_model import build, pose
from parity.formula import parse
from tests.parity.engines.statsmodels_questions import ask, data, jsp2

ENGINE = StatsmodelsPolished()
I = "(Intercept)"  # noqa: E741 - the term's name, as short as a table needs it

GENDER, RAVEN, SOCIAL = (
    f"math ~ raven{more} + (1 | school)" for more in (" + gender", "", " + social")
)
SEED = {
    (GENDER, "REML"): (6772.375446155666255768945, 0.44923001496855278625),
    (GENDER, "ML"): (6765.401006893513855702942, 0.4436576313453081676),
    (RAVEN, "REML"): (6856.939107575218993152576, 0.43958961316703213546),
    (RAVEN, "ML"): (6850.884097769951896502533, None),
    (SOCIAL, "REML"): (6849.178100163205142568803, 0.44088305378958685385),
    (SOCIAL, "ML"): (6842.766603638490033441810, None),
}


@pytest.mark.parametrize(("formula", "criterion"), SEED)
def test_the_seeds_models_to_thirteen_digits(formula: str, criterion: str) -> None:
    values = ask(ENGINE, formula, jsp2(), "ML" if criterion == "ML" else "REML").values
    deviance, theta = SEED[formula, criterion]
    assert values["deviance"][()] == pytest.approx(deviance, rel=1e-14)
    if theta is not None:
        assert values["theta"]["school", I, I] == pytest.approx(theta, rel=1e-13)
    assert values["converged"][()] == 1.0


def test_fixed_effects_and_both_kinds_of_errors_to_thirteen_digits() -> None:
    values = ask(ENGINE, "math ~ raven + gender + (1 | school)", jsp2()).values
    keys = [(I,), ("raven",), ("gendergirl",)]
    certified = {
        "fixef": (-1.269150847168927420, 0.2144222934376622369, 2.511186571892748499),
        "se_conditional": (0.3437536001835457778, 0.02331486656671452398, 0.2668406933013948622),
        "se_joint": (0.3437827355813797457, 0.02332552885137947632, 0.2668486034069924833),
    }
    for name, numbers in certified.items():
        assert dict(values[name]) == pytest.approx(dict(zip(keys, numbers, strict=True)), rel=1e-13)
    assert values["sigma"][()] ** 2 == pytest.approx(19.22025556268530584, rel=1e-13)


def test_the_seeds_likelihood_ratio() -> None:
    formulas = ("math ~ raven + (1 | school)", "math ~ raven + social + (1 | school)")
    small, large = (ask(ENGINE, formula, jsp2(), "ML").values for formula in formulas)
    statistic = 2 * (large["loglik"][()] - small["loglik"][()])
    assert statistic == pytest.approx(8.117494131461863060723589, abs=1e-10)


@pytest.mark.parametrize(
    ("formula", "name", "theta"),
    [
        ("math ~ raven + (1 + raven | school)", "jsp2",
         (0.49979797998285, -0.22808253812758, 0.52730651629282)),
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy",
         (0.96673295186480, 0.015169054270485, 0.23090959476048)),
    ],
)  # fmt: skip
def test_correlated_slopes(formula: str, name: str, theta: tuple[float, ...]) -> None:
    values = ask(ENGINE, formula, jsp2() if name == "jsp2" else data(name)).values
    assert tuple(values["theta"].values()) == pytest.approx(theta, rel=1e-12)


def test_variances_are_in_squared_units_of_the_response() -> None:
    # lme4 1.1-31: VarCorr(lmer(Reaction ~ Days + (Days | Subject), sleepstudy))
    values = ask(ENGINE, "Reaction ~ Days + (Days | Subject)", data("sleepstudy")).values
    assert values["variance"]["Subject", I] == pytest.approx(612.10016, rel=1e-4)
    assert values["variance"]["Subject", "Days"] == pytest.approx(35.071714, rel=1e-4)
    assert values["sd"]["Subject", "Days"] == pytest.approx(5.922138, rel=1e-4)
    assert values["correlation"]["Subject", "Days", I] == pytest.approx(0.0655512, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "formula", "criterion", "deviance", "theta", "error"),
    [
        ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "REML",
         330.8605889910864536, (1.539677572985329163, 3.512415223585531518), 0.8085733909854869751),
        ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "ML",
         332.1883486685006631, (1.537593534772087119, 3.219753799804211420), 0.7445957949269454570),
        ("pastes", "strength ~ 1 + (1 | batch/cask)", "REML",
         246.9907458534861204, (3.526901810585922485, 1.563460273403917706), 0.6768700661277266784),
        ("pastes", "strength ~ 1 + (1 | batch/cask)", "ML",
         247.9944658624250112, (3.526901810585922485, 1.329912031355414820), 0.6421353266857211134),
    ],
)  # fmt: skip
def test_crossed_and_nested_factors(
    name: str,
    formula: str,
    criterion: str,
    deviance: float,
    theta: tuple[float, ...],
    error: float,
) -> None:
    values = ask(ENGINE, formula, data(name), "ML" if criterion == "ML" else "REML").values
    assert values["deviance"][()] == pytest.approx(deviance, rel=1e-13)
    assert tuple(values["theta"].values()) == pytest.approx(theta, rel=1e-12)
    assert values["se_conditional"][I,] == pytest.approx(error, rel=1e-12)


def test_predictions_of_nested_factors_carry_lme4s_names() -> None:
    # lme4 1.1-31: as.data.frame(ranef(lmer(strength ~ 1 + (1 | batch/cask), Pastes)))
    values = ask(ENGINE, "strength ~ 1 + (1 | batch/cask)", data("pastes")).values
    assert values["ranef"]["cask:batch", "a:A", I] == pytest.approx(1.774686285372, rel=1e-5)
    assert values["ranef_sd"]["cask:batch", "a:A", I] == pytest.approx(1.1417210439, rel=1e-5)
    assert values["ranef"]["batch", "J", I] == pytest.approx(-0.531753695525, rel=1e-5)
    assert values["ranef_sd"]["batch", "J", I] == pytest.approx(1.02849399126, rel=1e-5)


def test_predictions_of_crossed_factors() -> None:
    # lme4 1.1-31: as.data.frame(ranef(lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin)))
    values = ask(ENGINE, "diameter ~ 1 + (1 | plate) + (1 | sample)", data("penicillin")).values
    assert values["ranef"]["plate", "c", I] == pytest.approx(0.181671881962, rel=1e-5)
    assert values["ranef_sd"]["plate", "c", I] == pytest.approx(0.271359302589, rel=1e-4)
    assert values["ranef"]["sample", "F", I] == pytest.approx(-3.00374476706, rel=1e-5)
    assert values["ranef_sd"]["sample", "F", I] == pytest.approx(0.202170685096, rel=1e-4)


def test_a_factor_that_varies_by_group() -> None:
    # lme4 1.1-31: lmer(score ~ Machine + (Machine | Worker), Machines, REML = FALSE)
    values = ask(ENGINE, "score ~ Machine + (Machine | Worker)", data("machines"), "ML").values
    assert values["deviance"][()] == pytest.approx(2 * 108.20891368711, abs=1e-4)
    assert values["theta"]["Worker", "MachineC", "MachineB"] == pytest.approx(1.89038803, rel=5e-4)
    assert values["ranef"]["Worker", "5", "MachineC"] == pytest.approx(6.11739515776, rel=1e-4)
    assert values["ranef_sd"]["Worker", "6", I] == pytest.approx(0.538532351374, rel=1e-4)
    assert ("Worker", "MachineC", "MachineB") in values["correlation"]


@pytest.mark.parametrize(
    ("criterion", "scale"), [("REML", 125119681 / 9062500), ("ML", 125119681 / 9375000)]
)
def test_a_variance_of_exactly_zero(criterion: str, scale: float) -> None:
    result = ask(
        ENGINE, "Yield ~ 1 + (1 | Batch)", data("dyestuff2"), "ML" if criterion == "ML" else "REML"
    )
    values = result.values
    assert values["theta"] == {("Batch", I, I): 0.0}
    assert values["singular"][()] == values["converged"][()] == 1.0
    assert values["fixef"][I,] == pytest.approx(3541 / 625, rel=1e-15)
    assert values["sigma"][()] ** 2 == pytest.approx(scale, rel=1e-15)
    assert set(values["ranef"].values()) == set(values["ranef_sd"].values()) == {0.0}
    assert "boundary" in result.absent["se_joint"]
    assert "exactly 0" in result.conditions[-1]


def test_the_loglikelihood_at_zero_is_lme4s() -> None:
    # lme4 1.1-31: logLik(lmer(Yield ~ 1 + (1 | Batch), Dyestuff2)), REML then ML
    frame = data("dyestuff2")
    reml, ml = (ask(ENGINE, "Yield ~ 1 + (1 | Batch)", frame, how) for how in ("REML", "ML"))
    assert reml.values["loglik"][()] == pytest.approx(-80.914138906144, abs=1e-11)
    assert ml.values["loglik"][()] == pytest.approx(-81.436518326913, abs=1e-11)


def test_one_of_three_variances_at_zero_leaves_the_others_their_optimum() -> None:
    frame = data("pastes")
    frame["noise"] = pd.Categorical([str(i * i % 7) for i in range(60)])
    smaller = ask(ENGINE, "strength ~ 1 + (1 | batch/cask)", frame).values
    larger = ask(ENGINE, "strength ~ 1 + (1 | batch/cask) + (1 | noise)", frame).values
    assert larger["theta"]["noise", I, I] == 0.0
    assert larger["deviance"][()] == pytest.approx(smaller["deviance"][()], rel=1e-14)
    assert larger["npar"][()] == smaller["npar"][()] + 1
    assert larger["ranef"]["noise", "1", I] == 0.0


def test_a_singular_correlated_block_is_no_worse_than_lme4s() -> None:
    # lme4 1.1-31: -2 * logLik(lmer(math ~ raven + (social | school))) = 6835.046906725; by ML lme4
    # stops at 6835.003232499
    values = ask(ENGINE, "math ~ raven + (social | school)", jsp2()).values
    assert values["deviance"][()] == pytest.approx(6835.046906725, abs=1e-6)
    assert values["singular"][()] == 1.0


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_a_slope_changes_its_unit_alone(unit: float) -> None:
    frame = data("sleepstudy")
    frame["t"] = frame["Days"] * unit
    days = ask(ENGINE, "Reaction ~ Days + (Days | Subject)", frame, "ML").values
    rescaled = ask(ENGINE, "Reaction ~ t + (t | Subject)", frame, "ML").values
    assert rescaled["deviance"][()] == pytest.approx(days["deviance"][()], rel=1e-13)
    slope = days["sd"]["Subject", "Days"] / unit
    assert rescaled["sd"]["Subject", "t"] == pytest.approx(slope, rel=1e-11)
    effect = days["ranef"]["Subject", "308", "Days"] / unit
    assert rescaled["ranef"]["Subject", "308", "t"] == pytest.approx(effect, rel=1e-10)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
        ("pastes", "strength ~ 1 + (1 | batch/cask)"),
        ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
        ("machines", "score ~ Machine + (Machine | Worker)"),
        ("jsp", "math ~ raven + (1 | school/class)"),
    ],
)
def test_mixedlms_score_and_hessian_are_derivatives_of_its_loglikelihood(
    name: str, formula: str, criterion: str
) -> None:
    problem = pose(parse(formula, criterion="ML" if criterion == "ML" else "REML"), data(name))
    assert problem.layout is not None
    model = build(problem, problem.layout)
    model.reml, model.cov_pen = problem.reml, None
    size = model.k_re * (model.k_re + 1) // 2
    point = np.concatenate([np.eye(model.k_re)[np.tril_indices(model.k_re)], np.ones(model.k_vc)])
    score, hessian = profile(model, point)
    for j in range(size + model.k_vc):
        step = np.zeros_like(point)
        step[j] = 1e-4
        slope = (loglik(model, point + step) - loglik(model, point - step)) / 2e-4
        assert score[j] == pytest.approx(slope, rel=1e-5, abs=1e-6)
        ahead, behind = profile(model, point + step)[0], profile(model, point - step)[0]
        np.testing.assert_allclose(hessian[j], (ahead - behind) / 2e-4, rtol=1e-5, atol=1e-6)
