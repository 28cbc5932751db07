"""Sums and products of ball matrices that python-flint does not offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, arb_mat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def identity(size: int) -> arb_mat:
    """Return the identity, ``(size, size)``."""
    return arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def trace_of_product(A: arb_mat, B: arb_mat) -> arb:
    """Return tr(AB) without forming AB."""
    columns = B.transpose().entries()
    return total(a * b for a, b in zip(A.entries(), columns, strict=True))


def total(terms: Iterable[arb]) -> arb:
    """Return the sum of balls."""
    return sum(terms, arb(0))


def block(A: arb_mat, rows: range, columns: range) -> arb_mat:
    """Return some rows and columns of a matrix."""
    return arb_mat([[A[i, j] for j in columns] for i in rows])


def stacked(upper: arb_mat, lower: arb_mat) -> arb_mat:
    """Return one matrix on top of another."""
    return arb_mat([*upper.tolist(), *lower.tolist()])


def columns_of(values: Sequence[arb]) -> arb_mat:
    """Return values as a matrix of one column."""
    return arb_mat([[value] for value in values])


def is_positive_definite(A: arb_mat) -> bool:
    """Return whether every symmetric matrix in the balls is proven positive definite.

    By Sylvester's criterion: its leading minors are positive. False means not proven.
    """
    return all(
        bool(block(A, range(size), range(size)).det() > 0) for size in range(1, A.nrows() + 1)
    )


def cholesky(A: arb_mat) -> arb_mat:
    """Return the lower Cholesky factor of a positive definite matrix, diagonal positive."""
    size = A.nrows()
    L = arb_mat(size, size)
    for j in range(size):
        L[j, j] = (A[j, j] - total(L[j, k] ** 2 for k in range(j))).sqrt()
        for i in range(j + 1, size):
            L[i, j] = (A[i, j] - total(L[i, k] * L[j, k] for k in range(j))) / L[j, j]
    return L
