"""A = Lambda'Z'WZ Lambda + I at weights that change: its factor, and its inverse row by row.

The same matrix as in `parity.criterion.penalised`, arranged for weights that change at every
step: where its elements come from is found once. The largest factor is eliminated level by
level; ``S = C - B D^-1 B'`` is the Schur complement of the other factors' effects.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from parity.criterion.piece import Piece
from parity.criterion.schur import Bordered, Dense, decompose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.cholesky import Cholesky
    from parity.criterion.crossed import Crossed
    from parity.criterion.model import Matrix, Vector

    Stack: TypeAlias = NDArray[np.float64]
    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is

_CHUNK = 2_000_000
"""Numbers in a dense piece of work: 16 MB."""


class Precision:
    """A at some weights; never changed.

    Attributes
    ----------
    crossed
        The products of the rows.
    weights
        W, ``(n,)``.
    diagonal
        The diagonal blocks D of the largest factor, ``(levels, r, r)``.
    inverses
        D^-1, ``(levels, r, r)``.
    """

    def __init__(self, crossed: Crossed, weights: Vector) -> None:
        """Sum the largest factor's blocks."""
        self.crossed = crossed
        self.weights = weights
        self.diagonal: Stack = crossed.blocks(weights)
        if crossed.pattern.rows.width == 1:
            self.inverses: Stack = 1.0 / self.diagonal
        else:
            self.inverses = np.asarray(np.linalg.inv(self.diagonal), dtype=np.float64)

    @cached_property
    def coupling(self) -> Sparse:
        """B, ``(m, size)``, dense or sparse."""
        return self.crossed.pattern.coupling((self.weights * self.crossed.between).ravel())

    @cached_property
    def rest(self) -> Cholesky:
        """S, factorised."""
        pattern = self.crossed.pattern
        corner = pattern.corner((self.weights * self.crossed.within).ravel())
        if not pattern.dense:
            taken = _eliminated(self.coupling, self.inverses) @ self.coupling.T
            return decompose((corner + sparse.eye_array(pattern.rows.others) - taken).tocsc(), 0)
        if pattern.pairs is not None:
            taken = pattern.taken(self.coupling, self.inverses.ravel())
        else:
            taken = _filled(_eliminated(self.coupling, self.inverses) @ self.coupling.T)
        corner -= taken
        corner.ravel()[:: len(corner) + 1] += 1.0
        return decompose(corner, pattern.diagonal)

    @cached_property
    def logdet(self) -> float:
        """log|A|."""
        rows = self.crossed.pattern.rows
        if rows.width == 1:
            own = float(np.log(self.diagonal).sum())
        else:
            own = float(np.linalg.slogdet(self.diagonal)[1].sum())
        return own + (self.rest.logdet if rows.others else 0.0)

    def solve(self, right: Matrix) -> Matrix:
        """Return A^-1 times right-hand sides ``(q, k)``."""
        pattern = self.crossed.pattern
        rows, size = pattern.rows, pattern.size
        if not rows.others:
            return self._within_levels(right)
        solution = np.empty_like(right)
        first = self._within_levels(right[:size])
        inner = self.rest.solve(right[size:] - self.coupling @ first)
        solution[size:] = inner
        solution[:size] = self._within_levels(right[:size] - self.coupling.T @ inner)
        return solution

    def _within_levels(self, right: Matrix) -> Matrix:
        """Return D^-1 times ``(size, k)``."""
        rows = self.crossed.pattern.rows
        if rows.width == 1:
            return self.inverses[:, 0] * right
        pieces: Matrix = self.inverses @ right.reshape(rows.levels, rows.width, -1)
        return pieces.reshape(right.shape)

    def images(self) -> Matrix:
        """Return A^-1 times each row of Z Lambda, at the places of that row's own effects.

        ``(R, n)``. Its sum with the row itself is the conditional variance of eta given the data
        and beta. Only the elements of A^-1 at which Z'Z is not 0 are used.
        """
        pattern = self.crossed.pattern
        if pattern.rows.others and pattern.pairs is not None:
            return self._images_by_pairs()
        columns, width = self.crossed.scaled.columns, pattern.rows.width
        inverses, image = self.inverses, np.zeros_like(columns)
        if pattern.rows.others:
            for piece in self._pieces():
                inverses = inverses + piece.own(pattern.rows)
                piece.add(pattern, columns, image)
        if width == 1:
            image[0] += inverses[:, 0, 0][pattern.rows.lead] * columns[0]
        else:
            image[:width] += np.einsum("nab,bn->an", inverses[pattern.rows.lead], columns[:width])
        return image

    def _pieces(self) -> Iterator[Piece]:
        """Yield columns of A^-1 that belong to the other factors' effects, some at a time."""
        m, size = self.crossed.pattern.rows.others, self.crossed.pattern.size
        step = max(1, _CHUNK // (m + size))
        for start in range(0, m, step):
            span = slice(start, min(start + step, m))
            corner = self._columns(span)
            side = -self._within_levels(np.asarray(self.coupling.T @ corner))
            eliminated = _eliminated(_filled(self.coupling[span]), self.inverses)
            yield Piece(span, corner, side, eliminated)

    def _columns(self, span: slice) -> Matrix:
        """Return columns of S^-1, ``(m, k)``."""
        m, rest = self.crossed.pattern.rows.others, self.rest
        if isinstance(rest, Dense | Bordered) and span.stop - span.start == m:
            return rest.inverse()
        unit = np.zeros((m, span.stop - span.start))
        unit[np.arange(span.start, span.stop), np.arange(span.stop - span.start)] = 1.0
        return rest.solve(unit)

    def _images_by_pairs(self) -> Matrix:
        pattern, columns = self.crossed.pattern, self.crossed.scaled.columns
        pairs, size, rows = pattern.pairs, pattern.size, pattern.rows
        if pairs is None:
            message = "this pattern has no pairs"
            raise ValueError(message)
        corner = self._columns(slice(0, rows.others))
        inverses = self.inverses.ravel()
        elements = self.coupling.ravel()[pattern.keys]
        through = elements[pairs.left] * corner[pairs.upper, pairs.lower]
        level = pattern.keys % size
        side = -inverses[level] * np.bincount(pairs.right, through, len(elements))
        own = inverses - np.bincount(level, side * elements, size) * inverses
        own_side = side[pattern.element[0]]
        image = np.empty_like(columns)
        image[0] = own[rows.lead] * columns[0] + (own_side * columns[1:]).sum(axis=0)
        places = rows.positions[1:] - size
        block = corner[places[:, None], places[None]]
        image[1:] = own_side * columns[0] + (block * columns[1:]).sum(axis=1)
        return image


def _eliminated(coupling: Sparse, inverses: Stack) -> Sparse:
    """Return B D^-1 ``(k, size)`` of rows of B, dense or sparse."""
    levels, width = inverses.shape[:2]
    if isinstance(coupling, np.ndarray):
        if width == 1:
            return coupling * inverses.ravel()
        blocks = coupling.reshape(-1, levels, width)
        return np.einsum("kla,lab->klb", blocks, inverses).reshape(coupling.shape)
    pointers = np.arange(levels + 1)
    return coupling @ sparse.bsr_array((inverses, pointers[:-1], pointers)).tocsr()


def _filled(matrix: Sparse) -> Matrix:
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())
