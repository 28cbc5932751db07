"""The criterion by the textbook, in rational numbers: V as a dense matrix, nothing eliminated."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from flint import arb, fmpq

from parity.criterion.model import Block, Model
from parity.referee import exact
from parity.referee.chart import Chart, Face
from parity.referee.criterion import Criterion
from parity.referee.eliminated import eliminated
from parity.referee.one_factor import one_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    Table: TypeAlias = list[list[Fraction]]

LAYOUTS: dict[str, tuple[tuple[str, int], ...]] = {
    "scalar": (("a", 1),),
    "vector": (("a", 2),),
    "wide": (("a", 3),),
    "two terms of one factor": (("a", 1), ("a", 2)),
    "nested": (("inner", 1), ("a", 1)),
    "crossed": (("a", 1), ("b", 1)),
    "crossed, the larger one last": (("b", 1), ("a", 1)),
    "three factors": (("b", 1), ("inner", 1), ("a", 1)),
    "vector and crossed": (("b", 2), ("a", 1)),
    "vectors only": (("a", 2), ("b", 2)),
}
"""Blocks of a layout: factor and number of columns."""


def example(layout: str, seed: int = 1) -> Model:
    """Return a random model of 18 rows whose cells are short decimals."""
    rng = np.random.default_rng(seed)
    n = 18
    codes = {"a": rng.integers(0, 5, n), "b": rng.integers(0, 3, n)}
    codes["inner"] = codes["a"] * 2 + rng.integers(0, 2, n)
    levels = {"a": 5, "b": 3, "inner": 10}
    blocks = tuple(
        Block(codes[factor], _columns(rng, n, width), levels[factor])
        for factor, width in LAYOUTS[layout]
    )
    effects = np.round(rng.normal(0, 3, 5), 1)
    y = np.round(rng.normal(2, 1, n) + effects[codes["a"]], 1)
    return Model(y=y, X=_columns(rng, n, 2), blocks=blocks)


def _columns(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    others = np.round(rng.normal(size=(n, width - 1)), 1)
    return np.column_stack([np.ones(n), others])


def parameters(model: Model) -> list[Fraction]:
    """Return some phi = vech(D), positive definite, ``(k,)``."""
    phi = []
    for number, block in enumerate(model.blocks):
        for column in range(block.width):
            phi.append(Fraction(7 + number, 9))
            phi += [Fraction(1, 5)] * (block.width - column - 1)
    return phi


def criterion_of(model: Model, *, reml: bool) -> Criterion:
    """Return the referee's criterion of a model."""
    data = exact.read(model)
    system = one_factor(model, data) if len(data.factors) == 1 else eliminated(model, data)
    return Criterion(system, data.n, data.p, reml)


def inside(model: Model) -> Chart:
    """Return the chart of the interior."""
    return Chart(tuple(Face(tuple(range(b.width)), b.width) for b in model.blocks))


def balls(phi: Sequence[Fraction]) -> list[arb]:
    return [ball(x) for x in phi]


def ball(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))


@dataclass(frozen=True)
class Textbook:
    """V = I + Z D Z' and what follows, by Gaussian elimination over the rationals.

    Attributes
    ----------
    deviance
        -2 log-likelihood with all constants.
    beta, modes, variances
        Fixed effects; random effects; their conditional variances over sigma^2.
    """

    deviance: arb
    beta: list[Fraction]
    modes: list[Fraction]
    variances: list[Fraction]


def textbook(model: Model, phi: Sequence[Fraction], *, reml: bool) -> Textbook:
    """Return deviance, fixed effects and predictions at phi = vech(D)."""
    Z, D = _random(model, phi)
    X = [[_fraction(x) for x in row] for row in model.X.tolist()]
    y = [[_fraction(x)] for x in model.y.tolist()]
    n, p = len(X), len(X[0])
    DZt = _times(D, _transposed(Z))
    V = _times(Z, DZt)
    for i in range(n):
        V[i][i] += 1
    solved, det_V = _solve(V, [a + b + c for a, b, c in zip(X, y, Z, strict=True)])
    Vi_X, Vi_y = [row[:p] for row in solved], [row[p : p + 1] for row in solved]
    beta, det_X = _solve(_times(_transposed(X), Vi_X), _times(_transposed(X), Vi_y))
    rest = [[a[0] - b[0]] for a, b in zip(y, _times(X, beta), strict=True)]
    Vi_rest, _ = _solve(V, rest)
    r2 = _times(_transposed(rest), Vi_rest)[0][0]
    shrunk = _times(_times(DZt, [row[p + 1 :] for row in solved]), D)
    N = n - p if reml else n
    deviance = ball(det_V).log() + N * ball(r2).log()
    if reml:
        deviance += ball(det_X).log()
    return Textbook(
        deviance=deviance + N * (1 + (2 * arb.pi() / N).log()),
        beta=[row[0] for row in beta],
        modes=[row[0] for row in _times(DZt, Vi_rest)],
        variances=[D[i][i] - shrunk[i][i] for i in range(len(D))],
    )


def _fraction(cell: float) -> Fraction:
    return Fraction(repr(cell))


def _random(model: Model, phi: Sequence[Fraction]) -> tuple[Table, Table]:
    """Return Z ``(n, q)`` and D ``(q, q)``, block by block, level by level."""
    q = sum(block.levels * block.width for block in model.blocks)
    Z = [[Fraction(0)] * q for _ in range(model.n)]
    D = [[Fraction(0)] * q for _ in range(q)]
    start, entries = 0, iter(phi)
    for block in model.blocks:
        places = [(i, j) for j in range(block.width) for i in range(j, block.width)]
        local = {place: next(entries) for place in places}
        for level in range(block.levels):
            origin = start + level * block.width
            for (i, j), value in local.items():
                D[origin + i][origin + j] = D[origin + j][origin + i] = value
        for row, (code, cells) in enumerate(
            zip(block.codes.tolist(), block.columns.tolist(), strict=True)
        ):
            for a, cell in enumerate(cells):
                Z[row][start + code * block.width + a] = _fraction(cell)
        start += block.levels * block.width
    return Z, D


def _transposed(A: Table) -> Table:
    return [list(column) for column in zip(*A, strict=True)]


def _times(A: Table, B: Table) -> Table:
    columns = _transposed(B)
    return [
        [sum((a * b for a, b in zip(row, c, strict=True) if a and b), Fraction(0)) for c in columns]
        for row in A
    ]


def _solve(A: Table, B: Table) -> tuple[Table, Fraction]:
    """Return A^-1 B and det A for a positive definite A."""
    rows = [[*a, *b] for a, b in zip(A, B, strict=True)]
    size, determinant = len(A), Fraction(1)
    for k in range(size):
        pivot = rows[k][k]
        determinant *= pivot
        rows[k] = [x / pivot for x in rows[k]]
        for i in range(size):
            if i != k and rows[i][k]:
                share = rows[i][k]
                rows[i] = [x - share * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows], determinant
