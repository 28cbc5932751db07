"""Responses simulated from a linear mixed model at given parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import factors
from parity.criterion.penalised import Structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Model, Vector

_NUMBERS = 4_000_000
"""Numbers of a chunk of responses: 32 MB."""
_BLOCK = 1 << 17
"""Numbers that are drawn together: 1 MB, which stays in the cache."""


@dataclass(frozen=True)
class Parameters:
    """Where a linear mixed model is.

    Attributes
    ----------
    theta
        Relative covariance factors, over sigma, ``(m,)``.
    beta
        Fixed effects, ``(p,)``.
    sigma
        Residual SD.
    """

    theta: Vector
    beta: Vector
    sigma: float


def simulate(
    model: Model, parameters: Parameters, n: int, generator: np.random.Generator
) -> Iterator[Matrix]:
    """Yield chunks ``(rows, b)`` of n responses ``X beta + Z b + e`` in all.

    ``b ~ N(0, sigma^2 D)`` anew in each, ``e ~ N(0, sigma^2 / weights)``. Each response takes the
    next stretch of the generator's normal numbers, spherical effects first: how they are cut into
    chunks does not matter.

    Raises
    ------
    ValueError
        Where a weight is not positive.
    """
    require_weights(model)
    structure = Structure(model.blocks)
    spread = structure.Z @ structure.spread(factors(model, parameters.theta))
    mean = model.offset + model.X @ parameters.beta
    scale = parameters.sigma / np.sqrt(model.weights)
    width = structure.q + model.n
    step, block = max(1, _NUMBERS // width), max(1, _BLOCK // width)
    for start in range(0, n, step):
        drawn: NDArray[np.float64] = np.empty((model.n, min(step, n - start)))
        for first in range(0, drawn.shape[1], block):
            part = drawn[:, first : first + block]
            normal = np.ascontiguousarray(generator.standard_normal((part.shape[1], width)).T)
            part[:] = spread @ normal[: structure.q]
            part *= parameters.sigma
            part += mean[:, None]
            part += scale[:, None] * normal[structure.q :]
        yield drawn


def require_weights(model: Model) -> None:
    """Refuse a model with a weight that is not positive."""
    if not (model.weights > 0).all():
        message = "a row whose weight is not positive has no response to simulate"
        raise ValueError(message)
