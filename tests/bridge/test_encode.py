"""What becomes what on the way to R; needs no R."""

import datetime as dt
import decimal
from array import array
from enum import Enum

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.column import NA_INTEGER, Column
from bridge.encode import encode, encode_like, to_frame
from bridge.errors import DataError

NA = NA_INTEGER
DAY = dt.date(2020, 1, 2)
# Each chunk numbers its own labels.
UNEQUAL_CHUNKS = pa.chunked_array(
    [pa.array([None, "a"]).dictionary_encode(), pa.array(["b", "a"]).dictionary_encode()]
)
NULL_IN_DICTIONARY = pa.DictionaryArray.from_arrays([0, 1, 2, None], pa.array(["b", None, "a"]))
# R's NA_real_, which no other NaN is: R's `factor()` would make a level "NaN" of another.
NA_REAL_BITS = 0x7FF8_0000_0000_07A2
HARD_DOUBLES = [5e-324, -5e-324, 2.2250738585072014e-308, -0.0, 0.0, 1.7976931348623157e308, 0.1]


class Sex(str, Enum):  # noqa: UP042  (its str() is its name, unlike a StrEnum's)
    GIRL = "girl"


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
        (pd.Series(["b", None], dtype=pd.StringDtype("python")), "factor", [1, NA], ("b",)),
        # by code point: capitals first, accents last, whatever the locale
        (pd.Series(["é", "a", "Z", "z"]), "factor", [4, 2, 1, 3], ("Z", "a", "z", "é")),
        (pd.Series(["NA", ""]), "factor", [2, 1], ("", "NA")),
        (pd.Series(pd.Categorical(["x", None], ["y", "x"])), "factor", [2, NA], ("y", "x")),
        (pd.Series(pd.Categorical([2, 10], [2, 10])), "factor", [1, 2], ("2", "10")),
        (pd.Series(pd.Categorical([10, 2], [10, 2], ordered=True)), "factor", [1, 2], ("10", "2")),
        (pd.Series(pd.Categorical([True, False])), "factor", [2, 1], ("FALSE", "TRUE")),
        (pd.Series(pd.Categorical([2.0, 0.1])), "factor", [2, 1], ("0.1", "2")),
        (pd.Series(pd.Categorical([2**60])), "factor", [1], ("1152921504606846976",)),
        (pd.Series(pd.cut([1, 9], [0, 5, 10])), "factor", [1, 2], ("(0, 5]", "(5, 10]")),
        (pd.Series([1, None], dtype=object), "integer", [1, NA], ()),
        (pd.Series([1.5, None, pd.NA], dtype=object), "double", [1.5, None, None], ()),
        (pd.Series([1.5, 2, None], dtype=object), "double", [1.5, 2.0, None], ()),
        (pd.Series([np.float32(0.1)], dtype=object), "double", [float(np.float32(0.1))], ()),
        (pd.Series([True, np.nan], dtype=object), "logical", [1, NA], ()),
        (pd.Series([None, np.nan, "a"], dtype=object), "factor", [NA, NA, 1], ("a",)),
        (pd.Series([None, None], dtype=object), "logical", [NA, NA], ()),
        (pd.Series([Sex.GIRL, "boy"], dtype=object), "factor", [2, 1], ("boy", "girl")),
        (pl.Series([1, None]), "integer", [1, NA], ()),
        (pl.Series([2**31, None]), "double", [2.0**31, None], ()),
        (pl.Series([True, None]), "logical", [1, NA], ()),
        (pl.Series([1.5, None, np.nan]), "double", [1.5, None, None], ()),
        (pl.Series([0.5], dtype=pl.Float32), "double", [0.5], ()),
        (pl.Series(["é", "a", None, "Z"]), "factor", [3, 2, NA, 1], ("Z", "a", "é")),
        (pl.Series([None], dtype=pl.String), "factor", [NA], ()),
        (pl.Series([None, None]), "logical", [NA, NA], ()),
        (pl.Series(["b", "a"], dtype=pl.Categorical), "factor", [2, 1], ("a", "b")),
        (pl.Series(["a", None], dtype=pl.Enum("ba")), "factor", [2, NA], ("b", "a")),
        (pl.concat([pl.Series(["b"]), pl.Series(["a"])]), "factor", [2, 1], ("a", "b")),
        (pa.array([1, None]), "integer", [1, NA], ()),
        (pa.array([2**31, None]), "double", [2.0**31, None], ()),
        (pa.array([True, None]), "logical", [1, NA], ()),
        (pa.array([1.5, None, np.nan]), "double", [1.5, None, None], ()),
        (pa.array(["é", "a", None, "Z"]), "factor", [3, 2, NA, 1], ("Z", "a", "é")),
        (pa.chunked_array([["b"], ["a", None]]), "factor", [2, 1, NA], ("a", "b")),
        (pa.chunked_array([[1.5], [None]]), "double", [1.5, None], ()),
        (pa.array(["b", None, "a"]).dictionary_encode(), "factor", [1, NA, 2], ("b", "a")),
        (UNEQUAL_CHUNKS, "factor", [NA, 1, 2, 1], ("a", "b")),
        (NULL_IN_DICTIONARY, "factor", [1, NA, 2, NA], ("b", "a")),
        (pa.DictionaryArray.from_arrays([1, 0], [10, 2]), "factor", [2, 1], ("10", "2")),
        (pa.array([None, None]), "logical", [NA, NA], ()),
        (np.array([1.5, np.nan]), "double", [1.5, None], ()),
        (np.array([1, 2], dtype=">i2"), "integer", [1, 2], ()),
        (np.arange(6.0)[::2], "double", [0.0, 2.0, 4.0], ()),
        (np.array(["b", "a"]), "factor", [2, 1], ("a", "b")),
        (np.ma.array([1, 2**60], mask=[False, True]), "integer", [1, NA], ()),
        (np.ma.array([1.5, np.inf], mask=[False, True]), "double", [1.5, None], ()),
        (np.ma.array([True, False], mask=[False, True]), "logical", [1, NA], ()),
        (np.ma.array(["b", "a"], mask=[False, True]), "factor", [1, NA], ("b",)),
        ([1, None], "integer", [1, NA], ()),
        ((1, 2.5), "double", [1.0, 2.5], ()),
        (["b", None, "a"], "factor", [2, NA, 1], ("a", "b")),
        (range(2), "integer", [0, 1], ()),
        (array("d", [1.5]), "double", [1.5], ()),
        (pd.Index([2, 1]), "integer", [2, 1], ()),
        (pd.Categorical(["b", "a"], ["b", "a"]), "factor", [1, 2], ("b", "a")),
        (nw.from_native(pl.Series([1, 2]), series_only=True), "integer", [1, 2], ()),
        (nw.from_native(pd.Series([1, 2]), series_only=True), "integer", [1, 2], ()),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")) or None,
)
def test_each_type_of_the_table(
    column: object, kind: str, cells: list[float | None], levels: tuple[str, ...]
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
        (pd.Series([True, 1], dtype=object), "holding bool, int"),
        (pd.Series([1.5, None, "a"], dtype=object), "holding float, str"),
        (pd.Series([pd.NaT, 1], dtype=object), "holding NaTType, int"),
        (pd.Series([2**70], dtype=object), "1180591620717411303424 in row 0"),
        (pd.Series([1.5, 2**53 + 1], dtype=object), "9007199254740993 in row 1"),
        (pd.Series([np.longdouble(1)], dtype=object), "holding longdouble"),
        (pd.Series(pd.Categorical(pd.to_datetime(["2020-01-01"]))), "category of Timestamp"),
        (pd.Series(pd.Categorical([np.inf])), "category of inf"),
        (pd.Series(pd.Categorical([1, "1"])), "read alike"),
        (pd.Series(["a\0b"]), "which R cannot hold"),
        (pd.Series(["a", "half \ud800"], dtype=object), r"'half \ud800'"),
        (pl.Series([1.0, -np.inf]), "holds -inf in row 1"),
        (pl.Series([2**53 + 1]), "9007199254740993 in row 0"),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), "18446744073709551615 in row 0"),
        (pl.Series(["a\0b"]), "which R cannot hold"),
        (pa.array([1.0, np.inf]), "holds inf in row 1"),
        (pa.array([-(2**53) - 1]), "-9007199254740993 in row 0"),
        (pa.array(["a\0b"]), "which R cannot hold"),
        (pa.DictionaryArray.from_arrays([0], pa.array([DAY])), "category of date"),
        (pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", "a"])), "read alike"),
        (np.ones((2, 2)), "2 dimensions"),
        (np.float64(1), "0 dimensions"),
        ([[1, 2], [3, 4]], "holding list"),
        ([1, "a"], "holding int, str"),
        (["a", 1], "holding int, str"),
        ([True, 1], "holding bool, int"),
        ([dt.timedelta(1)], "holding timedelta"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_is_named(column: object, words: str) -> None:
    with pytest.raises(DataError, match="Column 'x'") as caught:
        encode("x", column)
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


def bits(column: Column) -> list[int]:
    cells: list[int] = column.cells.view(np.uint64).tolist()
    return cells


def test_numbers_are_exact_to_the_last_bit() -> None:
    expected = np.array(HARD_DOUBLES).view(np.uint64).tolist()
    for column in (
        pd.Series(HARD_DOUBLES),
        pd.Series(HARD_DOUBLES, dtype="Float64"),
        pd.Series(HARD_DOUBLES, dtype="double[pyarrow]"),
        pd.Series(HARD_DOUBLES, dtype=object),
        pl.Series(HARD_DOUBLES),
        pa.array(HARD_DOUBLES),
        np.array(HARD_DOUBLES, dtype=">f8"),
        HARD_DOUBLES,
    ):
        assert bits(encode("x", column)) == expected


@pytest.mark.parametrize(
    ("least", "most", "kind"),
    [
        (-(2**31) + 1, 2**31 - 1, "integer"),
        (-(2**31), 0, "double"),
        (0, 2**31, "double"),
        (-(2**53), 2**53, "double"),
    ],
)
def test_whole_numbers_are_exact_at_the_ends(least: int, most: int, kind: str) -> None:
    for column in (
        pd.Series([least, most]),
        pd.Series([least, most], dtype="Int64"),
        pl.Series([least, most]),
        pa.array([least, most]),
        [least, most],
    ):
        encoded = encode("x", column)
        assert encoded.kind == kind
        assert [int(cell) for cell in encoded.cells] == [least, most]


def test_every_missing_double_is_r_s_own_na() -> None:
    odd = np.array([0xFFF8_0000_0000_0001, 0x7FF0_0000_0000_0001], dtype=np.uint64).view(np.float64)
    for column in (
        odd,
        pd.Series(odd),
        pd.Series([1.5, None], dtype="Float64")[[1, 1]],
        pl.Series([None, np.nan], dtype=pl.Float64),
        pa.array([None, np.nan]),
        [None, np.nan, 1.5],
        pd.Series([None, None, 2**31], dtype="Int64"),
        pl.Series([None, None, 2**31]),
    ):
        encoded = encode("x", column)
        assert bits(encoded)[:2] == [NA_REAL_BITS, NA_REAL_BITS]
        assert encoded.missing()[:2].all()


def test_a_cell_is_named_by_the_user_s_row_label() -> None:
    with pytest.raises(DataError, match="in row 'r2'"):
        encode("x", [1.0, np.inf], pd.Index(["r1", "r2"]))
    with pytest.raises(DataError, match=r"in row 7 \("):
        encode("x", pd.Series([1.0, np.inf], index=np.array([3, 7])))


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.none() | st.floats(allow_infinity=False), min_size=1))
def test_any_doubles_survive(cells: list[float | None]) -> None:
    expected = [None if cell is None or np.isnan(cell) else cell.hex() for cell in cells]
    for column in (pd.Series(cells, dtype="Float64"), pl.Series(cells, dtype=pl.Float64), cells):
        encoded = encode("x", column)
        if encoded.kind == "logical":  # a list that holds nothing has no other type
            assert set(expected) == {None}
            continue
        found = [None if np.isnan(cell) else float(cell).hex() for cell in encoded.cells]
        assert found == expected


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=1))
def test_any_whole_numbers_survive(cells: list[int | None]) -> None:
    for column in (pd.Series(cells, dtype="Int64"), pl.Series(cells, dtype=pl.Int64)):
        encoded = encode("x", column)
        missing = encoded.missing()
        found = [
            None if gone else int(cell) for cell, gone in zip(encoded.cells, missing, strict=True)
        ]
        assert found == cells


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.none() | TEXT, min_size=1))
def test_any_text_survives(cells: list[str | None]) -> None:
    levels = tuple(sorted({cell for cell in cells if cell is not None}))
    for column in (
        pd.Series(cells, dtype="string"),
        pl.Series(cells, dtype=pl.String),
        pa.array(cells, pa.string()),
        [*cells, "z"][: len(cells)],
    ):
        encoded = encode("x", column)
        if encoded.kind == "logical":
            assert levels == ()
            continue
        assert encoded.levels == levels
        found = [None if code == NA else encoded.levels[int(code) - 1] for code in encoded.cells]
        assert found == cells


def fitted(column: object) -> Column:
    return encode("x", column)


@pytest.mark.parametrize(
    ("new", "fit", "cells", "levels"),
    [
        (["b", "a"], ["a", "b"], [2, 1], ("a", "b")),
        # new levels come last, in their own order, and only those that a row has
        (["c", "a", "B"], ["a", "b"], [4, 1, 3], ("a", "b", "B", "c")),
        (pd.Categorical(["a"], ["z", "a"]), ["b", "a"], [1], ("a", "b")),
        (pl.Series(["b"], dtype=pl.Enum(["b", "q"])), ["a", "b"], [2], ("a", "b")),
        ([308, None], ["308", "9"], [1, NA], ("308", "9")),
        ([308.0, 9.0], ["308", "9"], [1, 2], ("308", "9")),
        ([0.5], ["0.5", "1"], [1], ("0.5", "1")),
        ([True, False], ["FALSE", "TRUE"], [2, 1], ("FALSE", "TRUE")),
        ([None, None], ["a"], [NA, NA], ("a",)),
        ([7], ["a"], [2], ("a", "7")),
        ([1, 2], [1.5], [1, 2], ()),
        ([1.5], [1, 2], [1.5], ()),
        ([None], [1.5], [None], ()),
        ([None], [True], [NA], ()),
        ([True, None], [False], [1, NA], ()),
    ],
)
def test_new_data_are_taken_as_the_fit_had_them(
    new: object, fit: object, cells: list[float | None], levels: tuple[str, ...]
) -> None:
    encoded = encode_like("x", new, fitted(fit))
    assert [None if np.isnan(cell) else cell for cell in encoded.cells] == cells
    assert encoded.levels == levels
    assert not encoded.cells.flags.writeable


@pytest.mark.parametrize(
    ("new", "fit", "words"),
    [
        (["a"], [1.5], r"holds labels \(factor\); the model was fitted to numbers \(double\)"),
        ([True], [1], r"holds truth values \(logical\); .* whole numbers \(integer\)"),
        ([1], [True], r"holds whole numbers \(integer\); .* truth values \(logical\)"),
        ([np.inf], [1.5], "holds inf"),
        ([DAY], ["a"], "holding date"),
    ],
)
def test_new_data_of_another_kind_are_refused(new: object, fit: object, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        encode_like("dose", new, fitted(fit))
    assert "Column 'dose'" in str(caught.value)


def test_a_frame_has_the_columns_asked_for_and_no_other_is_looked_at() -> None:
    data = pl.DataFrame({"a": [1, 2], "b": ["x", "y"], "when": [DAY, DAY]})
    frame = to_frame(data, ["b", "a"], extra={".weights": [0.5, 2.0]}, reference={"b": "y"})
    assert list(frame.columns) == ["b", "a", ".weights"]
    assert frame.columns["b"].levels == ("y", "x")
    assert frame.columns[".weights"].cells.tolist() == [0.5, 2.0]
    assert frame.index.tolist() == [0, 1]
    with pytest.raises(DataError, match="Column 'when' is of type Date"):
        to_frame(data, ["when"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": ["c"]}, "no column 'c'"),
        ({"names": [""]}, "named '', which R cannot hold"),
        ({"names": ["b\0"]}, r"named 'b\\x00'"),
        ({"names": ["a"], "reference": {"b": "x"}}, "reference level of 'b' is set"),
        ({"names": ["b"], "reference": {"b": "q"}}, "'b' has no level 'q'. Its levels: 'x', 'y'"),
        ({"names": ["a"], "reference": {"a": "1"}}, "'a' holds whole numbers"),
        ({"names": ["a"], "extra": {"b": [1, 2]}}, "have a column 'b' already"),
        ({"names": ["a"], "extra": {"w": [1]}}, "'w' has 1 values; expected 2"),
        ({"names": ["a"], "extra": {"w": 1.0}}, "'w' has 0 dimensions"),
        ({"names": ["a"], "extra": {"w": pd.Series([1, 2], [5, 6])}}, "'w' has other row labels"),
    ],
)
def test_a_frame_refuses_what_it_cannot_hold(arguments: dict[str, object], words: str) -> None:
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "": [1, 2], "b\0": [1, 2]})
    with pytest.raises(DataError, match=words):
        to_frame(table, **arguments)  # type: ignore[arg-type]
