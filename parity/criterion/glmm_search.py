"""Evaluations of a deviance, each begun where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import triangle

if TYPE_CHECKING:
    from parity.criterion.glmm import Criterion, Point
    from parity.criterion.model import Vector
    from parity.criterion.state import State

_REACH = 10.0
"""The longest step, in units of eta and shares of what a parameter is."""


@dataclass
class Search:
    """Evaluations of a criterion, each begun at the mode of the last one.

    Attributes
    ----------
    criterion
        The deviance.
    near
        The state of the point evaluated last; None before the first.
    """

    criterion: Criterion
    near: State | None = None

    @property
    def m(self) -> int:
        """The number of elements of theta."""
        return int(self.criterion.model.slices[-1].stop)

    @cached_property
    def units(self) -> Vector:
        """A change of each parameter that moves eta by about 1, ``(m + p,)``."""
        model = self.criterion.model
        sizes = []
        for block in model.blocks:
            columns = np.sqrt((block.columns**2).mean(axis=0))
            rows, _ = triangle(block.width)
            sizes.append(columns[list(rows)])
        sizes.append(np.abs(model.X).max(axis=0))
        size = np.concatenate(sizes)
        return np.asarray(1.0 / np.where(size > 0.0, size, 1.0))

    def bounded(self, step: Vector, at: Vector) -> Vector:
        """Return a step no longer than eta's scale is wide: flat directions have no end."""
        return step / max(1.0, self.length(step, at) / _REACH)

    def length(self, step: Vector, at: Vector) -> float:
        """Return how far a step goes, in units of eta and shares of the parameters."""
        return float((np.abs(step) / (self.units + np.abs(at))).max())

    def at(self, parameters: Vector) -> Point:
        """Return the criterion at theta and beta in one vector, ``(m + p,)``."""
        point = self.criterion.at(parameters[: self.m], parameters[self.m :], self.near)
        self.near = point.state
        return point

    def tried(self, parameters: Vector) -> Point | None:
        """Return the same, None where the criterion is no number there."""
        try:
            point = self.at(parameters)
            finite = np.isfinite(point.deviance)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return None
        return point if finite else None


def parameters_of(point: Point) -> Vector:
    """Return theta and beta in one vector, ``(m + p,)``."""
    return np.concatenate([point.theta, point.beta])
