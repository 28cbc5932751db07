"""Where data come from: what is a table, and what is refused by name."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import narwhals as nw
import narwhals.stable.v2 as stable
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bridge.encode import encode, to_frame
from bridge.errors import DataError
from bridge.frame import as_table

COLUMNS: dict[str, list[float] | list[str]] = {"y": [1.5, 2.5], "g": ["b", "a"]}
MAKERS: dict[str, Callable[[], object]] = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "pyarrow": lambda: pa.table(COLUMNS),
    "dict of lists": lambda: dict(COLUMNS),
    "dict of arrays": lambda: {name: np.array(column) for name, column in COLUMNS.items()},
    "dict of Series": lambda: {name: pd.Series(column) for name, column in COLUMNS.items()},
    "dict of polars": lambda: {name: pl.Series(column) for name, column in COLUMNS.items()},
    "dict of Arrow": lambda: {name: pa.array(column) for name, column in COLUMNS.items()},
    "narwhals of pandas": lambda: nw.from_native(pd.DataFrame(COLUMNS)),
    "narwhals of polars": lambda: stable.from_native(pl.DataFrame(COLUMNS)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_the_same_data_are_the_same_frame(make: Callable[[], object]) -> None:
    table = as_table(make())
    assert table.columns == table.names == ("y", "g")
    assert len(table) == 2
    assert as_table(table) is table
    frame = to_frame(table, table.names)
    assert frame.columns["y"].cells.tolist() == [1.5, 2.5]
    assert frame.columns["g"].cells.tolist() == [2, 1]
    assert frame.columns["g"].levels == ("a", "b")
    assert frame.nrow == 2
    assert frame.index.equals(pd.RangeIndex(2))


def test_row_labels_are_pandas_own() -> None:
    labels = pd.Index(["r1", "r2"], name="row")
    assert as_table(pd.DataFrame(COLUMNS, index=labels)).index.identical(labels)
    series = pd.Series([1, 2], index=labels)
    assert as_table({"x": [3, 4], "y": series}).index.identical(labels)


def test_a_fit_s_frame_keeps_no_memory_of_the_user_s() -> None:
    cells = np.array([1.0, 2.0])
    for column in (cells, pd.Series(cells, copy=False), pl.Series(cells), pa.array(cells)):
        cells[:] = [1.0, 2.0]
        encoded = encode("x", column)
        cells[0] = 99.0
        assert encoded.cells.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1, 2], "builtins.list"),
        ("pupils.csv", "builtins.str"),
        (None, "builtins.NoneType"),
        (np.ones((2, 2)), "numpy.ndarray"),
        (pd.Series([1]), "Series; expected a data frame"),
        (pl.Series([1]), "Series; expected a data frame"),
        (pl.LazyFrame({"y": [1]}), "has not been computed yet.*in polars .collect()"),
        (nw.from_native(pl.LazyFrame({"y": [1]})), "LazyFrame, which has not been computed"),
        (pd.DataFrame({"y": []}), "no rows"),
        (pl.DataFrame({"y": []}), "no rows"),
        (pa.table({"y": []}), "no rows"),
        (pd.DataFrame(), "no rows"),
        ({}, "no rows"),
        ({"y": []}, "no rows"),
        (pd.DataFrame([[1, 2]], columns=["y", "y"]), "Two columns of the data are named 'y'"),
        (
            pa.table([[1], [2]], names=["y", "y"]),
            "Two columns of the data have one name.* 'y' 2 times",
        ),
        (pd.DataFrame([[1, 2]]), "columns are named 0, 1, and a formula can name text only"),
        (pd.DataFrame([range(9)]), "named 0, 1, 2, 3, 4, ..., and"),
        (
            pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
            "column names have 2 levels.*join them into one text",
        ),
        ({"y": [1, 2], "x": [1]}, "differ in length: {'y': 2, 'x': 1}"),
        ({"y": np.ones((2, 2))}, "'y' has 2 dimensions"),
        ({"y": pd.DataFrame({"a": [1]})}, "'y' has 2 dimensions"),
        ({"y": 1.0}, "'y' has 0 dimensions"),
        ({"y": "text"}, "'y' has 0 dimensions"),
        ({"y": (cell for cell in [1])}, "'y' has 0 dimensions"),
        ({"y": {1, 2}}, "'y' is a set"),
        ({"y": {"a": 1}}, "'y' is a dict"),
        (
            {"y": pd.Series([1, 2]), "x": pd.Series([1, 2], index=[1, 2])},
            "Columns 'y' and 'x' are Series with different row labels",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused(data: object, words: str) -> None:
    with pytest.raises(DataError, match=words.replace("(", r"\(").replace(")", r"\)")):
        as_table(data)


def test_names_that_are_no_text_are_columns_that_no_formula_names() -> None:
    table = as_table(pd.DataFrame({"y": [1], 7: [2], ("a", "b"): [3]}))
    assert table.columns == ("y", 7, ("a", "b"))
    assert table.names == ("y",)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="no column 'z'"):
        as_table(pl.DataFrame(COLUMNS)).column("z")


def test_more_columns_leave_the_table_as_it_was() -> None:
    table = as_table(pd.DataFrame(COLUMNS))
    more = table.assign(self=[3, 4])
    assert more.names == ("y", "g", "self")
    assert more.column("self") == [3, 4]
    assert table.names == ("y", "g")
    assert table.assign() is table


def test_pandas_and_dicts_load_no_other_library() -> None:
    code = """
import sys
import pandas as pd
theirs = set(sys.modules)
from bridge.encode import to_frame
to_frame(pd.DataFrame({"y": [1.5], "g": ["a"]}), ["y"])
to_frame({"y": [1.5], "g": ["a"]}, ["y", "g"])
print(sorted({"narwhals", "polars", "pyarrow"} & (set(sys.modules) - theirs)))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
