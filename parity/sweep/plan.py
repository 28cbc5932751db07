"""What a sweep draws from, which engines it fits, and how it is told from another sweep."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.spec import Criterion
    from parity.sweep.spread import Spread


@dataclass(frozen=True, slots=True)
class FamilyShare:
    """A family of responses, and how often it is drawn.

    Attributes
    ----------
    name, link
        The canonical link for None.
    weight
        Against the sum of all weights.
    trials
        Of a binomial response.
    intercept, variance_ratio
        In place of the plan's, where they are not None.
    """

    name: str
    weight: float
    link: str | None = None
    trials: Spread | None = None
    intercept: Spread | None = None
    variance_ratio: Spread | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep.

    Attributes
    ----------
    models
        How many; model i is the same whatever their number.
    seed
        Of the sweep.
    engines
        Names; the first is the reference.
    time_limit
        Seconds that one call of R may take.
    families
        At least one.
    criteria
        ``"REML"`` and ``"ML"``, each as likely, for gaussian responses.
    rows, balance, sigma
        As in `parity.simulation.Design`; sigma of a gaussian response.
    factors, levels
        How many grouping factors, and levels of each (within each level of its parent where it is
        nested).
    nested
        Share of the factors after the first that are nested in the one before.
    slopes, uncorrelated, correlation
        Random slopes of each factor; the share of the terms with slopes that are written ``||``;
        the correlation of the others, drawn again until it is possible.
    variance_ratio, boundary
        Variance of a random effect over sigma squared, and the share of those that are exactly 0.
    covariates, group_covariates, categories
        Numeric covariates by row and by level of the first factor; levels of a factor among the
        fixed effects, 0 or 1 for none.
    effect, intercept
        Coefficients over sigma.
    """

    models: int
    seed: int
    engines: tuple[str, ...]
    time_limit: float
    families: tuple[FamilyShare, ...]
    criteria: tuple[Criterion, ...]
    rows: Spread
    factors: Spread
    levels: Spread
    nested: float
    balance: Spread
    slopes: Spread
    uncorrelated: float
    correlation: Spread
    variance_ratio: Spread
    boundary: float
    covariates: Spread
    group_covariates: Spread
    categories: Spread
    effect: Spread
    intercept: Spread
    sigma: Spread

    @property
    def reference(self) -> str:
        """The engine that the others are held against."""
        return self.engines[0]

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides a row; the number of models does not."""
        return hashlib.sha256(repr(replace(self, models=0)).encode()).hexdigest()
