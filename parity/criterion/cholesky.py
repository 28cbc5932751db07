"""Cholesky factorisation of a symmetric positive definite matrix, dense or sparse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from scipy import linalg
from scipy.sparse import linalg as sparse_linalg

try:  # CHOLMOD, several times faster than SuperLU, where the user has it
    from sksparse import cholmod
except ImportError:
    cholmod = None

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector

    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is

_SMALL = 400
_DENSE = 0.1


class Cholesky(Protocol):
    """A factorised matrix."""

    logdet: float

    def solve(self, right: Matrix) -> Matrix:
        """Return A^-1 times a dense right-hand side, ``(q, k)``."""
        ...


def factorize(matrix: Sparse) -> Cholesky:
    """Return the factorisation of a matrix ``(q, q)``, by whichever way its filling suits.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the matrix is not positive definite.
    """
    size = matrix.shape[0]
    if size <= _SMALL or matrix.nnz > _DENSE * size * size:
        return _Dense(matrix.toarray())
    # scikit-sparse 0.5 has other functions, and is not used
    known = cholmod is not None and hasattr(cholmod, "analyze")
    return _Supernodal(matrix) if known else _Sparse(matrix)


class _Dense:
    """LAPACK's."""

    def __init__(self, matrix: Matrix) -> None:
        self._factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True)
        self.logdet = 2.0 * float(np.log(np.diag(self._factor[0])).sum())

    def solve(self, right: Matrix) -> Matrix:
        return np.asarray(linalg.cho_solve(self._factor, right))


class _Sparse:
    """SuperLU's without row exchanges: L U with U = diag(U) L', Cholesky's up to its scale."""

    def __init__(self, matrix: Sparse) -> None:
        try:
            self._factor = sparse_linalg.splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:  # a pivot of exactly 0
            raise np.linalg.LinAlgError("the matrix is not positive definite") from error
        diagonal: Vector = self._factor.U.diagonal()
        if not (diagonal > 0).all():
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        self.logdet = float(np.log(diagonal).sum())

    def solve(self, right: Matrix) -> Matrix:
        return np.asarray(self._factor.solve(np.asarray(right, order="F")))


class _Supernodal:
    """CHOLMOD's, through scikit-sparse."""

    def __init__(self, matrix: Sparse) -> None:
        try:
            self._factor: Any = cholmod.cholesky(matrix)
        except cholmod.CholmodNotPositiveDefiniteError as error:
            raise np.linalg.LinAlgError("the matrix is not positive definite") from error
        # where it takes the simplicial way CHOLMOD factorises an indefinite matrix, too
        if not (self._factor.D() > 0).all():
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        self.logdet = float(self._factor.logdet())

    def solve(self, right: Matrix) -> Matrix:
        return np.asarray(self._factor(right))
