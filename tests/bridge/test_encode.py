"""What becomes what on the way to R; needs no R."""

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge.column import NA_INTEGER
from bridge.encode import encode, to_frame
from bridge.errors import DataError
from bridge.frame import as_table

NA = NA_INTEGER


@pytest.mark.parametrize(
    ("column", "kind", "cells", "levels"),
    [
        (pd.Series([1.5, np.nan]), "double", [1.5, None], ()),
        (pd.Series([1.5, None], dtype="Float64"), "double", [1.5, None], ()),
        (pd.Series([1.5, None], dtype="double[pyarrow]"), "double", [1.5, None], ()),
        (pd.Series([1.5, 2], dtype="float32"), "double", [1.5, 2.0], ()),
        (pd.Series([1, 2], dtype="int64"), "integer", [1, 2], ()),
        (pd.Series([1, 2], dtype="uint8"), "integer", [1, 2], ()),
        (pd.Series([1, None], dtype="Int64"), "integer", [1, NA], ()),
        (pd.Series([1, None], dtype="int64[pyarrow]"), "integer", [1, NA], ()),
        (pd.Series([1, 2**31]), "double", [1.0, 2.0**31], ()),
        (pd.Series([-(2**31), 0]), "double", [-(2.0**31), 0.0], ()),
        (pd.Series([2**31, None], dtype="Int64"), "double", [2.0**31, None], ()),
        (pd.Series([True, False]), "logical", [1, 0], ()),
        (pd.Series([True, None], dtype="boolean"), "logical", [1, NA], ()),
        (pd.Series([True, None], dtype="bool[pyarrow]"), "logical", [1, NA], ()),
        (pd.Series(["b", "a", None]), "factor", [2, 1, NA], ("a", "b")),
        (pd.Series(["b", "a", None], dtype=object), "factor", [2, 1, NA], ("a", "b")),
        (pd.Series(["b", "a", None], dtype="string"), "factor", [2, 1, NA], ("a", "b")),
        (pd.Series(["b", "a"], dtype="string[pyarrow]"), "factor", [2, 1], ("a", "b")),
        # by code point: capitals first, accents last, whatever the locale
        (pd.Series(["é", "a", "Z", "z"]), "factor", [4, 2, 1, 3], ("Z", "a", "z", "é")),
        (pd.Series(["NA", ""]), "factor", [2, 1], ("", "NA")),
        (pd.Series(pd.Categorical(["x", None], ["y", "x"])), "factor", [2, NA], ("y", "x")),
        (pd.Series(pd.Categorical([2, 10], [2, 10])), "factor", [1, 2], ("2", "10")),
        (pd.Series(pd.Categorical([10, 2], [10, 2], ordered=True)), "factor", [1, 2], ("10", "2")),
        (pd.Series(pd.Categorical([True, False])), "factor", [2, 1], ("FALSE", "TRUE")),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else None,
)
def test_each_type_of_the_table(
    column: "pd.Series[Any]", kind: str, cells: list[float | None], levels: tuple[str, ...]
) -> None:
    encoded = encode("x", column)
    assert encoded.kind == kind
    assert [None if np.isnan(cell) else cell for cell in encoded.cells] == cells
    assert encoded.levels == levels
    assert encoded.cells.dtype == (np.float64 if kind == "double" else np.int32)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.Series([1.0, np.inf], index=["r1", "r2"]), "holds inf in row 'r2'"),
        (pd.Series([1.0, -np.inf]), "holds -inf in row 1"),
        (pd.Series([1, 2**53 + 1]), "9007199254740993 in row 1"),
        (pd.Series([1, 2**63], dtype="uint64"), "9223372036854775808 in row 1"),
        (pd.Series([1j]), "complex128"),
        (pd.Series([1.0], dtype=np.longdouble), "astype"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "datetime64"),
        (pd.Series(pd.to_datetime(["2020-01-01"]).tz_localize("UTC")), "UTC"),
        (pd.Series([pd.Timedelta(1)]), "timedelta64"),
        (pd.Series(pd.period_range("2020", periods=1)), "period"),
        (pd.Series(pd.interval_range(0, 1)), "interval"),
        (pd.Series(pd.arrays.SparseArray([1.0])), "Sparse"),
        (pd.Series([dt.date(2020, 1, 1)]), "holding date"),
        (pd.Series([decimal.Decimal(1)]), "holding Decimal"),
        (pd.Series([1, "a"], dtype=object), "holding int, str"),
        (pd.Series([1, None], dtype=object), "holding int"),
        (pd.Series([None, None], dtype=object), "holding nothing"),
        (pd.Series(pd.Categorical([1.5])), "category of float"),
        (pd.Series(pd.Categorical([1, "1"])), "read alike"),
        (pd.Series(["a\0b"]), "which R cannot hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_is_named(column: "pd.Series[Any]", words: str) -> None:
    with pytest.raises(DataError, match="Column 'x'") as caught:
        encode("x", column)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1, 2], "builtins.list"),
        ("pupils.csv", "builtins.str"),
        (pd.DataFrame({"y": []}), "no rows"),
        (pd.DataFrame([[1, 2]], columns=["y", "y"]), "Two columns of the data are named 'y'"),
        ({"y": [1, 2], "x": [1]}, "differ in length"),
        ({"y": np.ones((2, 2))}, "2 dimensions"),
        ({"y": 1.0}, "0 dimensions"),
    ],
)
def test_what_is_no_table_is_refused(data: object, words: str) -> None:
    with pytest.raises(DataError) as caught:
        as_table(data)
    assert words in str(caught.value)


def test_the_frame_gives_back_what_r_got() -> None:
    table = pd.DataFrame(
        {
            "y": [1.5, np.nan, 2.0],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "g": ["b", None, "a"],
        },
        index=[7, 7, 9],
    )
    back = to_frame(table, table.columns).to_pandas()
    assert back["y"].tolist()[0::2] == [1.5, 2.0]
    assert back["n"].isna().tolist() == [False, True, False]
    assert back["b"].tolist()[0::2] == [True, False]
    assert back["g"].astype(object).tolist()[0::2] == ["b", "a"]
    assert back["g"].cat.categories.tolist() == ["a", "b"]
    assert back.index.tolist() == [7, 7, 9]


def test_the_user_s_data_are_never_changed() -> None:
    table = pd.DataFrame({"y": [1.0, 2.0], "g": ["a", "b"]})
    frame = to_frame(table, ["y", "g"])
    back = frame.to_pandas()
    back.loc[0, "y"] = 99.0
    table.loc[1, "y"] = -1.0
    assert frame.columns["y"].cells.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        frame.columns["y"].cells[0] = 5.0
