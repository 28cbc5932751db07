"""Columns of Python as columns of R: one table says what becomes what, and the rest is refused.

============================================  ==========================================
pandas                                        R
============================================  ==========================================
bool, boolean, bool[pyarrow]                  logical
int8 ... int64, uint8 ... uint64, Int..,      integer where it fits in 32 bits, else double;
their Arrow kin                               beyond 2**53, where doubles have gaps: refused
float16 ... float64, Float.., Arrow's         double; infinities are refused
category of text, integers or bools           factor with these levels, in this order;
(ordered or not)                              treatment contrasts, whether ordered or not
str, string, string[pyarrow], object of text  factor, levels in the order of their code points
dates, times, decimals, complex, objects      refused
============================================  ==========================================

Missing values (NaN, NA, None) become NA. Rows with an NA are dropped by R, and a fit knows which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.column import NA_INTEGER, Cells, Column, Frame
from bridge.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LARGEST_INTEGER = 2**31 - 1
_LARGEST_EXACT = 2**53
_DOUBLE_BYTES = 8
# R's NA_real_ is the NaN whose low word is 1954. Any other NaN is missing to `is.na`, but to
# `factor()` a level called "NaN".
_NA_REAL = np.array([0x7FF8_0000_0000_07A2], dtype=np.uint64).view(np.float64)[0]


def to_frame(table: pd.DataFrame, names: Iterable[str]) -> Frame:
    """Return the columns `names` of `table` as R takes them.

    Raises
    ------
    DataError
        For a column whose type is not in the table of this module, or that holds what R cannot.
    """
    columns = {name: encode(name, table[name]) for name in names}
    return Frame(columns, table.index)


def encode(name: str, column: pd.Series[Any]) -> Column:
    """Return one column as R takes it; `name` is for what is said of it."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _encode_category(name, column)
    for applies, encoder in _ENCODERS:
        if applies(column):
            return encoder(name, column)
    cure = _CURES.get(getattr(dtype, "kind", "O"), "Make it numbers, text or a category first.")
    raise DataError(
        f"Column {name!r} is of type {_describe(column)}, which R's models do not take. {cure}"
    )


_CURES = {
    "M": "Make it a number first, as seconds or days since a date that you choose.",
    "m": "Make it a number first: column.dt.total_seconds().",
    "c": "Use its real and imaginary parts as two columns.",
    "f": "Make it float64 first: column.astype('float64').",
}


def _describe(column: pd.Series[Any]) -> str:
    if column.dtype != object:
        return str(column.dtype)
    kinds = sorted({type(cell).__name__ for cell in column.dropna()})
    return f"object (holding {', '.join(kinds)})" if kinds else "object (holding nothing)"


def _is_text(column: pd.Series[Any]) -> bool:
    if column.dtype == object:
        present = column.dropna()
        return len(present) > 0 and all(isinstance(cell, str) for cell in present)
    return pd.api.types.is_string_dtype(column.dtype)


def _is_plain(column: pd.Series[Any]) -> bool:
    """Return whether the column is of NumPy, nullable or Arrow cells: no sparse one, no period."""
    dtype = column.dtype
    return isinstance(dtype, np.dtype | pd.ArrowDtype) or hasattr(column.array, "_mask")


def _is_bool(column: pd.Series[Any]) -> bool:
    return _is_plain(column) and column.dtype.kind == "b"


def _is_integer(column: pd.Series[Any]) -> bool:
    return _is_plain(column) and column.dtype.kind in "iu"


def _is_float(column: pd.Series[Any]) -> bool:
    kind_fits = _is_plain(column) and column.dtype.kind == "f"
    return kind_fits and getattr(column.dtype, "itemsize", _DOUBLE_BYTES) <= _DOUBLE_BYTES


def _frozen(values: Cells) -> Cells:
    values.flags.writeable = False
    return values


def _encode_bool(_name: str, column: pd.Series[Any]) -> Column:
    missing = column.isna().to_numpy(dtype=np.bool_)
    truth = column.to_numpy(dtype=np.bool_, na_value=False)
    return Column("logical", _frozen(np.where(missing, NA_INTEGER, truth).astype(np.int32)))


def _encode_integer(name: str, column: pd.Series[Any]) -> Column:
    missing = column.isna().to_numpy(dtype=np.bool_)
    whole = "uint64" if column.dtype.kind == "u" else "int64"
    values = column.to_numpy(dtype=whole, na_value=0)
    beyond = (values > _LARGEST_EXACT) | (values < -_LARGEST_EXACT)
    if beyond.any():
        first = int(beyond.argmax())
        raise DataError(
            f"Column {name!r} holds {values[first]} in row {column.index[first]!r}, which R cannot "
            "hold exactly (it can up to 2**53). If these are labels, make the column a category."
        )
    if ((values > _LARGEST_INTEGER) | (values <= NA_INTEGER)).any():
        return Column("double", _frozen(np.where(missing, _NA_REAL, values.astype(np.float64))))
    return Column("integer", _frozen(np.where(missing, NA_INTEGER, values).astype(np.int32)))


def _encode_float(name: str, column: pd.Series[Any]) -> Column:
    values = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    infinite = np.isinf(values)
    if infinite.any():
        first = int(infinite.argmax())
        raise DataError(
            f"Column {name!r} holds {values[first]} in row {column.index[first]!r} "
            f"({int(infinite.sum())} infinite in all). Remove these rows or make them missing."
        )
    values[np.isnan(values)] = _NA_REAL
    return Column("double", _frozen(values))


def _encode_text(name: str, column: pd.Series[Any]) -> Column:
    codes, found = pd.factorize(column.astype(object), use_na_sentinel=True)
    order = sorted(range(len(found)), key=lambda k: found[k])
    rank = np.empty(len(found) + 1, dtype=np.int32)
    rank[order] = np.arange(1, len(found) + 1)
    rank[-1] = NA_INTEGER  # the code -1 of what is missing reads the last place
    return Column("factor", _frozen(rank[codes]), _levels(name, [found[k] for k in order]))


def _encode_category(name: str, column: pd.Series[Any]) -> Column:
    codes = column.cat.codes.to_numpy().astype(np.int64)
    levels = _levels(name, [_level_text(name, level) for level in column.cat.categories])
    return Column(
        "factor", _frozen(np.where(codes < 0, NA_INTEGER, codes + 1).astype(np.int32)), levels
    )


def _level_text(name: str, level: object) -> str:
    match level:
        case str():
            return level
        case bool() | np.bool_():
            return "TRUE" if level else "FALSE"
        case int() | np.integer():
            return str(int(level))
    raise DataError(
        f"Column {name!r} is a category of {type(level).__name__} values; expected text, integers "
        "or bools. Name its categories: column.cat.rename_categories(str)."
    )


def _levels(name: str, levels: list[str]) -> tuple[str, ...]:
    for level in levels:
        if not _can_be_text(level):
            raise DataError(f"Column {name!r} has the level {level!r}, which R cannot hold.")
    if len(set(levels)) < len(levels):
        raise DataError(f"Column {name!r} has two categories that read alike as text.")
    return tuple(levels)


def _can_be_text(level: str) -> bool:
    """Return whether R can hold the text: no NUL, no half of a surrogate pair."""
    try:
        level.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in level


_ENCODERS: tuple[tuple[Callable[[Any], bool], Callable[[str, Any], Column]], ...] = (
    (_is_bool, _encode_bool),
    (_is_integer, _encode_integer),
    (_is_float, _encode_float),
    (_is_text, _encode_text),
)
