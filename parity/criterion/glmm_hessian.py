"""The Hessian of a deviance by differences of its exact gradient; its inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.glmm_search import parameters_of

if TYPE_CHECKING:
    from parity.criterion.glmm import Point
    from parity.criterion.glmm_search import Search
    from parity.criterion.model import Matrix, Vector

_WIDTH = 2.5e-3
"""Step of the differences, in standard errors: of the widths from 1e-3 to 1e-2 the one at which
truncation (h^4: 6e-11 on a skewed model) and the gradient's rounding over h (1e-10 where there
are thousands of rows) are alike."""
_WIDEST = 2e-3
"""The widest step of the differences, in units of eta. Where the deviance is almost of fourth
order, at a variance that has just left zero, a standard error is no measure of where it bends:
1/400 of one reached beyond zero and gave a second derivative 16 % off."""


def differentiate(search: Search, point: Point, widths: Vector) -> Matrix:
    """Return the Hessian of the deviance at a point, ``(m + p, m + p)``.

    Central differences of fourth order of the exact gradient, of the widths ``(m + p,)``; the
    mean of the matrix and its transpose.
    """
    columns = [
        _column(search, point, np.where(np.arange(len(widths)) == i, width, 0.0)) / width
        for i, width in enumerate(widths)
    ]
    search.near = point.state
    matrix: Matrix = np.stack(columns)
    return np.asarray((matrix + matrix.T) / 2.0)


def _column(search: Search, point: Point, step: Vector) -> Vector:
    """Return the change of the gradient along a step, per step, ``(m + p,)``.

    Each mode is sought from where the modes found before would have it.
    """
    origin, state = parameters_of(point), point.state
    modes: dict[int, Vector] = {0: state.u}
    gradients: dict[int, Vector] = {}
    for place in (1, -1, 2, -2):
        search.near = state.moved(_extrapolated(modes, place))
        search.near.__dict__["curvature"] = state.curvature
        there = search.at(origin + place * step)
        modes[place], gradients[place] = there.state.u, there.gradient
    near, far = gradients[1] - gradients[-1], gradients[2] - gradients[-2]
    return np.asarray((8.0 * near - far) / 12.0)


def _extrapolated(modes: dict[int, Vector], place: int) -> Vector:
    """Return the mode at a place by the line or parabola through those known next to it."""
    sign = 1 if place > 0 else -1
    if sign not in modes:
        return modes[0] if -sign not in modes else 2.0 * modes[0] - modes[-sign]
    return 3.0 * modes[sign] - 3.0 * modes[0] + modes[-sign]


def widths(search: Search, point: Point, inverse: Matrix) -> Vector:
    """Return the differences' widths ``(m + p,)``: 1/400 SE, bounded where nothing is known.

    ``inverse`` is that of a Hessian of the deviance.
    """
    errors = np.sqrt(2.0 * np.abs(np.diag(inverse)))
    bound = _WIDEST * (search.units + np.abs(parameters_of(point)))
    return np.minimum(_WIDTH * errors, bound)


def inverted(hessian: Matrix, floor: float = 1e-12) -> Matrix:
    """Return the inverse of a symmetric matrix, directions without curvature left out.

    After scaling to a unit diagonal an eigenvalue not above ``floor`` counts as none; a negative
    one by its size, so that Newton's step leads down.
    """
    diagonal = np.abs(np.diag(hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(scale[:, None] * hessian * scale)
    sizes = np.abs(values)
    weights = np.where(sizes > floor, 1.0 / np.maximum(sizes, floor), 0.0)
    core = (vectors * weights) @ vectors.T
    return np.asarray(scale[:, None] * core * scale)
