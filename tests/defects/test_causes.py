"""What the register says of causes: where a defect is not, and that it goes with its cause."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from parity.engines.lme4_recorded import Lme4Recorded
from tests.defects.statsmodels_measures import (
    Mended,
    case_of,
    fit,
    gls_errors,
    intercepts,
    jsp,
    model_of,
    orthodont,
    reml_criterion,
)


def test_with_the_sign_of_its_score_mended_the_search_arrives_at_the_optimum() -> None:
    case = case_of("orthodont-slope-reml")
    lme4 = Lme4Recorded().fit(case, case.dataset.load()).values["deviance"][()]
    mended = fit(orthodont(Mended))
    assert mended.converged
    # lme4 itself stops 5.6e-6 above the optimum (lme4-flat-optimum).
    assert -2 * mended.llf == pytest.approx(lme4, abs=1e-5)
    assert not fit(orthodont(MixedLM)).converged


def test_the_mended_score_is_the_slope_of_the_likelihood_for_any_signs() -> None:
    model = orthodont(Mended, "distance ~ age")
    fit(model)
    step = 1e-6
    for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        factor = np.array([0.9 * signs[0], 0.05, 0.12 * signs[1]])
        slopes = [
            (
                model.loglike(factor + e, profile_fe=True)
                - model.loglike(factor - e, profile_fe=True)
            )
            / (2 * step)
            for e in step * np.eye(3)
        ]
        # A central difference of a log-likelihood of 200 is good to 1e-7 or so.
        np.testing.assert_allclose(model.score(factor), slopes, rtol=1e-5, atol=1e-5)


def test_joint_and_conditional_standard_errors_are_equal_where_the_design_is_balanced() -> None:
    how = {"groups": "Subject", "re_formula": "~ Days"}
    model = model_of("Reaction ~ Days", "sleepstudy-slope-reml", **how)
    result = fit(model)
    # Equal but for the rounding of two ways to invert.
    np.testing.assert_allclose(result.bse_fe, gls_errors(model, result), rtol=1e-12)


def test_above_its_threshold_the_fixed_effects_are_right() -> None:
    found, right = intercepts(1.01e-10)
    # 1e10 on the diagonal costs the Woodbury formula up to ten digits.
    assert found == pytest.approx(right, rel=1e-8)


def test_a_likelihood_that_is_read_at_once_is_right() -> None:
    model = jsp()
    result = fit(model, reml=True)
    assert -2 * result.llf == pytest.approx(reml_criterion(model, result), rel=1e-13)
    before = result.llf
    fit(model, reml=False)
    assert result.llf == before
