"""A model's cells as the decimals written in the file, and exact sums of their products."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Block, Model

    Integers: TypeAlias = NDArray[np.object_]

MOST_DIGITS = 15
"""Decimals of at most so many significant digits are told apart by their nearest doubles."""


class InexactError(ValueError):
    """Data that are not known exactly, or a model that the referee does not read."""


@dataclass(frozen=True)
class Column:
    """One column of numbers, ``numerators / denominator``.

    Attributes
    ----------
    numerators
        Python integers, ``(n,)``.
    denominator
        A power of ten.
    """

    numerators: Integers
    denominator: int


@dataclass(frozen=True)
class Factor:
    """A grouping factor with the columns of all blocks that vary over it.

    Attributes
    ----------
    codes
        The level of each observation, ``(n,)``.
    levels
        How many levels there are.
    columns
        The raw columns of its blocks, one block after the other.
    blocks
        Which of the model's blocks they are, in order.
    """

    codes: NDArray[np.intp]
    levels: int
    columns: tuple[Column, ...]
    blocks: tuple[int, ...]


@dataclass(frozen=True)
class Data:
    """A linear mixed model's data as rational numbers.

    Attributes
    ----------
    W
        The columns of X, then y (less the offset).
    factors
        The grouping factors, in the order of the model's blocks.
    """

    W: tuple[Column, ...]
    factors: tuple[Factor, ...]

    @property
    def n(self) -> int:
        """The number of observations."""
        return len(self.W[0].numerators)

    @property
    def p(self) -> int:
        """The number of fixed effects."""
        return len(self.W) - 1


def read(model: Model) -> Data:
    """Return the data of a linear mixed model, each cell the decimal that its double prints.

    Raises
    ------
    InexactError
        Where a cell needs more than 15 significant digits, so that a decimal cannot be told from
        its neighbours by the double, or where prior weights differ from 1.
    """
    if (model.weights != 1).any():
        raise InexactError("The model has prior weights; the referee reads weights of 1 only.")
    if model.offset.any():
        raise InexactError("The model has an offset; subtract it from the response first.")
    X = [column(cells, f"column {j + 1} of X") for j, cells in enumerate(model.X.T)]
    return Data((*X, column(model.y, "the response")), _factors(model.blocks))


def column(cells: NDArray[np.float64], name: str) -> Column:
    """Return cells ``(n,)`` as integers over a common power of ten."""
    distinct, places = np.unique(cells, return_inverse=True)
    decimals = [_decimal(cell, name) for cell in distinct.tolist()]
    power = max(0, *(-_exponent(number) for number in decimals))
    integers = np.array([int(number.scaleb(power)) for number in decimals], dtype=object)
    return Column(integers[places.reshape(-1)], 10**power)


def inner(a: Column, b: Column) -> fmpq:
    """Return the sum of products of two columns."""
    return fmpq(int(a.numerators @ b.numerators), a.denominator * b.denominator)


def gram(columns: Sequence[Column]) -> fmpq_mat:
    """Return all sums of products of columns, ``(k, k)``."""
    return fmpq_mat([[inner(a, b) for b in columns] for a in columns])


def by_level(codes: NDArray[np.intp], levels: int, a: Column, b: Column) -> list[fmpq]:
    """Return the sum of products of two columns within each level."""
    sums = np.zeros(levels, dtype=object)
    np.add.at(sums, codes, a.numerators * b.numerators)
    return [fmpq(int(total), a.denominator * b.denominator) for total in sums]


def level_products(factor: Factor, others: Sequence[Column]) -> list[fmpq_mat]:
    """Return Z_j'U of each level j, ``(r, u)``: the factor's columns against others."""
    tables = [[by_level(factor.codes, factor.levels, a, b) for b in others] for a in factor.columns]
    return [fmpq_mat([[cell[j] for cell in row] for row in tables]) for j in range(factor.levels)]


def crossed(one: Factor, other: Factor) -> dict[tuple[int, int], fmpq_mat]:
    """Return Z_i'Z_j of each pair of levels (of one, of other) that occurs together."""
    pairs = one.codes.astype(np.int64) * other.levels + other.codes
    found, codes = np.unique(pairs, return_inverse=True)
    joint = Factor(codes.reshape(-1), len(found), one.columns, one.blocks)
    products = level_products(joint, other.columns)
    places = [divmod(int(pair), other.levels) for pair in found]
    return dict(zip(places, products, strict=True))


def _factors(blocks: Iterable[Block]) -> tuple[Factor, ...]:
    """Return the factors; blocks whose observations have the same levels share one."""
    factors: list[Factor] = []
    for number, block in enumerate(blocks):
        columns = tuple(
            column(cells, f"column {j + 1} of block {number + 1}")
            for j, cells in enumerate(block.columns.T)
        )
        for position, factor in enumerate(factors):
            if np.array_equal(factor.codes, block.codes):
                factors[position] = Factor(
                    factor.codes,
                    factor.levels,
                    (*factor.columns, *columns),
                    (*factor.blocks, number),
                )
                break
        else:
            factors.append(Factor(block.codes, block.levels, columns, (number,)))
    return tuple(factors)


def _decimal(cell: float, name: str) -> Decimal:
    number = Decimal(repr(cell)).normalize()
    if len(number.as_tuple().digits) > MOST_DIGITS:
        raise InexactError(
            f"{name} holds {cell!r}, which needs more than {MOST_DIGITS} significant digits: its "
            "double stands for no decimal. Round the cells, or state the computed column as data."
        )
    return number


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InexactError(f"{number} is no finite number.")
    return exponent
