"""Columns of Python as columns of R; :mod:`bridge.dtypes` is the table of what becomes what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.cells import Place, blank, from_real, require_text
from bridge.column import KINDS, Column, Frame
from bridge.errors import DataError
from bridge.frame import as_table
from bridge.levels import relabel, relevel
from bridge.sources import numpy_array, pandas_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import narwhals as nw


def to_frame(
    data: object,
    names: Iterable[str],
    *,
    extra: Mapping[str, object] | None = None,
    reference: Mapping[str, object] | None = None,
) -> Frame:
    """Return some columns of the data as R takes them; no other column is looked at.

    Parameters
    ----------
    data
        What :func:`bridge.frame.as_table` takes, or its table.
    names
        The columns wanted, in this order.
    extra
        More columns by name, (n,) each: weights, for one. They come last.
    reference
        By column, the level that shall come first: the one that treatment contrasts compare with.

    Raises
    ------
    DataError
        For a column that is not there, whose type is not in the table of :mod:`bridge.dtypes`, or
        that holds what R cannot; for a reference that is no level.
    """
    table = as_table(data).assign(**(extra or {}))
    wanted = dict.fromkeys([*names, *(extra or {})])
    for name in wanted:
        require_text(name)
    columns = {name: encode(name, table.column(name), table.index) for name in wanted}
    for name, level in (reference or {}).items():
        if name not in columns:
            raise DataError(
                f"The reference level of {name!r} is set, but the model uses no such column."
            )
        columns[name] = relevel(name, columns[name], level)
    return Frame(columns, table.index)


def encode(name: str, column: object, index: pd.Index[Any] | None = None) -> Column:
    """Return one column as R takes it.

    Parameters
    ----------
    name
        For what is said of it.
    column
        (n,) Series of pandas or polars, array of NumPy or Arrow, list or tuple, or another array
        that NumPy reads.
    index
        (n,) row labels, for what is said of a cell; a pandas Series has its own.

    Raises
    ------
    DataError
        For a type that is not in the table of :mod:`bridge.dtypes`, or cells that R cannot hold.
    """
    place = Place(name, index)
    if isinstance(column, pd.Series):
        return pandas_series.read(Place(name, column.index), column)
    if isinstance(column, pd.Index | pd.api.extensions.ExtensionArray):
        return pandas_series.read(place, pd.Series(column))
    if isinstance(column, np.ndarray):
        return numpy_array.read(place, column)
    if isinstance(column, list | tuple | range):
        return numpy_array.read_objects(place, pd.Series(column, dtype=object).to_numpy())
    return _read_foreign(place, column)


def _read_foreign(place: Place, column: object) -> Column:
    """Return a column of a library that need not be here."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if polars is not None and isinstance(column, polars.Series):
        from bridge.sources import polars_series  # noqa: PLC0415  (loads polars)

        return polars_series.read(place, column)
    if arrow is not None and isinstance(column, arrow.Array | arrow.ChunkedArray):
        from bridge.sources import arrow_array  # noqa: PLC0415  (loads pyarrow)

        return arrow_array.read(place, column)
    narwhals = sys.modules.get("narwhals")
    if narwhals is not None and isinstance(column, narwhals.Series):
        return _read_narwhals(place, column)
    return numpy_array.read(place, np.asarray(column))


def _read_narwhals(place: Place, series: nw.Series[Any]) -> Column:
    native = series.to_native()
    known = type(native).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")
    # Other libraries' own columns would lose their categories on the way through NumPy.
    return encode(place.name, native if known else series.to_pandas(), place.index)


def encode_like(
    name: str, column: object, like: Column, index: pd.Index[Any] | None = None
) -> Column:
    """Return a column of new data as R takes it, of the kind that a model was fitted to.

    Parameters
    ----------
    name, column, index
        As `encode` takes them.
    like
        The column of the fit. Where it is a factor, text, categories, bools and numbers are labels
        (308 is the level "308"): its levels stay as they are, and those that are new to it and
        that a row has come after them. Where it is double or integer, either is taken.

    Raises
    ------
    DataError
        For another kind of column, and for what `encode` refuses.
    """
    place = Place(name, index)
    given = encode(name, column, index)
    if like.kind == "factor":
        return relabel(name, given, like)
    if given.missing().all():
        rows = len(given.cells)
        return blank(rows) if like.kind == "logical" else from_real(place, np.full(rows, np.nan))
    if given.kind != like.kind and not {given.kind, like.kind} <= {"double", "integer"}:
        raise DataError(
            f"Column {name!r} of the new data holds {KINDS[given.kind]}; the model was fitted to "
            f"{KINDS[like.kind]}. Give it the type that it had then."
        )
    return given
