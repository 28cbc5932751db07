"""The table of types: what it says is what happens, for every type that it names."""

from __future__ import annotations

import datetime as dt
import decimal
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bridge import dtypes
from bridge.dtypes import RULES, Library, Rule, find_rule
from bridge.encode import encode
from bridge.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTHS = (22, 16, 23, 33)
LIBRARIES: tuple[Library, ...] = ("pandas", "polars", "arrow")
KINDS = ("logical", "integer", "double", "factor")

DAY = dt.date(2020, 1, 2)
INSTANT = dt.datetime(2020, 1, 2)  # noqa: DTZ001  (a naive one is a type of its own)
SPAN = dt.timedelta(days=1)
ONE = decimal.Decimal(1)

PANDAS: Mapping[str, Callable[[], object]] = {
    "bool": lambda: pd.Series([True]),
    "boolean": lambda: pd.Series([True], dtype="boolean"),
    "str": lambda: np.array(["a"]),
    "string": lambda: pd.Series(["a"], dtype="string"),
    "category": lambda: pd.Series(["a"], dtype="category"),
    "object": lambda: pd.Series(["a"], dtype=object),
    "datetime64": lambda: pd.Series(pd.to_datetime(["2020-01-02"])),
    "period": lambda: pd.Series(pd.period_range("2020", periods=1)),
    "timedelta64": lambda: pd.Series([pd.Timedelta(1)]),
    "complex256": lambda: np.zeros(1, dtype=np.clongdouble),
    "float128": lambda: np.zeros(1, dtype=np.longdouble),
    "Sparse": lambda: pd.Series(pd.arrays.SparseArray([1.0])),
    "interval": lambda: pd.Series(pd.interval_range(0, 1)),
    "bytes": lambda: np.array([b"a"]),
    "void": lambda: np.zeros(1, dtype=[("a", "f8")]),
}
POLARS: Mapping[str, Callable[[], object]] = {
    "Boolean": lambda: pl.Series([True]),
    "String": lambda: pl.Series(["a"]),
    "Categorical": lambda: pl.Series(["a"], dtype=pl.Categorical),
    "Enum": lambda: pl.Series(["a"], dtype=pl.Enum(["a"])),
    "Null": lambda: pl.Series([None]),
    "Datetime": lambda: pl.Series([INSTANT]),
    "Date": lambda: pl.Series([DAY]),
    "Time": lambda: pl.Series([INSTANT.time()]),
    "Duration": lambda: pl.Series([SPAN]),
    "Decimal": lambda: pl.Series([ONE]),
    "Binary": lambda: pl.Series([b"a"]),
    "List": lambda: pl.Series([[1]]),
    "Array": lambda: pl.Series([[1]], dtype=pl.Array(pl.Int64, 1)),
    "Struct": lambda: pl.Series([{"a": 1}]),
    "Map": lambda: pl.Series([[]], dtype=pl.Map(pl.String, pl.Int64)),
    "Object": lambda: pl.Series([object()], dtype=pl.Object),
}
ARROW: Mapping[str, Callable[[], object]] = {
    "bool": lambda: pa.array([True]),
    "halffloat": lambda: pa.array([np.float16(1.5)], pa.float16()),
    "float": lambda: pa.array([1.5], pa.float32()),
    "double": lambda: pa.array([1.5]),
    "dictionary": lambda: pa.array(["a"]).dictionary_encode(),
    "null": lambda: pa.array([None]),
    "timestamp": lambda: pa.array([INSTANT]),
    "date32": lambda: pa.array([DAY]),
    "date64": lambda: pa.array([DAY], pa.date64()),
    "time32": lambda: pa.array([1], pa.time32("s")),
    "time64": lambda: pa.array([1], pa.time64("us")),
    "duration": lambda: pa.array([SPAN]),
    "month_day_nano_interval": lambda: pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "list": lambda: pa.array([[1]]),
    "large_list": lambda: pa.array([[1]], pa.large_list(pa.int8())),
    "fixed_size_list": lambda: pa.array([[1]], pa.list_(pa.int8(), 1)),
    "struct": lambda: pa.array([{"a": 1}]),
    "map": lambda: pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
}


def sample(library: Library, name: str) -> object:
    """A column of one cell, of the type that a library calls `name`."""
    if library == "pandas":
        return PANDAS[name]() if name in PANDAS else pd.Series([1], dtype=name)
    if library == "polars":
        return POLARS[name]() if name in POLARS else pl.Series([1], dtype=getattr(pl, name))
    if name in ARROW:
        return ARROW[name]()
    if name.startswith("decimal"):
        return pa.array([ONE], getattr(pa, name)(5, 2))
    cell = "a" if "string" in name else b"a" if "binary" in name else 1
    return pa.array([cell], getattr(pa, name)())


def is_here(library: Library, name: str) -> bool:
    """Whether this version of the library, on this platform, has the type at all."""
    if library == "pandas":  # the widest floats of NumPy are named by the platform
        return name not in {"float96", "float128"} - {np.dtype(np.longdouble).name}
    if library == "polars":
        return name in dir(pl)
    return name in ARROW or name in dir(pa)


NAMED = [
    (library, name)
    for library in LIBRARIES
    for rule in RULES
    for name in getattr(rule, library)
    if is_here(library, name)
]


@pytest.mark.parametrize(("library", "name"), NAMED, ids=lambda value: value)
def test_each_type_becomes_what_the_table_says(library: Library, name: str) -> None:
    column = sample(library, name)
    rule = find_rule(library, name)
    said = rule.becomes.split()[0].strip(":,;")
    if said == "refused":
        with pytest.raises(DataError, match=r"Column 'x' is of type .*which R's") as e:
            encode("x", column)
        assert str(e.value).endswith(rule.cure)
        assert rule.cure
    elif said == "by":  # objects, by their cells: the tests of encode have each kind of them
        assert encode("x", column).kind == "factor"
    else:
        assert said in KINDS
        assert encode("x", column).kind == said


def test_the_samples_are_of_the_types_they_stand_for() -> None:
    for library, name in NAMED:
        column = sample(library, name)
        dtype = getattr(column, "dtype", None) or getattr(column, "type", None)
        shown = str(dtype.base_type() if isinstance(dtype, pl.DataType) else dtype)
        if name not in ("str", "bytes", "void"):  # NumPy shows their letters only
            assert shown.startswith(name), (library, name, shown)


def test_no_type_has_two_rules() -> None:
    for library in LIBRARIES:
        names = Counter(name for rule in RULES for name in getattr(rule, library))
        assert names
        assert max(names.values()) == 1


def as_lines(rule: Rule) -> list[str]:
    """A rule as the lines of a row of the table."""
    names = [", ".join(getattr(rule, library)) or "-" for library in LIBRARIES]
    wrapped = [
        textwrap.wrap(text, width)
        for text, width in zip((*names, rule.becomes), WIDTHS, strict=True)
    ]
    height = max(map(len, wrapped))
    cells = [[*lines, *[""] * (height - len(lines))] for lines in wrapped]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, WIDTHS, strict=True)).rstrip()
        for row in zip(*cells, strict=True)
    ]


def test_the_documented_table_is_the_one_that_is_used() -> None:
    bar = "  ".join("=" * width for width in WIDTHS)
    assert dtypes.__doc__ is not None
    _, _, body, after = dtypes.__doc__.split(f"{bar}\n")
    assert body.splitlines() == [line for rule in RULES for line in as_lines(rule)]
    assert after


class Grams(pd.Int64Dtype):
    """A type of a plugin, under a name of pandas' own."""


class Masses(pd.arrays.IntegerArray):
    dtype = Grams()


def test_an_unknown_type_is_refused_by_its_name() -> None:
    masses = pd.Series(Masses(np.array([1, 2]), np.array([False, False])))
    assert type(masses.dtype) is Grams
    with pytest.raises(
        DataError, match="Column 'x' is of type Int64, which R's models do not take"
    ):
        encode("x", masses)
    with pytest.raises(DataError, match=r"run_end_encoded<.*numbers, text or a category first"):
        encode("x", pa.RunEndEncodedArray.from_arrays([2], [1]))
