"""Conditional distributions of a response given its linear predictor eta, at unit weight.

The log-density of one observation is ``w k(y, eta) + c(y, w)`` with prior weight w: the kernel k
carries all that depends on eta, the constant c all that does not. Every function is exact to
rounding in the tails too, where ``1 - mu`` would lose its digits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Vector

    Array: TypeAlias = NDArray[np.float64]

HIGHEST = 300.0
"""Where exp(eta) is cut off: its square still is a number, and its deviance beyond any other."""
NEAR = 1e-2
"""How near y is to mu, as a share of y, for nine terms of a series to have 16 digits."""


class Curve(NamedTuple):
    """A kernel and its derivatives in eta, at unit weight, each of eta's shape.

    Attributes
    ----------
    kernel
        ``k``.
    score
        ``dk / deta``.
    fisher
        ``(dmu / deta)^2 / V(mu)``, the expected value of ``observed``: lme4's weight.
    observed
        ``-d2k / deta2``; the same array as ``fisher`` where the link is canonical. Not negative,
        for each kernel here is concave.
    """

    kernel: Array
    score: Array
    fisher: Array
    observed: Array


class Family(ABC):
    """A distribution with a link, of dispersion 1."""

    @abstractmethod
    def curve(self, y: Array, eta: Array) -> Curve:
        """Return kernel, score and weights of responses at linear predictors, broadcast."""

    @abstractmethod
    def slope(self, eta: Array) -> Array:
        """Return d fisher / deta at unit weight, of eta's shape."""

    @abstractmethod
    def constant(self, y: Vector, weights: Vector) -> Vector:
        """Return what the log-density has besides ``w k``, ``(n,)``; 0 where the weight is 0."""

    @abstractmethod
    def mean(self, eta: Vector) -> Vector:
        """Return mu, ``(n,)``: the inverse link."""

    @abstractmethod
    def variance(self, eta: Vector) -> Vector:
        """Return the variance function V(mu) at unit weight, ``(n,)``."""

    @abstractmethod
    def residual(self, y: Vector, eta: Vector) -> Vector:
        """Return y - mu, ``(n,)``, exact also where both are near 1."""

    def standardised(self, y: Vector, eta: Vector) -> Vector:
        """Return ``(y - mu) / sqrt(V(mu))``, ``(n,)``: Pearson's residual at unit weight."""
        variance = np.maximum(self.variance(eta), np.finfo(float).tiny)
        return self.residual(y, eta) / np.sqrt(variance)

    @abstractmethod
    def excess(self, y: Vector, eta: Vector) -> Vector:
        """Return ``2 (k(saturated) - k)``, ``(n,)``: R's unit deviance, at least 0."""

    @abstractmethod
    def guess(self, y: Vector, weights: Vector) -> Vector:
        """Return a linear predictor ``(n,)`` that is finite and near the response's own."""


class Dispersed(Family):
    """A distribution with a dispersion phi, which divides kernel and weights; y is positive.

    Its kernel is linear in y, and all else is stated at phi = 1. The log-density at phi is known
    from `excess` alone up to a term in y: it is no sum of ``w k`` and a constant.
    """

    def constant(self, y: Vector, weights: Vector) -> Vector:
        """Refuse: there is a constant at a given dispersion only.

        Raises
        ------
        ValueError
            Always.
        """
        del y, weights
        message = (
            "this family has a dispersion, and no likelihood without it; its criterion is"
            " parity.criterion.dispersion.DispersedCriterion"
        )
        raise ValueError(message)

    @abstractmethod
    def level(self, dispersion: float) -> float:
        """Return -2 log-density at mean unit deviance phi, per unit of weight, less `term`."""

    @abstractmethod
    def rise(self, dispersion: float) -> float:
        """Return the derivative of `level`."""

    @abstractmethod
    def term(self, y: Vector) -> Vector:
        """Return what -2 log-density has of y alone, per unit of weight, ``(n,)``."""


def exponential(eta: Array) -> Array:
    """Return exp(eta), cut off where its square would overflow."""
    return np.exp(np.minimum(eta, HIGHEST))


def divergence(y: Vector, apart: Vector) -> Vector:
    """Return ``y log(y / mu) - (y - mu)``, at least 0, given ``apart = y - mu`` below y / 100.

    As ``y (x - log(1 + x))`` with ``x = (mu - y) / y``, by its series: a difference of kernels
    would be rounding alone.
    """
    base = np.where(y > 0.0, y, 1.0)
    x = np.clip(-apart / base, -NEAR, NEAR)
    series = np.zeros_like(x)
    for power in range(9, 1, -1):
        series = 1.0 / power - x * series
    return np.asarray(base * x**2 * series)
