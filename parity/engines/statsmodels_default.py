"""MixedLM as it comes: what a user reads off ``MixedLM.from_formula(...).fit(reml=...)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.derived import complete
from parity.design.terms import UnusableDataError
from parity.engines.statsmodels_model import build
from parity.engines.statsmodels_values import Fitted, mixed_values, part_nonfinite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.engines.statsmodels_model import Problem
    from parity.result import Values

_INFORMATION = "statsmodels leaves {} undefined (nan) under REML"
_DF_RESID = "statsmodels' df_resid is n - rank(X), another quantity than lme4's n - npar"
_NO_CORRELATION = "no block has two effects, or a variance is 0"
_NOT_FINITE = "statsmodels gives nan or inf for it at these estimates"
_INDEFINITE = "statsmodels' Hessian at these estimates is indefinite: a variance would be negative"


def fit_default(problem: Problem) -> tuple[Values, Mapping[str, str]]:
    """Return all quantities of a default fit, and the reasons for what it does not have.

    Every attribute is read here, at once, off a model object of its own: a log-likelihood read
    after another fit of the same object is that of the other criterion.

    Raises
    ------
    UnusableDataError
        Where the fit ends at a log-likelihood that is not finite.
    """
    assert problem.layout is not None  # noqa: S101 - the caller parts linear models off
    model = build(problem, problem.layout)
    result = model.fit(reml=problem.reml)
    if not np.isfinite(result.llf):
        raise UnusableDataError(
            f"MixedLM.fit stopped where its own log-likelihood is {result.llf} "
            f"(converged = {bool(result.converged)})."
        )
    values = mixed_values(Fitted(problem, problem.layout, model, result))
    values["converged"] = {(): float(result.converged)}
    if not problem.reml:
        values["aic"], values["bic"] = {(): float(result.aic)}, {(): float(result.bic)}
    finite, absent = part_nonfinite(values, _NOT_FINITE)
    absent |= {"df_resid": _DF_RESID}
    if problem.reml:
        absent |= {name: _INFORMATION.format(name.upper()) for name in ("aic", "bic")}
    return complete(problem.spec, *without_indefinite(finite, absent))


def without_indefinite(
    values: Mapping[str, Mapping[tuple[str, ...], float]], absent: Mapping[str, str]
) -> tuple[Values, dict[str, str]]:
    """Return values and reasons with covariance matrices of negative variances moved over.

    The reason for a missing correlation is stated too.
    """
    kept, reasons = dict(values), dict(absent)
    for name in ("vcov_joint", "vcov_conditional"):
        matrix = kept.get(name, {})
        if any(number <= 0 for (row, column), number in matrix.items() if row == column):
            del kept[name]
            reasons[name] = _INDEFINITE
    if "correlation" not in kept:
        reasons.setdefault("correlation", _NO_CORRELATION)
    return kept, reasons
