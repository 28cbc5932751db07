"""A generalised mixed model read as a statement on the population, its random effects averaged.

``E[y] = E h(X beta + Z b)``, h the inverse link: ``Z b`` has the variance ``z' D z``, and the mean
over it is an integral over one normal variable, whatever the structure of the random effects
(Diggle, Heagerty, Liang & Zeger 2002, section 7.4). A fixed effect is conditional: it holds where
the random effects are the same. Everything here is a function of theta and beta.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from parity.averaging import LINKS, ROUNDING, Averages, Link, average
from parity.criterion.covariance import covariances

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector
    from parity.design.statement import Statement

FAMILIES = ("binomial", "poisson")
"""Those of scale 1, where theta is the SD of the random effects itself."""


@dataclass(frozen=True)
class Population:
    """A generalised mixed model at theta and beta, averaged over its random effects.

    Attributes
    ----------
    statement
        The model.
    theta, beta
        ``(m,)`` and ``(p,)``.
    """

    statement: Statement
    theta: Vector
    beta: Vector

    def __post_init__(self) -> None:
        """Refuse what cannot be averaged.

        Raises
        ------
        ValueError
            Where the family has a dispersion, the link is unknown, or a random effect's column is
            no column of X, so that X does not say where it stands.
        """
        spec = self.statement.spec
        if spec.family not in FAMILIES or spec.link not in LINKS:
            known = f"{' or '.join(FAMILIES)} with link {', '.join(LINKS)}"
            raise ValueError(f"{spec.family}({spec.link}) is not averaged here; give {known}")
        missing = {name for names in self.statement.terms for name in names}
        missing -= {"(Intercept)", *self.statement.coefficients}
        if missing:
            raise ValueError(
                f"the random effects' columns {', '.join(sorted(missing))} are none of X's: "
                "a place in X does not say how the population varies there"
            )

    @property
    def link(self) -> Link:
        """The model's."""
        return LINKS[self.statement.spec.link]

    @cached_property
    def spread(self) -> Matrix:
        """The covariance S of ``Z b`` between places: its variance at x is ``x' S x``.

        ``(p + 1, p + 1)``; the first row is for an intercept, whether X has one or not.
        """
        names = ["", *self.statement.coefficients]
        total = np.zeros((len(names), len(names)))
        blocks = covariances(self.statement.model, self.theta)
        for terms, D in zip(self.statement.terms, blocks, strict=True):
            at = [0 if name == "(Intercept)" else names.index(name) for name in terms]
            total[np.ix_(at, at)] += D
        return total

    def sd(self, X: Matrix) -> Vector:
        """Return the SD of ``Z b`` at places ``(k, p)``, on the scale of the link, ``(k,)``."""
        Z = np.column_stack([np.ones(len(X)), X])
        variance: Vector = np.einsum("ij,jk,ik->i", Z, self.spread, Z)
        return np.sqrt(np.maximum(variance, 0.0))

    def conditional(self, X: Matrix) -> Vector:
        """Return the mean at places ``(k, p)`` where every random effect is 0, ``(k,)``.

        On a monotone link that is the median over the population of groups, not its mean.
        """
        return self.link.mean(X @ self.beta)

    def means(self, X: Matrix) -> Averages:
        """Return the population's mean at places ``(k, p)``."""
        eta, sd, link = X @ self.beta, self.sd(X), self.link
        if link.name == "log":  # the mean of a log-normal variable, exact
            values = np.exp(eta + sd**2 / 2.0)
            return Averages(values, ROUNDING * (1.0 + np.abs(eta) + sd**2) * values)
        return average(lambda z, _: link.mean(z), eta, sd)

    def slopes(self, X: Matrix) -> tuple[Matrix, Matrix]:
        """Return the marginal slopes on the link's scale, and their errors, ``(k, p)`` each.

        ``d g(E h) / dx_j = g'(E h) (beta_j E h' + (S x)_j E[x h'] / sd)``, the last term where the
        column varies between groups: the derivative in one column of X, the others held.
        """
        link, sd, means = self.link, self.sd(X), self.means(X)
        eta = X @ self.beta
        if link.name == "log":
            spread = (np.column_stack([np.ones(len(X)), X]) @ self.spread)[:, 1:]
            slopes = self.beta + spread
            return slopes, ROUNDING * np.abs(slopes)
        steep = average(lambda z, _: link.slope(z), eta, sd)
        across = self._across(X, eta, sd)
        inner = steep.values[:, None] * self.beta + across.values
        inner_error = steep.errors[:, None] * np.abs(self.beta) + across.errors
        scale = link.steepness(means.values)[:, None]
        relative = (means.errors / np.minimum(means.values, 1.0 - means.values))[:, None]
        return scale * inner, scale * (inner_error + relative * np.abs(inner))

    def _across(self, X: Matrix, eta: Vector, sd: Vector) -> _Grid:
        """Return what a column's own random effect adds to the slope of the mean, ``(k, p)``."""
        spread = (np.column_stack([np.ones(len(X)), X]) @ self.spread)[:, 1:]
        if not spread.any():
            return _Grid(np.zeros_like(spread), np.zeros_like(spread))
        link = self.link
        # E x^2 = 1 is added for the sum to be held against 1: E[x h'] itself may be 0
        turned = average(lambda z, x: x**2 + x * link.slope(z), eta, sd)
        share = spread / np.where(sd > 0.0, sd, 1.0)[:, None]
        return _Grid(share * (turned.values - 1.0)[:, None], np.abs(share) * turned.errors[:, None])


class _Grid(NamedTuple):
    values: Matrix
    errors: Matrix


class Ratio(NamedTuple):
    """exp(beta) with its 95 % Wald limits."""

    estimate: float
    lower: float
    upper: float


RATIOS = {"logit": "odds ratio", "log": "rate ratio", "cloglog": "hazard ratio"}
"""What exp(beta) is on a link, conditional on the random effects; on a probit link, nothing."""


def ratio(link: str, beta: float, se: float) -> Ratio | str:
    """Return exp of a coefficient with limits, or why it means nothing.

    Parameters
    ----------
    link
        The model's.
    beta, se
        A fixed effect and its standard error.
    """
    if link not in RATIOS:
        return f"exp of a coefficient has no meaning on the {link} link"
    z = float(stats.norm.ppf(0.975))
    with np.errstate(over="ignore"):  # a limit beyond floating point is infinite
        ends = np.exp([beta, beta - z * se, beta + z * se])
    return Ratio(*ends.tolist())
