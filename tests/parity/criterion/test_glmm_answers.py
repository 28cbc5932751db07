"""What follows from the criterion at a point, against dense matrices and lme4's own answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity import casefile
from parity.criterion.covariance import factors
from parity.criterion.glmm import Criterion
from parity.criterion.glmm_answers import Answers, vcov_joint
from parity.criterion.model import Block, Model
from parity.design.statement import Statement, state
from tests.parity.criterion.generalised import LAYOUTS, LINKS, balanced, example, somewhere
from tests.parity.criterion.laplace import Slow

REFERENCES = Path(casefile.__file__).parent / "data" / "references"
every = pytest.mark.parametrize(
    ("named", "name"), [(named, name) for named in LINKS for name in LAYOUTS]
)
RECORDED = ["cbpp", "cbpp-null", "grouseticks", "verbagg"]


def answered(model: Model) -> tuple[Answers, Slow]:
    at = somewhere(model)
    return Answers(Criterion(model).at(*at)), Slow(model, *at)


@every
def test_the_conditional_covariance_is_the_schur_complements(
    named: tuple[str, str], name: str
) -> None:
    model = example(named, name)
    answers, slow = answered(model)
    weights = slow.weights(slow.eta(slow.u))
    inverse = np.linalg.inv(slow.A(weights))
    image = slow.Z.T @ (weights[:, None] * model.X)
    information = model.X.T @ (weights[:, None] * model.X) - image.T @ inverse @ image
    expected = np.linalg.inv(information)
    # the slow mode is good to 1e-10
    np.testing.assert_allclose(answers.vcov_conditional, expected, rtol=1e-8)


@every
def test_effects_and_their_variances_are_the_dense_ones(named: tuple[str, str], name: str) -> None:
    model = example(named, name)
    answers, slow = answered(model)
    spread = np.zeros((len(slow.u), len(slow.u)))
    start = 0
    for block, factor in zip(model.blocks, factors(model, slow.theta), strict=True):
        for level in range(block.levels):
            part = slice(start + level * block.width, start + (level + 1) * block.width)
            spread[part, part] = factor
        start += block.levels * block.width
    inverse = np.linalg.inv(slow.A(slow.weights(slow.eta(slow.u))))
    np.testing.assert_allclose(answers.b, spread @ slow.u, rtol=0, atol=1e-9)  # the slow mode
    expected = np.diag(spread @ inverse @ spread.T)
    np.testing.assert_allclose(answers.variances, expected, rtol=1e-8)  # the slow mode


@pytest.mark.parametrize("named", LINKS, ids="-".join)
def test_fitted_and_residuals_are_rs(named: tuple[str, str]) -> None:
    model = example(named, "crossed slopes")
    answers, slow = answered(model)
    y, w = model.y, model.weights
    mu, _ = slow.mean(slow.eta(slow.u))
    np.testing.assert_allclose(answers.fitted, mu, rtol=1e-8)  # the slow mode
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(y > 0, y * np.log(y / mu), 0.0)
        second = np.where(y < 1, (1 - y) * np.log((1 - y) / (1 - mu)), 0.0)
    unit = first - (y - mu) if named[0] == "poisson" else first + second
    variance = mu if named[0] == "poisson" else mu * (1 - mu)
    deviance = np.sign(y - mu) * np.sqrt(2 * w * np.maximum(unit, 0.0))
    # R's own formula cancels where y is near mu
    np.testing.assert_allclose(answers.deviance_residuals, deviance, rtol=0, atol=1e-7)
    pearson = (y - mu) * np.sqrt(w / variance)
    np.testing.assert_allclose(answers.pearson_residuals, pearson, rtol=0, atol=1e-8)


@cache
def stated(name: str) -> Statement:
    case = next(case for case in casefile.load_suite().cases if case.name == name)
    return state(case.spec, case.dataset.load())


def recorded(name: str) -> tuple[Statement, dict[str, Any], Answers]:
    """Return a case, what lme4 answered, and ours at lme4's own estimates."""
    given = stated(name)
    theirs: dict[str, Any] = json.loads((REFERENCES / f"{name}.json").read_text())["values"]
    named = {tuple(row[:-1]): row[-1] for row in theirs["theta"]}
    theta = np.array([named[key] for key in given.theta_keys])
    beta = np.array([row[-1] for row in theirs["fixef"]])
    return given, theirs, Answers(Criterion(given.model).at(theta, beta))


@pytest.mark.parametrize("name", RECORDED)
def test_at_lme4s_estimates_its_predictions_are_ours(name: str) -> None:
    given, theirs, answers = recorded(name)
    modes = {tuple(row[:-1]): row[-1] for row in theirs["ranef"]}
    expected = np.array([modes[key] for key in given.effects])
    # lme4's modes end where its penalised deviance no longer moves by 1e-7 of itself
    np.testing.assert_allclose(answers.b, expected, rtol=0, atol=1e-7)
    quantiles = np.quantile(answers.pearson_residuals, [0, 0.25, 0.5, 0.75, 1])
    printed = [row[-1] for row in theirs["scaled_resid_quantile"]]
    np.testing.assert_allclose(quantiles, printed, rtol=0, atol=1e-7)
    if "fitted" in theirs:
        np.testing.assert_allclose(answers.fitted, theirs["fitted"], rtol=0, atol=1e-7)
        np.testing.assert_allclose(answers.deviance_residuals, theirs["resid"], rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", RECORDED)
def test_at_lme4s_estimates_its_conditional_errors_are_ours(name: str) -> None:
    given, theirs, answers = recorded(name)
    errors = np.sqrt(np.diag(answers.vcov_conditional))
    # lme4's weights are those of one step before its last: 1e-4 of them at most in these models
    expected = [row[-1] for row in theirs["se_conditional"]]
    np.testing.assert_allclose(errors, expected, rtol=1e-4)
    deviations = {tuple(row[:-1]): row[-1] for row in theirs["ranef_sd"]}
    spread = np.array([deviations[key] for key in given.effects])
    np.testing.assert_allclose(np.sqrt(answers.variances), spread, rtol=1e-4)


def test_the_joint_covariance_is_the_inverse_hessians_block() -> None:
    root = np.random.default_rng(1).normal(size=(5, 5))
    hessian = root @ root.T + np.eye(5)
    expected = 2.0 * np.linalg.inv(hessian)[2:, 2:]
    np.testing.assert_allclose(vcov_joint(hessian, 3), expected, rtol=1e-12)  # rounding


def test_a_direction_of_theta_without_curvature_is_left_out() -> None:
    hessian = np.diag([0.0, 4.0, 2.0, 8.0])
    np.testing.assert_allclose(vcov_joint(hessian, 2), np.diag([1.0, 0.25]), rtol=1e-15)


def test_the_scale_of_theta_makes_no_difference_to_the_covariance_of_beta() -> None:
    root = np.random.default_rng(1).normal(size=(4, 4))
    hessian = root @ root.T + np.eye(4)
    scale = np.array([1e-6, 1e5, 1.0, 1.0])
    scaled = scale[:, None] * hessian * scale
    np.testing.assert_allclose(vcov_joint(scaled, 2), vcov_joint(hessian, 2), rtol=1e-12)


@pytest.mark.parametrize("hessian", [np.diag([1.0, -1.0]), np.diag([1.0, 0.0])])
def test_a_hessian_that_is_not_definite_in_beta_has_no_covariance(hessian: np.ndarray) -> None:
    with pytest.raises(np.linalg.LinAlgError, match="so that there is no covariance of beta"):
        vcov_joint(hessian, 1)


def test_residuals_of_separated_data_are_finite() -> None:
    codes, levels = balanced(4, 5)
    x = np.tile(np.arange(5.0), 4) - 2.0
    y = (x > 0).astype(np.float64)
    block = Block(codes, np.ones((20, 1)), levels)
    model = Model(y, np.column_stack([np.ones(20), x]), (block,), family="binomial", link="logit")
    answers = Answers(Criterion(model).at(np.array([1.0]), np.array([-400.0, 800.0])))
    for numbers in (answers.fitted, answers.deviance_residuals, answers.pearson_residuals):
        assert np.isfinite(numbers).all()
