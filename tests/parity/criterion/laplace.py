"""The deviance of a generalised model once more, slowly: dense matrices, densities of SciPy's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from parity.criterion.covariance import factors

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Model, Vector

_SCORING = 300


@dataclass(frozen=True)
class Slow:
    """A model at theta and beta; the mode by Fisher scoring with halved steps."""

    model: Model
    theta: Vector
    beta: Vector

    @cached_property
    def Z(self) -> Matrix:
        """Z Lambda, ``(n, q)``, block by block."""
        parts, n = [], self.model.n
        for block, factor in zip(self.model.blocks, factors(self.model, self.theta), strict=True):
            part = np.zeros((n, block.levels, block.width))
            part[np.arange(n), block.codes] = block.columns @ factor
            parts.append(part.reshape(n, -1))
        return np.concatenate(parts, axis=1)

    def eta(self, u: Vector) -> Vector:
        return np.asarray(self.model.offset + self.model.X @ self.beta + self.Z @ u)

    def mean(self, eta: Vector) -> tuple[Vector, Vector]:
        """Return mu and dmu / deta."""
        link = self.model.link
        if link == "logit":
            return stats.logistic.cdf(eta), stats.logistic.pdf(eta)
        if link == "probit":
            return stats.norm.cdf(eta), stats.norm.pdf(eta)
        if link == "cloglog":
            return -np.expm1(-np.exp(eta)), np.exp(eta - np.exp(eta))
        return np.exp(eta), np.exp(eta)

    def loglik(self, eta: Vector) -> float:
        model, mu = self.model, self.mean(eta)[0]
        if model.family == "poisson":
            return float(model.weights @ stats.poisson.logpmf(model.y, mu))
        successes = np.round(model.weights * model.y)
        return float(np.sum(stats.binom.logpmf(successes, model.weights, mu)))

    def weights(self, eta: Vector) -> Vector:
        mu, slope = self.mean(eta)
        variance = mu if self.model.family == "poisson" else mu * (1.0 - mu)
        return np.asarray(self.model.weights * slope**2 / variance)

    def penalised(self, u: Vector) -> float:
        return float(u @ u) - 2.0 * self.loglik(self.eta(u))

    @cached_property
    def u(self) -> Vector:
        """The mode, ``(q,)``."""
        u: Vector = np.zeros(self.Z.shape[1])
        for _ in range(_SCORING):
            eta = self.eta(u)
            (mu, slope), weights = self.mean(eta), self.weights(eta)
            pull = self.Z.T @ (weights * (self.model.y - mu) / slope) - u
            step = np.linalg.solve(self.A(weights), pull)
            while self.penalised(u + step) > self.penalised(u) + 1e-9:  # rounding of the sum
                step /= 2.0
            u = u + step
        return u

    def A(self, weights: Vector) -> Matrix:
        return np.asarray(self.Z.T @ (weights[:, None] * self.Z) + np.eye(self.Z.shape[1]))

    @cached_property
    def deviance(self) -> float:
        """Laplace's approximation, Fisher weights."""
        logdet = np.linalg.slogdet(self.A(self.weights(self.eta(self.u))))[1]
        return self.penalised(self.u) + float(logdet)
