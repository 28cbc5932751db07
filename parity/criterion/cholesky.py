"""Cholesky factorisation of a symmetric positive definite matrix, dense or sparse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

try:  # CHOLMOD, several times faster than SuperLU, where the user has it
    from sksparse import cholmod
except ImportError:
    cholmod = None

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

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


class Memory:
    """The pattern of the matrix factorised last, with its symbolic analysis.

    Matrices of one pattern, as those of one model at several theta, are analysed once.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._pattern: tuple[Any, Any] | None = None
        self._known: Any = None

    def recall(self, matrix: Sparse, analyze: Callable[[Sparse], Any]) -> Any:  # noqa: ANN401 - of either library
        """Return what is known of the matrix's pattern, analysed where it is another one."""
        pattern = (matrix.indptr, matrix.indices)
        if self._pattern is None or not all(
            np.array_equal(one, other) for one, other in zip(self._pattern, pattern, strict=True)
        ):
            self._known = analyze(matrix)
            self._pattern = (pattern[0].copy(), pattern[1].copy())
        return self._known


def factorize(matrix: Sparse, memory: Memory | None = None) -> Cholesky:
    """Return the factorisation of a matrix ``(q, q)``, by whichever way its filling suits.

    Parameters
    ----------
    matrix
        Positive definite.
    memory
        Of the matrices that were factorised before, where these are alike.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the matrix is not positive definite.
    """
    memory = memory or Memory()
    size = matrix.shape[0]
    if size <= _SMALL or matrix.nnz > _DENSE * size * size:
        return _Dense(matrix.toarray())
    # scikit-sparse 0.5 has other functions, and is not used
    known = cholmod is not None and hasattr(cholmod, "analyze")
    return _Supernodal(matrix, memory) if known else _Sparse(matrix, memory)


class _Dense:
    """LAPACK's."""

    def __init__(self, matrix: Matrix) -> None:
        self._factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True)
        self.logdet = 2.0 * float(np.log(np.diag(self._factor[0])).sum())

    def solve(self, right: Matrix) -> Matrix:
        return np.asarray(linalg.cho_solve(self._factor, right))


class _Sparse:
    """SuperLU's without row exchanges: L U with U = diag(U) L', Cholesky's up to its scale."""

    def __init__(self, matrix: Sparse, memory: Memory) -> None:
        try:
            self._order = memory.recall(matrix, _fill_reducing)
            turned = matrix[self._order][:, self._order].tocsc()
            self._factor = _eliminate(turned, "NATURAL")
        except RuntimeError as error:  # a pivot of exactly 0
            raise np.linalg.LinAlgError("the matrix is not positive definite") from error
        diagonal: Vector = self._factor.U.diagonal()
        if not (diagonal > 0).all():
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        self.logdet = float(np.log(diagonal).sum())

    def solve(self, right: Matrix) -> Matrix:
        solution = np.empty_like(right)
        solution[self._order] = self._factor.solve(np.asarray(right[self._order], order="F"))
        return solution


def _eliminate(matrix: Sparse, order: Literal["NATURAL", "MMD_AT_PLUS_A"]) -> Any:  # noqa: ANN401 - SciPy's stubs lack the class
    return sparse_linalg.splu(
        matrix, permc_spec=order, diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )


def _fill_reducing(matrix: Sparse) -> NDArray[np.intp]:
    """Return the order of minimum degree in which a matrix of this pattern stays sparse."""
    pattern = abs(matrix)
    # diagonally dominant, so that elimination goes through whatever the values are
    dominant = pattern + sparse.diags_array(pattern.sum(axis=0) + 1.0)
    return np.argsort(_eliminate(dominant.tocsc(), "MMD_AT_PLUS_A").perm_c)


class _Supernodal:
    """CHOLMOD's, through scikit-sparse."""

    def __init__(self, matrix: Sparse, memory: Memory) -> None:
        try:
            self._factor: Any = memory.recall(matrix, cholmod.analyze).cholesky(matrix)
        except cholmod.CholmodNotPositiveDefiniteError as error:
            raise np.linalg.LinAlgError("the matrix is not positive definite") from error
        # where it takes the simplicial way CHOLMOD factorises an indefinite matrix, too
        if not (self._factor.D() > 0).all():
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        self.logdet = float(self._factor.logdet())

    def solve(self, right: Matrix) -> Matrix:
        return np.asarray(self._factor(right))
