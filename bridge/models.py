"""lm, lmer and glmer: check, send, fit in R, receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from bridge import session
from bridge.errors import ArgumentError, DataError
from bridge.extract import to_fit
from bridge.failures import raise_failure
from bridge.formula import (
    Inspected,
    columns_used,
    inspect,
    require_random_terms,
    unknown_column,
)
from bridge.frame import Frame, as_table, to_frame

Weights: TypeAlias = "str | Sequence[float] | np.ndarray[Any, Any] | pd.Series[Any]"
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.fit import Fit

Control = Mapping[str, Any]
Family = Literal["binomial", "poisson", "Gamma", "inverse.gaussian", "gaussian"]

# The column in which weights travel that are no column of the data.
_WEIGHTS = ".weights"
_LARGEST_INTEGER = 2**31 - 1


def lm(formula: str, data: object, *, weights: Weights | None = None) -> Fit:
    """Return a linear model fitted by R's ``lm``.

    Parameters
    ----------
    formula
        R's formula, as ``"math ~ raven + gender"``.
    data
        pandas DataFrame or dict of columns; see :mod:`bridge.frame` for what becomes what in R.
    weights
        Name of a column, or (n,) values: inverse variances up to a factor.

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be sent; nothing has been evaluated then.
    FitError
        When R refuses to fit; the text has R's own words.
    """
    return _fit("lm", formula, data, weights, {})


def lmer(
    formula: str,
    data: object,
    *,
    REML: bool = True,
    weights: Weights | None = None,
    control: Control | None = None,
    cond_var: bool = False,
) -> Fit:
    """Return a linear mixed model fitted by lme4's ``lmer``.

    Parameters
    ----------
    formula
        R's formula, as ``"math ~ raven + (1 | school)"``.
    data
        pandas DataFrame or dict of columns; see :mod:`bridge.frame` for what becomes what in R.
    REML
        Whether to maximize the restricted likelihood (lme4's default) or the likelihood.
    weights
        Name of a column, or (n,) values: inverse residual variances up to a factor.
    control
        Settings of lme4's ``lmerControl`` by name, as ``{"optimizer": "bobyqa",
        "optCtrl": {"maxfun": 20000}}``. Values are numbers, bools, text or mappings of them.
    cond_var
        Whether to compute `Fit.ranef_sd`; on large data this can take as long as the fit.

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be sent; nothing has been evaluated then.
    FitError
        When lme4 refuses to fit; the text has lme4's own words.
    """
    arguments = {"REML": _truth("REML", REML), "control": _control(control)}
    return _fit("lmer", formula, data, weights, arguments, cond_var=_truth("cond_var", cond_var))


def glmer(  # noqa: PLR0913  (lme4's own arguments)
    formula: str,
    data: object,
    *,
    family: Family = "binomial",
    link: str | None = None,
    weights: Weights | None = None,
    nAGQ: int = 1,
    control: Control | None = None,
    cond_var: bool = False,
) -> Fit:
    """Return a generalized linear mixed model fitted by lme4's ``glmer``.

    Parameters
    ----------
    formula
        R's formula, as ``"cbind(incidence, size - incidence) ~ period + (1 | herd)"``.
    data
        pandas DataFrame or dict of columns; see :mod:`bridge.frame` for what becomes what in R.
    family
        Name of the conditional distribution of the response.
    link
        Name of the link, as ``"probit"``; None is the family's canonical one.
    weights
        Name of a column, or (n,) values: for a binomial response of proportions, numbers of trials.
    nAGQ
        Points of quadrature: 1 is Laplace's approximation, 0 a faster, less exact fit.
    control
        Settings of lme4's ``glmerControl`` by name, as ``{"tolPwrss": 1e-10}``.
    cond_var
        Whether to compute `Fit.ranef_sd`; on large data this can take as long as the fit.

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be sent; nothing has been evaluated then.
    FitError
        When lme4 refuses to fit; the text has lme4's own words.
    """
    arguments = {
        "family": _text("family", family),
        "link": None if link is None else _text("link", link),
        "nAGQ": _points(nAGQ),
        "control": _control(control),
    }
    return _fit("glmer", formula, data, weights, arguments, cond_var=_truth("cond_var", cond_var))


def _fit(
    kind: Literal["lm", "lmer", "glmer"],
    formula: str,
    data: object,
    weights: Weights | None,
    arguments: Mapping[str, Any],
    *,
    cond_var: bool = False,
) -> Fit:
    running = session.current()
    table = as_table(data)
    inspected = inspect(running, formula)
    require_random_terms(inspected, kind)
    name, table = _with_weights(weights, table)
    used = columns_used(inspected, table)
    frame = to_frame(table, dict.fromkeys([*used, name] if name else used))
    _require_rows(inspected, frame)
    if name:
        _require_weights(name, frame)
    sent = {**arguments, "weights": name}
    extra = {"cond_var": True} if cond_var else {}
    answer = running.call(f"fit_{kind}", {"formula": formula, "data": frame, **sent, **extra})
    if answer.failure is not None:
        raise_failure(answer, formula)
    fit = to_fit(kind, formula, frame, sent, answer.value, answer.conditions)
    return replace(fit, versions={**fit.versions, **running.versions()})


def _with_weights(weights: Weights | None, table: pd.DataFrame) -> tuple[str | None, pd.DataFrame]:
    """Return the name of the column of weights, and the table that has it."""
    if weights is None:
        return None, table
    if isinstance(weights, str):
        known = [name for name in table.columns if isinstance(name, str)]
        if weights not in known:
            raise DataError(f"weights: {unknown_column(weights, known)}")
        return weights, table
    if isinstance(weights, pd.Series) and not weights.index.equals(table.index):
        raise DataError("The weights have other row labels than the data. Align them first.")
    values = np.asarray(weights)
    if values.shape != (len(table),):
        raise DataError(f"The weights have shape {values.shape}; expected ({len(table)},).")
    if _WEIGHTS in table.columns:
        raise DataError(f"The data have a column {_WEIGHTS!r}: give its name as weights.")
    return _WEIGHTS, table.assign(**{_WEIGHTS: values})


def _require_weights(name: str, frame: Frame) -> None:
    column = frame.columns[name]
    if column.kind not in ("double", "integer"):
        raise DataError(f"The weights {name!r} are a {column.kind}; expected numbers.")
    if (np.asarray(column.cells)[~column.missing()] < 0).any():
        raise DataError(f"The weights {name!r} hold a negative value.")


def _require_rows(inspected: Inspected, frame: Frame) -> None:
    """Raise DataError when no row is left to fit, naming the column that is to blame."""
    complete = np.ones(frame.nrow, dtype=np.bool_)
    for name, column in frame.columns.items():
        missing = column.missing()
        if missing.all():
            what = "The response" if name in inspected.response else "The column"
            raise DataError(f"{what} {name!r} is missing in all {frame.nrow} rows.")
        complete &= ~missing
    if not complete.any():
        raise DataError(
            f"Each of the {frame.nrow} rows has a missing value in one of the columns "
            f"{', '.join(map(repr, frame.columns))}."
        )


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"{name} is {value!r}; expected True or False.")
    return bool(value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{name} is {value!r}; expected its name as text.")
    return value


def _points(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ArgumentError(f"nAGQ is {value!r}; expected a whole number, 0 or more.")
    return int(value)


def _control(settings: object, name: str = "control") -> dict[str, Any] | None:
    if settings is None:
        return None
    if not isinstance(settings, Mapping):
        raise ArgumentError(f"{name} is {settings!r}; expected a mapping of names to settings.")
    return {str(key): _setting(f"{name}[{key!r}]", value) for key, value in settings.items()}


def _setting(name: str, value: object) -> object:
    match value:
        case int() if not isinstance(value, bool) and abs(value) > _LARGEST_INTEGER:
            return float(value)
        case None | bool() | int() | float() | str():
            return value
        case np.generic():
            return _setting(name, value.item())
        case Mapping():
            return _control(value, name)
        case list() | tuple() if value and all(isinstance(item, str) for item in value):
            return list(value)
    raise ArgumentError(
        f"{name} is {value!r}; expected a number, a bool, text or a mapping of them."
    )
