"""Where the search for an optimum begins, and a guess of the Hessian there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import triangle
from parity.criterion.glmm_hessian import inverted
from parity.criterion.glmm_search import Search, parameters_of
from parity.criterion.mode import climb_jointly, project
from parity.criterion.state import State

if TYPE_CHECKING:
    from parity.criterion.glmm import Criterion, Point
    from parity.criterion.model import Matrix, Vector

_SCALES = (0.3, 1.0, 3.0)
"""Of theta, at which a search may begin; the lowest deviance decides."""
_WIDTH = 1e-4
"""A forward difference's step, as a share of theta: of a guess four digits are enough."""


def begin(criterion: Criterion) -> Point | None:
    """Return the best of a few thetas, each with the beta of its penalised deviance (nAGQ = 0)."""
    model = criterion.problem.model
    guess = criterion.problem.family.guess(model.y, model.weights) - model.offset
    beta: Vector = np.asarray(np.linalg.lstsq(model.X, guess, rcond=None)[0], dtype=np.float64)
    best: Point | None = None
    for scale in _SCALES:
        theta = _identity(criterion, scale)
        base = model.offset + model.X @ beta
        crossed = criterion.problem.at(theta)
        start = State(criterion.problem, crossed, base, np.zeros(criterion.problem.rows.q))
        try:
            state, beta = climb_jointly(start, beta)
        except np.linalg.LinAlgError:  # from another scale it may go
            continue
        point = Search(criterion, state).tried(np.concatenate([theta, beta]))
        if point is not None and (best is None or point.deviance < best.deviance):
            best = point
    return best


def _identity(criterion: Criterion, scale: float) -> Vector:
    """Return theta of ``Lambda = scale I``, a column in units of its root mean square."""
    pieces = []
    for block in criterion.model.blocks:
        sizes = np.sqrt((block.columns**2).mean(axis=0))
        matrix = np.diag(scale / np.where(sizes > 0.0, sizes, 1.0))
        pieces.append(matrix[triangle(block.width)])
    return np.concatenate(pieces)


def guess_inverse(search: Search, point: Point) -> Matrix:
    """Return a positive definite guess of the inverse Hessian, ``(m + p, m + p)``.

    The Hessian is guessed to be twice R_X'R_X in beta; in theta it is of forward differences of
    the gradient.
    """
    m, origin = search.m, parameters_of(point)
    p = len(origin) - m
    hessian = np.zeros((m + p, m + p))
    hessian[m:, m:] = 2.0 * project(point.state, point.state.precision).information
    for i in range(m):
        width = _WIDTH * max(abs(origin[i]), 1e-2 * search.units[i])
        moved = origin.copy()
        moved[i] += width
        search.near = point.state
        column = (search.at(moved).gradient - point.gradient) / width
        hessian[i] = hessian[:, i] = column
    hessian[:m, :m] = (hessian[:m, :m] + hessian[:m, :m].T) / 2.0
    # a little of every direction, so that none is out of reach
    return inverted(hessian, 1e-6) + np.diag(1e-12 * search.units**2)
