"""What a search minimises: the deviance of responses, each at a covariance of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from parity.criterion.derivative import differentiate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from parity.criterion.lmm import Criterion, Point
    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]

Found = TypeVar("Found")


class Objective(Protocol):
    """The profiled deviance of b responses of one model."""

    @property
    def model(self) -> Model:
        """Its blocks say what D is."""
        ...

    def heights(self, factors: Sequence[Stack], which: Positions) -> Vector:
        """Return the deviances ``(b,)`` of responses `which`; NaN where it is not defined.

        Of each block the factors F ``(b, r, r)`` make D = F F'.
        """
        ...

    def derivatives(
        self, factors: Sequence[Stack], which: Positions
    ) -> tuple[Vector, Matrix, Stack]:
        """Return the same, gradients ``(b, m)`` and Hessians ``(b, m, m)`` in vech(D)."""
        ...

    def estimates(self, factors: Sequence[Stack], which: Positions) -> tuple[Matrix, Vector]:
        """Return the fixed effects ``(b, p)`` and the residual SDs ``(b,)``."""
        ...


@dataclass(frozen=True)
class Separate:
    """Criteria of one model, a response each: one after another, of any size."""

    criteria: Sequence[Criterion]

    @property
    def model(self) -> Model:
        """The first one's."""
        return self.criteria[0].model

    def heights(self, factors: Sequence[Stack], which: Positions) -> Vector:
        """Return the deviances."""

        def height(point: Point) -> float:
            return point.deviance

        found = [_attempt(height, p) for p in self._points(factors, which)]
        return np.array([np.nan if one is None else one for one in found])

    def derivatives(
        self, factors: Sequence[Stack], which: Positions
    ) -> tuple[Vector, Matrix, Stack]:
        """Return deviances, gradients and Hessians."""

        def slopes(point: Point) -> tuple[float, Vector, Matrix]:
            found = differentiate(point)
            return point.deviance, found.gradient, found.hessian

        m = self.model.slices[-1].stop
        undefined = np.nan, np.full(m, np.nan), np.full((m, m), np.nan)
        found = [_attempt(slopes, p) or undefined for p in self._points(factors, which)]
        heights, gradients, hessians = zip(*found, strict=True)
        return np.array(heights), np.stack(gradients), np.stack(hessians)

    def estimates(self, factors: Sequence[Stack], which: Positions) -> tuple[Matrix, Vector]:
        """Return the fixed effects ``(b, p)`` and the residual SDs ``(b,)``; NaN as above."""

        def both(point: Point) -> tuple[Vector, float]:
            return point.beta, point.sigma

        undefined = np.full(self.model.p, np.nan), np.nan
        found = [_attempt(both, p) or undefined for p in self._points(factors, which)]
        beta, sigma = zip(*found, strict=True)
        return np.stack(beta), np.array(sigma)

    def _points(self, factors: Sequence[Stack], which: Positions) -> list[Callable[[], Point]]:
        def ready(place: int, response: int) -> Callable[[], Point]:
            parts = [factor[place] for factor in factors]
            return lambda: self.criteria[response].through(parts)

        return [ready(place, response) for place, response in enumerate(which.tolist())]


def _attempt(measure: Callable[[Point], Found], point: Callable[[], Point]) -> Found | None:
    """Return what is measured, None where the criterion is not defined."""
    try:
        with np.errstate(all="ignore"):
            return measure(point())
    except (ArithmeticError, ValueError):
        return None
