"""lm, lmer and glmer: check, send, fit in R, receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bridge import session
from bridge.arguments import (
    WEIGHTS,
    Weights,
    as_control,
    as_name,
    as_points,
    as_truth,
    require_weights,
    with_weights,
)
from bridge.encode import to_frame
from bridge.errors import DataError, FormulaError
from bridge.extract import to_fit
from bridge.failures import raise_failure, require_no_overflow
from bridge.formula import Inspected, columns_used, inspect, require_random_terms
from bridge.frame import as_table

if TYPE_CHECKING:
    from bridge.column import Frame
    from bridge.fit import Fit

Control = Mapping[str, Any]
Family = Literal["binomial", "poisson", "Gamma", "inverse.gaussian", "gaussian"]


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
    arguments = {"REML": as_truth("REML", REML), "control": as_control(control)}
    return _fit("lmer", formula, data, weights, arguments, cond_var=as_truth("cond_var", cond_var))


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
        "family": as_name("family", family),
        "link": None if link is None else as_name("link", link),
        "nAGQ": as_points(nAGQ),
        "control": as_control(control),
    }
    return _fit("glmer", formula, data, weights, arguments, cond_var=as_truth("cond_var", cond_var))


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
    name, table = with_weights(weights, table)
    if name == WEIGHTS and inspected.dot:
        raise FormulaError(
            "The formula's `.` would take the weights for a term: name the columns in the formula."
        )
    used = columns_used(inspected, table)
    frame = to_frame(table, dict.fromkeys([*used, name] if name else used))
    _require_rows(inspected, frame)
    if name:
        require_weights(name, frame)
    sent = {**arguments, "weights": name}
    extra = {"cond_var": True} if cond_var else {}
    answer = running.call(f"fit_{kind}", {"formula": formula, "data": frame, **sent, **extra})
    require_no_overflow(answer)
    if answer.failure is not None:
        raise_failure(answer, formula)
    fit = to_fit(kind, formula, frame, sent, answer.value, answer.conditions)
    return replace(fit, versions={**fit.versions, **running.versions()})


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
