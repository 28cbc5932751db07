"""Arguments beside formula and data: names, numbers and weights, never code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from bridge.errors import ArgumentError, DataError
from bridge.formula import unknown_column

if TYPE_CHECKING:
    from bridge.column import Frame

Weights: TypeAlias = "str | Sequence[float] | np.ndarray[Any, Any] | pd.Series[Any]"

# The column in which weights travel that are no column of the data.
WEIGHTS = ".weights"
_LARGEST_INTEGER = 2**31 - 1


def with_weights(weights: Weights | None, table: pd.DataFrame) -> tuple[str | None, pd.DataFrame]:
    """Return the name of the column of weights, and the table that has it."""
    if weights is None:
        return None, table
    if isinstance(weights, str):
        known = [name for name in table.columns if isinstance(name, str)]
        if weights not in known:
            raise DataError(f"weights: {unknown_column(weights, known)}")
        return weights, table
    if isinstance(weights, pd.Series) and not weights.index.equals(table.index):
        raise DataError("The weights have other row labels than the data. Align them first.")
    values = np.asarray(weights)
    if values.shape != (len(table),):
        raise DataError(f"The weights have shape {values.shape}; expected ({len(table)},).")
    if WEIGHTS in table.columns:
        raise DataError(f"The data have a column {WEIGHTS!r}: give its name as weights.")
    return WEIGHTS, table.assign(**{WEIGHTS: values})


def require_weights(name: str, frame: Frame) -> None:
    """Raise DataError unless the weights are numbers, none of them negative."""
    column = frame.columns[name]
    if column.kind not in ("double", "integer"):
        raise DataError(f"The weights {name!r} are a {column.kind}; expected numbers.")
    if (column.cells.astype(np.float64)[~column.missing()] < 0).any():
        raise DataError(f"The weights {name!r} hold a negative value.")


def as_truth(name: str, value: object) -> bool:
    """Return `value`, refused unless it is a bool."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"{name} is {value!r}; expected True or False.")
    return bool(value)


def as_name(name: str, value: object) -> str:
    """Return `value`, refused unless it is text."""
    if not isinstance(value, str):
        raise ArgumentError(f"{name} is {value!r}; expected its name as text.")
    return value


def as_points(value: object) -> int:
    """Return the number of points of quadrature, refused unless whole and not negative."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ArgumentError(f"nAGQ is {value!r}; expected a whole number, 0 or more.")
    return int(value)


def as_control(settings: object, name: str = "control") -> dict[str, Any] | None:
    """Return settings of lme4 by name, refused unless numbers, bools, text or mappings of them."""
    if settings is None:
        return None
    if not isinstance(settings, Mapping):
        raise ArgumentError(f"{name} is {settings!r}; expected a mapping of names to settings.")
    return {str(key): _setting(f"{name}[{key!r}]", value) for key, value in settings.items()}


def _setting(name: str, value: object) -> object:
    match value:
        case int() if not isinstance(value, bool) and abs(value) > _LARGEST_INTEGER:
            return float(value)
        case None | bool() | int() | float() | str():
            return value
        case np.generic():
            return _setting(name, value.item())
        case Mapping():
            return as_control(value, name)
        case list() | tuple() if value and all(isinstance(item, str) for item in value):
            return list(value)
    raise ArgumentError(
        f"{name} is {value!r}; expected a number, a bool, text or a mapping of them."
    )
