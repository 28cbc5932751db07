"""The optimum of a generalised linear mixed model's criterion, found from a start of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import covariances, theta_of, triangle
from parity.criterion.glmm_answers import vcov_joint
from parity.criterion.glmm_descent import decrement, descend, polish
from parity.criterion.glmm_hessian import differentiate, inverted, widths
from parity.criterion.glmm_search import Search, parameters_of
from parity.criterion.glmm_start import begin, guess_inverse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.glmm import Criterion, Point
    from parity.criterion.model import Matrix, Vector

_CONVERGED = 1e-10
"""Deviance yet to be gained: beyond any use, above the rounding of a large model's gradient."""
_UNKNOWN = 1e4
"""A standard error of X beta that says nothing, on a scale where 40 is certainty."""
_CURVED = 1e-6
"""A negative curvature, of a unit diagonal, above the rounding of the differences."""
_ZERO = 1e-5
"""A column of Lambda that moves eta by so little is tried at 0."""
_EVEN = 1e-12
"""A relative difference of deviances that is rounding."""


@dataclass(frozen=True)
class Optimum:
    """Where the deviance is lowest.

    Attributes
    ----------
    theta
        ``(m,)``; the diagonal of Lambda is at least 0.
    beta
        ``(p,)``.
    deviance
        -2 log-likelihood.
    gradient
        Its exact derivative in theta and then beta, ``(m + p,)``. In theta it is 0 at 0 always.
    hessian
        Its second derivative, ``(m + p, m + p)``: fourth-order differences of the gradient.
    converged
        Whether ``decrement`` is at most 1e-10, no direction leads down (at the boundary the
        second derivative decides), and each row's X beta has a standard error below 1e4: it has
        none where separated data drive beta to infinity.
    decrement
        ``g' H^-1 g / 2``: the deviance yet to be gained.
    point
        The criterion there.
    """

    theta: Vector
    beta: Vector
    deviance: float
    gradient: Vector
    hessian: Matrix
    converged: bool
    decrement: float
    point: Point = field(repr=False)


def find(criterion: Criterion, starts: Sequence[tuple[Vector, Vector]] = ()) -> Optimum:
    """Return the lowest optimum that is reached from a start of its own and the given ones.

    Parameters
    ----------
    criterion
        The deviance.
    starts
        Further pairs of theta ``(m,)`` and beta ``(p,)``.

    Raises
    ------
    ArithmeticError
        Where the deviance is no number at any start.
    """
    search = Search(criterion)
    begun = [begin(criterion)]
    begun += [search.tried(np.concatenate([theta, beta])) for theta, beta in starts]
    usable = [point for point in begun if point is not None]
    if not usable:
        message = "the deviance is no number at any start; are the data finite and not separated?"
        raise ArithmeticError(message)
    return min((reach(criterion, point) for point in usable), key=lambda found: found.deviance)


def reach(criterion: Criterion, start: Point) -> Optimum:
    """Return the optimum that descent from a point of the criterion reaches."""
    search = Search(criterion, start.state)
    point, hessian = _bottom(search, start)
    for _ in range(3):
        down = _downward(hessian)
        other = None if down is None else _beside(search, point, down)
        if other is None:
            break
        point, hessian = _bottom(search, other)
    left = decrement(point, inverted(hessian))
    converged = left <= _CONVERGED and _downward(hessian) is None and _informed(point, hessian)
    return Optimum(
        point.theta,
        point.beta,
        point.deviance,
        point.gradient,
        hessian,
        converged,
        left,
        point,
    )


def _informed(point: Point, hessian: Matrix) -> bool:
    """Return whether the data bound every linear predictor: false where they are separated."""
    X = point.state.problem.model.X
    try:
        vcov = vcov_joint(hessian, X.shape[1])
    except np.linalg.LinAlgError:
        return False
    return bool(np.einsum("ij,jk,ik->i", X, vcov, X).max() <= _UNKNOWN**2)


def _bottom(search: Search, start: Point) -> tuple[Point, Matrix]:
    """Return where descent from a point ends, and the Hessian there."""
    point, inverse = descend(search, start, guess_inverse(search, start))
    point = _settled(search, point)
    wide = widths(search, point, inverse)
    point, hessian = polish(search, point, lambda here: differentiate(search, here, wide))
    upright = _settled(search, point)
    return (point, hessian) if upright is point else (upright, differentiate(search, upright, wide))


def _downward(hessian: Matrix) -> Vector | None:
    """Return the direction of the most negative curvature; None where there is none."""
    diagonal = np.abs(np.diag(hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(scale[:, None] * hessian * scale)
    if values[0] >= -_CURVED:
        return None
    return np.asarray(scale * vectors[:, 0])


def _beside(search: Search, point: Point, down: Vector) -> Point | None:
    """Return a lower point along a direction of negative curvature."""
    origin = parameters_of(point)
    step = search.bounded(down, origin)
    for share in (1.0, 0.1, 0.01):
        for sign in (1.0, -1.0):
            new = search.tried(origin + sign * share * step)
            if new is not None and new.deviance < point.deviance:
                return new
    return None


def _settled(search: Search, point: Point) -> Point:
    """Return the point with vanishing columns of Lambda at 0 and its diagonal at least 0."""
    for tried in (_emptied(search, point.theta), point.theta):
        theta = _upright(search, tried)
        if np.array_equal(theta, point.theta):
            break
        search.near = None
        new = search.at(np.concatenate([theta, point.beta]))
        # what was set to 0 has no more than the deviance's rounding to give
        if new.deviance <= point.deviance + _EVEN * (1.0 + abs(point.deviance)):
            return new
    return point


def _emptied(search: Search, theta: Vector) -> Vector:
    """Return theta with the columns of Lambda that are nearly 0 at 0."""
    model, emptied = search.criterion.model, theta.copy()
    sizes = np.abs(theta) / search.units[: search.m]
    for block, part in zip(model.blocks, model.slices, strict=True):
        column = np.array(triangle(block.width)[1])
        for c in range(block.width):
            own = np.flatnonzero(column == c) + part.start
            if sizes[own].max() < _ZERO:
                emptied[own] = 0.0
    return emptied


def _upright(search: Search, theta: Vector) -> Vector:
    """Return theta with the signs of Lambda's columns such that its diagonal is at least 0."""
    model, turned = search.criterion.model, theta.copy()
    for block, part in zip(model.blocks, model.slices, strict=True):
        row, column = (np.array(side) for side in triangle(block.width))
        signs = np.where(theta[part][row == column] < 0.0, -1.0, 1.0)
        turned[part] *= signs[column]
    # a first pivot of 0 leaves a rotation free: the factor of D itself is taken
    again = theta_of(covariances(model, turned))
    apart = np.abs(again - turned) / search.units[: search.m]
    loose = apart.max(initial=0.0) > _ZERO
    return again if loose else turned
