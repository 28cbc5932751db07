"""Cells as decimals, and sums of products without error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flint import fmpq

from parity.criterion.model import Block, Model
from parity.referee import exact
from parity.referee.exact import InexactError
from tests.parity.referee.textbook import example


def test_a_cell_is_the_decimal_that_is_written() -> None:
    cells = exact.column(np.array([0.1, -2.5, 300.0, 1e-7]), "y")
    assert [fmpq(x, cells.denominator) for x in cells.numerators] == [
        fmpq(1, 10),
        fmpq(-5, 2),
        fmpq(300),
        fmpq(1, 10**7),
    ]


def test_sums_of_products_have_no_rounding_error() -> None:
    column = exact.column(np.full(10, 0.1), "y")
    assert exact.inner(column, column) == fmpq(1, 10)
    assert sum([0.1 * 0.1] * 10) != 0.1


def test_products_beyond_64_bits_do_not_wrap() -> None:
    column = exact.column(np.array([123456789012.345, 1e14]), "y")
    assert exact.inner(column, column) == fmpq(123456789012345, 1000) ** 2 + fmpq(10) ** 28


def test_fifteen_digits_are_read_and_more_are_refused() -> None:
    exact.column(np.array([1.23456789012345]), "y")
    with pytest.raises(InexactError, match=r"the response holds 0\.30000000000000004"):
        exact.read(replace(example("scalar"), y=np.full(18, 0.1 + 0.2)))


def test_the_column_that_is_no_decimal_is_named() -> None:
    model = example("vector")
    X = model.X.copy()
    X[3, 1] = 1 / 3
    with pytest.raises(InexactError, match="column 2 of X"):
        exact.read(replace(model, X=X))
    columns = model.blocks[0].columns.copy()
    columns[0, 1] = 1 / 3
    with pytest.raises(InexactError, match="column 2 of block 1"):
        exact.read(replace(model, blocks=(replace(model.blocks[0], columns=columns),)))


def test_weights_and_offsets_are_refused() -> None:
    twos = np.full(18, 2.0)
    with pytest.raises(InexactError, match="weights"):
        exact.read(replace(example("scalar"), weights=twos))
    with pytest.raises(InexactError, match="offset"):
        exact.read(replace(example("scalar"), offset=twos))


def test_blocks_of_one_factor_share_it() -> None:
    data = exact.read(example("two terms of one factor"))
    (factor,) = data.factors
    assert factor.blocks == (0, 1)
    assert len(factor.columns) == 3
    assert [f.blocks for f in exact.read(example("three factors")).factors] == [(0,), (1,), (2,)]


def test_sums_within_levels_and_pairs_of_levels() -> None:
    one, other = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    x, unit = np.array([1.5, 2.0, 3.0, 4.0]), np.ones((4, 1))
    model = Model(
        y=x,
        X=unit,
        blocks=(Block(one, x[:, None], 2), Block(other, unit, 2)),
    )
    first, second = exact.read(model).factors
    assert [C[0, 0] for C in exact.level_products(first, first.columns)] == [fmpq(25, 4), fmpq(25)]
    assert {pair: C[0, 0] for pair, C in exact.crossed(first, second).items()} == {
        (0, 0): fmpq(3, 2),
        (0, 1): fmpq(2),
        (1, 1): fmpq(7),
    }
