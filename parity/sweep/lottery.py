"""Model i of a sweep, drawn from the sweep's seed and i alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parity.simulation import Covariate, Design, DesignError, Factor, Term
from parity.sweep.refusal import SweepError

if TYPE_CHECKING:
    from parity.sweep.plan import FamilyShare, Plan

_MOST_DRAWS = 1000
_MOST_SEED = 2**63 - 1


def draw(plan: Plan, index: int) -> Design:
    """Return the design of a model, the same whatever the order and the number of models.

    A design that is impossible, or has as many random effects as rows, is drawn again.

    Raises
    ------
    SweepError
        Where a thousand draws gave no design that is possible.
    """
    sequence = np.random.SeedSequence([plan.seed, index])
    lottery = _Lottery(plan, np.random.Generator(np.random.PCG64(sequence)))
    reason = ""
    for _ in range(_MOST_DRAWS):
        try:
            design = lottery.design()
        except DesignError as error:
            reason = str(error)
            continue
        effects = sum(design.levels(term.factor) * len(term.columns) for term in design.terms)
        if effects < design.rows:
            return design
        reason = f"{effects} random effects on {design.rows} rows"
    raise SweepError(
        f"Model {index}: {_MOST_DRAWS} draws gave no design that is possible; the last: {reason}. "
        "Let there be more rows, or fewer levels."
    )


@dataclass(frozen=True, slots=True)
class _Lottery:
    plan: Plan
    random: np.random.Generator

    def design(self) -> Design:
        """Return a design, or raise `DesignError` for one that is impossible."""
        plan, random = self.plan, self.random
        share = self._family()
        gaussian = share.name == "gaussian"
        sigma = plan.sigma.draw(random)
        sigma = sigma if gaussian else 1.0
        factors = self._factors()
        fixed = self._fixed(factors[0].name, sigma)
        slopes = [one.name for one in fixed if one.per is None and not one.categorical]
        return Design(
            rows=plan.rows.whole(random),
            factors=factors,
            terms=tuple(self._term(factor, slopes, share) for factor in factors),
            fixed=fixed,
            intercept=sigma * (share.intercept or plan.intercept).draw(random),
            balance=plan.balance.draw(random),
            sigma=sigma,
            family=share.name,
            link=share.link,
            criterion=plan.criteria[int(random.integers(len(plan.criteria)))],
            trials=share.trials.whole(random) if share.trials else 1,
            seed=int(random.integers(_MOST_SEED)),
        )

    def _family(self) -> FamilyShare:
        weights = np.cumsum([share.weight for share in self.plan.families])
        place = np.searchsorted(weights, self.random.uniform(0, weights[-1]), side="right")
        return self.plan.families[min(int(place), len(weights) - 1)]

    def _factors(self) -> tuple[Factor, ...]:
        plan, random = self.plan, self.random
        factors: list[Factor] = []
        for place in range(plan.factors.whole(random)):
            nested = place > 0 and random.random() < plan.nested
            parent = factors[-1].name if nested else None
            factors.append(Factor(f"g{place + 1}", plan.levels.whole(random), parent))
        return tuple(factors)

    def _fixed(self, first: str, sigma: float) -> tuple[Covariate, ...]:
        plan, random = self.plan, self.random
        counts = {
            None: ("x", plan.covariates.whole(random)),
            first: ("z", plan.group_covariates.whole(random)),
        }
        fixed = [
            Covariate(f"{letter}{number + 1}", (sigma * plan.effect.draw(random),), per)
            for per, (letter, count) in counts.items()
            for number in range(count)
        ]
        effects = [
            sigma * plan.effect.draw(random) for _ in range(plan.categories.whole(random) - 1)
        ]
        if effects:
            fixed.append(Covariate("k", tuple(effects), categorical=True))
        return tuple(fixed)

    def _term(self, factor: Factor, slopes: list[str], share: FamilyShare) -> Term:
        plan, random = self.plan, self.random
        count = min(plan.slopes.whole(random), len(slopes))
        columns = ("1", *slopes[:count])
        ratios = share.variance_ratio or plan.variance_ratio
        sds = [math.sqrt(ratios.draw(random)) for _ in columns]
        flat = [random.random() < plan.boundary for _ in columns]
        correlated = bool(random.random() >= plan.uncorrelated)
        correlation = plan.correlation.draw(random)
        return Term(
            factor.name,
            columns,
            tuple(0.0 if zero else sd for zero, sd in zip(flat, sds, strict=True)),
            correlation if correlated and count else 0.0,
            correlated,
        )
