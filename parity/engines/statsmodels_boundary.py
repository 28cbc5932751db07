"""The limit where every variance of the random effects is 0: ordinary least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.regression import linear_model

from parity.engines.statsmodels_model import exog
from parity.engines.statsmodels_values import (
    count_values,
    covariance_values,
    pairs,
    patsy_names,
    residual_values,
    zero_effects,
)

if TYPE_CHECKING:
    from parity.engines.statsmodels_layout import Layout
    from parity.engines.statsmodels_model import Problem
    from parity.result import Key

_linear: Any = linear_model


def fit_without_variance(problem: Problem, layout: Layout) -> dict[str, dict[Key, float]]:
    """Return the quantities of a mixed model at random-effects variances of exactly 0.

    There V = I: fixed effects are those of OLS, sigma^2 is RSS / (n - p) under REML and RSS / n
    under ML, and the log-likelihood is MixedLM's formula in its limit. MixedLM itself cannot be
    evaluated there: it inverts the covariance, and below 1e-10 returns zeros for fixed effects
    (statsmodels issue 10239).
    """
    names = patsy_names(problem)
    result = _linear.OLS(problem.frame.response, exog(problem)).fit()
    n, p, rss = len(problem.frame.rows), len(names), float(result.ssr)
    free = n - p if problem.reml else n
    scale = rss / free
    loglik = -free / 2 * (np.log(2 * np.pi * scale) + 1)
    if problem.reml:
        loglik -= np.linalg.slogdet(exog(problem).T @ exog(problem))[1] / 2
    resid = np.asarray(result.resid)
    relative = [np.zeros((len(block.names), len(block.names))) for block in layout.blocks]
    covariance = scale * np.asarray(result.normalized_cov_params)
    return {
        **count_values(problem, layout),
        "loglik": {(): float(loglik)},
        "fixef": {(name,): float(b) for name, b in zip(names, result.params, strict=True)},
        "sigma": {(): float(np.sqrt(scale))},
        "vcov_conditional": pairs(problem, covariance),
        **covariance_values(layout, relative, scale),
        "ranef": zero_effects(layout),
        "ranef_sd": zero_effects(layout),
        **residual_values(
            problem.frame.rows, np.asarray(result.fittedvalues), resid, float(np.sqrt(scale))
        ),
    }
