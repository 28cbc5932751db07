"""The climb where the random effects' covariance is nearly singular: in its Cholesky factor."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.engines.statsmodels_climb import Peak, loglik, score, uphill
from parity.engines.statsmodels_model import unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOORS = (5e-5, 2e-4, 1e-3)
"""Smallest diagonal elements of theta that MixedLM, which inverts the covariance, is asked for, the
first below lme4's threshold of a singular fit, 1e-4. The others are for a block whose off-diagonal
elements leave an eigenvalue below MixedLM's own threshold of 1e-10."""
MAX_STEPS = 200
CONVERGED = 1e-13
"""Gain in log-likelihood that a Newton step promises, below which there is nothing to climb."""
UNSEEN = 1e-8
"""Promised gain that the rounding error of the log-likelihood may hide."""


def climb_factor(model: Any, peak: Peak) -> tuple[Peak, str]:  # noqa: ANN401 - statsmodels is untyped
    """Return the optimum with the diagonal of theta kept at or above a floor, and what was held.

    In theta the boundary is a smooth point, so Newton's method runs along it; the Hessian is the
    central difference of MixedLM's own score. The log-likelihood held at the floor is within order
    floor squared of its limit at 0.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where MixedLM takes the covariance for singular at the highest floor, too.
    """
    for floor in FLOORS[:-1]:
        with suppress(np.linalg.LinAlgError):
            return _climb_above(floor, model, peak)
    return _climb_above(FLOORS[-1], model, peak)


def _climb_above(floor: float, model: Any, peak: Peak) -> tuple[Peak, str]:  # noqa: ANN401 - statsmodels is untyped
    diagonal, theta = _diagonal(model), factor(model, peak.values)
    for steps in range(MAX_STEPS):
        low = diagonal & (np.abs(theta) <= floor)
        theta[low] = floor
        gradient = gradient_of(model, theta)
        free = ~(low & (gradient <= 0))
        step = np.zeros_like(theta)
        hessian = _hessian(model, theta, floor)[np.ix_(free, free)]
        step[free] = uphill(gradient[free], hessian)
        moved = _halved(model, theta, step, floor)
        if moved is None or float(gradient @ step) < CONVERGED:
            small = float(gradient @ step) < UNSEEN
            return _peak(model, theta, peak.steps + steps, low=low, floor=floor, converged=small)
        theta = moved
    return _peak(model, theta, peak.steps + MAX_STEPS, low=low, floor=floor, converged=False)


def _peak(
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    theta: NDArray[np.float64],
    steps: int,
    *,
    low: NDArray[np.bool_],
    floor: float,
    converged: bool,
) -> tuple[Peak, str]:
    at_edge = bool(low.any())
    note = (
        f"the covariance of the random effects is singular: {int(low.sum())} diagonal element(s) "
        f"of theta held at {floor:g}, for MixedLM cannot be evaluated at 0"
    )
    values = covariance(model, theta)
    return Peak(values, steps, converged, at_edge), note if at_edge else ""


def _diagonal(model: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - statsmodels is untyped
    rows, columns = np.tril_indices(model.k_re)
    return np.concatenate([rows == columns, np.ones(model.k_vc, dtype=bool)])


def factor(model: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return theta ``(k,)``: lower Cholesky factor of cov_re, roots of vcomp."""
    params = unpacked(model, values)
    return np.asarray(params.get_packed(use_sqrt=True, has_fe=False), dtype=np.float64)


def _lower(model: Any, theta: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    lower = np.zeros((model.k_re, model.k_re))
    rows, columns = np.tril_indices(model.k_re)
    lower[rows, columns] = theta[: len(rows)]
    return lower


def covariance(model: Any, theta: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return the packed variance parameters ``(k,)`` of a theta."""
    lower = _lower(model, theta)
    triangle = (lower @ lower.T)[np.tril_indices(model.k_re)]
    return np.concatenate([triangle, theta[len(triangle) :] ** 2])


def gradient_of(model: Any, theta: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return the derivative of the profile log-likelihood by theta, ``(k,)``: 2 S L, 2 s theta.

    S is MixedLM's score of cov_re as a symmetric matrix; its packed score counts both halves of an
    off-diagonal element.
    """
    packed_score = score(model, unpacked(model, covariance(model, theta)))
    rows, columns = np.tril_indices(model.k_re)
    matrix = np.zeros((model.k_re, model.k_re))
    matrix[rows, columns] += packed_score[: len(rows)] / 2
    matrix[columns, rows] += packed_score[: len(rows)] / 2
    by_factor = (2 * matrix @ _lower(model, theta))[rows, columns]
    return np.concatenate([by_factor, 2 * packed_score[len(rows) :] * theta[len(rows) :]])


def _hessian(
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    theta: NDArray[np.float64],
    floor: float,
) -> NDArray[np.float64]:
    """Return the central difference of the gradient, symmetric ``(k, k)``."""
    rows: list[NDArray[np.float64]] = []
    for j, value in enumerate(theta):
        width = max(abs(value) * 1e-4, floor / 10)
        shift = np.zeros_like(theta)
        shift[j] = width
        ahead, behind = gradient_of(model, theta + shift), gradient_of(model, theta - shift)
        rows.append((ahead - behind) / (2 * width))
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2)


def _halved(
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    theta: NDArray[np.float64],
    step: NDArray[np.float64],
    floor: float,
) -> NDArray[np.float64] | None:
    """Return the first point of a halved step that is higher; None where none is."""
    here, diagonal = loglik(model, covariance(model, theta)), _diagonal(model)
    for halvings in range(40):
        moved = theta + step / 2.0**halvings
        low = diagonal & (np.abs(moved) < floor)
        moved[low] = floor
        if loglik(model, covariance(model, moved)) > here:
            return np.asarray(moved)
    return None
