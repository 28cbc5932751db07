"""One group's cells in balls: moments of cumulants, and sums over cells as jets in (tau, beta)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from flint import arb, arb_mat, ctx, fmpq

from parity.referee.jet import Jet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.referee.family import Family, Table
    from parity.referee.glmm_cells import Cell, Cells


@dataclass(frozen=True)
class Group:
    """The cells of one level at one precision; ``w = (x, z)`` is a cell's row of X and its z.

    Attributes
    ----------
    family
        Of the response.
    cells
        The exact numbers, c of them.
    w
        ``(p + 1, c)``.
    mw
        ``m w``, ``(p + 1, c)``.
    mww
        The upper triangles of ``m w w'``, ``((p + 1)(p + 2) / 2, c)``.
    sizes, z, offsets
        One a cell.
    distinct, column
        The different z, and which of them each cell has.
    response
        ``sum y w``, ``(p + 1, 1)``.
    response_offset
        ``sum y offset``.
    """

    family: Family
    cells: tuple[Cell, ...]
    w: arb_mat
    mw: arb_mat
    mww: arb_mat
    sizes: tuple[int, ...]
    z: tuple[arb, ...]
    offsets: tuple[arb, ...]
    distinct: tuple[arb, ...]
    column: tuple[int, ...]
    response: arb_mat
    response_offset: arb

    def fixed_predictors(self, beta: Sequence[arb]) -> list[arb]:
        """Return ``x'beta + offset`` of each cell."""
        row = arb_mat(1, len(beta) + 1, [*beta, 0])
        parts = (row * self.w).entries()
        return [part + offset for part, offset in zip(parts, self.offsets, strict=True)]

    def fixed_odds(self, beta: Sequence[arb]) -> list[arb]:
        """Return ``exp(x'beta + offset)`` of each cell."""
        return [eta.exp() for eta in self.fixed_predictors(beta)]

    def odds(self, fixed: Sequence[arb], b: arb) -> list[arb]:
        """Return ``exp(eta)`` of each cell at the random effect b."""
        factors = [(z * b).exp() for z in self.distinct]
        return [f * factors[which] for f, which in zip(fixed, self.column, strict=True)]

    def slopes(self, first: Table) -> arb_mat:
        """Return ``sum m first w`` at each node, ``(p + 1, nodes)``, from cells by nodes."""
        return self.mw * _matrix(first)

    def curvatures(self, second: Table) -> arb_mat:
        """Return ``sum m second w w'``, packed, at each node, from cells by nodes."""
        return self.mww * _matrix(second)

    def chain(self, value: arb, derivatives: tuple[Table, Table], b: Jet) -> Jet:
        """Return ``sum m G(x'beta + z b)`` as a jet, from G' and G'' of each cell at one node."""
        slope = self.slopes(derivatives[0])
        curvature = unpack(self.curvatures(derivatives[1]).entries(), slope.nrows())
        return chain(value, slope, curvature, b)

    def linear(self, beta: Sequence[arb], b: Jet) -> Jet:
        """Return ``sum y eta`` as a jet."""
        slope = self.response
        row = arb_mat(1, slope.nrows(), [*beta, b.value])
        value = (row * slope)[0, 0] + self.response_offset
        return chain(value, slope, arb_mat(slope.nrows(), slope.nrows()), b)


def _matrix(table: Table) -> arb_mat:
    return arb_mat(len(table), len(table[0]), [number for row in table for number in row])


def chain(value: arb, slope: arb_mat, curvature: arb_mat, b: Jet) -> Jet:
    """Return a function of (beta, b) as a jet in (tau, beta), b itself being such a jet.

    Parameters
    ----------
    value, slope, curvature
        Value, gradient ``(p + 1, 1)`` and Hessian ``(p + 1, p + 1)`` in (beta, b).
    b
        A jet in the ``p + 1`` parameters (tau, beta).
    """
    size = slope.nrows()
    by_b = b.gradient.entries()
    transfer = arb_mat(
        size,
        size,
        [
            by_b[row] if column == size - 1 else int(row == column + 1)
            for row in range(size)
            for column in range(size)
        ],
    )
    return Jet(
        value,
        transfer * slope,
        transfer * curvature * transfer.transpose() + b.hessian * slope[size - 1, 0],
    )


def unpack(upper: Sequence[arb], size: int) -> arb_mat:
    """Return the symmetric matrix of an upper triangle stored row by row."""
    numbers = iter(upper)
    matrix = arb_mat(size, size)
    for row in range(size):
        for column in range(row, size):
            matrix[row, column] = matrix[column, row] = next(numbers)
    return matrix


def ball(number: Fraction) -> arb:
    """Return an enclosure of a rational number at the working precision."""
    return arb(fmpq(number.numerator, number.denominator))


def groups(cells: Cells) -> tuple[Group, ...]:
    """Return the groups in balls of the working precision; made once for each precision."""
    return _groups(cells, ctx.prec)


@lru_cache(maxsize=32)
def _groups(cells: Cells, bits: int) -> tuple[Group, ...]:
    with ctx.workprec(bits):
        return tuple(_group(cells.family, members) for members in cells.groups)


def _group(family: Family, cells: tuple[Cell, ...]) -> Group:
    w = [(*cell.x, cell.z) for cell in cells]
    weighted = [(cell.size, row) for cell, row in zip(cells, w, strict=True)]
    size = len(w[0])
    upper = [(i, j) for i in range(size) for j in range(i, size)]
    sums = [
        sum((c.count * v[i] for c, v in zip(cells, w, strict=True)), Fraction(0))
        for i in range(size)
    ]
    distinct = list(dict.fromkeys(cell.z for cell in cells))
    offset = sum((cell.count * cell.offset for cell in cells), Fraction(0))
    return Group(
        family=family,
        cells=cells,
        w=arb_mat(size, len(w), [ball(v[i]) for i in range(size) for v in w]),
        mw=arb_mat(size, len(w), [ball(m * v[i]) for i in range(size) for m, v in weighted]),
        mww=arb_mat(
            len(upper), len(w), [ball(m * v[i] * v[j]) for i, j in upper for m, v in weighted]
        ),
        sizes=tuple(cell.size for cell in cells),
        z=tuple(ball(cell.z) for cell in cells),
        offsets=tuple(ball(cell.offset) for cell in cells),
        distinct=tuple(ball(z) for z in distinct),
        column=tuple(distinct.index(cell.z) for cell in cells),
        response=arb_mat(size, 1, [ball(number) for number in sums]),
        response_offset=ball(offset),
    )
