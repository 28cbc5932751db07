"""What is done where a variance is 0, on a deviance that is known in D: tr G D + |D|^2 / 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion.boundary import settle, ways_off
from parity.criterion.coordinates import natural
from parity.criterion.descent import Reached
from parity.criterion.model import Block, Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

ROWS = 6
MODEL = Model(
    np.arange(float(ROWS)),
    np.ones((ROWS, 1)),
    (Block(np.arange(ROWS) % 3, np.ones((ROWS, 2)), 3),),
)


@dataclass(frozen=True)
class Bowl:
    """A deviance of one block of two columns, falling from D = 0 where G has a negative root."""

    G: Matrix
    model: Model = MODEL

    def heights(self, factors: Sequence[Matrix], which: NDArray[np.intp]) -> Matrix:
        assert len(factors[0]) == len(which)
        D = factors[0] @ factors[0].transpose(0, 2, 1)
        return np.asarray(np.einsum("ac,bca->b", self.G, D) + np.einsum("bac,bac->b", D, D) / 2.0)

    def derivatives(
        self, factors: Sequence[Matrix], which: NDArray[np.intp]
    ) -> tuple[Matrix, Matrix, Matrix]:
        slope = self.G + factors[0] @ factors[0].transpose(0, 2, 1)
        # an off-diagonal element of vech(D) moves two cells
        gradient = np.stack([slope[:, 0, 0], 2.0 * slope[:, 1, 0], slope[:, 1, 1]], axis=1)
        hessian = np.tile(np.diag([1.0, 2.0, 1.0]), (len(which), 1, 1))
        return self.heights(factors, which), gradient, hessian

    def estimates(
        self, factors: Sequence[Matrix], which: NDArray[np.intp]
    ) -> tuple[Matrix, Matrix]:
        raise NotImplementedError


def test_the_way_off_a_saddle_is_the_steepest() -> None:
    bowl = Bowl(np.array([[1.0, 2.0], [2.0, 3.0]]))
    here = natural(MODEL, 1)
    at, lower = ways_off(bowl, here, np.zeros((1, 3)), np.array([0]))
    assert at.tolist() == [0]
    (D,) = here.covariances(lower)
    roots, axes = np.linalg.eigh(bowl.G)
    assert roots[0] < 0 < roots[1]
    assert D[0] == pytest.approx(1e-2 * np.outer(axes[:, 0], axes[:, 0]), rel=1e-10)
    assert bowl.heights(here.factors(lower), np.array([0]))[0] < 0.0


def test_where_a_long_step_leads_up_a_shorter_one_leaves_the_saddle() -> None:
    bowl = Bowl(np.diag([1.0, -1e-5]))
    here = natural(MODEL, 1)
    at, lower = ways_off(bowl, here, np.zeros((1, 3)), np.array([0]))
    assert at.tolist() == [0]
    assert here.covariances(lower)[0][0] == pytest.approx(np.diag([0.0, 1e-6]), abs=1e-20)


def test_a_minimum_at_the_boundary_is_not_left() -> None:
    """G has no negative root, though one off-diagonal alone would outweigh the diagonal."""
    bowl = Bowl(np.array([[1.0, 0.9], [0.9, 1.0]]))
    at, lower = ways_off(bowl, natural(MODEL, 1), np.zeros((1, 3)), np.array([0]))
    assert (len(at), lower.shape) == (0, (0, 3))


@pytest.mark.parametrize(
    ("sd", "slope", "kept", "singular"),
    [
        (1e-9, 0.0, False, True),
        (1e-5, 0.0, True, False),  # small, and not 0
        (1e-8, -1e12, True, True),  # 1e-4 of deviance would be lost
    ],
)
def test_a_vanishing_sd_is_zero_where_that_costs_nothing(
    sd: float, slope: float, *, kept: bool, singular: bool
) -> None:
    bowl, here, which = Bowl(np.diag([0.0, slope])), natural(MODEL, 1), np.array([0])
    theta = np.array([[1e-4, 0.0, sd]])
    zero = np.zeros(1)
    found = Reached(
        theta, bowl.heights(here.factors(theta), which), zero, which, np.ones(1, dtype=bool)
    )
    settled, heights, flagged = settle(bowl, here, found, which)
    assert settled[0, 2] == (pytest.approx(sd) if kept else 0.0)
    assert settled[0, 0] == pytest.approx(1e-4)
    assert flagged.tolist() == [singular]
    assert heights == pytest.approx(bowl.heights(here.factors(settled), which))
