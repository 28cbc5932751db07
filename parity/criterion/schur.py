"""The Schur complement of the effects that are left where the largest factor's are eliminated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import linalg, sparse

from parity.criterion.cholesky import factorize

if TYPE_CHECKING:
    from parity.criterion.cholesky import Cholesky
    from parity.criterion.model import Matrix

    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is


class Dense:
    """LAPACK's Cholesky factor of a dense matrix, ``(m, m)``."""

    def __init__(self, matrix: Matrix) -> None:
        self._factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        self.logdet = 2.0 * float(np.log(np.diag(self._factor[0])).sum())

    def solve(self, right: Matrix) -> Matrix:
        """Return the inverse times ``(m, k)``."""
        return np.asarray(linalg.cho_solve(self._factor, right, check_finite=False))

    def inverse(self) -> Matrix:
        """Return the inverse, ``(m, m)``."""
        half, _ = linalg.lapack.dpotri(self._factor[0], lower=1)
        whole: Matrix = np.tril(half) + np.tril(half, -1).T
        return whole


class Bordered:
    """A dense matrix whose first rows and columns are diagonal, eliminated once more.

    So it is where levels are nested in levels: classes in schools, below pupils.
    """

    def __init__(self, matrix: Matrix, first: int) -> None:
        self._first = first
        self._diagonal = np.diag(matrix)[:first].copy()
        self._side = matrix[first:, :first]
        self._scaled = self._side / self._diagonal
        self._rest = Dense(matrix[first:, first:] - self._scaled @ self._side.T)
        self.logdet = float(np.log(self._diagonal).sum()) + self._rest.logdet

    def solve(self, right: Matrix) -> Matrix:
        """Return the inverse times ``(m, k)``."""
        above, below = right[: self._first], right[self._first :]
        inner = self._rest.solve(below - self._scaled @ above)
        return np.concatenate([above / self._diagonal[:, None] - self._scaled.T @ inner, inner])

    def inverse(self) -> Matrix:
        """Return the inverse, ``(m, m)``."""
        first, m = self._first, self._first + len(self._side)
        whole = np.empty((m, m))
        whole[first:, first:] = self._rest.inverse()
        whole[first:, :first] = -whole[first:, first:] @ self._scaled
        whole[:first, first:] = whole[first:, :first].T
        whole[:first, :first] = -whole[:first, first:] @ self._scaled
        whole[np.arange(first), np.arange(first)] += 1.0 / self._diagonal
        return whole


def decompose(matrix: Sparse, diagonal: int) -> Cholesky:
    """Return the factor of a matrix, dense or sparse, whose first ``diagonal`` rows are diagonal.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the matrix is not positive definite.
    """
    if sparse.issparse(matrix):
        return factorize(matrix)
    if 0 < diagonal < len(matrix):
        return Bordered(matrix, diagonal)
    return Dense(matrix)
