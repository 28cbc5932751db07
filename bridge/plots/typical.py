"""Typical values of the covariates of a fit: where a prediction is made if nothing else is said."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.errors import ArgumentError
from bridge.plots.names import made_factors, names_in, response_name, right_side
from bridge.plots.used import is_category

if TYPE_CHECKING:
    from bridge.fit import Fit

At = Mapping[str, Any]


def group_columns(group: str, data: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns whose values make the levels of a grouping factor, in its order."""
    return (group,) if group in data.columns else names_in(group, map(str, data.columns))


def covariates(fit: Fit, data: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that predict: those right of the ``~``, in its order, and the offset.

    Grouping factors are none.
    """
    right, columns = right_side(fit.formula), tuple(map(str, data.columns))
    weights, subset, offset = (fit.arguments.get(key) for key in ("weights", "subset", "offset"))
    grouping = {name for key in fit.ranef or () for name in group_columns(key, data)}
    others: set[str] = set()
    if names_in(right, (".",)):
        response = response_name(fit.formula)
        others = set(columns) - {weights, subset, response, *names_in(response, columns)}
    rest = (name for name in columns if name in others or name == offset)
    return tuple(n for n in dict.fromkeys((*names_in(right, columns), *rest)) if n not in grouping)


def hold(fit: Fit, data: pd.DataFrame, names: tuple[str, ...], at: At) -> dict[str, Any]:
    """Return by name the value that each covariate of `names` is held at.

    That of `at`, else: of a number its mean, of a number that the formula makes a factor the
    smallest value, of a factor its reference level (the first, where its contrasts have none), of a
    truth value False.

    Raises
    ------
    ArgumentError
        When `at` names what is not held, or a value that its column cannot have.
    """
    for name in at:
        if name not in names:
            raise ArgumentError(
                f"at names {name!r}, which is not held. Of this model are held: "
                f"{', '.join(map(repr, names)) or 'none'}."
            )
    whole = made_factors(fit.formula)
    return {
        name: _given(name, data[name], at[name])
        if name in at
        else _typical(fit, data[name], whole=name in whole)
        for name in names
    }


def _given(name: str, column: pd.Series[Any], value: object) -> object:
    if is_category(column):
        levels = list(column.cat.categories)
        text = str(value)
        if text not in levels:
            raise ArgumentError(
                f"at holds {name!r} at {value!r}; its levels are {', '.join(map(repr, levels))}."
            )
        return text
    if not isinstance(value, Real | np.bool_) or not np.isfinite(float(value)):
        raise ArgumentError(f"at holds {name!r} at {value!r}; expected a finite number.")
    return value


def _typical(fit: Fit, column: pd.Series[Any], *, whole: bool) -> object:
    if is_category(column):
        return _reference(fit, column)
    if column.dtype.kind == "b":
        return False
    values = column.to_numpy(dtype=np.float64)
    return float(values.min()) if whole else float(values.mean())


def _reference(fit: Fit, column: pd.Series[Any]) -> str:
    """Return the level that the others are compared with, by the contrasts of the fit."""
    levels = list(column.cat.categories)
    contrast = fit.contrasts.get(str(column.name))
    if contrast is None:
        return str(levels[0])
    base = contrast.coding.index[(contrast.coding == 0).all(axis=1)]
    return str(base[0]) if len(base) == 1 else str(levels[0])


def as_column(like: pd.Series[Any], values: list[Any]) -> pd.Series[Any]:
    """Return values as a new column of the kind of `like`; numbers become floats."""
    if is_category(like):
        return pd.Series(pd.Categorical(values, categories=like.cat.categories))
    truth = like.dtype.kind == "b"
    return pd.Series(values, dtype="boolean") if truth else pd.Series(values, dtype="float64")
