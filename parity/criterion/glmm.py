"""The criterion of a generalised linear mixed model at given parameters, and its gradient.

``y | b`` has density ``f(y | eta)``, ``eta = offset + X beta + Z Lambda u``, ``u ~ N(0, I)``. The
deviance is -2 times the log of the integral over u, by Laplace's approximation or by adaptive
Gauss-Hermite quadrature, all constants kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import triangle
from parity.criterion.mode import climb
from parity.criterion.quadrature import Rule, integrate
from parity.criterion.rows import merge
from parity.criterion.state import Problem, State

if TYPE_CHECKING:
    from parity.criterion.model import Model, Vector
    from parity.criterion.quadrature import Integral


@dataclass(frozen=True)
class Criterion:
    """A generalised linear mixed model's deviance as a function of theta and beta.

    With one node it is Laplace's approximation,

    ``-2 sum log f(y | eta) + |u|^2 + log|Lambda'Z'WZ Lambda + I|`` at the conditional mode u,

    W the Fisher weights as in lme4 (for a canonical link the observed ones are the same). With
    more nodes it is adaptive Gauss-Hermite quadrature (Pinheiro & Chao 2006), for one scalar
    random effect. lme4 1.1-31 leaves out the saturated model's constant there where a binomial
    response has sizes; here the log-density is whole for any number of nodes.

    Attributes
    ----------
    model
        Response, X, blocks, weights, offset, family, link.
    nodes
        The number of quadrature nodes.
    """

    model: Model
    nodes: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be integrated that way."""
        _ = self.problem.family
        if self.nodes < 1:
            message = f"there are {self.nodes} quadrature nodes; give 1 (Laplace) or more"
            raise ValueError(message)
        if self.nodes > 1 and (len(self.model.blocks) > 1 or self.model.blocks[0].width > 1):
            message = "more than one quadrature node needs a model of one scalar random effect"
            raise ValueError(message)
        if (self.model.weights < 0).any():
            message = "a prior weight is negative; give weights of at least 0"
            raise ValueError(message)

    @cached_property
    def problem(self) -> Problem:
        """The model's rows, equal ones merged."""
        return Problem(merge(self.model))

    @cached_property
    def rule(self) -> Rule:
        """The nodes."""
        return Rule(self.nodes)

    @cached_property
    def constant(self) -> float:
        """What the log-likelihood has besides the kernels: log C(w, w y), -w log y!, summed."""
        terms = self.problem.family.constant(self.model.y, self.model.weights)
        return float(terms.sum())

    def at(self, theta: Vector, beta: Vector, start: State | None = None) -> Point:
        """Return the criterion at theta ``(m,)`` and beta ``(p,)``.

        Parameters
        ----------
        theta, beta
            The parameters; theta as in lme4, Lambda's elements (the scale is 1, not sigma).
        start
            Where the search for the mode begins: the state of a point near by.

        Raises
        ------
        ValueError
            Where theta or beta is not finite or has another length.
        ArithmeticError
            Where no mode is found: eta is beyond what floating point can tell apart.
        """
        if beta.shape != (self.model.p,) or not np.isfinite(beta).all():
            message = f"beta is {beta!r}; expected {self.model.p} finite numbers"
            raise ValueError(message)
        problem = self.problem
        begun = np.zeros(problem.rows.q) if start is None else start.u
        near = None if start is None else start.curvature
        with np.errstate(over="ignore", invalid="ignore"):  # climb refuses what is no number
            base = problem.model.offset + problem.model.X @ beta
            state = climb(State(problem, problem.at(theta), base, begun), near)
        return Point(self, theta, beta, state)

    def deviance(self, theta: Vector, beta: Vector) -> float:
        """Return -2 log-likelihood at theta and beta: `Point.deviance`."""
        return self.at(theta, beta).deviance


@dataclass(frozen=True)
class Point:
    """A generalised linear mixed model at theta and beta.

    Attributes
    ----------
    criterion
        Whose.
    theta
        ``(m,)``.
    beta
        ``(p,)``.
    state
        The model at the conditional mode of u.
    """

    criterion: Criterion
    theta: Vector
    beta: Vector
    state: State = field(repr=False)

    @cached_property
    def integral(self) -> Integral:
        """The approximated integral, and its derivatives' parts."""
        return integrate(self.state, self.criterion.rule)

    @cached_property
    def deviance(self) -> float:
        """-2 log-likelihood (Bates et al. 2015, section 5.4; Pinheiro & Chao 2006, eq. 2.7)."""
        return self.integral.deviance - 2.0 * self.criterion.constant

    @cached_property
    def gradient(self) -> Vector:
        """The exact derivative of the deviance in theta and then beta, ``(m + p,)``.

        The mode moves with the parameters by the implicit function theorem: with H half the
        second derivative of the penalised deviance in u (observed weights) and g the derivative
        of the deviance in u, its share is through ``v = H^-1 g``; one solution serves all
        parameters.
        """
        state, integral = self.state, self.integral
        scaled, precision = state.crossed.scaled, state.precision
        images = precision.images()
        spread = integral.volume * (scaled.columns * images).sum(axis=0)
        through_weights = spread * state.slope
        moved = scaled.gather(through_weights) + integral.pull
        v = state.curvature.solve(moved[:, None])[:, 0]
        along = through_weights - state.curvature.weights * scaled.predict(v)
        positions = scaled.rows.positions
        cells = (
            state.u[positions] * along
            - 2.0 * integral.products
            + v[positions] * state.score
            + 2.0 * (integral.volume * precision.weights) * images
        )
        towards_beta = state.problem.model.X.T @ (along - 2.0 * integral.score)
        return np.concatenate([*self._towards_theta(cells), towards_beta])

    def _towards_theta(self, cells: Vector) -> list[Vector]:
        rows = self.state.crossed.scaled.rows
        parts = []
        for span in rows.spans:
            products = rows.raw[span] @ cells[span].T
            parts.append(products[triangle(len(products))])
        return parts
