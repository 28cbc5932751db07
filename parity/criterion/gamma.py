"""Gamma responses: logarithmic and inverse links."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from parity.criterion.distribution import HIGHEST, NEAR, Curve, Dispersed, divergence, exponential

if TYPE_CHECKING:
    from parity.criterion.distribution import Array
    from parity.criterion.model import Vector

_LARGE = 30.0
"""A shape from which five terms of Stirling's series have 16 digits."""


class _Gamma(Dispersed):
    """Shape 1 / phi and mean mu: ``k = -y / mu - log mu``, V = mu^2."""

    @abstractmethod
    def link(self, mu: Vector) -> Vector:
        """Return eta of a positive mu."""

    def variance(self, eta: Vector) -> Vector:
        return self.mean(eta) ** 2

    def residual(self, y: Vector, eta: Vector) -> Vector:
        return y - self.mean(eta)

    def excess(self, y: Vector, eta: Vector) -> Vector:
        """Return ``2 ((y - mu) / mu - log(y / mu))``."""
        mu = np.maximum(self.mean(eta), np.finfo(float).tiny)
        apart = y - mu
        far = apart / mu - np.log(y / mu)
        return 2.0 * np.where(np.abs(apart) < NEAR * mu, divergence(mu, -apart) / mu, far)

    def guess(self, y: Vector, weights: Vector) -> Vector:
        return self.link(y + 0.0 * weights)

    def level(self, dispersion: float) -> float:
        """Return ``2 (log Gamma(nu) - nu log nu + nu) + 1``, nu = 1 / phi the shape.

        The density's ``-2 (nu log(nu y / mu) - nu y / mu - log y - log Gamma(nu))``, where the
        rows' mean of ``y / mu - log(y / mu)`` is ``1 + phi / 2``.
        """
        shape = 1.0 / dispersion
        if shape < _LARGE:
            whole = math.lgamma(shape) - shape * math.log(shape) + shape
        else:  # as the difference would lose its digits
            whole = 0.5 * math.log(2.0 * math.pi / shape) + _stirling(shape)
        return 2.0 * whole + 1.0

    def rise(self, dispersion: float) -> float:
        """Return ``2 nu^2 (log nu - psi(nu))``."""
        shape = 1.0 / dispersion
        if shape < _LARGE:
            return 2.0 * shape**2 * (math.log(shape) - float(special.digamma(shape)))
        r = 1.0 / shape**2
        return shape + (1 / 6 - r * (1 / 60 - r * (1 / 126 - r * (1 / 120 - r / 66))))

    def term(self, y: Vector) -> Vector:
        return 2.0 * np.log(y)


class _Log(_Gamma):
    def curve(self, y: Array, eta: Array) -> Curve:
        ratio = y * exponential(-eta)
        # -eta is the kernel's slope far out; the expected value of the ratio is 1
        return Curve(-ratio - eta, ratio - 1.0, np.ones_like(ratio), ratio)

    def slope(self, eta: Array) -> Array:
        return np.zeros_like(eta)

    def mean(self, eta: Vector) -> Vector:
        return exponential(np.maximum(eta, -HIGHEST))

    def link(self, mu: Vector) -> Vector:
        return np.log(mu)


class _Inverse(_Gamma):
    """Canonical; where eta is not positive there is no mean, and the kernel is minus infinity."""

    def curve(self, y: Array, eta: Array) -> Curve:
        mu = self.mean(eta)
        kernel = np.where(eta > 0.0, -y * eta - np.log(mu), -np.inf)
        fisher = mu**2 + 0.0 * y
        return Curve(kernel, mu - y, fisher, fisher)

    def slope(self, eta: Array) -> Array:
        return -2.0 * self.mean(eta) ** 3

    def mean(self, eta: Vector) -> Vector:
        return 1.0 / np.where(eta > 0.0, eta, 1.0)

    def link(self, mu: Vector) -> Vector:
        return 1.0 / mu


LINKS: dict[str, Dispersed] = {"log": _Log(), "inverse": _Inverse()}


def _stirling(shape: float) -> float:
    """Return log Gamma(nu) less ``(nu - 1/2) log nu - nu + log(2 pi) / 2`` (DLMF 5.11.1)."""
    r = 1.0 / shape**2
    return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / shape
