"""The random effects' relative covariance: theta, its factors Lambda, and D = Lambda Lambda'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.stacks import Stack


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
    return [stack[0] for stack in fill(model, theta[None], symmetric=False)]


def covariances(model: Model, theta: Vector) -> list[Matrix]:
    """Return D = Lambda Lambda' of each block, ``(r, r)``, over sigma^2."""
    return [factor @ factor.T for factor in factors(model, theta)]


def unpack(model: Model, vech: Vector) -> list[Matrix]:
    """Return the symmetric matrix ``(r, r)`` of each block, of which vech is the lower triangle."""
    return [stack[0] for stack in fill(model, vech[None], symmetric=True)]


def pack(matrices: Sequence[Matrix]) -> Vector:
    """Return the lower triangles, block by block and column by column, ``(m,)``."""
    return np.concatenate([matrix[triangle(len(matrix))] for matrix in matrices])


def theta_of(matrices: Sequence[Matrix]) -> Vector:
    """Return theta ``(m,)`` of relative covariances ``(r, r)``, singular ones included.

    The diagonal of each factor is at least 0; D is taken for singular where a pivot of its
    Cholesky factorisation is not above rounding.
    """
    return pack([factorize(matrix[None])[0] for matrix in matrices])


def fill(model: Model, elements: Matrix, *, symmetric: bool) -> list[Stack]:
    """Return, for each block, the lower triangles of elements ``(b, m)``: ``(b, r, r)``.

    Symmetric ones have them on either side.
    """
    filled = []
    for block, part in zip(model.blocks, model.slices, strict=True):
        matrices = np.zeros((len(elements), block.width, block.width))
        rows, columns = triangle(block.width)
        matrices[:, rows, columns] = elements[:, part]
        if symmetric:
            matrices[:, columns, rows] = elements[:, part]
        filled.append(matrices)
    return filled


def factorize(matrices: Stack) -> Stack:
    """Return Cholesky factors of positive semidefinite matrices ``(b, r, r)``.

    Where one ends its columns are 0.
    """
    width = matrices.shape[-1]
    factor = np.zeros_like(matrices)
    for column in range(width):
        done = factor[:, column, :column]
        pivot = matrices[:, column, column] - np.einsum("bc,bc->b", done, done)
        ended = pivot <= 8 * width * np.finfo(float).eps * matrices[:, column, column]
        root = np.sqrt(np.where(ended, 0.0, pivot))
        factor[:, column, column] = root
        below = matrices[:, column + 1 :, column]
        below = below - np.einsum("brc,bc->br", factor[:, column + 1 :, :column], done)
        scale = np.divide(1.0, root, out=np.zeros_like(root), where=~ended)
        factor[:, column + 1 :, column] = below * scale[:, None]
    return factor
