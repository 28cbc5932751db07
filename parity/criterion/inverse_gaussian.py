"""Inverse Gaussian responses: the canonical link 1/mu^2.

The logarithmic link is left out: its kernel ``exp(-eta) - y exp(-2 eta) / 2`` is not concave where
``y < mu / 2``, so that the conditional mode may be one of several, and the criterion that takes
one of them depends on where its search began.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.distribution import Curve, Dispersed

if TYPE_CHECKING:
    from parity.criterion.distribution import Array
    from parity.criterion.model import Vector


class _InverseSquare(Dispersed):
    """Mean mu and V = mu^3: ``k = -y eta / 2 + sqrt(eta)``, ``eta = 1 / mu^2``.

    Where eta is not positive there is no mean, and the kernel is minus infinity. The score is
    ``(mu - y) / 2``: R's link is the canonical one but for its factor.
    """

    def curve(self, y: Array, eta: Array) -> Curve:
        mu = self.mean(eta)
        kernel = np.where(eta > 0.0, 1.0 / mu - 0.5 * y * eta, -np.inf)
        fisher = 0.25 * mu**3 + 0.0 * y
        return Curve(kernel, 0.5 * (mu - y), fisher, fisher)

    def slope(self, eta: Array) -> Array:
        return -0.375 * self.mean(eta) ** 5

    def mean(self, eta: Vector) -> Vector:
        return 1.0 / np.sqrt(np.where(eta > 0.0, eta, 1.0))

    def variance(self, eta: Vector) -> Vector:
        return self.mean(eta) ** 3

    def residual(self, y: Vector, eta: Vector) -> Vector:
        return y - self.mean(eta)

    def excess(self, y: Vector, eta: Vector) -> Vector:
        """Return ``(y - mu)^2 / (y mu^2)``."""
        mu = self.mean(eta)
        return ((y - mu) / mu) ** 2 / y

    def guess(self, y: Vector, weights: Vector) -> Vector:
        return 1.0 / y**2 + 0.0 * weights

    def level(self, dispersion: float) -> float:
        """Return ``log(2 pi phi) + 1``: of the density's ``excess / phi`` the mean is 1."""
        return math.log(2.0 * math.pi * dispersion) + 1.0

    def rise(self, dispersion: float) -> float:
        """Return ``1 / phi``."""
        return 1.0 / dispersion

    def term(self, y: Vector) -> Vector:
        return 3.0 * np.log(y)


LINKS: dict[str, Dispersed] = {"1/mu^2": _InverseSquare()}
