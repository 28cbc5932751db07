"""The families by name and link; Poisson's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from parity.criterion import binomial, gamma, inverse_gaussian
from parity.criterion.distribution import NEAR, Curve, Family, divergence, exponential

if TYPE_CHECKING:
    from parity.criterion.distribution import Array
    from parity.criterion.model import Vector


class _Poisson(Family):
    """Counts: ``k = y eta - exp(eta)``, link log."""

    def curve(self, y: Array, eta: Array) -> Curve:
        mu = exponential(eta)
        return Curve(y * eta - mu, y - mu, mu, mu)

    def slope(self, eta: Array) -> Array:
        return exponential(eta)

    def constant(self, y: Vector, weights: Vector) -> Vector:
        """Return -w log y!."""
        return np.asarray(-weights * special.gammaln(y + 1.0))

    def mean(self, eta: Vector) -> Vector:
        return exponential(eta)

    def variance(self, eta: Vector) -> Vector:
        return exponential(eta)

    def residual(self, y: Vector, eta: Vector) -> Vector:
        return y - exponential(eta)

    def excess(self, y: Vector, eta: Vector) -> Vector:
        apart = self.residual(y, eta)
        far = special.xlogy(y, y) - y - self.curve(y, eta).kernel
        return 2.0 * np.where(np.abs(apart) < NEAR * y, divergence(y, apart), far)

    def guess(self, y: Vector, weights: Vector) -> Vector:
        return np.log(y + 0.1 + 0.0 * weights)


_FAMILIES: dict[tuple[str, str], Family] = {
    **{("binomial", link): family for link, family in binomial.LINKS.items()},
    ("poisson", "log"): _Poisson(),
    **{("Gamma", link): family for link, family in gamma.LINKS.items()},
    **{("inverse.gaussian", link): family for link, family in inverse_gaussian.LINKS.items()},
}


def family_of(name: str, link: str) -> Family:
    """Return a family with a link.

    Raises
    ------
    ValueError
        Where there is none of that name and link; it lists those that there are.
    """
    if (name, link) not in _FAMILIES:
        known = ", ".join(f"{family}({link})" for family, link in _FAMILIES)
        message = f"no criterion for {name}({link}); there are {known}"
        raise ValueError(message)
    return _FAMILIES[name, link]
