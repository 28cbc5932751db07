"""The data frames that columns come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bridge.errors import DataError


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
