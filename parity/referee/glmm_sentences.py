"""What was optimised and what was proven of a generalised mixed model, in plain sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flint import ctx

from parity.referee.glmm_optimum import NODES
from parity.referee.numerals import decimal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.referee.glmm_values import Found

_MODE = (
    "A group's conditional mode b maximises p(y | b) N(b; 0, theta^2), and its curvature there is "
    "h = 1 / theta^2 + sum m z^2 B''(eta), with B = log(1 + e^eta) for binomial and B = e^eta for "
    "poisson responses."
)
_OBJECTIVES = {
    "Laplace": (
        "The criterion is Laplace's approximation (nAGQ = 1 in lme4): the integral over a group's "
        "b of p(y | b) N(b; 0, theta^2) is taken to be the integrand at the mode times "
        "sqrt(2 pi / h)."
    ),
    "integral": (
        "The criterion is the marginal likelihood itself: the integral over each group's b of "
        "p(y | b) N(b; 0, theta^2), no approximation. It is computed as a trapezoidal sum; the "
        "error of the sum, and by Cauchy's estimates that of its first and second derivatives, "
        "is bounded by the modulus of the integrand in a complex strip, and is part of every "
        "enclosure."
    ),
}
_QUADRATURE = (
    "The criterion is adaptive Gauss-Hermite quadrature (nAGQ = {nodes} in lme4): the integral "
    "over a group's b of g(b) = p(y | b) N(b; 0, theta^2) is taken to be h^(-1/2) sum w_k "
    "sqrt(2 pi) exp(x_k^2 / 2) g(mode + x_k h^(-1/2)), with x_k the roots of the Hermite "
    "polynomial He_{nodes} and w_k the weights that sum to 1."
)
_CONSTANTS = (
    "The log-likelihood has all its constants (log binomial coefficients; log y!). For nAGQ > 1 "
    "lme4 1.1-31 leaves out the log-likelihood of the saturated model, which is 0 for binary "
    "responses only."
)
_ERRORS = (
    "se_joint, vcov_joint: the block of beta in twice the inverse Hessian of the deviance in "
    "(theta, beta). se_conditional, vcov_conditional: (X'WX - X'WZ L (L'Z'WZ L + I)^-1 "
    "L'Z'WX)^-1 with L = theta I and W the variances m B''(eta) at the modes."
)
_PREDICTIONS = (
    "ranef are the conditional modes at the estimates, ranef_sd is h^(-1/2), and Pearson residuals "
    "are (y - mean) / sd at the modes, whichever criterion gave the estimates."
)
_REST = (
    "Every other value is enclosed over the proven box; digits are written as far as both ends "
    "of its enclosure round to them."
)
_SHARES = (
    "The response is the share of successes in as many trials as {weights} says; its count is the "
    "whole number whose quotient by the trials rounds to the double that the written share is read "
    "as."
)
_LOCAL = "The optimum is proven to be a strict local one; that no other is lower is not proven."


def statements(found: Found, objective: str) -> tuple[str, ...]:
    """Return definitions and proofs, one sentence or two each."""
    return tuple(_statements(found, objective))


def _statements(found: Found, objective: str) -> Iterator[str]:
    yield (
        "Each covariate is the decimal number written in the file; counts and sizes are whole "
        "numbers; rows of one group with equal covariates are merged, which is exact."
    )
    if found.statement.spec.weights:
        yield _SHARES.format(weights=found.statement.spec.weights)
    yield _MODE
    yield _OBJECTIVES.get(objective) or _QUADRATURE.format(nodes=NODES[objective])
    yield _CONSTANTS
    yield _ERRORS
    yield _PREDICTIONS
    yield from _edge(found) if found.optimum.slope is not None else _interior(found)
    yield _LOCAL
    yield _REST


def _interior(found: Found) -> Iterator[str]:
    yield (
        f"Krawczyk's test in {ctx.prec}-bit ball arithmetic proves that the criterion has exactly "
        f"one stationary point (theta^2, beta) within {_power(found)} standard errors of the "
        "optimum given."
    )
    yield (
        "The Hessian is positive definite throughout that box (its leading minors are positive): "
        "the stationary point is a strict local minimum of -2 log-likelihood."
    )
    yield (
        "Gradient and Hessian, on which both proofs rest, were held against differences of the "
        "criterion by Taylor's formula in ball arithmetic."
    )


def _edge(found: Found) -> Iterator[str]:
    slope = found.optimum.slope
    assert slope is not None  # noqa: S101 - the caller asks
    yield (
        "The variance is exactly 0: the derivative of -2 log-likelihood by the variance, from the "
        f"right, is {decimal(slope, 12)} there, above 0. It is the same for Laplace's "
        "approximation, quadrature and the integral."
    )
    yield (
        f"With the variance 0, Krawczyk's test in {ctx.prec}-bit ball arithmetic proves exactly "
        f"one stationary point beta within {_power(found)} standard errors of the one given, and "
        "the Hessian is positive definite throughout that box: the optimum is a strict local one "
        "on variance >= 0."
    )


def _power(found: Found) -> str:
    """Return the box's radius, rounded down to a power of ten."""
    return f"1e{math.floor(float((found.optimum.radius.log() / math.log(10)).mid()))}"
