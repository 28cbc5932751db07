"""The likelihood-ratio test of nested linear mixed models, its p-value by the bootstrap.

Where a variance of the larger model is 0 under the hypothesis, the hypothesis lies on the boundary
and the statistic is no chi-square (Self & Liang 1987): for one variance half of its mass is at 0,
and the p-value by chi-square is twice too large. Responses simulated from the smaller model have
the statistic's own distribution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from parity.criterion.draws import Parameters, simulate
from parity.criterion.refit import Fitter
from parity.design.statement import state
from parity.examination import InputError, examine
from parity.resampling.bootstrap import draw_seed, require_count
from parity.resampling.precondition import require_frame
from parity.resampling.subject import as_spec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector
    from parity.criterion.refit import Refits
    from parity.design.statement import Statement
    from parity.spec import ModelSpec

_LOWER = 1e-8
"""Deviance by which the larger model may lie above the smaller one: rounding."""


@dataclass(frozen=True, eq=False)
class BootstrapTest:
    """A likelihood-ratio test.

    Attributes
    ----------
    small, large
        Formulas of the two models.
    reml
        Whether the statistic is that of the restricted likelihood.
    statistic
        Deviance of the smaller model less that of the larger one, at least 0.
    df
        Parameters that the larger model has more.
    p
        Share of the statistics under the hypothesis that are no smaller, this one among them:
        ``(1 + k) / (1 + n)`` (Davison & Hinkley 1997, equation 4.11).
    p_error
        Its Monte Carlo standard error.
    p_interval
        Limits of the p-value that the n draws leave possible, at 95 % (Clopper & Pearson).
    p_chi2
        By chi-square with `df` degrees of freedom: right only off the boundary.
    replicates
        (n,) the statistics under the hypothesis; NaN for a fit that failed.
    boundary
        (n,) whether the larger model's fit is singular.
    failed
        How many of the n failed; p is that of the others.
    seed
        Of the draws.
    """

    small: str
    large: str
    reml: bool
    statistic: float
    df: int
    p: float
    p_error: float
    p_interval: tuple[float, float]
    p_chi2: float
    replicates: NDArray[np.float64]
    boundary: NDArray[np.bool_]
    failed: int
    seed: int

    def __str__(self) -> str:
        """Return the test in a few lines."""
        method = "REML" if self.reml else "ML"
        low, high = self.p_interval
        count = len(self.replicates)
        return (
            f"Likelihood-ratio test ({method}), by {count} responses simulated from the smaller "
            f"model, seed {self.seed}\n"
            f"  {self.small}\n"
            f"  {self.large}\n"
            f"statistic {self.statistic:.6g}, {self.df} more parameters\n"
            f"p = {self.p:.4g} (Monte Carlo error {self.p_error:.2g}; 95 % from {low:.3g} to "
            f"{high:.3g}); by chi-square {self.p_chi2:.4g}\n"
            f"{int(self.boundary.sum())} fits of the larger model are singular, "
            f"{self.failed} failed"
        )


def bootstrap_lrt(
    small: str | ModelSpec,
    large: str | ModelSpec,
    data: pd.DataFrame,
    n: int = 1000,
    *,
    seed: int | None = None,
    REML: bool = False,
) -> BootstrapTest:
    """Return the likelihood-ratio test of two nested models, its p-value by the bootstrap.

    Parameters
    ----------
    small, large
        lme4 formulas, or models; the smaller one may have no random effects.
    data
        The data frame of both.
    n
        Number of responses simulated from the smaller model; both models are fitted to each.
    seed
        Of NumPy's PCG64; a random one by default, which the answer keeps.
    REML
        For formulas: the restricted likelihood, which compares random effects alone.

    Raises
    ------
    InputError
        Where the models are not nested as far as numbers can tell, use other rows, responses or
        weights, or are compared by REML with other fixed effects; in one sentence.
    """
    count, number = require_count(n), draw_seed(seed)
    specs = as_spec(small, REML=REML), as_spec(large, REML=REML)
    pair = _stated(*specs, data)
    (statistic,) = pair.observed().ratio.tolist()
    if not np.isfinite(statistic):
        raise InputError("The search for an optimum of the two models did not arrive.")
    if statistic < -_LOWER:
        raise InputError(
            f"{specs[0].formula!r} has a deviance {-statistic:.3g} below that of "
            f"{specs[1].formula!r}: it is not nested in it."
        )
    generator = np.random.Generator(np.random.PCG64(number))
    chunks = simulate(pair.small.statement.model, pair.small.parameters, count, generator)
    draws = [pair.statistics(chunk) for chunk in chunks]
    return BootstrapTest(
        small=specs[0].formula,
        large=specs[1].formula,
        reml=pair.reml,
        seed=number,
        boundary=np.concatenate([draw.singular for draw in draws]),
        **_tested(max(statistic, 0.0), pair.df, np.concatenate([draw.ratio for draw in draws])),
    )


def _tested(statistic: float, df: int, ratios: Vector) -> dict[str, Any]:
    """Return the statistic's p-value among those ``(n,)`` under the hypothesis."""
    present = ratios[np.isfinite(ratios)]
    if not len(present):
        raise InputError("No pair of fits to a simulated response arrived at its optimum.")
    # a statistic equal but for rounding is no smaller
    above, total = int((present >= statistic - _LOWER).sum()), len(present)
    p = (1 + above) / (1 + total)
    low = stats.beta.ppf(0.025, above, total - above + 1) if above else 0.0
    high = stats.beta.ppf(0.975, above + 1, total - above) if above < total else 1.0
    return {
        "statistic": statistic,
        "df": df,
        "p": p,
        "p_error": float(np.sqrt(p * (1 - p) / total)),
        "p_interval": (float(low), float(high)),
        "p_chi2": float(stats.chi2.sf(statistic, df)),
        "replicates": np.maximum(ratios, 0.0),
        "failed": len(ratios) - total,
    }


@dataclass(frozen=True)
class _Statistics:
    """Of b responses: likelihood ratios, NaN where a fit failed; whether the large is singular."""

    ratio: Vector
    singular: NDArray[np.bool_]


class _Side:
    """One of the two models; without random effects it is the other's at theta = 0."""

    def __init__(self, spec: ModelSpec, statement: Statement) -> None:
        self.statement = statement
        self.has_effects = bool(spec.random)
        self._fitter = Fitter(statement.model, reml=statement.spec.criterion == "REML")
        self._zero = np.zeros(statement.model.slices[-1].stop)
        try:
            self.own = self.fit(statement.model.y[:, None])
        except ValueError as error:
            raise InputError(f"{spec.formula!r} cannot be fitted: {error}.") from error

    def fit(self, responses: Matrix, start: Vector | None = None) -> Refits:
        """Return the fits to responses ``(rows, b)``."""
        if not self.has_effects:
            return self._fitter.evaluate(responses, self._zero)
        return self._fitter.fit(responses, start)

    def refit(self, responses: Matrix) -> Refits:
        """Return the fits to responses, the search beginning where the model's own ended."""
        return self.fit(responses, self.own.theta[0])

    @property
    def parameters(self) -> Parameters:
        """Where the model is, fitted to its own response."""
        return Parameters(self.own.theta[0], self.own.beta[0], float(self.own.sigma[0]))

    @property
    def count(self) -> int:
        """The number of its coefficients and variance parameters, sigma aside."""
        return self.statement.model.p + (len(self._zero) if self.has_effects else 0)


@dataclass(frozen=True)
class _Pair:
    """Two models of the same rows."""

    small: _Side
    large: _Side

    @property
    def reml(self) -> bool:
        """Whether they are compared by the restricted likelihood."""
        return self.large.statement.spec.criterion == "REML"

    @property
    def df(self) -> int:
        """Parameters that the larger model has more."""
        return self.large.count - self.small.count

    def observed(self) -> _Statistics:
        """Return the statistic of the models' own response."""
        return _compared(self.small.own, self.large.own)

    def statistics(self, responses: Matrix) -> _Statistics:
        """Return the statistics of responses ``(rows, b)``."""
        return _compared(self.small.refit(responses), self.large.refit(responses))


def _compared(small: Refits, large: Refits) -> _Statistics:
    arrived = small.converged & large.converged
    return _Statistics(np.where(arrived, small.deviance - large.deviance, np.nan), large.singular)


def _stated(small: ModelSpec, large: ModelSpec, data: pd.DataFrame) -> _Pair:
    """State both models on the data; refuse what cannot be compared."""
    if large.kind != "lmm" or small.kind not in {"lm", "lmm"}:
        raise InputError(
            "The bootstrap by the criterion compares a linear or linear mixed model with a larger "
            f"linear mixed one; it cannot compare {small.formula!r} with {large.formula!r}."
        )
    require_frame(data)
    dressed = small if small.random else replace(small, random=large.random)
    both = []
    for spec in (dressed, large):
        examine(spec, data)
        both.append(state(replace(spec, criterion=large.criterion), data))
    one, other = both
    if not np.array_equal(one.complete, other.complete):
        raise InputError(
            f"The models use other rows, {one.model.n} and {other.model.n}: leave out rows "
            "with a missing value first."
        )
    for part, name in (("y", "response"), ("weights", "weights")):
        if not np.array_equal(getattr(one.model, part), getattr(other.model, part)):
            mine, others = getattr(small, name), getattr(large, name)
            raise InputError(f"The models have other {name}, {mine!r} and {others!r}.")
    if large.criterion == "REML" and one.coefficients != other.coefficients:
        raise InputError("REML compares models of the same fixed effects alone: use ML.")
    pair = _Pair(_Side(small, one), _Side(large, other))
    if pair.df < 1:
        raise InputError(
            f"{large.formula!r} has no more parameters than {small.formula!r}: the smaller model "
            "comes first."
        )
    return pair
