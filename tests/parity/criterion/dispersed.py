"""Models of families with a dispersion, and lme4's criterion of them once more, slowly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from parity.criterion.covariance import factors
from parity.criterion.distribution import Dispersed
from parity.criterion.family import family_of
from tests.parity.criterion.generalised import layout, model_of

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Model, Vector

Named = tuple[str, str]
GAMMA_LOG, GAMMA_INVERSE, INVERSE_GAUSSIAN = LINKS = [
    ("Gamma", "log"), ("Gamma", "inverse"), ("inverse.gaussian", "1/mu^2"),
]  # fmt: skip


def dispersed(named: Named) -> Dispersed:
    family = family_of(*named)
    assert isinstance(family, Dispersed)
    return family


def log_density(named: Named, y: Vector, mu: Vector, dispersion: float) -> Vector:
    """SciPy's: its inverse Gaussian has mean ``mu`` times ``scale``, the latter 1 / phi."""
    if named[0] == "Gamma":
        return np.asarray(stats.gamma.logpdf(y, 1.0 / dispersion, scale=mu * dispersion))
    return np.asarray(stats.invgauss.logpdf(y, mu * dispersion, scale=1.0 / dispersion))


def example(named: Named, name: str) -> Model:
    """Return a model of a layout with positive responses and means; the offset keeps eta off 0."""
    model = model_of(("poisson", "log"), *layout(name))
    draw = np.random.default_rng(7)
    return replace(
        model,
        y=draw.gamma(2.0, 0.6, model.n) + 0.05,
        weights=draw.integers(1, 4, model.n).astype(np.float64),
        offset=model.offset + (0.0 if named == GAMMA_LOG else 2.5),
        family=named[0],
        link=named[1],
    )


def somewhere(model: Model) -> tuple[Vector, Vector]:
    """Return a theta and beta that are no optimum, and positive means."""
    pieces = [[0.3] if block.width == 1 else [0.25, 0.1, 0.2] for block in model.blocks]
    return np.concatenate(pieces), np.array([0.2, 0.15])


@dataclass(frozen=True)
class Slow:
    """The definition: dense matrices, Newton's steps, densities of SciPy's."""

    model: Model
    theta: Vector
    beta: Vector

    @property
    def named(self) -> Named:
        return self.model.family, self.model.link

    def Z(self) -> Matrix:
        parts, n = [], self.model.n
        for block, factor in zip(self.model.blocks, factors(self.model, self.theta), strict=True):
            part = np.zeros((n, block.levels, block.width))
            part[np.arange(n), block.codes] = block.columns @ factor
            parts.append(part.reshape(n, -1))
        return np.concatenate(parts, axis=1)

    def mean(self, eta: Vector) -> tuple[Vector, Vector, Vector]:
        """Return mu, dmu / deta and V(mu)."""
        if self.named == GAMMA_LOG:
            return np.exp(eta), np.exp(eta), np.exp(2 * eta)
        if self.named == GAMMA_INVERSE:
            return 1 / eta, -1 / eta**2, 1 / eta**2
        return eta**-0.5, -0.5 * eta**-1.5, eta**-1.5

    def unit_deviance(self, mu: Vector) -> Vector:
        y = self.model.y
        if self.model.family == "Gamma":
            return np.asarray(2 * (y / mu - 1 - np.log(y / mu)))
        return np.asarray((y - mu) ** 2 / (y * mu**2))

    def deviance(self) -> float:
        """Weigh D by Fisher scoring, whose fixed point is the mode; then the stated sum."""
        model, Z = self.model, self.Z()
        u: Vector = np.zeros(Z.shape[1])
        for _ in range(400):
            mu, slope, variance = self.mean(model.offset + model.X @ self.beta + Z @ u)
            weights = model.weights * slope**2 / variance
            A = Z.T @ (weights[:, None] * Z) + np.eye(len(u))
            pull = Z.T @ (weights * (model.y - mu) / slope) - u
            u = u + 0.5 * np.linalg.solve(A, pull)  # half a step: whole ones may leave eta > 0
        D = float(model.weights @ self.unit_deviance(mu))
        dispersion = D / model.weights.sum()
        logs = model.weights @ log_density(self.named, model.y, mu, dispersion)
        return float(-2 * logs + 2 + u @ u + np.linalg.slogdet(A)[1])
