"""Columns of A^-1, some at a time, and what rows of data take from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix
    from parity.criterion.pattern import Pattern
    from parity.criterion.rows import Rows

    Stack: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """Columns of A^-1: ``corner`` (m, k) and ``side`` (size, k), with B D^-1 there (k, size)."""

    span: slice
    corner: Matrix
    side: Matrix
    eliminated: Matrix

    def own(self, rows: Rows) -> Stack:
        """Return what the piece adds to the largest factor's diagonal blocks of A^-1."""
        shape = (rows.levels, rows.width, -1)
        left, right = self.side.reshape(shape), self.eliminated.T.reshape(shape)
        return -np.asarray(np.einsum("lak,lbk->lab", left, right))

    def add(self, pattern: Pattern, columns: Matrix, image: Matrix) -> None:
        """Add the products with the other factors' columns to the image of each row."""
        width, size = pattern.rows.width, pattern.size
        positions = pattern.rows.positions
        for c in range(width, len(columns)):
            place = positions[c] - size
            inside = np.flatnonzero((place >= self.span.start) & (place < self.span.stop))
            at, here = place[inside] - self.span.start, positions[:, inside]
            for a in range(width):
                element = self.side[here[a], at]
                image[a, inside] += element * columns[c, inside]
                image[c, inside] += element * columns[a, inside]
            for d in range(width, len(columns)):
                image[d, inside] += self.corner[here[d] - size, at] * columns[c, inside]
