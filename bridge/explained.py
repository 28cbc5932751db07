"""Explained variance of a mixed model: R squared and the intraclass correlation.

Marginal and conditional R squared after Nakagawa, Johnson and Schielzeth (2017), J. R. Soc.
Interface 14: 20170213, and the ICC from the same variances; with random slopes, the variance of the
random effects is its mean over the rows, after Johnson (2014), Methods Ecol. Evol. 5: 944-946. What
is taken for the distribution's own variance stands in :mod:`bridge.variance_shares`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.variance_shares import Approximation, VarianceShares, variance_shares

if TYPE_CHECKING:
    from bridge.fitted import Fitted


@dataclass(frozen=True, slots=True)
class RSquared:
    """Shares of the variance that a mixed model explains.

    Attributes
    ----------
    marginal
        By the fixed effects.
    conditional
        By fixed and random effects.
    variances
        The parts that they are made of.
    """

    marginal: float
    conditional: float
    variances: VarianceShares


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """Share of the variance that lies between the groups.

    Attributes
    ----------
    adjusted
        Of the variance that the fixed effects leave.
    unadjusted
        Of all, the fixed effects' variance among it (also called conditional).
    variances
        The parts that they are made of.
    """

    adjusted: float
    unadjusted: float
    variances: VarianceShares


class Explained:
    """What a mixed model explains of the variance of its response."""

    def r2(
        self: Fitted, *, approximation: Approximation = "lognormal", null: Fitted | None = None
    ) -> RSquared:
        """Return marginal and conditional R squared, after Nakagawa et al. (2017).

        Parameters
        ----------
        approximation
            For a log link: ``"lognormal"``, ``"delta"`` or ``"trigamma"``; see
            :mod:`bridge.variance_shares`.
        null
            For counts with a log link: the same model with an intercept alone among its fixed
            effects, from which the mean is taken. None takes the mean of the response.

        Raises
        ------
        NotDefinedError
            For a model without random effects, and a family and link without a definition.
        ArgumentError
            For another approximation, and when `null` is no such model.
        """
        parts = variance_shares(self, approximation, null)
        marginal = parts.fixed / parts.total
        return RSquared(marginal, (parts.fixed + parts.random) / parts.total, parts)

    def icc(
        self: Fitted, *, approximation: Approximation = "lognormal", null: Fitted | None = None
    ) -> IntraclassCorrelation:
        """Return the intraclass correlation, adjusted and unadjusted for the fixed effects.

        With random slopes it is the mean over the rows, since it then depends on them. Parameters
        and errors are those of :meth:`r2`.
        """
        parts = variance_shares(self, approximation, null)
        adjusted = parts.random / (parts.random + parts.residual)
        return IntraclassCorrelation(adjusted, parts.random / parts.total, parts)
