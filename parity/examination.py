"""Can this model be asked of these data at all? One clear sentence where it cannot."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from parity.syntax import read

if TYPE_CHECKING:
    import pandas as pd

    from parity.spec import ModelSpec


class InputError(ValueError):
    """A model and data that do not fit together, in one sentence."""


def examine(spec: ModelSpec, data: pd.DataFrame) -> None:
    """Return where the model can be asked of the data.

    Raises
    ------
    InputError
        No rows, an unknown column, no random term, a response that is all missing or no number,
        an infinite value, prior weights that are none, a grouping factor with one level or with
        one row a level.
    """
    if data.empty:
        raise InputError("The data are empty: there is no row to fit.")
    if not data.columns.is_unique:
        repeated = ", ".join(dict.fromkeys(map(str, data.columns[data.columns.duplicated()])))
        raise InputError(f"The data have more than one column called {repeated}; rename them.")
    _require_columns(spec, data)
    if not spec.random:
        raise InputError(
            f"The formula {spec.formula!r} has no random term; expected at least one, such as "
            "(1 | group)."
        )
    _require_finite(spec, data)
    used = data.loc[:, _columns(spec)].dropna()
    _require_response(spec, data)
    _require_weights(spec, data)
    if used.empty:
        raise InputError("No row is complete: every row lacks a value of the formula's variables.")
    for term in spec.random:
        _require_groups(term.group, used.loc[:, list(term.factors)], spec)


def _columns(spec: ModelSpec) -> list[str]:
    """Return the names of all columns that the model uses, each once."""
    factors = [name for term in spec.random for name in term.factors]
    weights = [spec.weights] if spec.weights else []
    return list(dict.fromkeys([*spec.variables, *factors, *weights]))


def _require_columns(spec: ModelSpec, data: pd.DataFrame) -> None:
    names = [name for name in data.columns if isinstance(name, str)]
    for variable in _columns(spec):
        if variable in names:
            continue
        close = get_close_matches(variable, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004 - a screenful
        raise InputError(f"The data have no column {variable!r}; they have {shown}.{hint}")


def _require_finite(spec: ModelSpec, data: pd.DataFrame) -> None:
    for variable in spec.variables:
        column = data[variable]
        if column.dtype.kind != "f":
            continue
        infinite = np.isinf(column.to_numpy(dtype="float64", na_value=np.nan))
        if infinite.any():
            row = int(np.argmax(infinite)) + 1
            raise InputError(
                f"The column {variable!r} has an infinite value in row {row}; remove the row or "
                "make the cell missing."
            )


def _require_response(spec: ModelSpec, data: pd.DataFrame) -> None:
    names = [node.value for node in read(spec.response).walk() if node.kind == "name"]
    for name in names:
        column = data[name]
        if column.isna().all():
            raise InputError(f"The response {name!r} is missing in every row.")
        numeric = column.dtype.kind in "biuf"
        if spec.family == "gaussian" and not numeric:
            raise InputError(
                f"The response {name!r} holds text ({column.dtype}); a linear mixed model needs "
                "numbers."
            )
        present = column.dropna()
        if spec.family == "gaussian" and (present == present.iloc[0]).all():
            raise InputError(f"The response {name!r} is the same in every row: nothing varies.")


def _require_weights(spec: ModelSpec, data: pd.DataFrame) -> None:
    if spec.weights is None:
        return
    column = data[spec.weights]
    if column.dtype.kind not in "biuf":
        raise InputError(
            f"The prior weights {spec.weights!r} are {column.dtype}; expected numbers."
        )
    numbers = column.to_numpy(dtype="float64", na_value=np.nan)
    wrong = np.flatnonzero((numbers < 0) | np.isinf(numbers))
    if wrong.size:
        raise InputError(
            f"The prior weight {spec.weights!r} is {numbers[wrong[0]]:g} in row {wrong[0] + 1}; "
            "expected a finite number, 0 or more."
        )


def _require_groups(group: str, factors: pd.DataFrame, spec: ModelSpec) -> None:
    levels = len(factors.drop_duplicates())
    if levels == 1:
        raise InputError(
            f"The grouping factor {group!r} has one level; a random effect needs at least two."
        )
    if levels >= len(factors) and spec.family == "gaussian":
        raise InputError(
            f"The grouping factor {group!r} has {levels} levels for {len(factors)} rows: with one "
            "row a level its variance cannot be told from the residual's."
        )
