"""Newton's method in theta, of many responses at once, boundary included.

In theta a variance of zero is a smooth point, so that one method serves the interior and the
boundary. There the derivative in theta is 0 whatever the criterion does: what tells an optimum
from a saddle is the derivative in D (see `boundary`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.coordinates import Coordinates
    from parity.criterion.model import Matrix, Vector
    from parity.criterion.objective import Objective
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]
    Flags = NDArray[np.bool_]

MAX_STEPS = 100
CLOSE = 1e-7
"""Predicted gain in deviance below which rounding error hides the true one, and Newton's step is
taken unasked."""
NEGLIGIBLE = 1e-24
"""Predicted gain below which nothing is left to take."""
SETTLED = 1e-12
"""Predicted gain up to which the search has arrived: rounding leaves less in any shipped case."""
HALVINGS = 40


@dataclass(frozen=True)
class Reached:
    """Where searches ended, b of them.

    Attributes
    ----------
    theta
        ``(b, m)``, over sigma.
    heights
        The deviances there, ``(b,)``.
    decrements
        Newton decrements g' H^-1 g / 2: the deviance still to be gained, to second order.
    steps
        Newton steps taken.
    converged
        Whether the decrement is below rounding.
    """

    theta: Matrix
    heights: Vector
    decrements: Vector
    steps: Positions
    converged: Flags


def slopes(
    objective: Objective, coordinates: Coordinates, theta: Matrix, which: Positions
) -> tuple[Vector, Matrix, Stack]:
    """Return deviances, gradients ``(b, m)`` and Hessians ``(b, m, m)`` in theta."""
    found = objective.derivatives(coordinates.factors(theta), which)
    with np.errstate(all="ignore"):
        return found[0], *coordinates.in_theta(theta, found[1], found[2])


def are_defined(gradient: Matrix, hessian: Stack) -> Flags:
    """Whether all derivatives ``(b, m)`` and ``(b, m, m)`` of a response are finite, ``(b,)``."""
    finite = np.isfinite(gradient).all(axis=1) & np.isfinite(hessian).all(axis=(1, 2))
    return np.asarray(finite)


def newton_steps(gradient: Matrix, hessian: Stack) -> tuple[Matrix, Vector]:
    """Return Newton's steps ``(b, m)``, and what they gain.

    Curvature of the wrong sign is turned round. Where a derivative is not finite the step is NaN.
    """
    usable = are_defined(gradient, hessian)
    curvature, axes = np.linalg.eigh(np.where(usable[:, None, None], hessian, 0.0))
    sizes: Matrix = np.abs(curvature)
    floor = 1e-14 * np.maximum(sizes.max(axis=1, keepdims=True), 1e-300)
    sizes = np.maximum(sizes, floor)
    along = np.einsum("bji,bj->bi", axes, gradient)
    with np.errstate(all="ignore"):
        steps = -np.einsum("bij,bj->bi", axes, along / sizes)
        gains = -0.5 * np.einsum("bi,bi->b", gradient, steps)
    return steps, np.where(usable, gains, np.nan)


def descend(
    objective: Objective, coordinates: Coordinates, start: Matrix, which: Positions
) -> Reached:
    """Return the minima that are reached from starts ``(b, m)`` of finite deviance."""
    search = _Search(objective, coordinates, start, which)
    while len(search.active):
        search.advance()
    return Reached(
        search.theta, search.heights, search.gains, search.taken, search.gains <= SETTLED
    )


class _Search:
    """Searches side by side: each looks at a trial, goes there or halves its step."""

    def __init__(
        self, objective: Objective, coordinates: Coordinates, start: Matrix, which: Positions
    ) -> None:
        count = len(start)
        self.objective = objective
        self.coordinates = coordinates
        self.which = which
        self.theta, self.trial = start.copy(), start.copy()
        self.heights = np.full(count, np.inf)
        self.step = np.zeros_like(start)
        self.gains, self.last = np.full(count, np.inf), np.full(count, np.inf)
        self.unasked = np.ones(count, dtype=bool)
        self.halved = np.zeros(count, dtype=np.intp)
        self.taken = np.zeros(count, dtype=np.intp)
        self.active = np.arange(count)

    def advance(self) -> None:
        """Look at the trials of all that are active."""
        at = self.active
        coordinates = self.coordinates.take(at)
        heights, gradient, hessian = slopes(
            self.objective, coordinates, self.trial[at], self.which[at]
        )
        lower = self.unasked[at] | (heights < self.heights[at])
        gone = at[lower]
        self.theta[gone], self.heights[gone] = self.trial[gone], heights[lower]
        self.step[gone], self.gains[gone] = newton_steps(gradient[lower], hessian[lower])
        self.halved[gone] = 0
        back = at[~lower]
        self.halved[back] += 1
        self.active = np.sort(
            np.concatenate([gone[~self._has_ended(gone)], back[self.halved[back] <= HALVINGS]])
        )
        self._choose()

    def _has_ended(self, at: Positions) -> Flags:
        """Whether nothing is left to gain, rounding keeps it from being less, or steps are out."""
        gains = self.gains[at]
        ended = gains <= NEGLIGIBLE
        ended |= (gains < CLOSE) & (gains >= self.last[at] / 4.0)
        ended |= np.isnan(gains)
        return ended | (self.taken[at] >= MAX_STEPS)

    def _choose(self) -> None:
        """Choose the next trials: Newton's steps, halved where they led up."""
        at = self.active
        close = self.gains[at] < CLOSE
        self.unasked[at] = close
        self.last[at[close]] = self.gains[at[close]]
        self.taken[at[self.halved[at] == 0]] += 1
        self.trial[at] = self.theta[at] + self.step[at] / 2.0 ** self.halved[at, None]
