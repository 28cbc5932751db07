"""The random effects' relative covariance: theta, its factors Lambda, and D = Lambda Lambda'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Matrix, Model, Vector


def triangle(width: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return rows and columns of a lower triangle, column by column: the order of theta."""
    pairs = [(row, column) for column in range(width) for row in range(column, width)]
    return tuple(row for row, _ in pairs), tuple(column for _, column in pairs)


def factors(model: Model, theta: Vector) -> list[Matrix]:
    """Return the lower triangular factor ``(r, r)`` of each block (Bates et al. 2015, eq. 4).

    Parameters
    ----------
    model
        Its blocks say how theta is cut.
    theta
        The elements, block by block, each lower triangle column by column, ``(m,)``; over sigma.

    Raises
    ------
    ValueError
        Where theta has another length than the blocks need, or is not finite.
    """
    needed = model.slices[-1].stop
    if theta.shape != (needed,) or not np.isfinite(theta).all():
        message = f"theta is {theta!r}; expected {needed} finite numbers"
        raise ValueError(message)
    return [
        _filled(block.width, theta[part], symmetric=False)
        for block, part in zip(model.blocks, model.slices, strict=True)
    ]


def covariances(model: Model, theta: Vector) -> list[Matrix]:
    """Return D = Lambda Lambda' of each block, ``(r, r)``, over sigma^2."""
    return [factor @ factor.T for factor in factors(model, theta)]


def unpack(model: Model, vech: Vector) -> list[Matrix]:
    """Return the symmetric matrix ``(r, r)`` of each block, of which vech is the lower triangle."""
    return [
        _filled(block.width, vech[part], symmetric=True)
        for block, part in zip(model.blocks, model.slices, strict=True)
    ]


def pack(matrices: Sequence[Matrix]) -> Vector:
    """Return the lower triangles, block by block and column by column, ``(m,)``."""
    return np.concatenate([matrix[triangle(len(matrix))] for matrix in matrices])


def theta_of(matrices: Sequence[Matrix]) -> Vector:
    """Return theta ``(m,)`` of relative covariances ``(r, r)``, singular ones included.

    The diagonal of each factor is at least 0; D is taken for singular where a pivot of its
    Cholesky factorisation is not above rounding.
    """
    return pack([_factor(matrix) for matrix in matrices])


def _filled(width: int, elements: Vector, *, symmetric: bool) -> Matrix:
    matrix = np.zeros((width, width))
    rows, columns = triangle(width)
    matrix[rows, columns] = elements
    if symmetric:
        matrix[columns, rows] = elements
    return matrix


def _factor(matrix: Matrix) -> Matrix:
    """Return the Cholesky factor of a positive semidefinite matrix, zero columns where it ends."""
    width = len(matrix)
    factor = np.zeros((width, width))
    for column in range(width):
        pivot = matrix[column, column] - factor[column, :column] @ factor[column, :column]
        if pivot <= 8 * width * np.finfo(float).eps * matrix[column, column]:
            continue
        factor[column, column] = np.sqrt(pivot)
        below = (
            matrix[column + 1 :, column] - factor[column + 1 :, :column] @ factor[column, :column]
        )
        factor[column + 1 :, column] = below / factor[column, column]
    return factor
