"""Columns as R takes them: what travels. Needs no pandas, so that R can start without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

NA_INTEGER = -(2**31)

Kind = Literal["double", "integer", "logical", "factor"]
KINDS: dict[Kind, str] = {
    "double": "numbers (double)",
    "integer": "whole numbers (integer)",
    "logical": "truth values (logical)",
    "factor": "labels (factor)",
}
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
        import pandas as pd  # noqa: PLC0415  (costs 0.3 s)

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
        import pandas as pd  # noqa: PLC0415  (costs 0.3 s)

        return pd.DataFrame(
            {name: column.to_pandas(self.index) for name, column in self.columns.items()},
            index=self.index,
        )
