"""Columns that travel beside those of the formula: weights, offset and subset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.arguments import shown
from bridge.column import KINDS
from bridge.encode import to_frame
from bridge.errors import DataError, FormulaError
from bridge.formula import unknown_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.arguments import Options, PerRow
    from bridge.column import Column, Frame
    from bridge.formula import Inspected
    from bridge.frame import Table

# The columns in which values travel that are no column of the data.
OWN = {"weights": ".weights", "offset": ".offset", "subset": ".subset"}
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
    for argument, own in OWN.items():
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
    _require_left(frame, names, options)
    return frame, names


def _known(argument: str, name: str, table: Table) -> str:
    if name not in table.names:
        raise DataError(f"{argument}: {unknown_column(name, list(table.names))}")
    return name


def _values(argument: str, given: PerRow, table: Table) -> object:
    if isinstance(given, pd.Series) and not given.index.equals(table.index):
        raise DataError(
            f"The values of {argument} have other row labels than the data. Align them first."
        )
    try:
        shape: tuple[int, ...] | None = np.shape(given)
    except ValueError:  # lists of different lengths
        shape = None
    if shape != (len(table),):
        found = shown(given) if not shape else f"an array of shape {shape}"
        raise DataError(
            f"{argument} is {found}; expected the name of a column, or {len(table)} values, one a "
            "row of the data."
        )
    return given


def _words(argument: str, name: str) -> str:
    """Return how an argument is called: values of the user's own have no column to name."""
    return argument if name == OWN[argument] else f"{argument} {name!r}"


def _require(argument: str, name: str, column: Column) -> None:
    words = _words(argument, name)
    if argument == "subset":
        if column.kind != "logical" or column.missing().any():
            held = "misses values" if column.kind == "logical" else f"holds {KINDS[column.kind]}"
            raise DataError(f"The {words} {held}; expected True or False in each row.")
        if not (column.cells == 1).any():
            raise DataError(f"The {words} is False in every row, so no row is left.")
        return
    if column.missing().all():
        raise DataError(f"The values of {words} are missing in every row.")
    if column.kind not in _NUMERIC:
        raise DataError(f"The values of {words} are {KINDS[column.kind]}; expected numbers.")
    if argument == "weights" and (column.cells[~column.missing()] < 0).any():
        raise DataError(f"The values of {words} hold a negative one.")


def _kept(frame: Frame, names: dict[str, str]) -> NDArray[np.bool_]:
    """Return (n,) whether a row is in the subset and misses no value."""
    kept = np.ones(frame.nrow, dtype=np.bool_)
    for column in frame.columns.values():
        kept &= ~column.missing()
    if "subset" in names:
        kept &= frame.columns[names["subset"]].cells == 1
    return kept


def _require_left(frame: Frame, names: dict[str, str], options: Options) -> None:
    """Raise DataError where what a subset or missing values leave is of no use.

    No row of a subset, no weight above 0, or no row of a reference level: R would go on with the
    next level.
    """
    if not (options.reference or names.keys() & {"subset", "weights"}):
        return
    kept = _kept(frame, names)
    if "subset" in names and not kept.any() and _complete(frame).any():
        raise DataError(
            f"No row of the {_words('subset', names['subset'])} is complete: each misses a value "
            f"in one of the columns {', '.join(map(repr, frame.columns))}."
        )
    if "weights" in names and kept.any():
        weights = frame.columns[names["weights"]].cells[kept]
        if not (weights > 0).any():
            words = _words("weights", names["weights"])
            raise DataError(f"The values of {words} are 0 in all {len(weights)} rows used.")
    for name in options.reference or {}:
        column = frame.columns[name]
        if kept.any() and not (column.cells[kept] == 1).any():
            raise DataError(
                f"No row used of column {name!r} has the level {column.levels[0]!r}, so it cannot "
                "be the reference: the subset, or missing values, leave none."
            )


def _complete(frame: Frame) -> NDArray[np.bool_]:
    return _kept(frame, {})


def require_rows(inspected: Inspected, frame: Frame) -> None:
    """Raise DataError when no row is left to fit, naming the column that is to blame."""
    for name, column in frame.columns.items():
        if column.missing().all():
            what = "The response" if name in inspected.response else "The column"
            raise DataError(f"{what} {name!r} is missing in all {frame.nrow} rows.")
    if not _complete(frame).any():
        raise DataError(
            f"Each of the {frame.nrow} rows has a missing value in one of the columns "
            f"{', '.join(map(repr, frame.columns))}."
        )
