"""What a fit has for the rows that it used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.fit import Fit


def used_values(fit: Fit, values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return (n,) values of the rows used, without the gaps that ``na_action="exclude"`` leaves.

    Raises
    ------
    BridgeError
        When a row that was used has none.
    """
    cells = np.asarray(values, dtype=np.float64)
    present = cells[np.isfinite(cells)]
    if len(present) != len(fit.rows):
        raise BridgeError(
            f"Of the {len(fit.rows)} rows used, {len(present)} have a finite number to draw."
        )
    return present


def used_data(fit: Fit) -> pd.DataFrame:
    """Return the columns as R got them, of the (n,) rows used; factors with the levels in use."""
    data = fit.data.iloc[fit.rows]
    columns = {str(name): data[name] for name in data.columns}
    for name, column in columns.items():
        if is_category(column):
            columns[name] = column.cat.remove_unused_categories()
    return pd.DataFrame(columns)


def is_category(column: pd.Series[Any]) -> bool:
    """Return whether the column is a factor to R."""
    return isinstance(column.dtype, pd.CategoricalDtype)
