"""Optima where theta is 0, where a correlation is 1, and where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion.glmm import Criterion
from parity.criterion.glmm_optimum import find, reach
from parity.criterion.model import Block, Model
from tests.parity.criterion.generalised import LINKS, balanced

if TYPE_CHECKING:
    from parity.criterion.model import Vector

LOGIT, POISSON = LINKS[0], LINKS[3]


def grouped(y: Vector, named: tuple[str, str] = LOGIT, width: int = 1) -> Model:
    codes, levels = balanced(10, 6)
    x = np.tile(np.arange(6.0), 10) - 2.5
    X = np.column_stack([np.ones(60), x])
    return Model(y, X, (Block(codes, X[:, :width], levels),), family=named[0], link=named[1])


def test_a_variance_that_is_not_there_is_estimated_as_zero() -> None:
    y = np.random.default_rng(0).poisson(2.0, 60).astype(np.float64)
    optimum = find(Criterion(grouped(y, POISSON)))
    assert optimum.theta.tolist() == [0.0]
    assert optimum.converged
    assert optimum.hessian[0, 0] > 0.0
    assert not optimum.hessian[0, 1:].any()
    mu = np.exp(grouped(y, POISSON).X @ optimum.beta)
    np.testing.assert_allclose(grouped(y, POISSON).X.T @ (y - mu), 0.0, atol=1e-10)  # rounding


def test_a_zero_that_is_no_minimum_is_left() -> None:
    codes = balanced(10, 6)[0]
    y = np.random.default_rng(0).poisson(np.exp(0.5 * (codes % 3))).astype(np.float64)
    criterion = Criterion(grouped(y, POISSON))
    own = find(criterion)
    assert own.theta[0] > 0.1
    # at theta = 0 the gradient in theta is 0: only the second derivative leads away
    at_zero = find(criterion, [(np.zeros(1), own.beta)])
    assert at_zero.theta[0] == pytest.approx(own.theta[0], rel=1e-12)
    reached = reach(criterion, criterion.at(np.zeros(1), own.beta))
    assert reached.theta[0] == pytest.approx(own.theta[0], rel=1e-12)


def test_a_correlation_of_one_ends_with_a_zero_on_the_diagonal() -> None:
    y = (np.random.default_rng(0).poisson(2.0, 60) > 2).astype(np.float64)
    optimum = find(Criterion(grouped(y, LOGIT, width=2)))
    assert optimum.theta[2] == 0.0
    assert optimum.theta[0] > 0.1
    assert optimum.converged


@pytest.mark.parametrize("named", LINKS[:3], ids="-".join)
def test_separated_data_end_without_an_error_and_are_not_called_converged(
    named: tuple[str, str],
) -> None:
    x = np.tile(np.arange(6.0), 10) - 2.5
    optimum = find(Criterion(grouped((x > 0).astype(np.float64), named)))
    assert not optimum.converged
    assert optimum.theta[0] < 1e6  # steps are bounded
    assert optimum.deviance < 1e-6
    assert np.isfinite(optimum.beta).all()
    assert np.isfinite(optimum.hessian).all()


@pytest.mark.parametrize(
    ("named", "nodes", "certain", "also"),
    # in the last three rounding leaves no direction that leads down
    [
        (LINKS[0], 1, 4, 3),
        (LINKS[1], 1, 4, 3),
        (LINKS[1], 9, 2, 3),
        (LINKS[2], 1, 2, 5),
        (LINKS[2], 9, 2, 7),
    ],
)
def test_a_covariate_without_a_failure_is_not_called_converged(
    named: tuple[str, str], nodes: int, certain: int, also: int
) -> None:
    # the deviance has a limit, its derivatives there are 0, and beta[1] has no estimate
    x = (np.arange(60) % certain == 0).astype(np.float64)
    y = np.maximum(x, np.arange(60) % also == 0)
    model = replace(grouped(y, named), X=np.column_stack([np.ones(60), x]))
    optimum = find(Criterion(model, nodes))
    assert optimum.decrement < 1e-10
    assert optimum.beta[1] > 5.0
    assert not optimum.converged


@pytest.mark.parametrize("named", LINKS, ids="-".join)
def test_a_response_without_an_event_ends_without_an_error(named: tuple[str, str]) -> None:
    optimum = find(Criterion(grouped(np.zeros(60), named)))
    assert not optimum.converged
    assert optimum.theta[0] < 1e6
    assert np.isfinite(optimum.deviance)
