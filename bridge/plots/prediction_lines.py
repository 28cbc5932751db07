"""What is predicted for each group, and for the population, over a covariate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.errors import ArgumentError, BridgeError
from bridge.plots.effects import effects
from bridge.plots.names import bars, factors, made_factors, names_in, quoted
from bridge.plots.typical import (
    At,
    as_column,
    covariates,
    group_columns,
    hold,
)
from bridge.plots.used import is_category, used_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bridge.fit import Fit

_GRID = 60


@dataclass(frozen=True, slots=True)
class Lines:
    """Predictions on the scale of the response.

    Attributes
    ----------
    covariate
        Name of the column that varies.
    x
        (k,) its values: numbers, or texts of the levels of a category.
    seen
        (n,) its values in the rows used: numbers, or the 0-based positions among `x`.
    held
        Value by name of each other covariate.
    group
        The grouping factor, None for a model without.
    levels
        (g,) its levels.
    by_level
        (g, k) the predictions of each level.
    population
        (k,) the predictions with every random effect at 0.
    """

    covariate: str
    x: tuple[float, ...] | tuple[str, ...]
    seen: NDArray[np.float64]
    held: Mapping[str, Any]
    group: str | None
    levels: tuple[str, ...]
    by_level: NDArray[np.float64]
    population: NDArray[np.float64]


def predict_lines(fit: Fit, covariate: str | None, group: str | None, at: At) -> Lines:
    """Return the predictions over `covariate` (None: the first number) of each level of `group`.

    The effects of the other grouping factors are those of the group where the data say which they
    are (each of its levels has one level of the other), else 0.
    """
    data = used_data(fit)
    known = covariates(fit, data)
    name = _choose(covariate, known, data)
    held = hold(fit, data, tuple(other for other in known if other != name), at)
    x, seen = _values(fit, name, data[name])
    chosen = effects(fit, group)[0].group if fit.ranef or group is not None else None
    levels, members = _members(chosen, data)
    grid = _grid(data, {name: x, **held}, members, len(x))
    whole = _predict(fit, grid, _conditioned(fit, chosen, data))
    population = _predict(fit, grid.iloc[: len(x)], "~0") if chosen else whole
    return Lines(
        covariate=name,
        x=x,
        seen=seen,
        held=held,
        group=chosen,
        levels=levels,
        by_level=whole.reshape(len(levels), len(x)) if chosen else np.empty((0, len(x))),
        population=population,
    )


def _choose(covariate: str | None, known: tuple[str, ...], data: pd.DataFrame) -> str:
    if covariate is not None and covariate in known:
        return covariate
    if covariate is not None or not known:
        raise ArgumentError(
            f"Lines are drawn over a covariate of the model, not {covariate!r}. It has "
            f"{', '.join(map(repr, known)) or 'none'}."
        )
    return next((name for name in known if not is_category(data[name])), known[0])


def _values(
    fit: Fit, name: str, column: pd.Series[Any]
) -> tuple[tuple[float, ...] | tuple[str, ...], NDArray[np.float64]]:
    """Return the values at which predictions are made, and those of the rows used."""
    if is_category(column):
        levels = tuple(map(str, column.cat.categories))
        return levels, np.asarray(column.cat.codes, dtype=np.float64)
    seen = np.asarray(column, dtype=np.float64)
    if name in made_factors(fit.formula) or column.dtype.kind == "b":
        return tuple(np.unique(seen).tolist()), seen
    return tuple(np.linspace(seen.min(), seen.max(), _GRID).tolist()), seen


def _members(group: str | None, data: pd.DataFrame) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return (g,) the levels of the group and g rows of data, the first of each level."""
    if group is None:
        return (), data.iloc[:1]
    columns = list(group_columns(group, data))
    members = data.drop_duplicates(subset=columns).sort_values(columns)
    levels = (":".join(map(str, row)) for row in members[columns].itertuples(index=False))
    return tuple(levels), members


def _grid(
    data: pd.DataFrame, settings: Mapping[str, Any], members: pd.DataFrame, k: int
) -> pd.DataFrame:
    """Return g x k rows, those of a level one after the other.

    All columns but the settings are those of the level's first row.
    """
    rows = members.iloc[np.repeat(np.arange(len(members)), k)].reset_index(drop=True)
    columns = {str(name): rows[name] for name in rows.columns}
    for name, value in settings.items():
        cells = list(value) * len(members) if isinstance(value, tuple) else [value] * len(rows)
        columns[name] = as_column(data[name], cells)
    return pd.DataFrame(columns)


def _conditioned(fit: Fit, group: str | None, data: pd.DataFrame) -> str | None:
    """Return the random terms to predict with: those of the group and of the factors it fixes.

    None means all of them.
    """
    keys = tuple(fit.ranef or ())
    if group is None:
        return None
    kept = tuple(key for key in keys if key == group or _fixes(group, key, data))
    if kept == keys:
        return None
    names = {key: frozenset(group_columns(key, data)) for key in kept}
    known = tuple(map(str, data.columns))
    terms = [
        bar.of(quoted(key) if key in known else key)
        for bar in bars(fit.formula)
        for factor in factors(bar.group)
        for key in kept
        if names[key] == frozenset(names_in(factor, known))
    ]
    return "~ " + " + ".join(terms)


def _fixes(group: str, other: str, data: pd.DataFrame) -> bool:
    """Return whether each level of `group` has one level of `other`."""
    own = list(group_columns(group, data))
    both = list(dict.fromkeys([*own, *group_columns(other, data)]))
    return len(data[both].drop_duplicates()) == len(data[own].drop_duplicates())


def _predict(fit: Fit, grid: pd.DataFrame, re_form: str | None) -> NDArray[np.float64]:
    """Return a prediction a row on the scale of the response.

    Raises
    ------
    BridgeError
        When one is missing.
    """
    found = np.asarray(fit.predict(grid, re_form=re_form, type="response"), dtype=np.float64)
    if found.shape != (len(grid),) or not np.isfinite(found).all():
        raise BridgeError("A prediction is missing or infinite: choose other values by at=.")
    return found
