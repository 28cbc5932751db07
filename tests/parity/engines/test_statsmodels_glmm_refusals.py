"""What the GLMM refuses, with what lme4 1.1-31 does there: run with glmer on the same numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.genmod import families as untyped_families
from statsmodels.genmod import generalized_linear_model
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    PerfectSeparationWarning,
    ValueWarning,
)

from parity.engines import statsmodels_glmm
from parity.engines.statsmodels_glmm_results import uninformed
from parity.engines.statsmodels_lmm import StatsmodelsLMM
from parity.formula import parse
from parity.result import Status
from parity.syntax import FormulaError
from tests.parity.engines.statsmodels_questions import case

GLMM: Any = statsmodels_glmm.GLMM  # its base classes are untyped
GLM: Any = generalized_linear_model.GLM
families: Any = untyped_families

Y = [0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1,
     1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1]  # fmt: skip


def frame() -> pd.DataFrame:
    table = pd.DataFrame({"g": np.repeat(list("abcdef"), 6), "x": np.tile(np.arange(-2.5, 3), 6)})
    return table.assign(
        y=Y, one=1, zero=0, lone="a", half=np.multiply(Y, 1.5), minus=np.negative(Y),
        separated=lambda d: (d["x"] > 0).astype(int), w=np.tile([1.0, 1, 0, 1, 1, 1], 6),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "family", "words"),
    [
        ("half ~ x + (1 | g)", "binomial", "lies between 0 and 1; this one from 0 to 1.5"),
        ("minus ~ x + (1 | g)", "binomial", "from -1 to 0"),
        ("one ~ x + (1 | g)", "binomial", "The response is 1 in every row"),
        ("zero ~ x + (1 | g)", "binomial", "The response is 0 in every row"),
        ("zero ~ x + (1 | g)", "poisson", "The response is 0 in every row"),
        ("minus ~ x + (1 | g)", "poisson", "whole numbers from 0"),
        ("half ~ x + (1 | g)", "poisson", "whole numbers from 0"),
        ("y ~ x + (1 | lone)", "binomial", "lone has 1 level"),
    ],
)
def test_what_no_engine_can_fit_is_refused_in_words(formula: str, family: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        GLMM.from_formula(formula, frame(), family=family)
    if "from" in words and family == "binomial":
        words = "lies between 0 and 1"  # the design says it first
    answer = StatsmodelsLMM().fit(case(formula, family=family), frame())
    assert answer.status is Status.FAILED
    assert words in answer.message


def test_complete_separation_is_a_finding() -> None:
    # glmer: x 72.7 with a standard error of 6.5 million, 'Hessian is numerically singular'
    model = GLMM.from_formula("separated ~ x + (1 | g)", frame(), family="binomial")
    with pytest.warns(PerfectSeparationWarning, match="the likelihood has no maximum"):
        fitted = model.fit()
    assert not fitted.converged
    answer = StatsmodelsLMM().fit(case("separated ~ x + (1 | g)", family="binomial"), frame())
    assert answer.values["converged"] == {(): 0.0}
    assert any("PerfectSeparationWarning" in condition for condition in answer.conditions)


def test_a_cell_without_failures_is_a_finding() -> None:
    # glmer: z 18.3 with a standard error of 2048, 'Hessian is numerically singular'
    table = frame().assign(z=lambda d: ((d["x"] > 2) & (d["y"] == 1)).astype(int))
    with pytest.warns(PerfectSeparationWarning):
        fitted = GLMM.from_formula("y ~ x + z + (1 | g)", table, family="binomial").fit()
    assert not fitted.converged


def test_a_linear_predictor_known_to_nobody_is_separation() -> None:
    optimum = GLMM.from_formula("y ~ x + (1 | g)", frame(), family="binomial").fit().optimum
    assert not uninformed(optimum)
    # a standard error of 1e4 is a curvature of 1e-8
    assert uninformed(replace(optimum, hessian=1e-10 * optimum.hessian))


def test_rows_of_weight_zero_say_nothing_but_count_as_rows() -> None:
    # glmer: -0.07282379, 0.57227987, logLik -17.31287, nobs 36 (30 without them), theta 3e-9
    table = frame()
    with pytest.warns(ConvergenceWarning, match="boundary"):
        whole = GLMM.from_formula("y ~ x + (1 | g)", table, family="binomial", weights="w").fit()
    with pytest.warns(ConvergenceWarning, match="boundary"):
        part = GLMM.from_formula("y ~ x + (1 | g)", table[table["w"] > 0], family="binomial").fit()
    np.testing.assert_allclose(whole.params, part.params, rtol=1e-12)
    assert whole.params.to_numpy() == pytest.approx([-0.07282379, 0.57227987, 0.0], abs=1e-6)
    assert whole.llf == pytest.approx(-17.31287, abs=1e-5)
    assert (whole.nobs, part.nobs) == (36, 30)
    assert whole.bic == pytest.approx(45.37631, abs=1e-5)


def test_at_the_boundary_theta_has_no_standard_error() -> None:
    # glmer: standard errors 0.4153794 and 0.2390295
    with pytest.warns(ConvergenceWarning, match="boundary"):
        fitted = GLMM.from_formula("y ~ x + (1 | g)", frame()[frame()["w"] > 0],
                                   family="binomial").fit()  # fmt: skip
    assert fitted.singular
    assert fitted.converged
    assert np.isnan(fitted.bse["g SD"])
    np.testing.assert_allclose(fitted.bse.iloc[:2], [0.4153794, 0.2390295], rtol=1e-4)


def test_sizes_that_are_not_whole_are_a_warning_and_powers_of_the_density() -> None:
    # lme4 answers another criterion there: its log-likelihood has dbinom(round(m y), round(m))
    weights = frame()["w"] + 0.5
    with pytest.warns(ValueWarning, match="not whole numbers of successes"):
        model = GLMM.from_formula("y ~ x + (1 | g)", frame(), family="binomial", weights=weights)
    own = GLM(frame()["y"], model.exog, family=families.Binomial(), freq_weights=weights)
    for beta in ([0.1, 0.2], [-0.4, 1.3]):
        assert model.loglike([*beta, 0.0]) == pytest.approx(own.loglike(np.array(beta)), abs=1e-11)


@pytest.mark.parametrize("weight", [-1.0, 0.0])
def test_weights_are_not_negative_nor_all_zero(weight: float) -> None:
    with pytest.raises(ValueError, match="negative" if weight else "Every weight is 0"):
        GLMM.from_formula("y ~ x + (1 | g)", frame(), family="binomial", weights=weight)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (None, "A Gaussian one is MixedLM's"),
        ("tweedie", "none of binomial, poisson"),
        (families.Gaussian(), "no GLMM of Gaussian with link Identity"),
        (families.Binomial(families.links.Cauchy()), "binomial(cloglog)"),
        (families.Poisson(families.links.Sqrt()), "no GLMM of Poisson"),
    ],
)
def test_a_family_that_is_not_there_is_named_with_those_that_are(
    family: object, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        GLMM.from_formula("y ~ x + (1 | g)", frame(), family=family)


def test_a_formula_without_random_terms_is_glms() -> None:
    with pytest.raises(ValueError, match="statsmodels' GLM"):
        GLMM.from_formula("y ~ x", frame(), family="binomial")
    with pytest.raises(FormulaError):
        GLMM.from_formula("y + (1 | g)", frame(), family="binomial")


def test_columns_that_follow_from_others_are_named() -> None:
    table = frame().assign(double=lambda d: 2 * d["x"])
    with pytest.raises(ValueError, match=re.escape("drop_cols=['double']")):
        GLMM.from_formula("y ~ x + double + (1 | g)", table, family="binomial")
    fitted = GLMM.from_formula(
        "y ~ x + double + (1 | g)", table, family="binomial", drop_cols=["double"]
    )
    assert fitted.exog_names == ["Intercept", "x"]


def test_quadrature_needs_one_scalar_effect() -> None:
    model = GLMM.from_formula("y ~ x + (1 + x | g)", frame(), family="binomial")
    with pytest.raises(ValueError, match="one scalar random effect"):
        model.fit(nagq=5)


def test_words_that_are_not_known_are_refused() -> None:
    model = GLMM.from_formula("y ~ x + (1 | g)", frame(), family="binomial")
    with pytest.raises(ValueError, match="expected 'joint' or 'rx'"):
        model.fit(cov_type="HC0")
    with pytest.raises(ValueError, match="expected 'mean' or 'linear'"):
        model.predict([0.0, 0.0, 0.0], which="prob")
    with pytest.raises(ValueError, match="are due"):
        model.loglike([0.0])
    with pytest.raises(ValueError, match="no column 'h'"):
        GLMM.from_formula("y ~ x + (1 | h)", frame(), family="binomial")


@pytest.mark.parametrize(
    ("formula", "family", "link", "words"),
    [
        ("y ~ x + (1 | g)", "poisson", "sqrt", "there are binomial(logit)"),
        ("y ~ scale(x) + (1 | g)", "binomial", None, "scale()"),
    ],
)
def test_what_the_engine_cannot_state_is_unsupported_with_its_reason(
    formula: str, family: str, link: str | None, words: str
) -> None:
    asked = replace(case("y ~ x"), spec=parse(formula, family=family, link=link))
    reason = StatsmodelsLMM().unsupported(asked)
    assert reason is not None
    assert words in reason
