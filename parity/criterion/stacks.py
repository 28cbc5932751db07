"""Stacks of small symmetric matrices: products, traces, inverses.

A stack has shape ``(b, J, k, k)``. Of matrices up to `SMALL` the elements lie apart in memory, each
a plane ``(b, J)``, over which NumPy's loops are long; of larger ones each matrix lies together,
which BLAS asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector

    Stack: TypeAlias = NDArray[np.float64]

SMALL = 4


def combine(weights: Matrix, matrices: Stack) -> Stack:
    """Return I plus the sums of matrices ``(m, J, k, k)`` at weights ``(b, m)``."""
    m, count, k, _ = matrices.shape
    if k <= SMALL:
        planes = np.matmul(weights, matrices.transpose(2, 3, 0, 1))
        stack: Stack = planes.transpose(2, 3, 0, 1)
    else:
        stack = (weights @ matrices.reshape(m, -1)).reshape(-1, count, k, k)
    np.einsum("bjaa->bja", stack)[...] += 1.0
    return stack


def invert(stack: Stack) -> tuple[Stack, Vector]:
    """Return the inverses of positive definite matrices, and their log-determinants' sum ``(b,)``.

    Both are NaN where a matrix is not positive definite.
    """
    if stack.shape[-1] > SMALL:
        root = factorize(stack)
        known = np.isfinite(root).all(axis=(2, 3), keepdims=True)
        if not known.all():
            # LAPACK stops at a singular one, and the others with it
            stack = np.where(known, stack, np.eye(stack.shape[-1]))
            root = np.where(known, root, np.nan)
        inverse = np.where(known, np.linalg.inv(stack), np.nan)
    else:
        root = _root(stack)
        back = _back(root)
        inverse = product(back.swapaxes(2, 3), back)
    return inverse, np.asarray(2.0 * np.log(np.einsum("bjaa->bja", root)).sum(axis=(1, 2)))


def factorize(stack: Stack) -> Stack:
    """Return the lower Cholesky factors of matrices ``(..., k, k)``, NaN where there is none."""
    try:
        return np.asarray(np.linalg.cholesky(stack), dtype=np.float64)
    except np.linalg.LinAlgError:
        if stack.ndim == 2:  # noqa: PLR2004 - a single matrix
            return np.full_like(stack, np.nan)
        return np.stack([factorize(matrix) for matrix in stack])


def product(left: Stack, right: Stack) -> Stack:
    """Return the products of matrices ``(b, J, k, k)``, one of them perhaps ``(J, k, k)``."""
    if right.shape[-1] > SMALL:
        return np.asarray(np.matmul(left, right))
    places = np.broadcast_shapes(left.shape, right.shape)
    out = np.empty((*places[2:], *places[:2])).transpose(2, 3, 0, 1)
    return np.asarray(np.einsum("...ac,...ce->...ae", left, right, out=out))


def apply(matrices: Stack, vectors: Stack) -> Stack:
    """Return matrices ``(b, J, k, k)`` or ``(J, k, k)`` times vectors ``(b, J, k)``."""
    if vectors.shape[-1] > SMALL:
        return np.asarray(np.matmul(matrices, vectors[..., None])[..., 0])
    out = np.empty((vectors.shape[2], *vectors.shape[:2])).transpose(1, 2, 0)
    return np.asarray(np.einsum("...ac,...c->...a", matrices, vectors, out=out))


def trace(left: Stack, right: Stack) -> Vector:
    """Return the sum of the traces of the products, ``(b,)``."""
    return np.asarray(np.einsum("bjac,bjca->b", left, right))


def dot(left: Stack, right: Stack) -> Vector:
    """Return the sum of the products of vectors ``(b, J, k)``, ``(b,)``."""
    return np.asarray(np.einsum("bja,bja->b", left, right))


def _root(stack: Stack) -> Stack:
    """Return the lower Cholesky factors, element by element."""
    k = stack.shape[-1]
    root = np.zeros((k, k, *stack.shape[:2])).transpose(2, 3, 0, 1)
    for column in range(k):
        done = root[..., column, :column]
        pivot = stack[..., column, column] - np.einsum("bjc,bjc->bj", done, done)
        root[..., column, column] = np.sqrt(np.where(pivot > 0, pivot, np.nan))
        for row in range(column + 1, k):
            rest = np.einsum("bjc,bjc->bj", root[..., row, :column], done)
            below = stack[..., row, column] - rest
            root[..., row, column] = below / root[..., column, column]
    return root


def _back(root: Stack) -> Stack:
    """Return the inverses of lower triangular matrices, element by element."""
    k = root.shape[-1]
    back = np.zeros((k, k, *root.shape[:2])).transpose(2, 3, 0, 1)
    for row in range(k):
        back[..., row, row] = 1.0 / root[..., row, row]
        for column in range(row):
            inner = np.einsum(
                "bjc,bjc->bj", root[..., row, column:row], back[..., column:row, column]
            )
            back[..., row, column] = -inner * back[..., row, row]
    return back
