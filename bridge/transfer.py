"""Columns that travel beside those of the formula: weights, offset and subset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.encode import to_frame
from bridge.errors import DataError, FormulaError
from bridge.formula import unknown_column

if TYPE_CHECKING:
    from bridge.arguments import Options, PerRow
    from bridge.column import Column, Frame
    from bridge.formula import Inspected
    from bridge.frame import Table

# The columns in which values travel that are no column of the data.
_OWN = {"weights": ".weights", "offset": ".offset", "subset": ".subset"}
_NUMERIC = ("double", "integer")


def send_columns(
    table: Table, used: tuple[str, ...], inspected: Inspected, options: Options
) -> tuple[Frame, dict[str, str]]:
    """Return the columns that R needs, and by argument the name of its column.

    Raises
    ------
    DataError, ArgumentError, FormulaError
        For values that do not fit the rows, or are of no use as what they are to be.
    """
    names: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for argument, own in _OWN.items():
        given: PerRow | None = getattr(options, argument)
        if given is None:
            continue
        if isinstance(given, str):
            names[argument] = _known(argument, given, table)
            continue
        if own in table.names:
            raise DataError(f"The data have a column {own!r}: give its name as {argument}.")
        if inspected.dot:
            raise FormulaError(
                f"The formula's `.` would take the {argument} for a term: name the columns in the "
                "formula."
            )
        names[argument], extra[own] = own, _values(argument, given, table)
    wanted = dict.fromkeys([*used, *(name for name in names.values() if name not in extra)])
    frame = to_frame(table, wanted, extra=extra, reference=options.reference)
    for argument, name in names.items():
        _require(argument, name, frame.columns[name])
    return frame, names


def _known(argument: str, name: str, table: Table) -> str:
    if name not in table.names:
        raise DataError(f"{argument}: {unknown_column(name, list(table.names))}")
    return name


def _values(argument: str, given: PerRow, table: Table) -> object:
    if isinstance(given, pd.Series) and not given.index.equals(table.index):
        raise DataError(f"The {argument} have other row labels than the data. Align them first.")
    if np.shape(given) != (len(table),):
        raise DataError(
            f"The {argument} have shape {np.shape(given)}; expected ({len(table)},): one value a "
            "row of the data."
        )
    return given


def _require(argument: str, name: str, column: Column) -> None:
    if argument == "subset":
        if column.kind != "logical" or column.missing().any():
            raise DataError(
                f"The subset {name!r} is a {column.kind}, or misses values; expected True or False "
                "in each row."
            )
        if not (column.cells == 1).any():
            raise DataError(f"The subset {name!r} is False in every row, so no row is left.")
        return
    if column.kind not in _NUMERIC:
        raise DataError(f"The {argument} {name!r} are a {column.kind}; expected numbers.")
    if argument == "weights" and (column.cells[~column.missing()] < 0).any():
        raise DataError(f"The weights {name!r} hold a negative value.")


def require_rows(inspected: Inspected, frame: Frame) -> None:
    """Raise DataError when no row is left to fit, naming the column that is to blame."""
    complete = np.ones(frame.nrow, dtype=np.bool_)
    for name, column in frame.columns.items():
        missing = column.missing()
        if missing.all():
            what = "The response" if name in inspected.response else "The column"
            raise DataError(f"{what} {name!r} is missing in all {frame.nrow} rows.")
        complete &= ~missing
    if not complete.any():
        raise DataError(
            f"Each of the {frame.nrow} rows has a missing value in one of the columns "
            f"{', '.join(map(repr, frame.columns))}."
        )
