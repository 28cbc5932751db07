"""Components of one rank, at many responses and covariances: the sums that the criterion needs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.stacks import SMALL, apply, combine, dot, invert, product, trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector
    from parity.criterion.reduction import Bundle
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]

_TABLE = 1_000_000
"""Numbers of the table of c c' up to which it is made."""


class Prepared:
    """A bundle with its rotated responses.

    Attributes
    ----------
    spread, fixed
        B_m ``(m, J, k, k)`` and c ``(J, k, p)``.
    numbers
        Of the stack of a response.
    """

    def __init__(self, bundle: Bundle, rotated: Matrix) -> None:
        """Lay out the responses ``(K, b)`` element by element."""
        # element by element in memory, as `stacks` has small matrices
        planes = np.ascontiguousarray(bundle.spread.transpose(0, 2, 3, 1))
        self.spread = planes.transpose(0, 3, 1, 2)
        self.fixed = bundle.fixed
        count, k, p = bundle.fixed.shape
        self.numbers = count * k * max(k, p)
        self._planes = np.ascontiguousarray(rotated[bundle.places.T].transpose(0, 2, 1))
        self._flat = bundle.fixed.reshape(count * k, p)

    @cached_property
    def _table(self) -> Stack | None:
        """The products c c', element by element, ``(k, k, J, p p)``; None where it is large."""
        count, k, p = self.fixed.shape
        if k > SMALL or count * k * k * p * p > _TABLE:
            return None
        cells = np.einsum("jap,jcq->acjpq", self.fixed, self.fixed)
        return np.asarray(cells.reshape(k, k, count, p * p))

    def at(self, elements: Matrix, which: Positions) -> At:
        """Return the bundle at vech(D) ``(b, m)`` of some responses ``(b,)``."""
        return At(self, elements, self._planes[:, which].transpose(1, 2, 0))

    def contract(self, matrices: Stack) -> Stack:
        """Return the sums of c'A c, ``(b, p, p)``, for matrices ``(b, J, k, k)``."""
        count, k, p = self.fixed.shape
        if self._table is not None:
            sums = np.matmul(matrices.transpose(2, 3, 0, 1), self._table).sum(axis=(0, 1))
            return np.asarray(sums.reshape(len(matrices), p, p))
        image = np.matmul(matrices, self.fixed).reshape(len(matrices), count * k, p)
        return np.asarray(np.matmul(self._flat.T, image))

    def sandwich(self, matrices: Stack) -> Stack:
        """Return c M c', ``(b, J, k, k)``, for matrices ``(b, p, p)``."""
        if self._table is not None:
            flat = matrices.reshape(len(matrices), -1)
            planes = np.matmul(flat, self._table.transpose(0, 1, 3, 2))
            return np.asarray(planes.transpose(2, 3, 0, 1))
        half = self.fixed @ matrices[:, None]
        return np.asarray(np.matmul(half, self.fixed.transpose(0, 2, 1)))

    def gather(self, vectors: Stack) -> Matrix:
        """Return the sums of c'v, ``(b, p)``, for vectors ``(b, J, k)``."""
        if vectors.shape[-1] <= SMALL:
            planes = vectors.transpose(2, 0, 1)
            return np.asarray(np.matmul(planes, self.fixed.transpose(1, 0, 2)).sum(axis=0))
        return np.asarray(vectors.reshape(len(vectors), -1) @ self._flat)

    def predict(self, coefficients: Matrix) -> Stack:
        """Return c times coefficients ``(b, p)``: ``(b, J, k)``."""
        count, k, _ = self.fixed.shape
        if k <= SMALL:
            planes = np.matmul(coefficients, self.fixed.transpose(1, 2, 0))
            return np.asarray(planes.transpose(1, 2, 0))
        return (coefficients @ self._flat.T).reshape(-1, count, k)


class At:
    """A bundle where each of b responses has a covariance of its own.

    Attributes
    ----------
    precision
        N^-1, ``(b, J, k, k)``.
    logdet
        The sums of log|N|, ``(b,)``.
    """

    def __init__(self, bundle: Prepared, elements: Matrix, responses: Stack) -> None:
        """Invert N at vech(D) ``(b, m)``; responses are the rotated ones ``(b, J, k)``."""
        self._bundle = bundle
        self._responses = responses
        self.precision, self.logdet = invert(combine(elements, bundle.spread))

    @property
    def information(self) -> Stack:
        """The sums of c'N^-1 c, ``(b, p, p)``."""
        return self._bundle.contract(self.precision)

    @property
    def gain(self) -> Matrix:
        """The sums of c'N^-1 s, ``(b, p)``."""
        return self._bundle.gather(apply(self.precision, self._responses))

    def _errors(self, turned: Matrix) -> tuple[Stack, Stack]:
        """Return e = s - c beta and N^-1 e."""
        errors = self._responses - self._bundle.predict(turned)
        return errors, apply(self.precision, errors)

    def misfit(self, turned: Matrix) -> Vector:
        """Return the sums of e'N^-1 e, ``(b,)``."""
        return dot(*self._errors(turned))

    @cached_property
    def _moved(self) -> list[Stack]:
        """N^-1 B_m, for each m."""
        return [product(self.precision, matrices) for matrices in self._bundle.spread]

    @property
    def traces(self) -> Matrix:
        """The sums of tr N^-1 B_m, ``(b, m)``."""
        return np.stack([np.einsum("bjaa->b", moved) for moved in self._moved], axis=1)

    @property
    def pairs(self) -> Stack:
        """The sums of tr N^-1 B_m N^-1 B_n, ``(b, m, m)``."""
        return _pairs(self._moved, self._moved)

    def pulls(self, turned: Matrix) -> tuple[Matrix, Stack, Stack]:
        """Return what a change of d_m does to r^2, with f = N^-1 e.

        f'B_m f ``(b, m)``, c'N^-1 B_m f ``(b, m, p)`` and f'B_m N^-1 B_n f ``(b, m, m)``, summed.
        """
        left = self._errors(turned)[1]
        pulled = [apply(matrices, left) for matrices in self._bundle.spread]
        back = [apply(self.precision, vectors) for vectors in pulled]
        squares = np.stack([dot(left, vectors) for vectors in pulled], axis=1)
        mixed = np.stack([self._bundle.gather(vectors) for vectors in back], axis=1)
        through = np.stack(
            [np.stack([dot(one, other) for other in back], axis=1) for one in pulled], axis=1
        )
        return squares, mixed, through

    def restricted(self, inverse: Stack) -> tuple[Stack, Stack]:
        """Return what REML adds, with S^-1 ``(b, p, p)``.

        c'N^-1 B_m N^-1 c ``(b, m, p, p)``, and tr N^-1 B_m N^-1 B_n N^-1 c S^-1 c' ``(b, m, m)``.
        """
        outer = product(self.precision, self._bundle.sandwich(inverse))
        turned = [product(moved, outer) for moved in self._moved]
        fixed = [self._bundle.contract(product(moved, self.precision)) for moved in self._moved]
        return np.stack(fixed, axis=1), _pairs(self._moved, turned)


def _pairs(left: list[Stack], right: list[Stack]) -> Stack:
    """Return the traces of the products of each with each, ``(b, m, m)``."""
    rows = [np.stack([trace(one, other) for other in right], axis=1) for one in left]
    return np.stack(rows, axis=1)
