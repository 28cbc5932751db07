"""Binomial responses: logit, probit and complementary log-log links."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from parity.criterion.distribution import HIGHEST, NEAR, Curve, Family, divergence, exponential

if TYPE_CHECKING:
    from parity.criterion.distribution import Array
    from parity.criterion.model import Vector


class _Binomial(Family):
    """Shares y of w trials: ``k = y log mu + (1 - y) log(1 - mu)``."""

    @abstractmethod
    def tails(self, eta: Vector) -> tuple[Vector, Vector]:
        """Return mu and 1 - mu, neither as the difference of the other from 1."""

    @abstractmethod
    def link(self, mu: Vector) -> Vector:
        """Return eta of mu strictly within 0 and 1."""

    def constant(self, y: Vector, weights: Vector) -> Vector:
        """Return log C(w, w y); by the gamma function where these are no whole numbers."""
        successes, failures = weights * y, weights * (1.0 - y)
        logs = special.gammaln(successes + 1.0) + special.gammaln(failures + 1.0)
        return np.asarray(special.gammaln(weights + 1.0) - logs)

    def mean(self, eta: Vector) -> Vector:
        return self.tails(eta)[0]

    def variance(self, eta: Vector) -> Vector:
        mu, complement = self.tails(eta)
        return mu * complement

    def residual(self, y: Vector, eta: Vector) -> Vector:
        mu, complement = self.tails(eta)
        return np.where(mu > complement, complement - (1.0 - y), y - mu)

    def excess(self, y: Vector, eta: Vector) -> Vector:
        apart = self.residual(y, eta)
        saturated = special.xlogy(y, y) + special.xlogy(1.0 - y, 1.0 - y)
        far = saturated - self.curve(y, eta).kernel
        near = divergence(y, apart) + divergence(1.0 - y, -apart)
        return 2.0 * np.where(np.abs(apart) < NEAR * np.minimum(y, 1.0 - y), near, far)

    def guess(self, y: Vector, weights: Vector) -> Vector:
        return self.link((weights * y + 0.5) / (weights + 1.0))


class _Logit(_Binomial):
    def curve(self, y: Array, eta: Array) -> Curve:
        odds = np.exp(-np.abs(eta))
        large = 1.0 / (1.0 + odds)
        small = odds * large
        upper = eta >= 0.0
        # max(eta, 0) - y eta is exactly 0 where a success is certain, as is 1 - y
        kernel = y * eta - np.maximum(eta, 0.0) - np.log1p(odds)
        score = np.where(upper, small - (1.0 - y), y - small)
        fisher = large * small
        return Curve(kernel, score, fisher, fisher)

    def slope(self, eta: Array) -> Array:
        odds = np.exp(-np.abs(eta))
        return np.asarray(-np.tanh(0.5 * eta) * odds / (1.0 + odds) ** 2)

    def tails(self, eta: Vector) -> tuple[Vector, Vector]:
        return np.asarray(special.expit(eta)), np.asarray(special.expit(-eta))

    def link(self, mu: Vector) -> Vector:
        return np.asarray(special.logit(mu))


class _Probit(_Binomial):
    def curve(self, y: Array, eta: Array) -> Curve:
        below, above = _hazard(-eta), _hazard(eta)
        failing = 1.0 - y
        kernel = y * special.log_ndtr(eta) + failing * special.log_ndtr(-eta)
        observed = y * below * _over(-eta, below) + failing * above * _over(eta, above)
        return Curve(kernel, y * below - failing * above, below * above, observed)

    def slope(self, eta: Array) -> Array:
        below, above = _hazard(-eta), _hazard(eta)
        return below * above * (_over(eta, above) - _over(-eta, below))

    def tails(self, eta: Vector) -> tuple[Vector, Vector]:
        return np.asarray(special.ndtr(eta)), np.asarray(special.ndtr(-eta))

    def link(self, mu: Vector) -> Vector:
        return np.asarray(special.ndtri(mu))


class _Cloglog(_Binomial):
    """With ``t = exp(eta)``, ``mu = 1 - exp(-t)`` and ``r = t / (exp(t) - 1)``."""

    def curve(self, y: Array, eta: Array) -> Curve:
        t, ratio = _hazards(eta)
        failing = 1.0 - y
        # log(1 - exp(-t)): for small t as eta + log((1 - exp(-t)) / t), as t itself may be 0
        rare = np.minimum(eta, HIGHEST) + np.log(_share(t))
        happening = np.where(t < 1.0, rare, np.log1p(-np.exp(-np.maximum(t, 1.0))))
        kernel = y * happening - failing * t
        observed = y * ratio * _beyond(t, ratio) + failing * t
        return Curve(kernel, y * ratio - failing * t, t * ratio, observed)

    def slope(self, eta: Array) -> Array:
        t, ratio = _hazards(eta)
        return t * ratio * (1.0 - _beyond(t, ratio))

    def tails(self, eta: Vector) -> tuple[Vector, Vector]:
        t = exponential(eta)
        return -np.expm1(-t), np.exp(-t)

    def link(self, mu: Vector) -> Vector:
        return np.log(-np.log1p(-mu))


LINKS: dict[str, Family] = {"logit": _Logit(), "probit": _Probit(), "cloglog": _Cloglog()}


def _hazard(eta: Array) -> Array:
    """Return phi(eta) / Phi(-eta), 0 in the lower tail."""
    return np.asarray(np.sqrt(2.0 / np.pi) / special.erfcx(eta * np.sqrt(0.5)))


def _over(eta: Array, hazard: Array) -> Array:
    """Return hazard - eta, positive: by its series where the difference would lose digits."""
    far = np.maximum(eta, 100.0) ** -1.0
    series = far * (1.0 - far**2 * (2.0 - far**2 * 10.0))
    return np.where(eta > 100.0, series, hazard - eta)  # noqa: PLR2004 - both have 12 digits there


def _hazards(eta: Array) -> tuple[Array, Array]:
    """Return t and t / expm1(t)."""
    t = exponential(eta)
    bounded = np.clip(t, 1e-300, 700.0)
    return t, np.where(t < 700.0, bounded / np.expm1(bounded), 0.0)  # noqa: PLR2004 - exp's range


def _share(t: Array) -> Array:
    """Return (1 - exp(-t)) / t, 1 at 0."""
    bounded = np.maximum(t, 1e-300)
    return np.asarray(-np.expm1(-bounded) / bounded)


def _beyond(t: Array, ratio: Array) -> Array:
    """Return t + r - 1, at least 0: by its series where the difference would lose digits."""
    few = np.minimum(t, 1e-2)
    series = few * (0.5 + few * (1.0 / 12.0 - few**2 / 720.0))
    return np.where(t < 1e-2, series, t + ratio - 1.0)  # noqa: PLR2004 - both have 14 digits there
