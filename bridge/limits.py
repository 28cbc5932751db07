"""Limits of the parameters of a tidy table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from bridge.arguments import as_name, as_number
from bridge.errors import ArgumentError, BridgeError
from bridge.varcorr import VarianceParameter, grouping_factor, variance_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from bridge.fitted import Fitted

_METHODS = ("wald", "profile", "boot")


def wald_limits(
    table: pd.DataFrame, df: NDArray[np.float64] | float, level: float
) -> NDArray[np.float64]:
    """Return (k, 2) limits: estimate -+ the quantile of t times std.error.

    Where `df` is infinite the quantile is the normal distribution's.
    """
    estimate, error = (table[name].to_numpy(np.float64) for name in ("estimate", "std.error"))
    reach = stats.t.isf((1 - level) / 2, df) * error
    return np.column_stack((estimate - reach, estimate + reach))


def confint_names(parameter: VarianceParameter, factors: Collection[str]) -> tuple[str, ...]:
    """Return the names that a parameter may have in ``confint``: ``cor_Days.(Intercept)|Subject``.

    The second block of a factor is that of `Subject` in lme4's profile, and of ``Subject.1`` in its
    table of variances.
    """
    if parameter.first is None:
        return ("sigma",)
    pair = parameter.second is not None
    what = f"cor_{parameter.second}.{parameter.first}" if pair else f"sd_{parameter.first}"
    groups = dict.fromkeys((parameter.block, grouping_factor(parameter.block, factors)))
    return tuple(f"{what}|{group}" for group in groups)


def variance_limits(
    varcorr: pd.DataFrame, known: pd.DataFrame, factors: Collection[str], scale: str
) -> NDArray[np.float64]:
    """Return (k, 2) limits of the variance parameters, found by their names.

    Parameters
    ----------
    varcorr
        lme4's table.
    known
        Limits of SDs and correlations by lme4's names, of `sigma` too.
    factors
        Names of the grouping factors.
    scale
        ``"sdcor"``; for ``"vcov"`` the limits of an SD are squared, and a covariance has none.

    Raises
    ------
    BridgeError
        When a parameter has no limits, or several.
    """
    parameters = variance_parameters(varcorr, scale)
    rows = [_row_of(confint_names(one, factors), known.index) for one in parameters]
    if sorted(rows) != list(range(len(known))):
        raise BridgeError(f"R gave limits of {list(known.index)}, which are not all known.")
    found = known.to_numpy(np.float64)[rows]
    if scale == "sdcor":
        return found
    covariance = np.array([one.second is not None for one in parameters])
    return np.where(covariance[:, np.newaxis], np.nan, found**2)


def _row_of(names: tuple[str, ...], known: pd.Index[Any]) -> int:
    found = [at for at, name in enumerate(known) if name in names]
    if len(found) != 1:
        raise BridgeError(
            f"R gave limits of {list(known)}; expected {' or '.join(map(repr, names))} once."
        )
    return found[0]


@dataclass(frozen=True)
class Limits:
    """The limits that were asked for: of one fit, by one method, at one level.

    Attributes
    ----------
    method
        ``"wald"``, ``"profile"`` or ``"boot"``.
    ddf
        Degrees of freedom by which Wald limits are taken; None for those of ``confint``.
    options
        What ``confint`` takes beside method and level.
    """

    fit: Fitted
    method: str
    level: float
    ddf: str | None
    options: Mapping[str, Any]

    @cached_property
    def _asked(self) -> pd.DataFrame:
        """R's limits: costly by profile or bootstrap, so asked for once."""
        return self.fit.confint(method=self.method, level=self.level, **self.options)

    def of_fixed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return conf.low and conf.high of the coefficients, in the order of `table`."""
        if self.ddf is not None:
            return _named(wald_limits(table, table["df"].to_numpy(np.float64), self.level))
        return _named(self._asked.iloc[len(self._asked) - len(table) :].to_numpy(np.float64))

    def of_parameters(self, varcorr: pd.DataFrame, scale: str) -> pd.DataFrame:
        """Return the same of the variance parameters; NaN for Wald, which has none."""
        if self.method == "wald":
            return _named(np.full((len(varcorr), 2), np.nan))
        known = self._asked.iloc[: len(self._asked) - len(self.fit.fixef)]
        return _named(variance_limits(varcorr, known, list(self.fit.ngroups or {}), scale))

    def of_modes(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the same of conditional modes: the mode -+ the normal quantile times its SD."""
        if self.method != "wald":
            raise ArgumentError("Conditional modes have Wald limits alone: conf_method='Wald'.")
        return _named(wald_limits(table, np.inf, self.level))


def _named(limits: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame(limits, columns=["conf.low", "conf.high"])


def choose_limits(
    fit: Fitted, method: str | None, level: float, ddf: str | None, options: Mapping[str, Any]
) -> Limits:
    """Return the limits by `method`, where None is broom's choice: Wald, for a glm the profile.

    Raises
    ------
    ArgumentError
        For a method that is not known, a level out of (0, 1), and degrees of freedom for a profile.
    """
    usual = "profile" if fit.kind == "glm" else "wald"
    chosen = usual if method is None else as_name("conf_method", method).lower()
    if chosen not in _METHODS:
        raise ArgumentError(f"conf_method is {method!r}; expected 'Wald', 'profile' or 'boot'.")
    as_number("conf_level", level, low=0, high=1)
    if ddf is not None and chosen != "wald":
        raise ArgumentError(f"ddf goes with Wald limits; conf_method is {method!r}.")
    if options and chosen == "wald":
        raise ArgumentError(f"Wald limits take no option, yet {', '.join(options)} was given.")
    return Limits(fit, chosen, level, ddf, dict(options))
