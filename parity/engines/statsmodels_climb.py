"""Newton's method on MixedLM's own log-likelihood, score and Hessian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.engines.statsmodels_model import unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_STEPS = 200
CLOSE = 1e-6
"""Relative step below which Newton's method is trusted without asking the log-likelihood, whose
rounding error hides smaller gains."""
EDGE = 1e-8
"""A variance below this share of sigma^2, theta below 1e-4, is tried at exactly 0."""


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a climb ended.

    Attributes
    ----------
    values
        Variance parameters over sigma^2, packed ``(k,)``.
    steps
        Newton steps taken.
    converged
        Whether the last step was below rounding error, relative to the parameters.
    at_edge
        Whether it stopped because the covariance came close to singular.
    """

    values: NDArray[np.float64]
    steps: int
    converged: bool
    at_edge: bool


def profile(
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return score ``(k,)`` and Hessian ``(k, k)`` of the profile log-likelihood.

    sigma^2 is profiled out by MixedLM, beta by the Schur complement of its joint Hessian,
    H_vv - H_vb H_bb^-1 H_bv.
    """
    params, p = unpacked(model, values), model.k_fe
    joint, _ = model.hessian(params)
    cross = joint[p:, :p]
    return score(model, params), joint[p:, p:] - cross @ np.linalg.solve(joint[:p, :p], cross.T)


def score(model: Any, params: Any) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return MixedLM's score of the variance parameters, ``(k,)``, at GLS fixed effects."""
    _, covariance, components = model.score_full(params, calc_fe=False)
    return np.concatenate([covariance, components])


def loglik(model: Any, values: NDArray[np.float64]) -> float:  # noqa: ANN401 - statsmodels is untyped
    """Return MixedLM's log-likelihood; minus infinity where it is not defined."""
    try:
        found = float(model.loglike(unpacked(model, values), profile_fe=False))
    except np.linalg.LinAlgError:
        return -np.inf
    return found if np.isfinite(found) else -np.inf


def smallest(model: Any, values: NDArray[np.float64]) -> float:  # noqa: ANN401 - statsmodels is untyped
    """Return the smallest eigenvalue of the random effects' covariance over sigma^2."""
    size, count = model.k_re, model.k_re * (model.k_re + 1) // 2
    covariance = np.zeros((size, size))
    covariance[np.tril_indices(size)] = values[:count]
    eigenvalues = np.linalg.eigvalsh(covariance) if size else np.empty(0)
    return float(np.min([*eigenvalues, *values[count:]]))


def scales(model: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return the size of each packed parameter, ``(k,)``: sqrt(D_ii D_jj), or the variance."""
    rows, columns = np.tril_indices(model.k_re)
    diagonal = values[: len(rows)][rows == columns]
    return np.concatenate([np.sqrt(diagonal[rows] * diagonal[columns]), values[len(rows) :]])


def climb(model: Any, start: NDArray[np.float64]) -> Peak:  # noqa: ANN401 - statsmodels is untyped
    """Return the maximum that Newton's method, damped by step-halving, reaches from a start."""
    values, last = start, np.inf
    for steps in range(MAX_STEPS):
        if smallest(model, values) < EDGE:
            return Peak(values, steps, converged=False, at_edge=True)
        size = scales(model, values)
        gradient, hessian = profile(model, values)
        step = size * uphill(gradient * size, hessian * np.outer(size, size))
        length = float(np.max(np.abs(step / size)))
        if length < CLOSE and length >= last / 2:
            return Peak(values, steps, converged=True, at_edge=False)
        moved = values + step if length < CLOSE else _halved(model, values, step)
        if moved is None:
            return Peak(values, steps, converged=False, at_edge=False)
        values, last = moved, length
    return Peak(values, MAX_STEPS, converged=False, at_edge=False)


def uphill(gradient: NDArray[np.float64], hessian: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Newton's step ``(k,)``, curvature of the wrong sign turned round."""
    curvature, directions = np.linalg.eigh(hessian)
    floor = np.finfo(float).eps * np.max(np.abs(curvature))
    strength = np.maximum(np.abs(curvature), floor)
    return np.asarray(directions @ ((directions.T @ gradient) / strength))


def _halved(
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    values: NDArray[np.float64],
    step: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Return the first point of a halved step that is inside and no lower; None where none is."""
    here = loglik(model, values)
    for halvings in range(60):
        moved = values + step / 2.0**halvings
        if smallest(model, moved) > 0 and loglik(model, moved) >= here:
            return np.asarray(moved)
    return None
