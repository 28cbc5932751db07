"""The criterion of a linear mixed model at given parameters (Bates et al. 2015, section 2).

``y = X beta + Z b + e`` with ``b ~ N(0, sigma^2 D)``, ``D = Lambda Lambda'``, and residual variance
``sigma^2 / weights``. ``V = W^-1 + Z D Z'`` is the covariance of y over sigma^2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from parity.criterion.covariance import factors, theta_of
from parity.criterion.penalised import Products, Structure, System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Matrix, Model, Vector


@dataclass(frozen=True)
class Criterion:
    """A linear mixed model's deviance as a function of its parameters.

    Attributes
    ----------
    model
        Response, X, blocks, weights, offset.
    reml
        Whether the criterion is the restricted likelihood.
    """

    model: Model
    reml: bool

    def __post_init__(self) -> None:
        """Refuse another family's model and one that leaves no residual."""
        if self.model.family != "gaussian":
            message = f"a linear mixed model is gaussian, not {self.model.family}"
            raise ValueError(message)
        if self.model.n <= self.model.p or not (self.model.weights > 0).all():
            message = "a linear mixed model needs more rows than coefficients, of positive weight"
            raise ValueError(message)

    @cached_property
    def structure(self) -> Structure:
        """Where the effects stand."""
        return Structure(self.model.blocks)

    @cached_property
    def products(self) -> Products:
        """Z'WZ."""
        return self.structure.products(self.model.weights)

    @cached_property
    def basis(self) -> tuple[Matrix, Matrix]:
        """Q ``(n, p)`` and R ``(p, p)``: X = Q R with Q'WQ = I.

        Columns far from 0 or nearly collinear would cost digits; those of Q are neither.
        """
        root = np.sqrt(self.model.weights)[:, None]
        orthonormal, triangle = np.linalg.qr(root * self.model.X)
        return orthonormal / root, triangle

    def of(self, response: Vector) -> Criterion:
        """Return the criterion at another response ``(n,)``; what does not depend on it is kept."""
        other = Criterion(replace(self.model, y=response), self.reml)
        # what is cached lies in the instance's dictionary, and a frozen one takes no assignment
        kept = {name: getattr(self, name) for name in ("structure", "products", "basis")}
        vars(other).update(kept)
        return other

    @property
    def degrees(self) -> int:
        """N for ML, n - p for REML."""
        return self.model.n - self.model.p if self.reml else self.model.n

    def at(self, theta: Vector) -> Point:
        """Return the criterion profiled over beta and sigma at theta ``(m,)``.

        Raises
        ------
        ValueError
            Where theta is not finite or has another length.
        """
        return self.through(factors(self.model, theta), theta)

    def through(self, parts: Sequence[Matrix], theta: Vector | None = None) -> Point:
        """Return the criterion where D = F F' with F ``(r, r)`` of each block, triangular or not.

        The point has the theta that is given, else that of D.
        """
        if theta is None:
            theta = theta_of([part @ part.T for part in parts])
        return Point(self, theta, System(self.products, parts))

    def deviance(self, theta: Vector) -> float:
        """Return the profiled deviance at theta: `Point.deviance`."""
        return self.at(theta).deviance


@dataclass(frozen=True)
class Point:
    """A linear mixed model at one theta, beta and sigma profiled out.

    Attributes
    ----------
    criterion
        Whose.
    theta
        ``(m,)``, over sigma.
    system
        The penalised system, factorised.
    """

    criterion: Criterion
    theta: Vector
    system: System

    @cached_property
    def _projected(self) -> Matrix:
        """A^-1 Lambda'Z'WQ, ``(q, p)``."""
        weights, Z = self.criterion.model.weights, self.criterion.structure.Z
        image = np.asarray(self.system.Lambda.T @ (Z.T @ (weights[:, None] * self._basis)))
        return self.system.solve(image)

    @property
    def _basis(self) -> Matrix:
        return self.criterion.basis[0]

    @cached_property
    def left(self) -> Matrix:
        """What the random effects leave of Q, ``(n, p)``: W^-1 V^-1 Q."""
        effects = self.system.Lambda @ self._projected
        explained = np.asarray(self.criterion.structure.Z @ effects, dtype=np.float64)
        return np.asarray(self._basis - explained)

    @cached_property
    def root(self) -> Matrix:
        """The lower Cholesky factor of Q'V^-1 Q, ``(p, p)``.

        What is left of Q, squared, and what was taken, squared: a sum loses no digits where the
        random effects explain nearly all of Q, and errors of either enter to second order.
        """
        weights, taken = self.criterion.model.weights, self._projected
        information = self.left.T @ (weights[:, None] * self.left) + taken.T @ taken
        return np.linalg.cholesky(np.asarray(information))

    @cached_property
    def logdet_information(self) -> float:
        """log|X'V^-1 X|."""
        pieces = [np.abs(np.diag(factor)) for factor in (self.root, self.criterion.basis[1])]
        return 2.0 * float(np.log(pieces).sum())

    @cached_property
    def _estimates(self) -> tuple[Vector, Vector]:
        """R beta ``(p,)`` and u ``(q,)``: the penalised least-squares problem, refined once.

        The second pass solves for what the residual of the first leaves, which takes the rounding
        error of the first out.
        """
        model, Z, scale = self.criterion.model, self.criterion.structure.Z, self.system.Lambda
        turned, u = np.zeros(model.p), np.zeros(self.criterion.structure.q)
        for _ in range(2):
            left = model.weights * self._residual(turned, u)
            towards_u = np.asarray(scale.T @ (Z.T @ left)) - u
            step = self.system.solve(towards_u[:, None])[:, 0]
            # Q'WZ Lambda times the step of u is what beta does not have to explain
            through = np.asarray(Z @ (scale @ step))
            gain = self._basis.T @ (left - model.weights * through)
            change = linalg.cho_solve((self.root, True), gain)
            turned = turned + change
            u = u + step - self._projected @ change
        return turned, u

    def _residual(self, turned: Vector, u: Vector) -> Vector:
        model, Z = self.criterion.model, self.criterion.structure.Z
        effects = np.asarray(self.system.Lambda @ u)
        fitted: Vector = model.offset + self._basis @ turned + np.asarray(Z @ effects)
        return model.y - fitted

    @cached_property
    def beta(self) -> Vector:
        """The fixed effects that minimise the criterion at theta, ``(p,)``: generalised LS."""
        return np.asarray(linalg.solve_triangular(self.criterion.basis[1], self._estimates[0]))

    @property
    def u(self) -> Vector:
        """The spherical random effects given the data, ``(q,)``."""
        return self._estimates[1]

    @cached_property
    def b(self) -> Vector:
        """The random effects given the data, ``(q,)``: Lambda u (Bates et al. 2015, eq. 14)."""
        return np.asarray(self.system.Lambda @ self.u)

    @cached_property
    def resid(self) -> Vector:
        """Y minus offset, X beta and Z b, ``(n,)``."""
        return self._residual(*self._estimates)

    @cached_property
    def pwrss(self) -> float:
        """The penalised weighted residual sum of squares r^2 (Bates et al. 2015, eq. 13)."""
        return float(self.criterion.model.weights @ self.resid**2 + self.u @ self.u)

    @cached_property
    def sigma(self) -> float:
        """The residual SD that minimises the criterion: r^2 over n, or n - p, rooted."""
        return float(np.sqrt(self.pwrss / self.criterion.degrees))

    @cached_property
    def _volume(self) -> float:
        """log|V|, for REML with log|X'V^-1 X|."""
        restricted = self.logdet_information if self.criterion.reml else 0.0
        return self.system.logdet + self.criterion.model.volume + restricted

    @cached_property
    def deviance(self) -> float:
        """-2 log-likelihood, profiled (Bates et al. 2015, eqs. 34 and 41).

        ``log|V| + n (1 + log(2 pi r^2 / n))``; for REML ``log|X'V^-1 X|`` is added and n is n - p.
        """
        degrees = self.criterion.degrees
        return self._volume + degrees * (1.0 + float(np.log(2.0 * np.pi * self.pwrss / degrees)))

    def deviance_at(self, beta: Vector, sigma: float) -> float:
        """Return -2 log-likelihood at theta, beta ``(p,)`` and residual SD sigma.

        ``log|V| + n log(2 pi sigma^2) + (r^2 + q(beta)) / sigma^2`` with q the distance
        ``(beta - beta_hat)' X'V^-1 X (beta - beta_hat)``. The restricted likelihood has no beta:
        for REML q is added all the same (as in lme4's profile), so that it is exact at beta_hat.
        """
        degrees = self.criterion.degrees
        apart = self.root.T @ (self.criterion.basis[1] @ (beta - self.beta))
        squares = self.pwrss + float(apart @ apart)
        constant = degrees * float(np.log(2.0 * np.pi * sigma**2))
        return self._volume + constant + squares / sigma**2

    @cached_property
    def vcov(self) -> Matrix:
        """Covariance of beta given theta, ``(p, p)``: sigma^2 (X'V^-1 X)^-1."""
        # X'V^-1 X = (R'L)(R'L)' with LL' = Q'V^-1 Q
        whole = self.criterion.basis[1].T @ self.root
        inverse = linalg.solve_triangular(whole, np.eye(len(whole)), lower=True)
        return self.sigma**2 * np.asarray(inverse.T @ inverse)
