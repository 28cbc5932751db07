"""CSV → data frame, every number the nearest double, every text column a category."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd

MISSING = ("NA", "")
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|NaN)")
_LARGEST_EXACT = 2**53


def read_csv(path: Path, factors: Collection[str] = ()) -> pd.DataFrame:
    """Return a CSV file's table.

    Cells are read as text and converted here, so that a number is the double nearest to its
    decimals whatever pandas' own parser does: pandas has changed its default more than once.

    Parameters
    ----------
    path
        The file, perhaps gzipped; ``NA`` and empty cells are missing.
    factors
        Columns that are categories although their cells look like numbers.

    Returns
    -------
    pandas.DataFrame
        Columns of integers are int64 (float64 with missing cells), of numbers float64, all
        others categories; their levels are ordered by code point, or by size where all are
        integers, as R orders the levels of a column of integers.
    """
    import pandas as pd  # noqa: PLC0415 - `import parity` starts no pandas

    text = pd.read_csv(
        path, dtype="str", keep_default_na=False, na_values=list(MISSING), encoding="utf-8-sig"
    )
    if not isinstance(text.index, pd.RangeIndex):
        # pandas takes the first column for row names where rows are longer than the header.
        raise ValueError("its rows have more cells than the line of names")  # noqa: TRY004 - the file's fault
    return pd.DataFrame(
        {name: _column(text[name], as_factor=name in factors) for name in text.columns},
        index=text.index,
    )


def _column(cells: pd.Series[str], *, as_factor: bool) -> pd.Series:
    """Return a column of numbers where every cell is one, else a category."""
    import pandas as pd  # noqa: PLC0415 - `import parity` starts no pandas

    absent = cells.isna()
    labels = [None if gone else str(cell) for cell, gone in zip(cells, absent, strict=True)]
    present = [label.strip() for label in labels if label is not None]
    if as_factor or not all(_NUMBER.fullmatch(cell) for cell in present):
        levels = _ordered({label for label in labels if label is not None})
        return pd.Series(pd.Categorical(labels, categories=levels), index=cells.index)
    whole = len(present) == len(labels) and all(_INTEGER.fullmatch(cell) for cell in present)
    if whole and all(abs(int(cell)) <= _LARGEST_EXACT for cell in present):
        return pd.Series([int(cell) for cell in present], index=cells.index, dtype="int64")
    numbers = [float("nan") if cell is None else float(cell) for cell in labels]
    return pd.Series(numbers, index=cells.index, dtype="float64")


def _ordered(labels: Collection[str]) -> list[str]:
    if all(_INTEGER.fullmatch(label) for label in labels):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
