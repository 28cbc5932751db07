"""What a linear mixed model's parameters imply: every quantity, from the criterion alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from parity import derived
from parity.criterion.covariance import covariances, factors, theta_of
from parity.criterion.derivative import differentiate
from parity.result import Design, FitResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from parity.criterion.lmm import Point
    from parity.criterion.model import Vector
    from parity.design.statement import Statement
    from parity.result import Key

    Numbers = dict[str, dict[Key, float]]

SINGULAR = 1e-4
"""A diagonal element of theta below this makes a fit singular: lme4's isSingular."""
_EDGE = (
    "at the boundary the log-likelihood is not stationary in the variances, so that the joint "
    "observed information gives no standard errors"
)
_SADDLE = "the Hessian in the variances is not positive definite here"
NO_PAIR = "no block of random effects has two terms of positive variance"


def answer(
    statement: Statement, point: Point, *, engine: str, case: str, converged: bool
) -> FitResult:
    """Return every quantity of a linear mixed model at one theta, beta and sigma profiled out.

    Parameters
    ----------
    statement
        Names of the parts of the model.
    point
        The criterion at theta.
    engine, case
        Whose answer it is, and to what.
    converged
        Whether the parameters are an optimum.
    """
    values: Numbers = {
        **counts(statement, scale=True),
        **_optimum(statement, point),
        **components(statement, point.theta, point.sigma),
        **_predictions(statement, point),
        "converged": {(): float(converged)},
    }
    absent: dict[str, str] = {}
    if "correlation" not in values:
        absent["correlation"] = NO_PAIR
    reason = _joint(statement, point, values)
    if reason:
        absent |= dict.fromkeys(("vcov_joint", "se_joint", "corr_joint"), reason)
    return result(statement, values, absent, engine=engine, case=case)


def result(
    statement: Statement, values: Numbers, absent: dict[str, str], *, engine: str, case: str
) -> FitResult:
    """Return the values as an engine's answer, with all that follows from them."""
    filled, reasons = derived.complete(statement.spec, values, absent)
    factors = (term.group for term in statement.spec.random)
    return FitResult(
        engine=engine,
        case=case,
        kind=statement.spec.kind,
        criterion=statement.spec.criterion,
        rows=statement.rows,
        groups=dict(zip(factors, statement.levels, strict=True)),
        design=Design(statement.coefficients, statement.model.X),
        values=filled,
        absent=reasons,
    )


def counts(statement: Statement, *, scale: bool) -> Numbers:
    """Return the numbers of rows, levels and parameters; with a scale sigma is one."""
    model = statement.model
    npar = model.p + model.slices[-1].stop + int(scale)
    levels: dict[Key, float] = {
        (term.group,): float(block.levels)
        for term, block in zip(statement.spec.random, model.blocks, strict=True)
    }
    return {
        "nobs": {(): float(model.n)},
        "ngroups": levels,
        "npar": {(): float(npar)},
        "df_resid": {(): float(model.n - npar)},
    }


def _optimum(statement: Statement, point: Point) -> Numbers:
    names = statement.coefficients
    return {
        "loglik": {(): -0.5 * point.deviance},
        "deviance": {(): point.deviance},
        "fixef": named(((name,) for name in names), point.beta),
        "sigma": {(): point.sigma},
        "vcov_conditional": square(names, point.vcov),
    }


def components(statement: Statement, theta: Vector, sigma: float) -> Numbers:
    """Return variances, correlations, theta and the singular flag; sigma is 1 without a scale."""
    model = statement.model
    variance: dict[Key, float] = {}
    correlation: dict[Key, float] = {}
    for term, names, covariance in zip(
        statement.spec.random, statement.terms, covariances(model, theta), strict=True
    ):
        spread = np.sqrt(np.diag(covariance))
        for i, row in enumerate(names):
            variance[term.group, row] = sigma**2 * float(covariance[i, i])
            for j, column in enumerate(names[:i]):
                if spread[i] * spread[j] > 0:
                    ratio = float(covariance[i, j] / (spread[i] * spread[j]))
                    correlation[term.group, row, column] = ratio
    diagonal = min(float(np.diag(factor).min()) for factor in factors(model, theta))
    numbers: Numbers = {
        "variance": variance,
        "theta": named(statement.theta_keys, theta),
        "singular": {(): float(diagonal < SINGULAR)},
    }
    return numbers | ({"correlation": correlation} if correlation else {})


def _predictions(statement: Statement, point: Point) -> Numbers:
    rows = [(row,) for row in statement.rows]
    weights = point.criterion.model.weights
    keys = list(statement.effects)
    return {
        "ranef": named(keys, point.b),
        "ranef_sd": named(keys, point.sigma * np.sqrt(point.system.variances)),
        "fitted": named(rows, point.criterion.model.y - point.resid),
        "resid": named(rows, point.resid),
        "scaled_resid_quantile": derived.quantiles(np.sqrt(weights) * point.resid / point.sigma),
    }


def _joint(statement: Statement, point: Point, values: Numbers) -> str:
    """Add the joint covariance of the fixed effects; return the reason where there is none.

    ``vcov + J (H / 2)^-1 J'`` with J the derivative of beta, H the Hessian of the deviance, both
    in vech(D): the fixed effects' block of the inverse joint observed information.
    """
    model = point.criterion.model
    if min(np.linalg.eigvalsh(c)[0] for c in covariances(model, point.theta)) <= SINGULAR**2:
        return _EDGE
    derivatives = differentiate(point)
    try:
        root = linalg.cho_factor(derivatives.hessian / 2.0)
    except np.linalg.LinAlgError:
        return _SADDLE
    extra = derivatives.beta @ linalg.cho_solve(root, derivatives.beta.T)
    values["vcov_joint"] = square(statement.coefficients, point.vcov + extra)
    return ""


def named(keys: Iterable[Key], numbers: Vector) -> dict[Key, float]:
    """Return numbers ``(k,)`` by name."""
    return dict(zip(keys, numbers.tolist(), strict=True))


def square(names: tuple[str, ...], matrix: NDArray[np.float64]) -> dict[Key, float]:
    """Return the entries of a matrix ``(p, p)`` by the names of row and column."""
    return {
        (row, column): float(matrix[i, j])
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    }


def theta_implied(statement: Statement, result: FitResult) -> Vector | None:
    """Return the theta that an answer's variances and correlations over sigma^2 imply, ``(m,)``.

    None where it gives too few of them.
    """
    values = result.values
    if not {"variance", "sigma"} <= set(values) or not values["sigma"][()] > 0:
        return None
    correlation = values.get("correlation", {})
    blocks = []
    for term, names in zip(statement.spec.random, statement.terms, strict=True):
        if any((term.group, name) not in values["variance"] for name in names):
            return None
        spread = np.sqrt([max(values["variance"][term.group, name], 0.0) for name in names])
        block = np.diag(spread**2)
        for i, row in enumerate(names):
            for j, column in enumerate(names[:i]):
                shared = correlation.get((term.group, row, column), 0.0)
                block[i, j] = block[j, i] = shared * spread[i] * spread[j]
        blocks.append(block / values["sigma"][()] ** 2)
    return theta_of(blocks)


def theta_vector(statement: Statement, theta: Mapping[Key, float]) -> Vector:
    """Return named elements of theta in the order of the model's arrays, ``(m,)``.

    Raises
    ------
    KeyError
        Where an element is missing, or one is there that the model does not have.
    """
    keys = statement.theta_keys
    if set(theta) != set(keys):
        raise KeyError(f"theta names {sorted(theta)}; the model has {sorted(keys)}")
    return np.array([theta[key] for key in keys])
