"""Quantities of a MixedLM result, under R's names and on lme4's scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.derived import quantiles
from parity.engines.statsmodels_model import Problem, packed, relative_covariances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from parity.engines.statsmodels_layout import Layout
    from parity.result import Key

SINGULAR = 1e-4
"""A diagonal element of theta below this makes a fit singular: lme4's isSingular."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A MixedLM result with the layout that it was fitted under."""

    problem: Problem
    layout: Layout
    model: Any
    result: Any


def count_values(problem: Problem, layout: Layout) -> dict[str, dict[Key, float]]:
    """Return the numbers of rows, levels and parameters."""
    npar = len(problem.fixed.design.columns) + layout.npar + 1
    return {
        "nobs": {(): float(len(problem.frame.rows))},
        "ngroups": {(g,): float(len(v.levels)) for g, v in problem.frame.groupings.items()},
        "npar": {(): float(npar)},
    }


def fixed_values(fit: Fitted) -> dict[str, dict[Key, float]]:
    """Return the fixed effects and both of their covariance matrices.

    The conditional one is the inverse of the fixed effects' block of MixedLM's Hessian alone,
    sigma^2 (X'V^-1 X)^-1; the joint one is what statsmodels reports.
    """
    names = patsy_names(fit.problem)
    hessian, _ = fit.model.hessian(fit.result.params_object)
    p = len(names)
    conditional = np.linalg.inv(-hessian[:p, :p])
    joint = np.asarray(fit.result.cov_params())[:p, :p]
    return {
        "fixef": {(n,): float(b) for n, b in zip(names, fit.result.fe_params, strict=True)},
        "sigma": {(): float(np.sqrt(fit.result.scale))},
        "vcov_conditional": pairs(fit.problem, conditional),
        "vcov_joint": pairs(fit.problem, joint),
    }


def patsy_names(problem: Problem) -> list[str]:
    """Return R's names of the coefficients in patsy's order."""
    columns = problem.fixed.design.columns
    return [columns[j] for j in problem.fixed.patsy_order]


def pairs(problem: Problem, matrix: NDArray[np.float64]) -> dict[Key, float]:
    """Return a ``(p, p)`` matrix in patsy's order by R's names, in R's order."""
    back = np.argsort(problem.fixed.patsy_order)
    columns = problem.fixed.design.columns
    ordered = matrix[np.ix_(back, back)]
    return {
        (row, column): float(ordered[i, j])
        for i, row in enumerate(columns)
        for j, column in enumerate(columns)
    }


def covariance_values(
    layout: Layout, relative: Sequence[NDArray[np.float64]], scale: float
) -> dict[str, dict[Key, float]]:
    """Return variances, correlations, theta and the singular flag of the blocks.

    Parameters
    ----------
    layout
        Names of the blocks.
    relative
        Covariance of each block over sigma^2, ``(r, r)``.
    scale
        sigma^2.
    """
    variance: dict[Key, float] = {}
    correlation: dict[Key, float] = {}
    theta: dict[Key, float] = {}
    for block, covariance in zip(layout.blocks, relative, strict=True):
        factor, sd = cholesky(covariance), np.sqrt(np.diag(covariance))
        for i, row in enumerate(block.names):
            variance[block.group, row] = scale * float(covariance[i, i])
            for j, column in enumerate(block.names[: i + 1]):
                theta[block.group, row, column] = float(factor[i, j])
                if j < i and sd[i] * sd[j] > 0:
                    correlation[block.group, row, column] = float(covariance[i, j] / sd[i] / sd[j])
    diagonal = [value for (_, row, column), value in theta.items() if row == column]
    values: dict[str, dict[Key, float]] = {
        "variance": variance,
        "theta": theta,
        "singular": {(): float(min(diagonal) < SINGULAR)},
    }
    return values | ({"correlation": correlation} if correlation else {})


def cholesky(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower factor ``(r, r)`` of a covariance that may be singular."""
    size = len(covariance)
    factor = np.zeros((size, size))
    for j in range(size):
        rest = covariance[j, j] - factor[j, :j] @ factor[j, :j]
        if rest <= np.finfo(float).eps * covariance[j, j]:
            continue
        factor[j, j] = np.sqrt(rest)
        below = covariance[j + 1 :, j] - factor[j + 1 :, :j] @ factor[j, :j]
        factor[j + 1 :, j] = below / factor[j, j]
    return factor


def effect_values(fit: Fitted) -> dict[str, dict[Key, float]]:
    """Return predicted random effects and their conditional standard deviations.

    statsmodels' random_effects_cov is D - D Z'V^-1 Z D on the scale of the response, which equals
    lme4's condVar sigma^2 Lambda (Lambda'Z'Z Lambda + I)^-1 Lambda'.
    """
    means, errors = zero_effects(fit.layout), zero_effects(fit.layout)
    for group, series in fit.result.random_effects.items():
        covariance = np.asarray(fit.result.random_effects_cov[group])
        for i, (key, unit) in enumerate(effect_keys(fit, group)):
            means[key] = float(series.iloc[i]) / unit
            errors[key] = float(np.sqrt(covariance[i, i])) / unit
    return {"ranef": means, "ranef_sd": errors}


def zero_effects(layout: Layout) -> dict[Key, float]:
    """Return 0 for every random effect, as it is where its variance is 0."""
    return {
        (block.group, level, name): 0.0
        for block in layout.blocks
        for level in block.grouping.levels
        for name in block.names
    }


def effect_keys(fit: Fitted, group: int) -> list[tuple[Key, float]]:
    """Return key and unit of one MixedLM group's random effects, in statsmodels' order."""
    keys: list[tuple[Key, float]] = []
    if fit.layout.main is not None:
        block = fit.layout.blocks[fit.layout.main]
        level = block.grouping.levels[group]
        keys += [((block.group, level, block.names[j]), block.units[j]) for j in block.patsy_order]
    position = fit.model.group_labels.index(group)
    for number, i in enumerate(fit.layout.components):
        block = fit.layout.blocks[i]
        levels = [
            block.grouping.levels[int(c)] for c in fit.model.exog_vc.colnames[number][position]
        ]
        keys += [((block.group, level, block.names[0]), block.units[0]) for level in levels]
    return keys


def residual_values(
    rows: Sequence[str], fitted: NDArray[np.float64], resid: NDArray[np.float64], sigma: float
) -> dict[str, dict[Key, float]]:
    """Return fitted values and residuals, ``(n,)``, by row, and the scaled residuals' quantiles."""
    return {
        "fitted": {(row,): float(x) for row, x in zip(rows, fitted, strict=True)},
        "resid": {(row,): float(x) for row, x in zip(rows, resid, strict=True)},
        "scaled_resid_quantile": quantiles(resid / sigma),
    }


def mixed_values(fit: Fitted) -> dict[str, dict[Key, float]]:
    """Return every quantity of a MixedLM result that needs no engine's own definition."""
    result = fit.result
    relative = relative_covariances(fit.layout, fit.model, packed(result.params_object))
    return {
        **count_values(fit.problem, fit.layout),
        "loglik": {(): float(result.llf)},
        **fixed_values(fit),
        **covariance_values(fit.layout, relative, float(result.scale)),
        **effect_values(fit),
        **residual_values(
            fit.problem.frame.rows,
            np.asarray(result.fittedvalues),
            np.asarray(result.resid),
            float(np.sqrt(result.scale)),
        ),
    }


def part_nonfinite(
    values: Mapping[str, Mapping[Key, float]], reason: str
) -> tuple[dict[str, Mapping[Key, float]], dict[str, str]]:
    """Return the quantities that are finite throughout, and the reason for each other one."""
    finite = {name: v for name, v in values.items() if np.isfinite(list(v.values())).all()}
    return finite, {name: reason for name in values if name not in finite}
