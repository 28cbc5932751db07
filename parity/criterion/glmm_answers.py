"""What follows from a generalised linear mixed model's criterion at a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from parity.criterion.covariance import factors
from parity.criterion.mode import project
from parity.criterion.penalised import System

if TYPE_CHECKING:
    from parity.criterion.glmm import Point
    from parity.criterion.model import Matrix, Vector


def vcov_joint(hessian: Matrix, p: int) -> Matrix:
    """Return the covariance of beta ``(p, p)`` from a Hessian of the deviance in theta and beta.

    The block of twice its inverse, for it is one of -2 log-likelihood: lme4's default. Directions
    of theta without curvature are left out: at a boundary D determines theta only in part.

    Parameters
    ----------
    hessian
        ``(m + p, m + p)``, theta first.
    p
        The number of fixed effects.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where it is not positive definite in beta.
    """
    m = len(hessian) - p
    own, across = hessian[:m, :m], hessian[:m, m:]
    diagonal = np.abs(np.diag(own))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    # below 1e-7 of a unit diagonal there is only the differences' rounding
    inner = np.linalg.pinv(scale[:, None] * own * scale, rcond=1e-7, hermitian=True)
    scaled = scale[:, None] * across
    schur = hessian[m:, m:] - scaled.T @ inner @ scaled
    return 2.0 * _inverse(schur, "the Hessian of the deviance in beta")


def _inverse(matrix: Matrix, what: str) -> Matrix:
    message = f"{what} is not positive definite, so that there is no covariance of beta"
    diagonal = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (diagonal > 0.0).all()):
        raise np.linalg.LinAlgError(message)
    scale = 1.0 / np.sqrt(diagonal)
    try:
        root = linalg.cho_factor(scale[:, None] * matrix * scale, lower=True)
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(message) from error
    inverse = np.asarray(linalg.cho_solve(root, np.eye(len(matrix))))
    return scale[:, None] * inverse * scale


@dataclass(frozen=True)
class Answers:
    """The quantities of a model at one theta and beta, in the order of the model as given.

    Attributes
    ----------
    point
        The criterion there.
    """

    point: Point

    @cached_property
    def vcov_conditional(self) -> Matrix:
        """Covariance of beta given theta, ``(p, p)``: (R_X'R_X)^-1 (Bates et al. 2015, eq. 54).

        R_X as in lmer, at the Fisher weights of the conditional mode: lme4's use.hessian = FALSE.
        """
        state = self.point.state
        return _inverse(project(state, state.precision).information, "X'V^-1 X")

    @cached_property
    def u(self) -> Vector:
        """The conditional modes of the spherical effects, ``(q,)``."""
        return self.point.state.crossed.pattern.rows.public(self.point.state.u)

    @cached_property
    def system(self) -> System:
        """A at the Fisher weights of the mode, in the model's order of effects."""
        state, structure = self.point.state, self.point.criterion.problem.rows.structure
        products = structure.products(state.precision.weights)
        return System(products, factors(self.point.criterion.model, self.point.theta))

    @cached_property
    def b(self) -> Vector:
        """The conditional modes of the random effects, ``(q,)``: Lambda u."""
        return np.asarray(self.system.Lambda @ self.u)

    @cached_property
    def variances(self) -> Vector:
        """The conditional variances of b given beta, ``(q,)``: diagonal of Lambda A^-1 Lambda'."""
        system = self.system
        structure = system.products.structure
        result = np.empty(structure.q)
        for _, piece in structure.chunks():
            unit = np.zeros((structure.q, piece.stop - piece.start))
            unit[np.arange(piece.start, piece.stop), np.arange(unit.shape[1])] = 1.0
            result[piece] = np.diag(system.effects(unit)[piece])
        return result

    @cached_property
    def eta(self) -> Vector:
        """The linear predictor of every row given, ``(n,)``."""
        model, start = self.point.criterion.model, 0
        eta: Vector = model.offset + model.X @ self.point.beta
        for block in model.blocks:
            end = start + block.levels * block.width
            effects = self.b[start:end].reshape(block.levels, block.width)
            eta = eta + (block.columns * effects[block.codes]).sum(axis=1)
            start = end
        return eta

    @cached_property
    def fitted(self) -> Vector:
        """Mu at the conditional modes, ``(n,)``; a share for a binomial family."""
        return self.point.criterion.problem.family.mean(self.eta)

    @cached_property
    def deviance_residuals(self) -> Vector:
        """``sign(y - mu) sqrt(w 2 (k(saturated) - k))``, ``(n,)``: R's dev.resids, rooted."""
        model = self.point.criterion.model
        excess = self.point.criterion.problem.family.excess(model.y, self.eta)
        return np.asarray(np.sign(model.y - self.fitted) * np.sqrt(model.weights * excess))

    @cached_property
    def pearson_residuals(self) -> Vector:
        """``(y - mu) sqrt(w / V(mu))``, ``(n,)``."""
        model, family = self.point.criterion.model, self.point.criterion.problem.family
        return family.standardised(model.y, self.eta) * np.sqrt(model.weights)
