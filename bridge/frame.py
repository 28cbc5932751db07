"""Columns of Python as columns of R: what travels, and the data frames they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bridge.errors import DataError

NA_INTEGER = -(2**31)

Kind = Literal["double", "integer", "logical", "factor"]
Cells = NDArray[np.float64] | NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Column:
    """One column as R takes it.

    Attributes
    ----------
    kind
        R's type.
    cells
        (n,) float64 for a double (NaN is NA), else int32 (-2**31 is NA): integers, 0 and 1 of a
        logical, or the 1-based codes of a factor.
    levels
        Levels of a factor, in order; empty for the other kinds.
    """

    kind: Kind
    cells: Cells
    levels: tuple[str, ...] = ()

    def missing(self) -> NDArray[np.bool_]:
        """Return (n,) whether a cell is NA."""
        if self.kind == "double":
            return np.isnan(self.cells)
        return np.asarray(self.cells == NA_INTEGER, dtype=np.bool_)

    def to_pandas(self, index: pd.Index[Any]) -> pd.Series[Any]:
        """Return the column as pandas would hold what R got."""
        if self.kind == "double":
            return pd.Series(self.cells, index=index, copy=True)
        missing = self.missing()
        whole = self.cells.astype(np.int32)
        if self.kind == "factor":
            codes = np.where(missing, -1, whole - 1)
            levels = pd.Index(self.levels, dtype=object)
            return pd.Series(pd.Categorical.from_codes(codes, categories=levels), index)
        if self.kind == "logical":
            return pd.Series(pd.arrays.BooleanArray(whole == 1, missing), index)
        return pd.Series(pd.arrays.IntegerArray(whole, missing), index)


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns that a model uses, by name and of one length, with the user's row labels."""

    columns: Mapping[str, Column]
    index: pd.Index[Any]

    @property
    def nrow(self) -> int:
        """Number of rows."""
        return len(self.index)

    def to_pandas(self) -> pd.DataFrame:
        """Return a new data frame of the columns as R got them."""
        return pd.DataFrame(
            {name: column.to_pandas(self.index) for name, column in self.columns.items()},
            index=self.index,
        )


def as_table(data: object) -> pd.DataFrame:
    """Return the user's data as a pandas data frame, its columns untouched.

    Raises
    ------
    DataError
        For anything but a pandas data frame or a dict of columns, for no rows, for two columns
        of one name.
    """
    if isinstance(data, pd.DataFrame):
        table = data
    elif isinstance(data, Mapping):
        table = _from_mapping(data)
    else:
        raise DataError(
            f"The data are a {type(data).__module__}.{type(data).__qualname__}; expected a pandas "
            "DataFrame or a dict of columns. Polars and Arrow tables have .to_pandas()."
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice) > 0:
        raise DataError(f"Two columns of the data are named {twice[0]!r}. Rename one of them.")
    if len(table) == 0:
        raise DataError("The data have no rows. Check how they were read or filtered.")
    return table


def _from_mapping(data: Mapping[Any, Any]) -> pd.DataFrame:
    for name, column in data.items():
        if np.ndim(column) != 1:
            raise DataError(
                f"Column {name!r} has {np.ndim(column)} dimensions; expected one value a row."
            )
    labels = [
        (name, column.index) for name, column in data.items() if isinstance(column, pd.Series)
    ]
    for name, index in labels[1:]:
        if not index.equals(labels[0][1]):
            raise DataError(
                f"Columns {labels[0][0]!r} and {name!r} are Series with different row labels: put "
                "them in one DataFrame first, or pass their .to_numpy()."
            )
    try:
        return pd.DataFrame(dict(data))
    except ValueError as error:
        lengths = {name: len(column) for name, column in data.items()}
        raise DataError(f"The columns differ in length: {lengths}.") from error
