"""CSV files are read to the last bit, and text becomes categories."""

from __future__ import annotations

import gzip
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.table import read_csv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_double_survives_its_shortest_decimals(folder: Path, numbers: list[float]) -> None:
    text = "x\n" + "\n".join(f"{number!r}" for number in numbers) + "\n"
    column = read_csv(write(folder, text))["x"]
    assert [float(number).hex() for number in column] == [number.hex() for number in numbers]


def test_a_long_decimal_becomes_the_nearest_double(folder: Path) -> None:
    digits = "0.1000000000000000055511151231257827021181583404541015624"
    column = read_csv(write(folder, f"x\n{digits}\n1.5\n"))["x"]
    assert column[0] == 0.1
    assert abs(Decimal(column[0]) - Decimal(digits)) < Decimal("1e-50")


def test_integers_stay_integers_and_missing_ones_become_doubles(folder: Path) -> None:
    frame = read_csv(write(folder, "a,b\n1,1\n-2,NA\n3,3\n"))
    assert frame["a"].dtype == "int64"
    assert frame["b"].dtype == "float64"
    assert frame["b"].isna().tolist() == [False, True, False]


def test_an_integer_beyond_2_to_the_53_is_no_int64(folder: Path) -> None:
    assert read_csv(write(folder, "a\n9007199254740993\n"))["a"].dtype == "float64"


def test_text_becomes_a_category_with_levels_by_code_point(folder: Path) -> None:
    column = read_csv(write(folder, "g\nb\nB\na\nNA\n"))["g"]
    assert list(column.cat.categories) == ["B", "a", "b"]
    assert column.isna().tolist() == [False, False, False, True]


def test_a_factor_of_numbers_has_its_levels_by_size(folder: Path) -> None:
    column = read_csv(write(folder, "g\n10\n9\n-1\n"), factors=("g",))["g"]
    assert list(column.cat.categories) == ["-1", "9", "10"]


def test_infinite_cells_are_numbers(folder: Path) -> None:
    assert read_csv(write(folder, "x\nInf\n1\n"))["x"].dtype == "float64"


def test_python_only_spellings_are_text(folder: Path) -> None:
    assert isinstance(read_csv(write(folder, "x\n1_000\n2\n"))["x"].dtype, pd.CategoricalDtype)


def test_gzip_and_byte_order_mark_are_read(folder: Path) -> None:
    path = folder / "table.csv.gz"
    path.write_bytes(gzip.compress("\ufeffx,y\n1,2\n".encode()))
    assert list(read_csv(path).columns) == ["x", "y"]
