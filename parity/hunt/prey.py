"""Prey: one model on data of its own, as a case file can hold it to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parity.case import Case
from parity.checkup import FrameDataset

if TYPE_CHECKING:
    from parity.spec import ModelSpec

_NOWHERE = Path()
_LARGEST_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Prey:
    """A model and its data.

    Attributes
    ----------
    spec
        The model.
    data
        As `settle` leaves them.
    origin
        What they were drawn from, in a sentence.
    """

    spec: ModelSpec
    data: pd.DataFrame
    origin: str

    @property
    def size(self) -> tuple[int, int, int, int]:
        """Rows, columns, terms, and characters of the numbers: the less, the smaller the case."""
        numbers = self.data.select_dtypes("number")
        written = sum(len(written_as(cell)) for name in numbers for cell in numbers[name])
        effects = sum(len(term.columns) for term in self.spec.random)
        terms = len(self.spec.fixed) + len(self.spec.random) + effects
        return len(self.data), self.data.shape[1], terms, written

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the columns that are categories."""
        return tuple(self.data.select_dtypes("category").columns)

    def case(self, name: str) -> Case:
        """Return the case that asks it."""
        data = FrameDataset(name=name, file=_NOWHERE, sha256=None, frame=self.data)
        return Case(name, data, self.spec)


def settle(data: pd.DataFrame) -> pd.DataFrame:
    """Return data as reading them back from a CSV file leaves them.

    Columns of whole numbers are integers, categories are those that occur, rows are numbered from
    0.
    """
    return pd.DataFrame(
        {name: _settled(data[name].reset_index(drop=True)) for name in data.columns}
    )


def _settled(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    numbers = column.to_numpy("float64")
    if np.all(numbers == np.rint(numbers)) and np.all(np.abs(numbers) <= _LARGEST_EXACT):
        return pd.Series(numbers.astype("int64"))
    return pd.Series(numbers)


def written_as(cell: object) -> str:
    """Return a cell in the fewest characters that read back as it."""
    if isinstance(cell, float | np.floating):
        return repr(float(cell))
    return str(cell)
