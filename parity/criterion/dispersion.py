"""lme4's criterion of a family with a dispersion, Gamma or inverse Gaussian: no likelihood.

The mode u is that of dispersion 1, the minimum of ``D(u) + |u|^2`` with D the sum of weighted unit
deviances; the deviance is then

``aic(D) + |u|^2 + log|Lambda'Z'WZ Lambda + I|``, with
``aic(D) = -2 sum w log f(y | mu, phi = D / sum w) + 2``

W the Fisher weights of dispersion 1, and 2 for the dispersion as a parameter, which R's
``family$aic`` counts (lme4 1.1-31: ``aic`` of its Gamma and inverse Gaussian in glmFamily.cpp,
``Laplace`` in respModule.cpp; logLik is minus half of the whole). In a likelihood phi would be a
free parameter, u would minimise ``D / phi + |u|^2``, and W would be divided by phi; here phi enters
the density alone. lme4 prints theta times sigma as the SDs of the random effects, though with
``|u|^2`` undivided they are theta. Deviances compare models of one family in lme4, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.distribution import Dispersed
from parity.criterion.family import family_of
from parity.criterion.glmm import Criterion, Point
from parity.criterion.glmm_answers import Answers
from parity.criterion.quadrature import Integral

if TYPE_CHECKING:
    from parity.criterion.model import Model, Vector
    from parity.criterion.state import State

PARAMETER = 2.0
"""What R's aic adds for the dispersion."""


@dataclass(frozen=True)
class DispersedCriterion(Criterion):
    """A model's deviance as a function of theta and beta, by lme4's convention (see the module).

    Attributes
    ----------
    model
        Response, X, blocks, weights, offset, family, link.
    nodes
        1: with more, lme4 leaves the dispersion at 1 and the constants out.
    """

    def __post_init__(self) -> None:
        """Refuse another family, responses that are not positive, and quadrature."""
        super().__post_init__()
        if not isinstance(self.problem.family, Dispersed):
            message = (
                f"{self.model.family} has no dispersion; its criterion is"
                " parity.criterion.glmm.Criterion"
            )
            raise ValueError(message)  # noqa: TRY004 - a model's family is a value
        if self.nodes > 1:
            message = (
                f"there is no quadrature for {self.model.family}: lme4's leaves the dispersion"
                " at 1 and the density's constants out; give 1 node"
            )
            raise ValueError(message)
        if not (self.model.y > 0.0).all():
            message = f"a {self.model.family} response is not positive; give responses above 0"
            raise ValueError(message)

    @property
    def family(self) -> Dispersed:
        """The model's family."""
        family = self.problem.family
        assert isinstance(family, Dispersed)  # noqa: S101 - for the type: refused above
        return family

    @cached_property
    def total(self) -> float:
        """The sum of the prior weights."""
        return float(self.model.weights.sum())

    @cached_property
    def saturated(self) -> float:
        """Twice the greatest value of the kernels, summed over the rows with a weight.

        Over the rows as given, as merged ones have no deviance from their own mean.
        """
        kept = self.model.weights > 0.0
        y, weights = self.model.y[kept], self.model.weights[kept]
        best = self.family.curve(y, self.family.guess(y, weights)).kernel
        return 2.0 * float(weights @ best)

    @cached_property
    def term(self) -> float:
        """What the deviance has of y alone, and R's 2."""
        return float(self.model.weights @ self.family.term(self.model.y)) + PARAMETER

    def at(self, theta: Vector, beta: Vector, start: State | None = None) -> DispersedPoint:
        """Return the criterion at theta ``(m,)`` and beta ``(p,)``: see `Criterion.at`.

        Raises
        ------
        ValueError
            Where theta or beta is not finite or has another length.
        ArithmeticError
            Where no mode is found: eta is beyond what floating point can tell apart, or the link
            allows positive eta alone and the steps lead to none.
        """
        return DispersedPoint(self, theta, beta, super().at(theta, beta, start).state)


@dataclass(frozen=True)
class DispersedPoint(Point):
    """A model of a family with a dispersion at theta and beta, ``criterion`` a dispersed one."""

    @property
    def _whose(self) -> DispersedCriterion:
        assert isinstance(self.criterion, DispersedCriterion)  # noqa: S101 - for the type
        return self.criterion

    @cached_property
    def discrepancy(self) -> float:
        """D, the sum of weighted unit deviances at the mode: R's residual deviance."""
        state = self.state
        return state.penalised - float(state.u @ state.u) + self._whose.saturated

    @cached_property
    def dispersion(self) -> float:
        """D / sum w, at which the density is taken (a variance, not an SD).

        Raises
        ------
        ArithmeticError
            Where the fit is perfect: the density has no bound there.
        """
        dispersion = self.discrepancy / self._whose.total
        if not dispersion > np.finfo(float).eps:
            message = "the fit is perfect: there is no dispersion, and the density has no bound"
            raise ArithmeticError(message)
        return dispersion

    @cached_property
    def sigma(self) -> float:
        """What lme4 calls sigma, an SD: ``sqrt((sum w (y - mu)^2 / V(mu) + |u|^2) / n)``.

        Neither the square root of `dispersion` nor Pearson's estimate; lme4 multiplies theta by it
        for its variances of random effects.
        """
        model, family = self._whose.model, self._whose.family
        pearson = float(model.weights @ family.standardised(model.y, self.eta) ** 2)
        return float(np.sqrt((pearson + self.state.u @ self.state.u) / model.n))

    @property
    def eta(self) -> Vector:
        """The linear predictor of every row given, ``(n,)``."""
        return Answers(self).eta

    @cached_property
    def integral(self) -> Integral:
        """The parts of the deviance's derivatives.

        ``aic`` weighs D by its slope c, D and ``|u|^2`` no longer weigh alike, and the mode is no
        minimum of the deviance: its derivative in u has ``2 (1 - c) u`` besides that of log|A|,
        for the mode's equation makes the derivative of D equal ``-2 u``.
        """
        state, whose = self.state, self._whose
        slope = whose.family.rise(self.dispersion)
        squares = float(state.u @ state.u)
        level = whose.total * whose.family.level(self.dispersion)
        score = slope * state.score
        return Integral(
            level + squares + state.precision.logdet,
            score,
            score * state.u[state.crossed.scaled.rows.positions],
            1.0,
            2.0 * (1.0 - slope) * state.u,
        )

    @cached_property
    def deviance(self) -> float:
        """lme4's -2 logLik, which is no likelihood's (see the module)."""
        return self.integral.deviance + self._whose.term


def criterion_of(model: Model, nodes: int = 1) -> Criterion:
    """Return lme4's criterion of a model: a dispersed one where its family has a dispersion.

    Raises
    ------
    ValueError
        As both do.
    """
    if isinstance(family_of(model.family, model.link), Dispersed):
        return DispersedCriterion(model, nodes)
    return Criterion(model, nodes)
