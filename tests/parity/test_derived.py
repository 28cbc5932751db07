"""What follows from other quantities by arithmetic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity import derived
from parity.formula import parse
from parity.quantity import applicable

if TYPE_CHECKING:
    from parity.result import Key
    from parity.spec import ModelSpec

    Numbers = dict[str, dict[Key, float]]

LMM = parse("y ~ x + (1 | g)")
LOGIT = parse("y ~ x + (1 | g)", family="binomial")
GIVEN: Numbers = {
    "nobs": {(): 100.0},
    "npar": {(): 4.0},
    "loglik": {(): -50.0},
    "fixef": {("(Intercept)",): 2.0, ("x",): -1.0},
    "sigma": {(): 2.0},
    "variance": {("g", "(Intercept)"): 9.0},
    "vcov_conditional": {
        ("(Intercept)", "(Intercept)"): 0.25,
        ("(Intercept)", "x"): -0.125,
        ("x", "(Intercept)"): -0.125,
        ("x", "x"): 0.25,
    },
}


def complete(
    spec: ModelSpec = LMM, absent: dict[str, str] | None = None, **more: dict[Key, float]
) -> tuple[Numbers, dict[str, str]]:
    values, reasons = derived.complete(spec, {**GIVEN, **more}, absent or {})
    return {name: dict(numbers) for name, numbers in values.items()}, dict(reasons)


def test_all_that_follows_is_filled_in() -> None:
    values, reasons = complete()
    assert values["deviance"] == {(): 100.0}
    assert values["aic"] == {(): 108.0}
    assert values["bic"] == {(): 100.0 + 4 * math.log(100)}
    assert values["sigma2"] == {(): 4.0}
    assert values["sd"] == {("g", "(Intercept)"): 3.0}
    assert values["se_conditional"] == {("(Intercept)",): 0.5, ("x",): 0.5}
    assert values["corr_conditional"] == {("x", "(Intercept)"): -0.5}
    assert values["tvalue"] == {("(Intercept)",): 4.0, ("x",): -2.0}
    assert values["wald_p"]["x",] == pytest.approx(0.04550026)
    assert values["wald_ci"]["x", "97.5 %"] == pytest.approx(-1 + 1.959964 * 0.5)
    assert values["icc"] == {("g",): 9 / 13}
    assert reasons["se_joint"] == "vcov_joint is not given"
    assert reasons["ranef"] == "the engine did not give ranef"
    assert set(values) | set(reasons) == set(applicable("lmm"))
    assert not set(values) & set(reasons)


def test_what_is_given_or_declared_absent_stays() -> None:
    values, reasons = complete(absent={"aic": "undefined under REML"}, sd={("g", "x"): 7.0})
    assert values["sd"] == {("g", "x"): 7.0}
    assert reasons["aic"] == "undefined under REML"
    assert "aic" not in values


def test_the_reason_of_a_gap_is_handed_on() -> None:
    values, reasons = derived.complete(LMM, {"npar": {(): 1.0}}, {"loglik": "none was printed"})
    assert reasons["deviance"] == reasons["aic"] == "none was printed"
    assert "aic" not in values


def test_one_coefficient_has_no_correlations() -> None:
    single: dict[Key, float] = {("(Intercept)", "(Intercept)"): 1.0}
    _, reasons = complete(vcov_conditional=single, fixef={("(Intercept)",): 2.0})
    assert reasons["corr_conditional"] == "a single coefficient has no correlations"


@pytest.mark.parametrize("formula", ["y ~ x + (x | g)", "y ~ x + (1 | g) + (1 | h)"])
def test_the_icc_is_that_of_a_single_intercept(formula: str) -> None:
    _, reasons = complete(parse(formula))
    assert reasons["icc"] == "defined here for a single random intercept only"


def test_a_generalised_model_uses_the_joint_errors() -> None:
    values, _ = complete(LOGIT, se_joint={("(Intercept)",): 1.0, ("x",): 1.0})
    assert values["tvalue"] == {("(Intercept)",): 2.0, ("x",): -1.0}
    assert values["odds_ratio"]["x",] == math.exp(-1)
    _, reasons = complete(LOGIT)
    assert reasons["tvalue"] == reasons["wald_ci"] == "vcov_joint is not given"


def test_odds_ratios_need_a_logit() -> None:
    _, reasons = complete(parse("y ~ x + (1 | g)", family="poisson"))
    assert reasons["odds_ratio"].endswith("not for poisson(log)")


@pytest.mark.parametrize(
    ("spec", "more", "name"),
    [
        (LMM, {"variance": {("g", "(Intercept)"): -1e-17}}, "sd"),
        (LMM, {"se_conditional": {("(Intercept)",): 0.0, ("x",): 1.0}}, "tvalue"),
        (LOGIT, {"fixef": {("x",): 1e4}}, "odds_ratio"),
    ],
)
def test_what_cannot_be_computed_is_absent_with_the_reason(
    spec: ModelSpec, more: Numbers, name: str
) -> None:
    values, reasons = derived.complete(spec, {**GIVEN, **more}, {})
    assert name not in values
    assert reasons[name].startswith(f"{name} cannot be computed: ")


def test_quantiles_are_r_s_type_7() -> None:
    # as R's quantile of 1, 2, 4 and 8
    assert list(derived.quantiles(np.array([8.0, 1.0, 4.0, 2.0])).items()) == [
        (("Min",), 1.0), (("1Q",), 1.75), (("Median",), 3.0), (("3Q",), 5.0), (("Max",), 8.0),
    ]  # fmt: skip
