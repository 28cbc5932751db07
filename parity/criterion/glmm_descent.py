"""Descent of a deviance with an exact gradient: BFGS, then Newton's steps to rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.glmm_hessian import inverted
from parity.criterion.glmm_search import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.criterion.glmm import Point
    from parity.criterion.glmm_search import Search
    from parity.criterion.model import Matrix, Vector

_ITERATIONS = 200
_HALVINGS = 40
_DECREASE = 1e-4
"""The share of the decrease that the gradient promises which a step must bring (Armijo)."""
_ROUNDING = 1e-12
"""A relative difference of deviances below this is rounding."""
_DONE = 1e-22
"""A deviance to be gained below this is an error of 1e-11 standard errors."""
_SAME = 1e-19
"""Below this a point is near enough to the optimum for the Hessian there: 4e-10 of them."""


def descend(search: Search, start: Point, inverse: Matrix) -> tuple[Point, Matrix]:
    """Return the point where BFGS ends, and its approximation of the inverse Hessian.

    Parameters
    ----------
    search, start
        The criterion, and where to begin.
    inverse
        A guess of the inverse Hessian there, positive definite, ``(m + p, m + p)``.
    """
    point = start
    lowest, idle = np.inf, 0
    for _ in range(_ITERATIONS):
        direction = search.bounded(-inverse @ point.gradient, parameters_of(point))
        promised = float(-direction @ point.gradient)
        idle = 0 if promised < 0.5 * lowest else idle + 1
        lowest = min(lowest, promised)
        if promised / 2.0 <= _DONE or (idle > 3 and promised < _ROUNDING):  # noqa: PLR2004 - stalled at rounding
            break
        new = _halved(search, point, direction)
        if new is None:
            break
        step = parameters_of(new) - parameters_of(point)
        inverse = _updated(inverse, step, new.gradient - point.gradient)
        point = new
    return point, inverse


def _halved(search: Search, point: Point, direction: Vector) -> Point | None:
    """Return the first point along a direction that is low enough; None where there is none."""
    slope, origin = float(direction @ point.gradient), parameters_of(point)
    share = 1.0
    slack = _ROUNDING * (1.0 + abs(point.deviance))
    for _ in range(_HALVINGS):
        new = search.tried(origin + share * direction)
        if new is not None:
            rise = new.deviance - point.deviance
            if rise <= _DECREASE * share * slope + slack:
                return new
            # the lowest point of the parabola through both deviances and the slope
            share *= min(0.5, max(0.1, -share * slope / (2.0 * (rise - share * slope))))
        else:
            share *= 0.25
    return None


def _updated(inverse: Matrix, step: Vector, change: Vector) -> Matrix:
    along = float(step @ change)
    image = inverse @ change
    if along <= 1e-10 * float(np.sqrt((step @ step) * (change @ change))):  # no curvature seen
        return inverse
    scale = (1.0 + float(change @ image) / along) / along
    cross = np.outer(image, step) / along
    updated: Matrix = inverse + scale * np.outer(step, step) - cross - cross.T
    return updated


def polish(
    search: Search, point: Point, evaluate: Callable[[Point], Matrix]
) -> tuple[Point, Matrix]:
    """Return the point from which Newton's steps lead no further, and the Hessian there."""
    hessian = evaluate(point)
    for _ in range(5):
        inverse = inverted(hessian)
        best, gain = _chord(search, point, inverse)
        moved = best is not point
        point = best
        if not moved or gain <= _SAME:
            break
        hessian = evaluate(point)
    return point, hessian


def _chord(search: Search, point: Point, inverse: Matrix) -> tuple[Point, float]:
    """Return where steps with one inverse Hessian end, and the gain that the first promised."""
    first = decrement(point, inverse)
    best = point
    for _ in range(6):
        origin, step = parameters_of(best), -inverse @ best.gradient
        if search.length(step, origin) > 1.0:  # flat there: no optimum to step to
            break
        new = search.tried(origin + step)
        if new is None or decrement(new, inverse) >= 0.25 * decrement(best, inverse):
            break
        best = new
    return best, first


def decrement(point: Point, inverse: Matrix) -> float:
    """Return ``g' H^-1 g / 2``: the deviance that Newton's step would gain."""
    return float(point.gradient @ inverse @ point.gradient) / 2.0
