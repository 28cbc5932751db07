"""The Hessian of a deviance where a variance has just left zero: a case that a hunt found."""

from __future__ import annotations

import numpy as np

from parity.criterion.glmm import Criterion
from parity.criterion.glmm_hessian import differentiate, inverted, widths
from parity.criterion.glmm_optimum import find
from parity.criterion.glmm_search import Search, parameters_of
from parity.criterion.model import Block, Model

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
