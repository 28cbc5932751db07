"""A generalised model at some parameters and random effects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from parity.criterion.crossed import Crossed
from parity.criterion.family import family_of
from parity.criterion.pattern import Pattern
from parity.criterion.precision import Precision
from parity.criterion.rows import Rows

if TYPE_CHECKING:
    from parity.criterion.distribution import Curve
    from parity.criterion.model import Model, Vector


class Problem:
    """A model's rows with its family: what the mode is sought for, without any parameter.

    Attributes
    ----------
    model
        The model; no weight is 0 and no family gaussian.
    family
        Its family.
    rows, pattern
        Its layout, and where the elements of A come from.
    """

    def __init__(self, model: Model) -> None:
        """Lay the rows out."""
        self.model = model
        self.family = family_of(model.family, model.link)
        self.rows = Rows(model)
        self.pattern = Pattern(self.rows)

    def at(self, theta: Vector) -> Crossed:
        """Return the rows of Z Lambda at theta ``(m,)``."""
        return Crossed(self.pattern, self.rows.at(theta))


class State:
    """A model at some u and base, the part of eta without random effects; never changed.

    Attributes
    ----------
    problem, crossed
        The model, and its Z Lambda.
    base
        Offset and X beta, ``(n,)``.
    u
        The spherical effects, ``(q,)``, in the order of the rows.
    eta
        The linear predictor, ``(n,)``.
    unit
        The kernel and its derivatives at unit weight, each ``(n,)``.
    penalised
        -2 times the kernel of the log-likelihood given u, plus ``|u|^2``.
    """

    def __init__(self, problem: Problem, crossed: Crossed, base: Vector, u: Vector) -> None:
        """Evaluate the kernel."""
        self.problem = problem
        self.crossed = crossed
        self.base = base
        self.u = u
        self.eta: Vector = base + crossed.scaled.predict(u)
        self.unit: Curve = problem.family.curve(problem.model.y, self.eta)
        self.penalised = float(u @ u) - 2.0 * float(problem.model.weights @ self.unit.kernel)

    @cached_property
    def score(self) -> Vector:
        """The derivative of the log-likelihood in eta, ``(n,)``."""
        return self.problem.model.weights * self.unit.score

    @property
    def slope(self) -> Vector:
        """The derivative of the Fisher weights in eta, ``(n,)``."""
        return self.problem.model.weights * self.problem.family.slope(self.eta)

    @cached_property
    def precision(self) -> Precision:
        """A at the Fisher weights, lme4's choice."""
        return Precision(self.crossed, self.problem.model.weights * self.unit.fisher)

    @cached_property
    def curvature(self) -> Precision:
        """A at the observed weights: half the second derivative of the penalised deviance."""
        if self.unit.observed is self.unit.fisher:
            return self.precision
        return Precision(self.crossed, self.problem.model.weights * self.unit.observed)

    @property
    def pull(self) -> Vector:
        """Minus half the gradient of the penalised deviance in u, ``(q,)``."""
        return self.crossed.scaled.gather(self.score) - self.u

    def moved(self, u: Vector, base: Vector | None = None) -> State:
        """Return the state at another u, and base."""
        return State(self.problem, self.crossed, self.base if base is None else base, u)
