"""The parts of the variance of a mixed model's response, on the scale of the link.

The distribution's own variance, on that scale, after Nakagawa, Johnson and Schielzeth (2017):

==================  ========================  ======================================
family              link                      variance
==================  ========================  ======================================
lmer                identity                  sigma^2
binomial            logit, probit, cloglog    pi^2 / 3, 1, pi^2 / 6
Poisson             sqrt                      1 / 4
Poisson             log                       v = 1 / m
negative binomial   log                       v = 1 / m + 1 / size
Gamma               log                       v = sigma^2
==================  ========================  ======================================

For a log link it is ln(1 + v) by ``"lognormal"``, v by ``"delta"``, and the trigamma function of
1 / v by ``"trigamma"``. m is the mean of the response, or, where the model without covariates is
given, exp(b0 + s^2 / 2) of its intercept and the variance s^2 of its random effects. R's
performance 0.10.2 takes exp(b0), and for a Gamma model always v.

All other families and links have no definition, and are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p, pi
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import polygamma

from bridge.arguments import shown
from bridge.errors import ArgumentError, NotDefinedError
from bridge.record import Record
from bridge.varcorr import covariance_blocks, grouping_factor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csc_array

    from bridge.fitted import Fitted

Approximation = Literal["lognormal", "delta", "trigamma"]

_LATENT = {
    ("binomial", "logit"): pi**2 / 3,
    ("binomial", "probit"): 1.0,
    ("binomial", "cloglog"): pi**2 / 6,
    ("poisson", "sqrt"): 0.25,
}
_OF_LOG: Mapping[str, Callable[[float], float]] = {
    "lognormal": log1p,
    "delta": float,
    "trigamma": lambda v: float(polygamma(1, 1 / v)),
}


@dataclass(frozen=True, slots=True)
class VarianceShares:
    """The parts of the response's variance, on the scale of the link.

    Attributes
    ----------
    fixed
        Sample variance over the rows of X beta (an offset is no part of it).
    random
        Mean over the rows of the variance of the random effects, without `dispersion`.
    dispersion
        Variance of effects that have a level a row: added noise.
    distribution
        The residual variance of an lmer, else the distribution's own on the scale of the link.
    """

    fixed: float
    random: float
    dispersion: float
    distribution: float

    @property
    def residual(self) -> float:
        """What no effect explains: `dispersion` + `distribution`."""
        return self.dispersion + self.distribution

    @property
    def total(self) -> float:
        """The sum of all."""
        return self.fixed + self.random + self.residual


def mean_variance(z: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
    """Return the mean over rows of z' C z; `z` is (n, k), `covariance` (k, k): Johnson (2014)."""
    return float(np.einsum("ik,kl,il->i", z, covariance, z).mean())


def covariates(
    Z: csc_array, levels: Mapping[str, int], blocks: Mapping[str, int]
) -> dict[str, NDArray[np.float64]]:
    """Return by block (n, k) the covariates of its random effects, each row's own.

    Parameters
    ----------
    Z
        (n, q) of lme4: block after block, within it level after level, within it term after term;
        a row has entries for one level of each block.
    levels
        Block -> number of levels of its factor.
    blocks
        Block -> number of terms.
    """
    found, start = {}, 0
    for name, width in blocks.items():
        count = levels[name]
        columns = [
            Z[:, start + k : start + count * width : width].sum(axis=1) for k in range(width)
        ]
        found[name] = np.column_stack(columns).astype(np.float64)
        start += count * width
    return found


def random_variances(fit: Fitted) -> tuple[float, float]:
    """Return the variance of the random effects, and apart from it that of levels of one row.

    Raises
    ------
    NotDefinedError
        For a model without random effects.
    """
    if fit.varcorr is None or fit.ngroups is None:
        raise NotDefinedError(
            f"A model fitted by {fit.kind} has no random effects. R squared of an lm is r_squared."
        )
    blocks = covariance_blocks(fit.varcorr)
    levels = {name: fit.ngroups[grouping_factor(name, fit.ngroups)] for name in blocks}
    z = covariates(fit.get_me("Z"), levels, {name: len(block) for name, block in blocks.items()})
    variances = {name: mean_variance(z[name], block.to_numpy()) for name, block in blocks.items()}
    by_row = [name for name in blocks if levels[name] == fit.nobs]
    dispersion = sum(variances[name] for name in by_row)
    random = sum(variances[name] for name in blocks if name not in by_row)
    return random, dispersion


def distribution_variance(
    family: str,
    link: str,
    *,
    mean: float,
    scale: float,
    size: float | None,
    approximation: Approximation = "lognormal",
) -> float:
    """Return the distribution's variance on the scale of the link: see the table above.

    Parameters
    ----------
    family, link
        R's names.
    mean
        Mean of a count.
    scale
        Dispersion of a Gamma, a variance.
    size
        Of a negative binomial.

    Raises
    ------
    ArgumentError
        For an approximation that is not known.
    NotDefinedError
        For a family and link for which there is no definition.
    """
    if (family, link) in _LATENT:
        return _LATENT[family, link]
    if approximation not in _OF_LOG:
        known = ", ".join(_OF_LOG)
        raise ArgumentError(f"approximation is {approximation!r}; expected one of {known}.")
    if link == "log" and family == "poisson":
        return _OF_LOG[approximation](1 / mean)
    if link == "log" and size is not None:
        return _OF_LOG[approximation](1 / mean + 1 / size)
    if link == "log" and family == "Gamma":
        return _OF_LOG[approximation](scale)
    raise NotDefinedError(
        f"R squared and ICC have no definition for the family {family} with the link {link}: the "
        "distribution's variance on the scale of that link is not known. Defined are binomial with "
        "logit, probit and cloglog, Poisson with log and sqrt, negative binomial and Gamma with "
        "log."
    )


def mean_of(fit: Fitted, null: Fitted | None) -> float:
    """Return the mean of a count: of the response, or by the model `null` without covariates.

    Raises
    ------
    ArgumentError
        When `null` is another kind of model, has covariates, or other rows.
    """
    if null is None:
        return float(fit.response.mean())
    same = (null.kind, null.link, null.nobs) == (fit.kind, fit.link, fit.nobs)
    if not same or list(null.fixef.index) != ["(Intercept)"]:
        raise ArgumentError(
            f"null is {null.formula!r}; expected the model and rows of {fit.formula!r} with an "
            "intercept as its only fixed effect."
        )
    return exp(float(null.fixef.iloc[0]) + sum(random_variances(null)) / 2)


def variance_shares(
    fit: Fitted, approximation: Approximation, null: Fitted | None
) -> VarianceShares:
    """Return the parts of the response's variance, on the scale of the link.

    Raises
    ------
    ArgumentError
        When `null` is no model, or not one for `fit`.
    NotDefinedError
        For a model without random effects, and a family and link without a definition.
    """
    if null is not None and not isinstance(null, Record):
        raise ArgumentError(
            f"null is {shown(null)}; expected a fit of the same rows with an intercept as its only "
            "fixed effect."
        )
    random, dispersion = random_variances(fit)
    linear = fit.model_matrix.to_numpy(np.float64) @ fit.fixef.to_numpy(np.float64)
    if fit.kind == "lmer":
        # Weights are of the residual variance: sigma^2 / w a row.
        distribution = fit.sigma**2 * float((1 / fit.row_parts()["weights"]).mean())
    else:
        size = float(fit.get_me("glmer.nb.theta")[0]) if fit.kind == "glmer_nb" else None
        distribution = distribution_variance(
            str(fit.family),
            str(fit.link),
            mean=mean_of(fit, null),
            scale=fit.sigma**2,
            size=size,
            approximation=approximation,
        )
    return VarianceShares(float(np.var(linear, ddof=1)), random, dispersion, distribution)
