"""Theta of several responses at once, the columns of each block in an order of each one's own.

With the largest variance first a block's theta stays away from where many theta say the same D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import factorize, fill, triangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Model
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Coordinates:
    """How theta ``(b, m)`` of b responses is read.

    Attributes
    ----------
    model
        Its blocks say how theta is cut.
    orders
        By block, the column that comes first, second, ..., ``(b, r)``.
    """

    model: Model
    orders: tuple[Positions, ...]

    def take(self, which: Positions) -> Coordinates:
        """Return those of some of the responses."""
        return Coordinates(self.model, tuple(order[which] for order in self.orders))

    def factors(self, theta: Matrix) -> list[Stack]:
        """Return F of each block, ``(b, r, r)``, D = F F': triangular but for its rows' order."""
        turned = []
        for factor, order in zip(
            fill(self.model, theta, symmetric=False), self.orders, strict=True
        ):
            rows = np.empty_like(factor)
            np.put_along_axis(rows, order[:, :, None], factor, axis=1)
            turned.append(rows)
        return turned

    def covariances(self, theta: Matrix) -> list[Stack]:
        """Return D of each block, ``(b, r, r)``."""
        return [factor @ factor.transpose(0, 2, 1) for factor in self.factors(theta)]

    def theta(self, covariances: Sequence[Stack]) -> Matrix:
        """Return theta of covariances D, ``(b, r, r)`` a block, singular ones included."""
        pieces = []
        for covariance, order in zip(covariances, self.orders, strict=True):
            rows = np.take_along_axis(covariance, order[:, :, None], axis=1)
            both = np.take_along_axis(rows, order[:, None, :], axis=2)
            pieces.append(factorize(both)[(slice(None), *triangle(both.shape[-1]))])
        return np.concatenate(pieces, axis=1)

    def in_theta(self, theta: Matrix, gradient: Matrix, hessian: Stack) -> tuple[Matrix, Stack]:
        """Return gradient ``(b, m)`` and Hessian ``(b, m, m)`` in theta of a function of vech(D).

        With D = F F': dD = dF F' + F dF', d2D = dF1 dF2' + dF2 dF1'.
        """
        count, m = theta.shape
        slopes, bends = np.zeros((count, m, m)), np.zeros((count, m, m))
        each = np.arange(count)
        pulls = fill(self.model, gradient, symmetric=True)
        pieces = zip(
            self.model.blocks, self.model.slices, self.factors(theta), self.orders, pulls,
            strict=True,
        )  # fmt: skip
        for block, part, factor, order, pull in pieces:
            rows, columns = triangle(block.width)
            # the matrix whose product with dD, summed, is the change: off-diagonals halved
            halves = pull * (1.0 + np.eye(block.width)) / 2.0
            for i, (row, column) in enumerate(zip(rows, columns, strict=True)):
                change = np.zeros_like(factor)
                change[each, order[:, row]] = factor[:, :, column]
                change = change + change.transpose(0, 2, 1)
                slopes[:, part, part.start + i] = change[:, rows, columns]
                for j, (other, same) in enumerate(zip(rows, columns, strict=True)):
                    if same == column:
                        cell = halves[each, order[:, row], order[:, other]]
                        bends[:, part.start + i, part.start + j] = 2.0 * cell
        turned = slopes.transpose(0, 2, 1)
        slope = np.einsum("bij,bj->bi", turned, gradient)
        return slope, turned @ hessian @ slopes + bends


def ordered(model: Model, covariances: Sequence[Stack]) -> Coordinates:
    """Return the coordinates in which the largest variance comes first."""
    orders = (
        np.argsort(-np.einsum("baa->ba", covariance), axis=1, kind="stable")
        for covariance in covariances
    )
    return Coordinates(model, tuple(orders))


def natural(model: Model, count: int) -> Coordinates:
    """Return the model's own coordinates, of b = count responses."""
    orders = (np.tile(np.arange(block.width), (count, 1)) for block in model.blocks)
    return Coordinates(model, tuple(orders))
