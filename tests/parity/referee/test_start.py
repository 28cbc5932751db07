"""Where proofs begin, and the matrices that they use."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, arb_mat

from parity.referee.chart import Face
from parity.referee.matrices import cholesky, is_positive_definite, trace_of_product
from parity.referee.start import candidates, scales
from tests.parity.referee.textbook import example


def test_every_face_that_a_small_standard_deviation_allows_is_proposed_once() -> None:
    model = example("vector and crossed")
    proposed = [
        [face.rank for face in chart.faces]
        for chart, _ in candidates(model, np.array([1.0, 0.2, 2e-6, 4e-4]))
    ]
    assert proposed[0] == [1, 1]
    assert [1, 0] in proposed
    assert [2, 1] in proposed
    assert len(proposed) == len({tuple(ranks) for ranks in proposed})


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_a_start_on_a_face_is_the_covariance_that_was_found(lead: int) -> None:
    model = example("wide")
    theta = np.array([[0.5, 0.1, -0.3], [0.2, 0.7, 0.4], [-0.6, 0.3, 0.2]])[lead]
    factor = np.array([[theta[0], 0, 0], [theta[1], 0.4, 0], [theta[2], -0.9, 0]])
    packed = factor[np.array([0, 1, 2, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2])]
    chart, psi = next(candidates(model, packed))
    (face,) = chart.faces
    assert face.rank == 2
    found = np.array([[float(x) for x in row] for row in face.covariance(psi).tolist()])
    np.testing.assert_allclose(found, factor @ factor.T, rtol=0, atol=1e-12)
    assert all(bool(size > 0) for size in scales(chart, psi))


def test_an_element_off_the_diagonal_is_measured_by_its_variances() -> None:
    model = example("vector")
    chart, psi = next(candidates(model, np.array([2.0, 0.0, 0.5])))
    assert [float(size) for size in scales(chart, psi)] == [4.0, 1.0, 0.25]
    assert chart.faces == (Face((0, 1), 2),)


@pytest.mark.parametrize(
    ("entries", "definite"),
    [
        ([[2, 1], [1, 2]], True),
        ([[1, 2], [2, 1]], False),
        ([[-1, 0], [0, 1]], False),
        ([[1, 1], [1, 1]], False),
        ([[1, 0, 2], [0, 1, 0], [2, 0, 3]], False),
    ],
)
def test_all_leading_minors_decide(entries: list[list[int]], definite: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert is_positive_definite(arb_mat(entries)) is definite


def test_a_ball_that_reaches_a_singular_matrix_is_not_proven_definite() -> None:
    assert is_positive_definite(arb_mat([[arb(1, 0.5), 0], [0, 1]]))
    assert not is_positive_definite(arb_mat([[arb(1, 1.5), 0], [0, 1]]))


def test_a_cholesky_factor_and_a_trace() -> None:
    A = arb_mat([[4, 2, -2], [2, 5, 3], [-2, 3, 9]])
    L = cholesky(A)
    product = L * L.transpose()
    assert all(abs(x - y) < 1e-12 for x, y in zip(product.entries(), A.entries(), strict=True))
    assert L[0, 1] == 0
    B = arb_mat([[1, 2, 3], [4, 5, 6], [7, 8, 10]])
    assert trace_of_product(A, B) == (A * B).trace()
