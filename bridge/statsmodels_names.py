"""A fit under statsmodels' names, each with statsmodels' meaning where lme4 has the same quantity.

Where the two differ, it is lme4's number that stands here:

- ``params`` and ``bse`` are the fixed effects alone. Those of a statsmodels MixedLM go on with the
  covariances of the random effects in units of ``scale``; see ``cov_re`` and ``vcomp``, in units of
  the response squared.
- ``scale`` is sigma squared, a variance; a glmer whose family has no scale has 1.
- ``aic`` and ``bic`` are R's, of the restricted likelihood too, where statsmodels has NaN.
- ``df_resid`` is R's n less all parameters, the variances among them.
- ``fittedvalues`` of a glmer are on the scale of the response, and the residuals are deviance
  residuals, as R's are. Both hold the random effects.
- Levels of a grouping factor are text, as in R.
- ``vcomp`` is a series with names, where statsmodels has an array.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from bridge.arguments import as_number, shown
from bridge.errors import ArgumentError, NotDefinedError
from bridge.hypothesis import natural_df
from bridge.varcorr import covariance_blocks, grouping_factor

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from bridge.fitted import Estimates, Fitted

# A level where there is one grouping factor, else the factor and its level.
Level = str | tuple[str, str]
# Coefficients by name or position.
Columns: TypeAlias = "int | str | Sequence[int | str]"


def interval(
    estimate: pd.Series[float], error: pd.Series[float], df: float, alpha: float
) -> pd.DataFrame:
    """Return (p, 2) limits, columns 0 and 1: estimate -+ the quantile of t times its SE.

    With `df` infinite it is the normal quantile.
    """
    as_number("alpha", alpha, low=0, high=1)
    reach = float(stats.t.isf(alpha / 2, df)) * error
    return pd.DataFrame({0: estimate - reach, 1: estimate + reach})


def transformed_covariance(vcov: pd.DataFrame, r_matrix: object) -> pd.DataFrame:
    """Return (k, k) R V R', the covariance of k sums of coefficients."""
    try:
        R = np.atleast_2d(np.asarray(r_matrix, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"r_matrix is {r_matrix!r}; expected a matrix of numbers.") from error
    if R.ndim != 2 or R.shape[1] != len(vcov):  # noqa: PLR2004  (a matrix)
        raise ArgumentError(
            f"r_matrix has shape {R.shape}; expected (k, {len(vcov)}), a column for each of "
            f"{', '.join(vcov.columns)}."
        )
    return pd.DataFrame(R @ vcov.to_numpy() @ R.T)


def effects_by_level(ranef: Mapping[str, pd.DataFrame]) -> dict[Level, pd.Series[float]]:
    """Return by level the conditional modes of its effects, by term.

    The key is the level where there is one grouping factor, else (factor, level).
    """
    found: dict[Level, pd.Series[float]] = {}
    for factor, table in ranef.items():
        for level, row in table.iterrows():
            found[_level(factor, level, ranef)] = row.rename(None)
    return found


def _level(factor: str, level: Hashable, factors: Mapping[str, Any]) -> Level:
    return str(level) if len(factors) == 1 else (factor, str(level))


def covariances_by_level(
    covariances: Mapping[str, Mapping[str, pd.DataFrame]],
) -> dict[Level, pd.DataFrame]:
    """Return by level, keys as of :func:`effects_by_level`, the covariance of its effects."""
    return {
        _level(factor, level, covariances): covariance
        for factor, levels in covariances.items()
        for level, covariance in levels.items()
    }


def joined_covariance(blocks: Mapping[str, pd.DataFrame], factors: Sequence[str]) -> pd.DataFrame:
    """Return the (q, q) covariance of all random effects of one unit of each factor.

    Labels are terms where there is one grouping factor, else (factor, term); 0 between blocks.
    """
    labels = [
        (grouping_factor(name, factors), term)
        for name, block in blocks.items()
        for term in block.columns
    ]
    joined = np.zeros((len(labels), len(labels)))
    at = 0
    for block in blocks.values():
        reach = slice(at, at + len(block))
        joined[reach, reach] = block.to_numpy()
        at += len(block)
    if len(factors) == 1:
        index = pd.Index([term for _, term in labels], dtype=object)
    else:
        index = pd.MultiIndex.from_tuples(labels, names=["group", "term"])
    return pd.DataFrame(joined, index=index, columns=index)


def _require_mixed(value: Mapping[str, Any] | pd.DataFrame | None, kind: str) -> Any:  # noqa: ANN401
    if value is None:
        raise NotDefinedError(f"A model fitted by {kind} has no random effects.")
    return value


def _random_covariance(fit: Estimates) -> pd.DataFrame:
    table = _require_mixed(fit.varcorr, fit.kind)
    return joined_covariance(covariance_blocks(table), list(fit.ngroups or {}))


class StatsmodelsNames:
    """The names of statsmodels' results."""

    @property
    def params(self: Estimates) -> pd.Series[float]:
        """(p,) the fixed effects: `fixef`."""
        return self.fixef

    @property
    def fe_params(self: Estimates) -> pd.Series[float]:
        """(p,) the fixed effects: `fixef`."""
        return self.fixef

    @property
    def bse_fe(self: Estimates) -> pd.Series[float]:
        """(p,) standard errors of the fixed effects: `bse`."""
        return self.bse

    @property
    def k_fe(self: Estimates) -> int:
        """Number of fixed effects that were estimated."""
        return len(self.fixef)

    @property
    def llf(self: Estimates) -> float:
        """Log-likelihood, the restricted one of a REML fit: `loglik`."""
        return self.loglik

    @property
    def scale(self: Estimates) -> float:
        """Residual variance: sigma squared."""
        return self.sigma**2

    @property
    def fittedvalues(self: Estimates) -> pd.Series[float]:
        """(n,) fitted values with the random effects, on the scale of the response: `fitted`."""
        return self.fitted

    @property
    def random_effects(self: Estimates) -> dict[Level, pd.Series[float]]:
        """By level its conditional modes by term; of several factors by (factor, level)."""
        return effects_by_level(_require_mixed(self.ranef, self.kind))

    @property
    def random_effects_cov(self: Fitted) -> dict[Level, pd.DataFrame]:
        """By level (keys of `random_effects`) the conditional covariance of its effects, by term.

        It is that given theta and the fixed effects, lme4's: statsmodels' too.
        """
        _require_mixed(self.ranef, self.kind)
        return covariances_by_level(self.ranef_cov)

    @property
    def cov_re(self: Estimates) -> pd.DataFrame:
        """(q, q) covariance of the random effects, in the response's units squared, by term.

        Of several grouping factors by (factor, term), 0 between factors.
        """
        return _random_covariance(self)

    @property
    def vcomp(self: Estimates) -> pd.Series[float]:
        """(q,) variances of the random effects, labelled as `cov_re`: its diagonal."""
        found = _random_covariance(self)
        return pd.Series(np.diag(found), index=found.index)

    def conf_int(self: Estimates, alpha: float = 0.05, cols: Columns | None = None) -> pd.DataFrame:
        """Return (p, 2) Wald limits of the fixed effects at the level 1 - alpha, columns 0 and 1.

        Normal quantiles for mixed models, as statsmodels has them; t with `df_resid` for an lm, and
        for a glm whose scale is estimated. See ``confint`` for profile and bootstrap limits, and
        for intervals of the variances.

        Parameters
        ----------
        alpha
            One less the level.
        cols
            Names or positions of coefficients, or one of these; None is all.
        """
        df = natural_df(self.kind, self.family, self.df_resid)
        limits = interval(self.fixef, self.bse, df, alpha)
        if cols is None:
            return limits
        return limits.iloc[_positions(cols, list(limits.index))]

    def cov_params(self: Estimates, r_matrix: object = None) -> pd.DataFrame:
        """Return the covariance of the fixed effects, (p, p) by name: `vcov`.

        With `r_matrix`, (k, p) or (p,) weights of k sums of coefficients, their (k, k) covariance.
        """
        return self.vcov if r_matrix is None else transformed_covariance(self.vcov, r_matrix)


def _positions(cols: object, names: list[str]) -> list[int]:
    several = isinstance(cols, Iterable) and not isinstance(cols, str)
    return [_position(one, names) for one in (cols if several else [cols])]  # type: ignore[attr-defined]


def _position(one: object, names: list[str]) -> int:
    if isinstance(one, str) and one in names:
        return names.index(one)
    whole = isinstance(one, int | np.integer) and not isinstance(one, bool)
    if whole and 0 <= one < len(names):  # type: ignore[operator]
        return int(one)  # type: ignore[call-overload, no-any-return]
    raise ArgumentError(f"There is no coefficient {shown(one)}. They are {', '.join(names)}.")
