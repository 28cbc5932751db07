"""The boundary: variances that vanish, and saddles that lie there.

In theta the derivative at a variance of 0 is 0 whatever the criterion does. There the derivative in
D decides, whose part on the null space of D has to be positive semidefinite (the
Karush-Kuhn-Tucker condition of a minimum over positive semidefinite D).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import fill
from parity.criterion.descent import are_defined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from parity.criterion.coordinates import Coordinates
    from parity.criterion.descent import Reached
    from parity.criterion.model import Matrix, Vector
    from parity.criterion.objective import Objective
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]
    Flags = NDArray[np.bool_]

SADDLE = 1e-10
"""Curvature of the wrong sign, as a share of the largest, that rounding does not explain."""
_CLOSE = 1e-7
"""Deviance that setting vanishing SDs to 0 may cost: rounding."""
_ROUNDING = 1e-14
"""A variance below this share of the block's largest is 0 but for rounding."""
_NULL = 1e-7
"""A direction whose SD is below this share of sigma, in scaled columns, is taken for null."""
_BESIDE = 1e-2
"""As `_NULL`, beside a saddle."""
_SIZES = (1e-2, 1e-4, 1e-6, 1e-8)


def settle(
    objective: Objective, coordinates: Coordinates, found: Reached, which: Positions
) -> tuple[Matrix, Vector, Flags]:
    """Return theta, deviances and whether they are singular, vanishing SDs set to 0 exactly.

    They are not where that is higher.
    """
    covered = coordinates.covariances(found.theta)
    cut, singular = [], np.zeros(len(which), dtype=bool)
    for covariance in covered:
        values, axes = np.linalg.eigh(covariance)
        null = values <= np.maximum(_NULL**2, _ROUNDING * values[:, -1:])
        singular |= null.any(axis=1)
        kept = np.where(null, 0.0, values)
        cut.append((axes * kept[:, None, :]) @ axes.transpose(0, 2, 1))
    theta, heights = coordinates.theta(covered), found.heights.copy()
    at = np.flatnonzero(singular)
    if len(at):
        lower = coordinates.take(at)
        tried = lower.theta([covariance[at] for covariance in cut])
        reached = objective.heights(lower.factors(tried), which[at])
        good = reached <= heights[at] + _CLOSE
        theta[at[good]], heights[at[good]] = tried[good], reached[good]
    return theta, heights, singular


def ways_off(
    objective: Objective, coordinates: Coordinates, theta: Matrix, which: Positions
) -> tuple[Positions, Matrix]:
    """Return those (of b) that are not at a minimum, and a lower theta of each."""
    factors = coordinates.factors(theta)
    heights, gradient, hessian = objective.derivatives(factors, which)
    # where they are not defined nothing is known to lead down
    defined = are_defined(gradient, hessian)
    gradient = np.where(defined[:, None], gradient, 0.0)
    hessian = np.where(defined[:, None, None], hessian, 0.0)
    _, bend = coordinates.in_theta(theta, gradient, hessian)
    # beside a saddle the derivative in theta is as small as theta, and no sign of an optimum
    edge = np.where(are_minima(bend), _NULL, _BESIDE)
    pulls = fill(objective.model, gradient, symmetric=True)
    covered = coordinates.covariances(theta)
    places, lower = [], []
    for number, (pull, covariance) in enumerate(zip(pulls, covered, strict=True)):
        # an off-diagonal element of vech(D) moves two cells of D
        slope = pull * (1.0 + np.eye(pull.shape[-1])) / 2.0
        falls, ways = _steepest(slope, covariance, edge)
        for place in np.flatnonzero(falls).tolist():
            if place in places:
                continue
            here = (coordinates.take(np.array([place])), which[[place]], heights[place])
            off = _leave(objective, here, [c[place] for c in covered], (number, ways[place]))
            if off is not None:
                places.append(place)
                lower.append(off)
    if not places:
        return np.empty(0, dtype=np.intp), np.empty((0, theta.shape[1]))
    return np.array(places), np.stack(lower)


def are_minima(hessian: Stack) -> Flags:
    """Whether no curvature ``(b, m, m)`` is of the wrong sign beyond rounding, ``(b,)``."""
    # one that overflows says nothing
    defined = np.isfinite(hessian).all(axis=(1, 2), keepdims=True)
    curvature = np.linalg.eigvalsh(np.where(defined, hessian, 0.0))
    return np.asarray(curvature[:, 0] >= -SADDLE * np.abs(curvature[:, -1]))


def _steepest(slope: Stack, covariance: Stack, edge: Vector) -> tuple[Flags, Matrix]:
    """Return where the deviance falls in the null space of D, and the steepest way ``(b, r)``."""
    values, axes = np.linalg.eigh(covariance)
    null = values <= np.maximum(edge[:, None] ** 2, _ROUNDING * values[:, -1:])
    inside = axes * null[:, None, :]
    slopes, ways = np.linalg.eigh(inside.transpose(0, 2, 1) @ slope @ inside)
    return slopes[:, 0] < 0.0, np.einsum("bij,bj->bi", inside, ways[:, :, 0])


def _leave(
    objective: Objective,
    here: tuple[Coordinates, Positions, float],
    covariances: Sequence[Matrix],
    way: tuple[int, Vector],
) -> Vector | None:
    """Return a lower theta just off the boundary; None where every size of step leads up."""
    coordinates, which, height = here
    number, direction = way
    for size in _SIZES:
        tried = [matrix[None] for matrix in covariances]
        tried[number] = tried[number] + size * np.outer(direction, direction)
        theta = coordinates.theta(tried)
        if objective.heights(coordinates.factors(theta), which)[0] < height:
            return np.asarray(theta[0])
    return None
