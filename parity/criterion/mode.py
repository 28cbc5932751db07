"""The conditional mode of the spherical random effects: damped Newton on the penalised deviance.

``-2 sum w k(y, eta) + |u|^2`` is strictly convex in u, for each family's kernel is concave, so
that halving a step that would raise it leads to the one minimum from any start (Bates et al.
2015 take weighted least-squares steps of the same system without the guarantee).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector
    from parity.criterion.precision import Precision
    from parity.criterion.state import State

_STEPS = 1000
"""Enough to come from any eta below 300: where weights grow like exp(eta) a step is about -1."""
_HALVINGS = 60
_LEFT = 1e-16
"""What a step may leave in eta."""
_FAR = 1e-4
"""A step in eta that is not rounding."""
_STALLED = 1e-11
"""A step in eta that only rounding keeps from shrinking."""
_SLOW = 0.1
"""Steps that shrink by less call for A at the point reached."""
_SLACK = 1e-11
"""A rise this small, relative, is rounding of the sum of log-densities."""
_LOST = "there are no conditional modes: eta is beyond what floating point can hold"
_NEAR = 0.05
"""A step in eta after which a start is near enough."""


def climb(start: State, near: Precision | None = None) -> State:
    """Return the state at the conditional mode, u exact to rounding.

    Parameters
    ----------
    start
        Where to begin.
    near
        A at a point near by, which serves as long as its steps shrink fast.

    Raises
    ------
    ArithmeticError
        Where there is no mode: eta is beyond what floating point can hold.
    """
    chord = start.problem.rows.others > 0  # elsewhere A costs less than another step
    fresh = near is None or not chord
    state, used, last = start, near, 1.0
    for _ in range(_STEPS):
        if fresh or used is None:
            state = _sound(state)
            used = state.curvature
        new = _halved(state, used.solve(state.pull[:, None])[:, 0])
        moved = float(np.abs(new.eta - state.eta).max(initial=0.0))
        # what a step leaves: its square after Newton's, else its share of the one before
        rate = moved if fresh else moved / last
        state, last = new, moved
        if not rate * moved > _LEFT or _rounded(state, moved, rate):  # or no number
            break
        fresh = rate > _SLOW or not chord
    else:
        raise ArithmeticError(f"{_LOST}: they did not settle in {_STEPS} steps")
    if not np.isfinite(state.penalised):
        raise ArithmeticError(_LOST)
    return state


def _rounded(state: State, moved: float, rate: float) -> bool:
    """Return whether a step is within what eta's own rounding leaves undetermined."""
    if moved > _FAR:
        return False
    size = 1.0 + 1e-4 * float(np.abs(state.eta).max(initial=0.0))
    return rate * moved <= _LEFT * size or (moved <= _STALLED * size and rate > _SLOW)


def _sound(state: State) -> State:
    """Return the state, u halved until A has a factor: far out weights may exceed all rounding."""
    for _ in range(_HALVINGS):
        try:
            if state.problem.rows.others:
                _ = state.curvature.rest
        except np.linalg.LinAlgError:
            state = state.moved(state.u / 2.0)
        else:
            return state
    raise ArithmeticError(_LOST)


def _halved(state: State, step: Vector) -> State:
    share = 1.0
    for _ in range(_HALVINGS):
        new = state.moved(state.u + share * step)
        if new.penalised <= state.penalised + _SLACK * (1.0 + abs(state.penalised)):
            return new
        share /= 2.0
    return state


@dataclass(frozen=True)
class Projection:
    """X beside the random effects at a state's weights.

    Attributes
    ----------
    coefficients
        A^-1 Lambda'Z'WX, ``(q, p)``.
    information
        X'WX - X'WZ Lambda A^-1 Lambda'Z'WX = R_X'R_X, ``(p, p)`` (Bates et al. 2015, eq. 18).
    """

    coefficients: Matrix
    information: Matrix


def project(state: State, precision: Precision) -> Projection:
    """Return X projected at the weights of a precision."""
    X, scaled = state.problem.model.X, state.crossed.scaled
    weighted = precision.weights[:, None] * X
    image = np.stack([scaled.gather(column) for column in weighted.T], axis=1)
    coefficients = precision.solve(image)
    through = np.stack([scaled.predict(column) for column in coefficients.T], axis=1)
    # as X'W times what the effects leave of X: a difference of cross-products would lose digits
    information = weighted.T @ (X - through)
    return Projection(coefficients, (information + information.T) / 2.0)


def climb_jointly(start: State, beta: Vector, steps: int = 30) -> tuple[State, Vector]:
    """Return u and beta near the minimum of the penalised deviance over both: lme4's nAGQ = 0.

    Where to begin a search; separated data end at the last step.
    """
    state, X = start, start.problem.model.X
    for _ in range(steps):
        projection = project(state, state.curvature)
        towards = X.T @ state.score - projection.coefficients.T @ state.pull
        change = np.linalg.solve(projection.information, towards)
        step = state.curvature.solve(state.pull[:, None])[:, 0] - projection.coefficients @ change
        share, new = 1.0, state
        for _ in range(_HALVINGS):
            tried = state.moved(state.u + share * step, state.base + X @ (share * change))
            if tried.penalised <= state.penalised:
                new, beta = tried, beta + share * change
                break
            share /= 2.0
        moved = np.abs(new.eta - state.eta).max()
        state = new
        if moved <= _NEAR:
            break
    return state, beta
