"""Means over a normal random effect, of what a link makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.criterion.model import Vector

ROUNDING = 8.0 * float(np.finfo(float).eps)
"""What an operation or two cost, relative."""
_COARSEST, _HALVINGS = 0.5, 12
_AGREED = 1e-13
"""Two sums that are equal to so many digits end the halving of the step; only rounding is left."""
_FARTHEST = 38.0
"""Where the normal density is no number any more."""
_ZEGER = 16.0 * np.sqrt(3.0) / (15.0 * np.pi)
"""A logistic curve is nearly a normal distribution function of this times its argument."""


class Link(NamedTuple):
    """A link g by its inverse h and both derivatives, element by element."""

    name: str
    mean: Callable[[Vector], Vector]
    slope: Callable[[Vector], Vector]
    link: Callable[[Vector], Vector]
    steepness: Callable[[Vector], Vector]


def _cloglog_slope(eta: Vector) -> Vector:
    with np.errstate(over="ignore"):  # exp(eta) is infinite where the slope is 0
        return np.asarray(np.exp(eta - np.exp(eta)))


def _cloglog_mean(eta: Vector) -> Vector:
    with np.errstate(over="ignore"):  # exp(eta) is infinite where the mean is 1
        return np.asarray(-np.expm1(-np.exp(eta)))


LINKS = {
    link.name: link
    for link in (
        Link(
            "logit",
            special.expit,
            lambda eta: special.expit(eta) * special.expit(-eta),
            special.logit,
            lambda mu: 1.0 / (mu * (1.0 - mu)),
        ),
        Link(
            "probit",
            special.ndtr,
            stats.norm.pdf,
            special.ndtri,
            lambda mu: 1.0 / stats.norm.pdf(special.ndtri(mu)),
        ),
        Link(
            "cloglog",
            _cloglog_mean,
            _cloglog_slope,
            lambda mu: np.log(-np.log1p(-mu)),
            lambda mu: -1.0 / ((1.0 - mu) * np.log1p(-mu)),
        ),
        Link("log", np.exp, np.exp, np.log, lambda mu: 1.0 / mu),
    )
}


@dataclass(frozen=True)
class Averages:
    """Integrals over the random effects.

    Attributes
    ----------
    values
        ``(k,)``.
    errors
        Of the quadrature, absolute, ``(k,)``: what halving the step last changed, and rounding.
    """

    values: Vector
    errors: Vector


def average(function: Callable[[Vector, Vector], Vector], eta: Vector, sd: Vector) -> Averages:
    """Return the mean of ``function(eta + sd x, x)`` over a standard normal x.

    By the trapezoidal rule, its step halved until the sum stands still: on a smooth integrand that
    vanishes at both ends each halving squares the error (Trefethen & Weideman 2014, theorem 5.1),
    so that the last change bounds what is left. Gauss-Hermite nodes converge far more slowly where
    sd is large, for the logistic curve is then steep between them.

    Parameters
    ----------
    function
        Of the linear predictors and x, both ``(k, nodes)`` by broadcasting; it grows no faster than
        exp(eta).
    eta, sd
        ``(k,)``.

    Raises
    ------
    ArithmeticError
        Where the sum does not stand still, or is no number.
    """
    eta, sd = np.asarray(eta, dtype=float)[:, None], np.asarray(sd, dtype=float)[:, None]
    # exp(sd x) moves the mass to sd, a normal tail further; nine SDs from there nothing is left
    peak = np.maximum(sd, np.abs(eta) * sd / (1.0 + sd**2))
    reach = min(9.0 + float(peak.max(initial=0.0)), _FARTHEST)
    step = _COARSEST

    def total(x: Vector) -> Vector:
        return np.asarray((function(eta + sd * x, x) * stats.norm.pdf(x)).sum(axis=1))

    half = np.ceil(reach / step)
    sums = total(np.arange(-half, half + 1.0) * step)
    for _ in range(_HALVINGS):
        finer = sums + total((np.arange(-half, half) + 0.5) * step)
        change = np.abs(finer * (step / 2.0) - sums * step)
        sums, step, half = finer, step / 2.0, 2.0 * half
        values = sums * step
        if not np.isfinite(values).all():
            break
        if (change <= _AGREED * np.abs(values)).all():
            # far in its tail a mean magnifies the rounding of eta, a normal one by eta^2
            rounding = ROUNDING * (1.0 + eta[:, 0] ** 2 / 8.0)
            return Averages(values, change + rounding * np.abs(values))
    raise ArithmeticError(
        f"the mean over random effects of SD {float(sd.max()):.4g} is not found to 13 digits"
    )


def attenuated(link: str, beta: float, sd: float) -> float | str:
    """Return the marginal slope that a formula gives, or why there is none.

    Logit: ``beta / sqrt(1 + c^2 sd^2)``, ``c = 16 sqrt(3) / (15 pi)``, an approximation (Zeger,
    Liang & Albert 1988, p. 1054). Probit: the same with c = 1, exact. Log: beta itself, exact.
    """
    if link == "log":
        return beta
    if link not in {"logit", "probit"}:
        return f"there is no formula for the {link} link"
    factor = 1.0 if link == "probit" else _ZEGER
    return float(beta / np.sqrt(1.0 + (factor * sd) ** 2))
