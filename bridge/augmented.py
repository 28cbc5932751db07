"""The parts of broom's augmented data: pure functions by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bridge.arguments import shown
from bridge.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bridge.fitted import Estimates, Fitted


def used_only(
    values: pd.Series[float], rows: NDArray[np.int64], omitted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return (n,) the values of the rows used, without those that ``na_action="exclude"`` adds."""
    numbers = np.asarray(values, dtype=np.float64)
    if len(numbers) == len(rows):
        return numbers
    return numbers[np.isin(np.sort(np.concatenate((rows, omitted))), rows)]


def deletion_sigma(
    residual: NDArray[np.float64], hat: NDArray[np.float64], df_resid: int
) -> NDArray[np.float64]:
    """Return (n,) the residual SD of the model fitted without the row.

    sqrt((RSS - e^2 / (1 - h)) / (df - 1)), Belsley, Kuh and Welsch (1980), equation 2.8; a row
    whose hat value is 1 has no residual, and takes away a parameter.

    Parameters
    ----------
    residual
        (n,) weighted residuals of an lm, deviance residuals of a glm.
    hat
        (n,) the diagonal of the hat matrix.
    df_resid
        Residual degrees of freedom.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(hat < 1, residual**2 / (1 - hat), 0.0)
        return np.sqrt((residual @ residual - lost) / (df_resid - 1))


def standardized(scaled: NDArray[np.float64], hat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) residuals over sigma, divided by sqrt(1 - h); NaN where h is 1, as in R."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(hat < 1, scaled / np.sqrt(1 - hat), np.nan)


def rows_of(data: pd.DataFrame, rows: NDArray[np.int64], length: int) -> pd.DataFrame:
    """Return the rows used of the user's table.

    Raises
    ------
    DataError
        When it is no pandas DataFrame, and when it has not the number of rows that the model was
        given.
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"data is {shown(data)}; expected a pandas DataFrame, with the rows that the model was "
            "given."
        )
    if len(data) != length:
        raise DataError(
            f"data has {len(data)} rows; the model was given {length}. Give the same table."
        )
    return data.iloc[rows]


def with_columns(data: pd.DataFrame, columns: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return the data with the columns after them.

    A column of the data that has the name of a new one stands as R's model frame has it: weights
    that came as ``.weights`` as ``(weights)``.
    """
    renamed = data.rename(columns={name: f"({name.lstrip('.')})" for name in columns})
    return renamed.assign(**columns)


# broom.mixed's name of a column -> the bridge's name of lme4's part.
_OF_MODULE = {
    ".mu": "mu",
    ".offset": "offset",
    ".sqrtXwt": "sqrt_x_weights",
    ".sqrtrwt": "sqrt_r_weights",
    ".weights": "weights",
    ".wtres": "wtres",
}


def _mixed_columns(fit: Fitted) -> dict[str, NDArray[np.float64]]:
    parts = fit.row_parts()
    columns = {
        ".fitted": parts["linear"],
        ".resid": fit.resid,
        ".hat": fit.hat_values(),
        ".cooksd": fit.cooks_distance(),
        ".fixed": parts["fixed"],
        **{name: parts[part] for name, part in _OF_MODULE.items()},
    }
    if fit.kind != "lmer":
        columns[".eta"] = parts["linear"]
    return _by_row(fit, columns)


def _fixed_columns(fit: Fitted) -> dict[str, NDArray[np.float64]]:
    series = {
        ".fitted": fit.row_parts()["linear"],
        ".resid": fit.resid,
        ".hat": fit.hat_values(),
        ".cooksd": fit.cooks_distance(),
        ".scaled": fit.scaled_resid,
    }
    by_row = _by_row(fit, series)
    # Of an lm the weighted residuals, of a glm the deviance residuals, as R's lm.influence has it.
    residual = by_row[".scaled"] * fit.sigma if fit.kind == "lm" else by_row[".resid"]
    hat = by_row[".hat"]
    by_row[".sigma"] = deletion_sigma(residual, hat, fit.df_resid)
    by_row[".std.resid"] = standardized(residual / fit.sigma, hat)
    order = [".fitted", ".resid", ".hat", ".sigma", ".cooksd", ".std.resid"]
    if fit.kind == "glm":
        order = [".fitted", ".resid", ".std.resid", ".hat", ".sigma", ".cooksd"]
    return {name: by_row[name] for name in order}


def _by_row(
    fit: Estimates, columns: Mapping[str, pd.Series[float]]
) -> dict[str, NDArray[np.float64]]:
    return {name: used_only(values, fit.rows, fit.omitted) for name, values in columns.items()}


def columns_of(fit: Fitted) -> dict[str, NDArray[np.float64]]:
    """Return (n,) columns by broom's names, in its order."""
    return _mixed_columns(fit) if fit.is_mixed else _fixed_columns(fit)
