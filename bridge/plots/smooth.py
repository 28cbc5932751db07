"""A smooth curve through points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of the squared span: a neighbourhood narrower than this gives a mean, no slope.
_NARROW = 1e-12


def local_line(
    x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64], span: float
) -> NDArray[np.float64]:
    """Return (k,) the value at each of `at` of a line fitted to the points near it.

    The line is fitted by least squares to the share `span` of the (n,) points that is nearest, with
    tricube weights (Cleveland, 1979, "Robust Locally Weighted Regression", JASA 74, 829-836,
    without the steps that weigh outliers down).
    """
    nearest = min(max(int(span * len(x) + 1e-10), 2), len(x))
    return np.array([_value(x - point, y, nearest) for point in at])


def _value(gap: NDArray[np.float64], y: NDArray[np.float64], nearest: int) -> float:
    """Return the local line's value where `gap`, (n,) x minus the point, is 0."""
    distance = np.abs(gap)
    reach = np.partition(distance, nearest - 1)[nearest - 1]
    if reach == 0.0:
        return float(np.mean(y[distance == 0.0]))
    near = distance <= reach
    share = distance[near] / reach
    rest = 1.0 - share * share * share
    weight = rest * rest * rest
    if weight.sum() == 0.0:  # all are as far away as the farthest
        weight = np.ones_like(weight)
    weight /= weight.sum()
    x_near, y_near = gap[near], y[near]
    centre, level = np.sum(weight * x_near), np.sum(weight * y_near)
    away = x_near - centre
    spread = np.sum(weight * away * away)
    if spread <= _NARROW * reach**2:
        return float(level)
    slope = np.sum(weight * away * (y_near - level)) / spread
    return float(level - slope * centre)
