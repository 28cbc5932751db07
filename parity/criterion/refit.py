"""One model fitted to many responses: what a bootstrap asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.components import are_narrow
from parity.criterion.coordinates import natural
from parity.criterion.covariance import covariances, pack, triangle
from parity.criterion.draws import require_weights, simulate
from parity.criterion.joint import Joint
from parity.criterion.lmm import Criterion
from parity.criterion.objective import Objective, Separate
from parity.criterion.optimum import (
    Optima,
    identities,
    in_units,
    lowest,
    theta_in_units,
    units_of,
)
from parity.criterion.reduction import Reduction, largest_of, require_matrix
from parity.criterion.sampler import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.draws import Parameters
    from parity.criterion.model import Matrix, Model, Vector

    Flags = NDArray[np.bool_]

_INTERIOR = 1e-2
"""Smallest SD of a combination of random effects, over sigma, from which a search starts there
alone: beside a boundary others are tried, too."""


@dataclass(frozen=True)
class Refits:
    """The fits of one model to b responses.

    Attributes
    ----------
    theta
        ``(b, m)``, over sigma.
    beta
        Fixed effects, ``(b, p)``.
    sigma
        Residual SDs, ``(b,)``.
    deviance
        -2 log-likelihoods, restricted ones for REML, ``(b,)``.
    singular
        Whether a combination of random effects has a variance of 0, ``(b,)``.
    converged
        Whether the search arrived at a minimum whose residual is more than the rounding of the
        response, ``(b,)``.
    """

    theta: Matrix
    beta: Matrix
    sigma: Vector
    deviance: Vector
    singular: Flags
    converged: Flags


class Fitter:
    """A linear mixed model that is fitted to one set of responses after another.

    Parameters
    ----------
    model
        The model; its own response does not count.
    reml
        Whether the criterion is the restricted likelihood.
    """

    def __init__(self, model: Model, *, reml: bool) -> None:
        """Scale the random effects' columns to the order of 1."""
        self.model = model
        self.reml = reml
        self._units = units_of(model)

    @cached_property
    def _is_narrow(self) -> bool:
        return are_narrow(self.model.blocks)

    @cached_property
    def _reduction(self) -> Reduction:
        return Reduction(self.model, self._units)

    @cached_property
    def _criterion(self) -> Criterion:
        return Criterion(in_units(self.model, self._units), self.reml)

    def fit(self, responses: Matrix, start: Vector | None = None) -> Refits:
        """Fit responses ``(n, b)``, the search beginning at theta ``(m,)`` where one is given.

        Where no start has a finite deviance the numbers are NaN, and it has not converged.

        Raises
        ------
        ValueError
            Where the responses do not fit the model.
        """
        require_matrix(responses, self.model.n)
        return self._fit(*self._objective(responses), start)

    def resample(
        self, where: Parameters, n: int, generator: np.random.Generator
    ) -> Iterator[Refits]:
        """Yield the fits to n responses drawn from the model, some at a time.

        Of components of effects that are small the criterion's own numbers are drawn (see
        `sampler`), of others the rows of a response (see `draws`).

        Raises
        ------
        ValueError
            Where a weight is not positive.
        """
        if not self._is_narrow:
            for responses in simulate(self.model, where, n, generator):
                yield self.fit(responses, where.theta)
            return
        require_weights(self.model)
        scaled = theta_in_units(self.model, where.theta, self._units)
        elements = pack(covariances(self.model, scaled))
        sampler = Sampler(self._reduction, elements, where.beta, where.sigma)
        for drawn in sampler.draw(n, generator):
            joint = Joint(self._reduction, drawn, reml=self.reml)
            yield self._fit(joint, drawn.largest, where.theta)

    def evaluate(self, responses: Matrix, theta: Vector) -> Refits:
        """Return the model at one theta ``(m,)``, beta and sigma profiled out for each response.

        At theta = 0 it is the model without random effects, fitted by least squares.
        """
        require_matrix(responses, self.model.n)
        count = responses.shape[1]
        scaled = np.tile(theta_in_units(self.model, theta, self._units), (count, 1))
        objective, largest = self._objective(responses)
        heights = objective.heights(natural(self.model, count).factors(scaled), np.arange(count))
        there = Optima(
            theta=scaled,
            heights=heights,
            decrements=np.zeros(count),
            steps=np.zeros(count, dtype=np.intp),
            converged=np.isfinite(heights),
            singular=np.zeros(count, dtype=bool),
        )
        return self._fits(objective, there, largest)

    def _fit(self, objective: Objective, largest: Vector, start: Vector | None) -> Refits:
        starts = self._starts(start, len(largest))
        return self._fits(objective, lowest(objective, starts), largest)

    def _objective(self, responses: Matrix) -> tuple[Objective, Vector]:
        """Return what is minimised, and the largest number of each response ``(b,)``."""
        if self._is_narrow:
            reduced = self._reduction.reduce(responses)
            return Joint(self._reduction, reduced, reml=self.reml), reduced.largest
        return Separate([self._criterion.of(y) for y in responses.T]), largest_of(responses)

    def _starts(self, start: Vector | None, count: int) -> list[Matrix]:
        others = identities(self.model, count)
        if start is None:
            return others
        begun = theta_in_units(self.model, start, self._units)
        spread = [np.linalg.eigvalsh(c)[0] for c in covariances(self.model, begun)]
        offered = np.tile(begun, (count, 1))
        return [offered] if min(spread) > _INTERIOR**2 else [offered, *others]

    def _fits(self, objective: Objective, found: Optima, largest: Vector) -> Refits:
        count = len(found.heights)
        factors = natural(objective.model, count).factors(found.theta)
        beta, sigma = objective.estimates(factors, np.arange(count))
        theta = found.theta.copy()
        for part, scale in zip(self.model.slices, self._scales(), strict=True):
            theta[:, part] *= scale
        heights = np.where(np.isfinite(found.heights), found.heights, np.nan)
        converged = found.converged & (sigma > self._digit(largest))
        return Refits(theta, beta, sigma, heights, found.singular, converged)

    def _digit(self, largest: Vector) -> Vector:
        """Return the last digit of the largest number of each response, as a residual SD."""
        root = np.exp(-self.model.volume / self.model.n / 2.0)
        return np.asarray(largest * root * np.finfo(float).eps)

    def _scales(self) -> list[Vector]:
        """Return what each element of theta is multiplied by on the way back, block by block."""
        return [(1.0 / unit)[list(triangle(len(unit))[0])] for unit in self._units]
