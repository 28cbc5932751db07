"""A generalised model row by row: equal rows merged, the random effects' columns by position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from parity.criterion.covariance import factors
from parity.criterion.model import Block, Model, largest
from parity.criterion.penalised import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector

    Positions: TypeAlias = NDArray[np.intp]
    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is

_WORTHWHILE = 0.9
"""Merging pays where no more than this share of the rows remains."""


def merge(model: Model) -> Model:
    """Return the model with rows of equal X, Z and offset merged, those of weight 0 left out.

    Exact for an exponential family: its kernel depends on the response through the sums of
    ``w y`` and of w. The log-density's constants are those of the rows given, not of the merged.
    """
    kept = np.flatnonzero(model.weights > 0.0)
    pieces = [model.X, model.offset[:, None]]
    for block in model.blocks:
        pieces += [block.codes[:, None].astype(np.float64), block.columns]
    table = np.concatenate(pieces, axis=1)[kept]
    cells = _cells(table)
    if cells is None:
        return _subset(model, kept, model.y[kept], model.weights[kept])
    first, cell = cells
    weights = model.weights[kept]
    sums = np.asarray(np.bincount(cell, weights), dtype=np.float64)
    y = np.asarray(np.bincount(cell, weights * model.y[kept]) / sums)
    return _subset(model, kept[first], y, sums)


def _cells(table: Matrix) -> tuple[Positions, Positions] | None:
    """Return a row of each cell, and each row's cell; None where merging does not pay.

    Rows are found by a sum of their numbers times irrational multipliers, then held to be equal.
    """
    multipliers = np.sqrt(np.arange(2.0, 2.0 + table.shape[1])) % 1.0 + 0.5
    _, first, cell = np.unique(table @ multipliers, return_index=True, return_inverse=True)
    if len(first) > _WORTHWHILE * len(table) or not np.array_equal(table[first][cell], table):
        return None
    return first, cell


def _subset(model: Model, rows: Positions, y: Vector, weights: Vector) -> Model:
    blocks = tuple(
        Block(block.codes[rows], block.columns[rows], block.levels) for block in model.blocks
    )
    offset = model.offset[rows]
    return Model(y, model.X[rows], blocks, weights, offset, model.family, model.link)


class Rows:
    """Where each row's random effects stand; made once, used at any weights and theta.

    Effects are ordered with the largest factor first: its levels one after another, each with
    all of its columns; then the others, ``(q,)``. `public` gives the model's own order.

    Attributes
    ----------
    model
        The model.
    raw
        The random-effects columns, R in all, the largest factor's first, ``(R, n)``.
    positions
        The effect that each of them multiplies, ``(R, n)``.
    spans
        Where each block's columns lie among the R, in the model's order of blocks.
    lead
        The level of the largest factor, ``(n,)``.
    levels, width
        How many levels that factor has, and columns in all.
    others, next
        The number m of other factors' effects, and of the largest block's among them.
    """

    def __init__(self, model: Model) -> None:
        """Place the largest factor's columns first."""
        starts = np.cumsum([0, *(block.levels * block.width for block in model.blocks)])
        self.model = model
        self.q = int(starts[-1])
        first = largest(model.blocks)
        self.levels = model.blocks[first[0]].levels
        self.width = sum(model.blocks[i].width for i in first)
        self.others = self.q - self.levels * self.width
        self.lead = model.blocks[first[0]].codes
        behind = [i for i in range(len(model.blocks)) if i not in first]
        # the largest first, so that the one next in size may be eliminated too
        behind.sort(key=lambda i: -model.blocks[i].levels * model.blocks[i].width)
        effects = [np.arange(starts[i], starts[i + 1]) for i in range(len(model.blocks))]
        leading = np.concatenate([effects[i].reshape(self.levels, -1) for i in first], axis=1)
        rank = np.empty(self.q, dtype=np.intp)
        rank[np.concatenate([leading.ravel(), *(effects[i] for i in behind)])] = np.arange(self.q)
        self.next = len(effects[behind[0]]) if behind else 0
        raw, positions = [], []
        spans: dict[int, slice] = {}
        start = 0
        for i in [*first, *behind]:
            block = model.blocks[i]
            spans[i] = slice(start, start + block.width)
            start += block.width
            raw.append(block.columns.T)
            begun = starts[i] + block.codes * block.width
            positions += [rank[begun + column] for column in range(block.width)]
        self.raw: Matrix = np.ascontiguousarray(np.concatenate(raw))
        self.positions: Positions = np.stack(positions)
        self.spans = [spans[i] for i in range(len(model.blocks))]
        self.flat: Positions = self.positions.ravel()
        self._rank = rank

    @cached_property
    def structure(self) -> Structure:
        """The same in the model's order, as linear models have it."""
        return Structure(self.model.blocks)

    @cached_property
    def members(self) -> Sparse:
        """Which rows belong to each level of the largest factor, 1 or 0, ``(levels, n)``."""
        n = len(self.lead)
        places = (self.lead, np.arange(n))
        return sparse.csr_array((np.ones(n), places), shape=(self.levels, n))

    def public(self, effects: Vector) -> Vector:
        """Return effects ``(q,)`` in the model's order: block by block, level by level."""
        return effects[self._rank]

    def at(self, theta: Vector) -> Scaled:
        """Return the rows of Z Lambda at theta ``(m,)``.

        Raises
        ------
        ValueError
            Where theta is not finite or has another length.
        """
        scaled = np.empty_like(self.raw)
        for factor, span in zip(factors(self.model, theta), self.spans, strict=True):
            np.matmul(factor.T, self.raw[span], out=scaled[span])
        return Scaled(self, scaled)


@dataclass(frozen=True)
class Scaled:
    """The rows of Z Lambda.

    Attributes
    ----------
    rows
        Their layout.
    columns
        The columns' values, ``(R, n)``.
    """

    rows: Rows
    columns: Matrix

    def predict(self, u: Vector) -> Vector:
        """Return Z Lambda u, ``(n,)``."""
        positions = self.rows.positions
        if len(positions) == 1:
            return np.asarray(self.columns[0] * u[positions[0]])
        return np.asarray((self.columns * u[positions]).sum(axis=0))

    def gather(self, values: Vector) -> Vector:
        """Return Lambda'Z' times values ``(n,)``: ``(q,)``."""
        sums = np.bincount(self.rows.flat, (self.columns * values).ravel(), self.rows.q)
        return np.asarray(sums, dtype=np.float64)
