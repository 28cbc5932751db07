"""The Hessian of a deviance where a variance has just left zero: a case that a hunt found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.glmm import Criterion
from parity.criterion.glmm_hessian import differentiate, inverted, widths
from parity.criterion.glmm_optimum import find
from parity.criterion.glmm_search import Search, parameters_of
from parity.criterion.model import Block, Model

if TYPE_CHECKING:
    from parity.criterion.glmm import Point

Y = [7, 2, 1, 0, 8, 3, 0, 5, 3, 2, 2, 7, 2]
SLOPE = [0, -2, 0, -1, 1, 0, -2, 1, -1, 0, -2, 1, 0]
GROUP = [2, 1, 2, 1, 0, 1, 0, 1, 2, 2, 1, 0, 1]


def test_a_variance_that_has_just_left_zero_has_its_own_curvature() -> None:
    X = np.column_stack([np.ones(len(Y)), SLOPE]).astype("float64")
    block = Block(np.array(GROUP), X[:, 1:], 3)
    model = Model(np.array(Y, dtype="float64"), X, (block,), family="poisson", link="log")
    criterion = Criterion(model)
    optimum = find(criterion, ())
    assert 0.004 < optimum.theta[0] < 0.005
    search = Search(criterion, optimum.point.state)
    found = differentiate(
        search, optimum.point, widths(search, optimum.point, inverted(optimum.hessian))
    )
    step = np.array([1e-4, 0.0, 0.0])
    origin = parameters_of(optimum.point)
    slopes = [search.at(origin + sign * step).gradient[0] for sign in (1, -1)]
    # 0.05136; differences 1/400 of a standard error apart gave 0.0595
    np.testing.assert_allclose(found[0, 0], (slopes[0] - slopes[1]) / 2e-4, rtol=1e-3)


def example() -> tuple[Search, Point]:
    """Return the optimum of a Poisson model with an intercept and a slope."""
    X = np.column_stack([np.ones(len(Y)), SLOPE]).astype("float64")
    block = Block(np.array(GROUP), X[:, :1], 3)
    model = Model(np.array(Y, dtype="float64"), X, (block,), family="poisson", link="log")
    criterion = Criterion(model)
    point = find(criterion, ()).point
    return Search(criterion, point.state), point


def test_the_hessian_is_symmetric_and_leaves_the_search_where_it_was() -> None:
    search, point = example()
    found = differentiate(search, point, np.full(3, 1e-3))
    np.testing.assert_array_equal(found, found.T)
    assert search.near is point.state
    slopes = []
    for way in 1e-4 * np.eye(3):
        up, down = (search.at(parameters_of(point) + s * way).gradient for s in (1, -1))
        slopes.append((up - down) / 2e-4)
    # central differences of second order are off by the width squared
    np.testing.assert_allclose(found, slopes, rtol=1e-6, atol=1e-6)


def test_the_widths_are_shares_of_a_standard_error_or_of_what_a_parameter_is() -> None:
    search, point = example()
    origin, errors = parameters_of(point), np.array([0.5, 0.25, 0.125])
    # twice the inverse of a deviance's Hessian is the covariance
    found = widths(search, point, np.diag(errors**2) / 2.0)
    bounds = 2e-3 * (search.units + np.abs(origin))
    np.testing.assert_allclose(found, np.minimum(errors / 400.0, bounds), rtol=1e-14)
    assert (found < bounds).any()
    wide = widths(search, point, 1e6 * np.eye(3))
    np.testing.assert_allclose(wide, bounds, rtol=1e-14)


def test_the_inverse_leads_down_where_the_curvature_is_of_the_wrong_sign() -> None:
    """A negative eigenvalue counts by its size, and what is flat is left out."""
    turned = np.array([[0.6, -0.8], [0.8, 0.6]])
    saddle = turned @ np.diag([2.0, -0.5]) @ turned.T
    # no direction is left out: of the scaled matrix both eigenvalues are far from 0
    assert (np.linalg.eigvalsh(inverted(saddle)) > 0.1).all()
    bent = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.testing.assert_allclose(inverted(bent), np.linalg.inv(bent), rtol=1e-14)
    flat = inverted(np.diag([4.0, 0.0]))
    np.testing.assert_allclose(flat, [[0.25, 0.0], [0.0, 0.0]], rtol=1e-14)
