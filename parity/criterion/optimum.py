"""The optimum of a linear mixed model's criterion: Newton's method in theta, boundary included.

In theta a variance of zero is a smooth point, so that one method serves the interior and the
boundary. There the derivative in theta is 0 whatever the criterion does: what tells an optimum
from a saddle is the derivative in D, whose part on the null space of D has to be positive
semidefinite (the Karush-Kuhn-Tucker condition of a minimum over positive semidefinite D).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import covariances, factors, pack, theta_of, unpack
from parity.criterion.derivative import differentiate, in_theta
from parity.criterion.lmm import Criterion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from parity.criterion.lmm import Point
    from parity.criterion.model import Matrix, Model, Vector

MAX_STEPS = 100
CLOSE = 1e-7
"""Predicted gain in deviance below which rounding error hides the true one, and Newton's step is
taken unasked."""
NEGLIGIBLE = 1e-24
"""Predicted gain below which nothing is left to take."""
SETTLED = 1e-12
"""Predicted gain up to which the search has arrived: rounding leaves less in any shipped case."""
ESCAPES = 3
STARTS = (1.0, 0.3, 0.1, 3.0)
_SADDLE = 1e-10
"""Curvature of the wrong sign, as a share of the largest, that rounding does not explain."""
_BESIDE = 1e-2
"""As `_NULL`, beside a saddle."""
_ROUNDING = 1e-14
"""A variance below this share of the block's largest is 0 but for rounding."""
_NULL = 1e-7
"""A direction whose SD is below this share of sigma, in scaled columns, is taken for null."""


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes
    ----------
    theta
        ``(m,)``, over sigma; the diagonal of Lambda is at least 0.
    deviance
        The profiled deviance there.
    decrement
        Newton decrement g' H^-1 g / 2: the deviance still to be gained, to second order.
    steps
        Newton steps taken.
    converged
        Whether the decrement is below rounding and no direction leads down.
    singular
        Whether a combination of random effects has a variance of 0.
    """

    theta: Vector
    deviance: float
    decrement: float
    steps: int
    converged: bool
    singular: bool


def find(criterion: Criterion, starts: Iterable[Vector] = ()) -> Optimum:
    """Return the lowest deviance that Newton's method reaches from the best of some starts.

    Parameters
    ----------
    criterion
        What is minimised.
    starts
        Points theta ``(m,)`` to begin at, besides a few multiples of the identity.

    Raises
    ------
    ValueError
        Where no start has a finite deviance.
    """
    units = _units(criterion.model)
    scaled = Criterion(_rescaled(criterion.model, units), criterion.reml)
    offered = [_in_units(criterion.model, start, units) for start in starts]
    offered += [_identity(criterion.model, size) for size in STARTS]
    heights = [_height(scaled, theta) for theta in offered]
    if not np.isfinite(heights).any():
        message = "the deviance is not finite at any start; the data or the model are degenerate"
        raise ValueError(message)
    found = _pivoted(scaled, offered[int(np.argmin(heights))])
    inverse = [1.0 / unit for unit in units]
    theta = _in_units(criterion.model, found.theta, inverse)
    return replace(found, theta=theta, deviance=criterion.deviance(theta))


def decrement(criterion: Criterion, theta: Vector) -> float:
    """Return the deviance that Newton's method expects to gain from theta, at least 0.

    ``g' |H|^-1 g / 2`` in theta, the curvature of the wrong sign turned round. Beside a saddle at
    the boundary the gradient in theta is as small as theta; there it is ``g' H^-1 g / 2`` in
    vech(D), where that Hessian is positive definite.
    """
    units = _units(criterion.model)
    scaled = Criterion(_rescaled(criterion.model, units), criterion.reml)
    point = scaled.at(_in_units(criterion.model, theta, units))
    gradient, hessian = _slopes(point)
    gain = -0.5 * float(gradient @ _step(gradient, hessian))
    if _is_minimum(hessian):
        return gain
    there = differentiate(point)
    if np.linalg.eigvalsh(there.hessian)[0] <= 0:
        return gain
    return max(gain, 0.5 * float(there.gradient @ np.linalg.solve(there.hessian, there.gradient)))


def _is_minimum(hessian: Matrix) -> bool:
    """Whether no curvature is of the wrong sign beyond rounding."""
    curvature = np.linalg.eigvalsh(hessian)
    return bool(curvature[0] >= -_SADDLE * abs(curvature[-1]))


def _units(model: Model) -> list[Vector]:
    """Return the power of two nearest to each column's root mean square, ``(r,)`` a block."""
    sizes = [np.sqrt(np.mean(block.columns**2, axis=0)) for block in model.blocks]
    return [
        np.asarray(2.0 ** np.round(np.log2(np.where(size > 0, size, 1.0))), dtype=np.float64)
        for size in sizes
    ]


def _rescaled(model: Model, units: list[Vector]) -> Model:
    blocks = [
        replace(block, columns=block.columns / unit)
        for block, unit in zip(model.blocks, units, strict=True)
    ]
    return replace(model, blocks=tuple(blocks))


def _in_units(model: Model, theta: Vector, units: list[Vector]) -> Vector:
    """Return theta with the rows of each factor multiplied by units ``(r,)``."""
    pieces = [
        unit[:, None] * factor for factor, unit in zip(factors(model, theta), units, strict=True)
    ]
    return pack(pieces)


def _identity(model: Model, size: float) -> Vector:
    return pack([size * np.eye(block.width) for block in model.blocks])


def _height(criterion: Criterion, theta: Vector) -> float:
    """Return the deviance, infinite where it is not defined."""
    try:
        found = criterion.deviance(theta)
    except (np.linalg.LinAlgError, ArithmeticError, ValueError):
        return np.inf
    return found if np.isfinite(found) else np.inf


def _slopes(point: Point) -> tuple[Vector, Matrix]:
    derivatives = differentiate(point)
    model = point.criterion.model
    return in_theta(model, point.theta, derivatives.gradient, derivatives.hessian)


def _pivoted(criterion: Criterion, start: Vector) -> Optimum:
    """Return the minimum, with the columns of each block in the order that suits it.

    Where the variance of a block's first column goes to 0 and another's does not, theta says the
    same D in many ways, and Newton's method crawls: the largest variance has to come first.
    """
    theta, steps = start, 0
    for _ in range(ESCAPES + len(criterion.model.blocks)):
        covered = covariances(criterion.model, theta)
        orders = [np.argsort(-np.diag(covariance), kind="stable") for covariance in covered]
        turned = Criterion(_reordered(criterion.model, orders), criterion.reml)
        begun = theta_of([c[np.ix_(o, o)] for c, o in zip(covered, orders, strict=True)])
        found = _descend(turned, begun)
        back = [np.argsort(order) for order in orders]
        reached = covariances(turned.model, found.theta)
        theta = theta_of([c[np.ix_(o, o)] for c, o in zip(reached, back, strict=True)])
        steps += found.steps
        if found.converged:
            break
    return replace(found, theta=theta, steps=steps)


def _reordered(model: Model, orders: Sequence[NDArray[np.intp]]) -> Model:
    blocks = [
        replace(block, columns=block.columns[:, order])
        for block, order in zip(model.blocks, orders, strict=True)
    ]
    return replace(model, blocks=tuple(blocks))


def _descend(criterion: Criterion, start: Vector) -> Optimum:
    """Return the minimum from a start, saddles at the boundary left behind."""
    found = _newton(criterion, start, 0)
    for _ in range(ESCAPES + len(criterion.model.blocks)):
        settled = _settled(criterion, found)
        down = _escape(criterion, settled.theta)
        if down is None:
            return settled
        found = _newton(criterion, down, found.steps)
    return replace(found, converged=False)


def _newton(criterion: Criterion, start: Vector, steps: int) -> Optimum:
    theta, height, last = start, criterion.deviance(start), np.inf
    for taken in range(steps, steps + MAX_STEPS):
        gradient, hessian = _slopes(criterion.at(theta))
        step = _step(gradient, hessian)
        gain = -0.5 * float(gradient @ step)
        if gain <= NEGLIGIBLE or (gain < CLOSE and gain >= last / 4):
            return Optimum(theta, height, gain, taken, converged=gain <= SETTLED, singular=False)
        if gain < CLOSE:
            theta, last = theta + step, gain
            height = criterion.deviance(theta)
            continue
        moved = _halved(criterion, theta, height, step)
        if moved is None:
            return Optimum(theta, height, gain, taken, converged=False, singular=False)
        theta, height = moved
    return Optimum(theta, height, gain, steps + MAX_STEPS, converged=False, singular=False)


def _step(gradient: Vector, hessian: Matrix) -> Vector:
    """Return Newton's step ``(m,)``, curvature of the wrong sign turned round."""
    curvature, axes = np.linalg.eigh(hessian)
    floor = 1e-14 * max(float(np.max(np.abs(curvature))), 1e-300)
    return np.asarray(-axes @ ((axes.T @ gradient) / np.maximum(np.abs(curvature), floor)))


def _halved(
    criterion: Criterion, theta: Vector, height: float, step: Vector
) -> tuple[Vector, float] | None:
    """Return the first point of a halved step that is lower, and its deviance."""
    for halvings in range(40):
        moved = theta + step / 2.0**halvings
        found = _height(criterion, moved)
        if found < height:
            return moved, found
    return None


def _settled(criterion: Criterion, found: Optimum) -> Optimum:
    """Return the optimum with vanishing SDs set to 0 exactly, where that is no higher."""
    model = criterion.model
    cut, singular = [], False
    for covariance in covariances(model, found.theta):
        values, axes = np.linalg.eigh(covariance)
        null = values <= max(_NULL**2, _ROUNDING * values[-1])
        singular = singular or bool(null.any())
        values[null] = 0.0
        cut.append((axes * values) @ axes.T)
    theta = theta_of(cut)
    height = _height(criterion, theta)
    if height > found.deviance + CLOSE:
        theta, height = theta_of(covariances(model, found.theta)), found.deviance
    return replace(found, theta=theta, deviance=height, singular=singular)


def _escape(criterion: Criterion, theta: Vector) -> Vector | None:
    """Return a lower point just off the boundary; None where every way off it leads up."""
    model = criterion.model
    point = criterion.at(theta)
    derivatives = differentiate(point)
    pulls = unpack(model, derivatives.gradient)
    _, hessian = in_theta(model, theta, derivatives.gradient, derivatives.hessian)
    # beside a saddle the derivative in theta is as small as theta, and no sign of an optimum
    edge = _NULL if _is_minimum(hessian) else _BESIDE
    moved = covariances(model, theta)
    for number, (pull, covariance) in enumerate(zip(pulls, moved, strict=True)):
        # an off-diagonal element of vech(D) moves two cells of D
        slope = (pull + np.diag(np.diag(pull))) / 2
        values, axes = np.linalg.eigh(covariance)
        null = axes[:, values <= max(edge**2, _ROUNDING * values[-1])]
        if not null.shape[1]:
            continue
        slopes, ways = np.linalg.eigh(null.T @ slope @ null)
        if slopes[0] >= 0:
            continue
        way = null @ ways[:, 0]
        for size in (1e-2, 1e-4, 1e-6, 1e-8):
            tried = [matrix.copy() for matrix in moved]
            tried[number] += size * np.outer(way, way)
            candidate = theta_of(tried)
            if _height(criterion, candidate) < point.deviance:
                return candidate
    return None
