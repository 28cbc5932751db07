"""Where the elements of A come from, row by row of the data; found once for a model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector
    from parity.criterion.rows import Positions, Rows

    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is

_DENSE = 600
"""The largest Schur complement that is held as a dense matrix from the start."""
_SMALL = 200_000
"""Up to this many elements B is held as a dense matrix,"""
_FULL = 0.2
"""and from this share of elements that are not 0."""
_COSTLIER = 20
"""A term of a sum over pairs costs as much as so many of a dense product."""


class Pairs(NamedTuple):
    """Pairs of elements of B in one column, ``(pairs,)`` each; the factor has one column a level.

    Attributes
    ----------
    left, right
        The elements, by their places among those that are not 0.
    level
        Their column.
    upper, lower
        Their rows.
    """

    left: Positions
    right: Positions
    level: Positions
    upper: Positions
    lower: Positions


class Pattern:
    """Where the elements of A come from: D of the largest factor, C of the others, B between.

    Attributes
    ----------
    rows
        The model's.
    size
        The number of the largest factor's effects.
    dense
        Whether C and S are held as dense matrices.
    keys
        Where B is not 0, in order: row times size plus column.
    element
        Which of them each row's products belong to, ``(r, R - r, n)``.
    """

    def __init__(self, rows: Rows) -> None:
        """Find the places of B and C."""
        self.rows = rows
        self.size = rows.levels * rows.width
        first, second = rows.positions[: rows.width], rows.positions[rows.width :] - self.size
        coupled = second[None] * self.size + first[:, None]
        self._coupled = coupled.ravel()
        self._cornered = (second[None] * rows.others + second[:, None]).ravel()
        self.dense = rows.others <= _DENSE
        if rows.others:
            self.keys, inverse = np.unique(self._coupled, return_inverse=True)
            self.element: Positions = inverse.reshape(coupled.shape)
            whole = rows.others * self.size
            self._full = whole <= _SMALL or len(self.keys) > _FULL * whole

    def coupling(self, values: Vector) -> Sparse:
        """Return B ``(m, size)``, dense or sparse, of the values of its elements row by row."""
        shape = (self.rows.others, self.size)
        if self._full:
            return np.bincount(self._coupled, values, shape[0] * shape[1]).reshape(shape)
        data = np.bincount(self.element.ravel(), values, len(self.keys))
        return sparse.csr_array((data, *self._placed), shape=shape)

    @cached_property
    def _placed(self) -> tuple[Positions, Positions]:
        row, column = np.divmod(self.keys, self.size)
        pointers = np.searchsorted(row, np.arange(self.rows.others + 1))
        return column.astype(np.int32), pointers.astype(np.int32)

    def corner(self, values: Vector) -> Sparse:
        """Return C ``(m, m)`` without its I, dense or sparse."""
        m = self.rows.others
        if self.dense:
            return np.bincount(self._cornered, values, m * m).reshape(m, m)
        place = np.divmod(self._cornered, m)
        return sparse.coo_array((values, place), shape=(m, m)).tocsc()

    @cached_property
    def pairs(self) -> Pairs | None:
        """The pairs that B D^-1 B' sums over; None where a product of matrices is faster."""
        row, level = np.divmod(self.keys, self.size)
        counts = np.bincount(level, minlength=self.size)
        number, m = int((counts**2).sum()), self.rows.others
        small = self.dense and self._full and self.rows.width == 1
        if not small or number * _COSTLIER > m * m * self.size:
            return None
        # each element beside all of its column's: repeated, and counted through the column
        order = np.argsort(level, kind="stable")
        partners = counts[level[order]]
        left = np.repeat(order, partners)
        begin = (np.cumsum(counts) - counts)[level[left]]
        run = np.arange(number) - np.repeat(np.cumsum(partners) - partners, partners)
        right = order[begin + run]
        return Pairs(left, right, level[left], row[left], row[right])

    @cached_property
    def diagonal(self) -> int:
        """How many of the other factors' effects have a diagonal block in S: 0 or the next's."""
        following = self.rows.next
        if self.pairs is None:
            return 0
        among = (self.pairs.upper < following) & (self.pairs.lower < following)
        nested = bool((self.pairs.upper == self.pairs.lower)[among].all())
        return following if nested and self._alone(following) else 0

    def _alone(self, following: int) -> bool:
        """Whether no row has two of the first effects: a factor with one column."""
        row, column = np.divmod(self._cornered, self.rows.others)
        among = (row < following) & (column < following)
        return bool((row == column)[among].all())

    def taken(self, coupling: Sparse, eliminated: Matrix) -> Matrix:
        """Return B D^-1 B' ``(m, m)`` over pairs, of dense B and the diagonal of D^-1."""
        if self.pairs is None:
            message = "this pattern has no pairs"
            raise ValueError(message)
        m, pairs = self.rows.others, self.pairs
        elements = coupling.ravel()[self.keys]
        values = elements[pairs.left] * elements[pairs.right] * eliminated[pairs.level]
        sums = np.bincount(pairs.upper * m + pairs.lower, values, m * m)
        return np.asarray(sums, dtype=np.float64).reshape(m, m)
