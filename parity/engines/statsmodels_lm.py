"""Linear models by statsmodels' OLS, on the scales of R's lm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.regression import linear_model

from parity.derived import complete, quantiles
from parity.engines.statsmodels_model import exog
from parity.engines.statsmodels_values import pairs, part_nonfinite, patsy_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.engines.statsmodels_model import Problem
    from parity.result import Key, Values

_linear: Any = linear_model


def fit_lm(problem: Problem) -> tuple[Values, Mapping[str, str]]:
    """Return all quantities of an OLS fit.

    ``npar``, and with it AIC and BIC, counts sigma as R does and statsmodels' own ``aic`` does
    not. Whether R^2 is centred follows the formula's intercept, as in R, and not whether the
    columns happen to span a constant.
    """
    intercept = problem.spec.fixed[0] == "1"
    result = _linear.OLS(problem.frame.response, exog(problem), hasconst=intercept).fit()
    values = {**_coefficients(problem, result), **_residuals(problem, result)}
    absent = {}
    if len(patsy_names(problem)) > int(intercept):
        values |= _overall(result)
    else:
        absent = dict.fromkeys(("fstat", "fstat_df", "fstat_p"), "there is no term to test")
        values |= {"r2": {(): 0.0}, "adj_r2": {(): 0.0}}
    finite, reasons = part_nonfinite(values, "statsmodels gives nan or inf for it")
    return complete(problem.spec, finite, absent | reasons)


def _coefficients(problem: Problem, result: Any) -> dict[str, dict[Key, float]]:  # noqa: ANN401 - statsmodels is untyped
    names = patsy_names(problem)

    def named(numbers: Any) -> dict[Key, float]:  # noqa: ANN401 - statsmodels is untyped
        return {(name,): float(x) for name, x in zip(names, numbers, strict=True)}

    return {
        "nobs": {(): float(result.nobs)},
        "loglik": {(): float(result.llf)},
        "fixef": named(result.params),
        "sigma": {(): float(np.sqrt(result.scale))},
        "vcov_conditional": pairs(problem, np.asarray(result.cov_params())),
        "npar": {(): float(len(names) + 1)},
        "df_resid": {(): float(result.nobs - len(names))},
        "tvalue": named(result.tvalues),
        "pvalue": named(result.pvalues),
    }


def _residuals(problem: Problem, result: Any) -> dict[str, dict[Key, float]]:  # noqa: ANN401 - statsmodels is untyped
    rows, resid = problem.frame.rows, np.asarray(result.resid)
    return {
        "fitted": {(row,): float(x) for row, x in zip(rows, result.fittedvalues, strict=True)},
        "resid": {(row,): float(x) for row, x in zip(rows, resid, strict=True)},
        "resid_quantile": quantiles(resid),
    }


def _overall(result: Any) -> dict[str, dict[Key, float]]:  # noqa: ANN401 - statsmodels is untyped
    return {
        "r2": {(): float(result.rsquared)},
        "adj_r2": {(): float(result.rsquared_adj)},
        "fstat": {(): float(result.fvalue)},
        "fstat_df": {("numdf",): float(result.df_model), ("dendf",): float(result.df_resid)},
        "fstat_p": {(): float(result.f_pvalue)},
    }
