"""theta, its triangular factors, and D = Lambda Lambda'."""

from __future__ import annotations

import numpy as np
import pytest

from parity.criterion.covariance import covariances, factors, pack, theta_of, triangle, unpack
from tests.parity.criterion.dense import LAYOUTS, THETAS, example, theta


def test_a_triangle_is_read_column_by_column() -> None:
    assert triangle(3) == ((0, 1, 2, 1, 2, 2), (0, 0, 0, 1, 1, 2))


def test_theta_fills_the_factors_block_by_block() -> None:
    model = example("vector and crossed")
    vector, scalar = factors(model, np.array([1.0, 2.0, 3.0, 4.0]))
    assert vector.tolist() == [[1.0, 0.0], [2.0, 3.0]]
    assert scalar.tolist() == [[4.0]]


def test_covariances_are_the_factors_squares() -> None:
    model = example("vector and crossed")
    vector, scalar = covariances(model, np.array([1.0, 2.0, 3.0, -4.0]))
    assert vector.tolist() == [[1.0, 2.0], [2.0, 13.0]]
    assert scalar.tolist() == [[16.0]]


def test_vech_is_packed_and_unpacked_symmetrically() -> None:
    model = example("wide")
    (matrix,) = unpack(model, np.arange(1.0, 7.0))
    assert matrix.tolist() == [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]]
    assert pack([matrix]).tolist() == list(range(1, 7))


@pytest.mark.parametrize("kind", THETAS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_theta_of_a_covariance_gives_it_back(layout: str, kind: str) -> None:
    model = example(layout)
    wanted = covariances(model, theta(model, kind))
    found = theta_of(wanted)
    for one, other in zip(covariances(model, found), wanted, strict=True):
        assert np.allclose(one, other, rtol=1e-13, atol=1e-13)  # rounding of a product
    for factor in factors(model, found):
        assert (np.diag(factor) >= 0).all()


def test_theta_of_a_singular_covariance_ends_in_exact_zeros() -> None:
    way = np.array([0.3, -0.7, 1.1])
    found = theta_of([np.outer(way, way)])
    assert found[3:].tolist() == [0.0, 0.0, 0.0]


def test_theta_of_a_covariance_keeps_a_small_effect_beside_a_large_one() -> None:
    found = theta_of([np.diag([1e12, 1e-12])])
    assert found == pytest.approx([1e6, 0.0, 1e-6], rel=1e-15)


@pytest.mark.parametrize("where", [[1.0, 2.0], [1.0, np.nan, 2.0], [1.0, np.inf, 2.0]])
def test_a_theta_that_does_not_fit_is_refused(where: list[float]) -> None:
    with pytest.raises(ValueError, match="expected 3 finite numbers"):
        factors(example("vector"), np.array(where))
