"""A start for the proof, found in floats: damped Newton steps on the criterion's own jets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from flint import arb, ctx

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from parity.referee.glmm_cells import Cells
    from parity.referee.jet import Jet

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]

_BITS = 64
_STEPS = 100
_HALVINGS = 40
_DECREMENT = 1e-12
"""What a Newton step still promises of deviance where the search ends: 1e-6 standard errors."""
_STRIDE = 1e-2
"""What the last step may move a linear predictor by: separated data move it by 1 each time."""
_NOISE = 1e-13
"""The criterion's relative error in floats: a rise of so little is none."""


_HINT = "An estimate may be infinite (separated data): fit a smaller model."


class SearchError(ArithmeticError):
    """No stationary point was found."""


class Objective(Protocol):
    """-2 log-likelihood as a jet in (tau, beta)."""

    def __call__(self, psi: Sequence[arb]) -> Jet:
        """Return the criterion for (tau, beta) of a box, ``(p + 1,)``."""
        ...


class Criterion(Objective, Protocol):
    """An objective that knows its data."""

    @property
    def cells(self) -> Cells:
        """The data."""
        ...


def search(objective: Criterion, theta: float, beta: Sequence[float]) -> tuple[float, list[float]]:
    """Return theta >= 0 and beta at a local minimum, or theta where it runs towards 0.

    Raises
    ------
    SearchError
        Where the steps do not settle: an estimate is infinite, say, for the data are separated.
    """
    columns = zip(*(cell.x for group in objective.cells.groups for cell in group), strict=True)
    reach = np.array([max(abs(float(number)) for number in column) for column in columns])
    with ctx.workprec(_BITS):
        point = np.array([theta, *beta])
        height, slope, curvature = _expansion(objective, point)
        for _ in range(_STEPS):
            step = _step(slope, curvature)
            if -float(slope @ step) < _DECREMENT and np.max(reach * abs(step[1:])) < _STRIDE:
                return abs(float(point[0])), point[1:].tolist()
            point, height, slope, curvature = _descend(objective, point, step, height)
    raise SearchError(
        f"No optimum was found in {_STEPS} steps; the last point was theta = {point[0]:.6g}, beta "
        f"= {', '.join(f'{number:.6g}' for number in point[1:])}. {_HINT}"
    )


def _expansion(objective: Objective, point: Vector) -> tuple[float, Vector, Matrix]:
    """Return value, gradient and Hessian in (theta, beta)."""
    theta = float(point[0])
    jet = objective([arb(theta) ** 2, *(arb(float(number)) for number in point[1:])])
    slope = np.array([float(number.mid()) for number in jet.gradient.entries()])
    curvature = np.array([[float(number.mid()) for number in row] for row in jet.hessian.tolist()])
    curvature[0] *= 2 * theta
    curvature[:, 0] *= 2 * theta
    curvature[0, 0] += 2 * slope[0]
    slope[0] *= 2 * theta
    return float(jet.value.mid()), slope, curvature


def _step(slope: Vector, curvature: Matrix) -> Vector:
    """Return Newton's step with the curvature made positive: no saddle attracts it."""
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    floor = 1e-8 * float(np.abs(values).max())
    step: Vector = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), floor))
    return step


def _descend(
    objective: Objective, point: Vector, step: Vector, height: float
) -> tuple[Vector, float, Vector, Matrix]:
    for halving in range(_HALVINGS):
        new = point + step / 2**halving
        # the criterion depends on theta by its square: nothing is lost by its sign
        found = _expansion(objective, new)
        if np.isfinite(found[0]) and found[0] <= height + _NOISE * max(1.0, abs(height)):
            return (new, *found)
    raise SearchError(
        f"The criterion did not fall along a Newton step from theta = {point[0]:.6g}. {_HINT}"
    )
