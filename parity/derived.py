"""Quantities that follow from others by arithmetic, the same for every engine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import stats

from parity.quantity import applicable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from parity.result import Key, Values
    from parity.spec import ModelSpec

Rule: TypeAlias = "Callable[[ModelSpec, Values], dict[Key, float] | str]"

QUARTILES = ("Min", "1Q", "Median", "3Q", "Max")
LIMITS = ("2.5 %", "97.5 %")


def quantiles(residuals: NDArray[np.float64]) -> dict[Key, float]:
    """Return minimum, quartiles (R's type 7) and maximum of residuals of shape ``(n,)``."""
    points = np.quantile(residuals, [0.0, 0.25, 0.5, 0.75, 1.0])
    return {(name,): float(point) for name, point in zip(QUARTILES, points, strict=True)}


def correlations(vcov: Mapping[Key, float]) -> dict[Key, float]:
    """Return the correlations that a covariance matrix implies, off its diagonal, each once."""
    order = list(dict.fromkeys(row for row, _ in vcov))
    return {
        (row, column): vcov[row, column] / math.sqrt(vcov[row, row] * vcov[column, column])
        for i, row in enumerate(order)
        for column in order[:i]
    }


def complete(
    spec: ModelSpec, values: Values, absent: Mapping[str, str]
) -> tuple[Values, Mapping[str, str]]:
    """Return values and reasons with all that follows from them filled in.

    Only gaps are filled: what the engine gave, or declared absent, stays. ``sd`` follows from
    ``variance``; ``se_*`` and ``corr_*`` from ``vcov_*``; ``tvalue``, ``wald_*`` and
    ``odds_ratio`` from the estimates; ``aic`` and ``bic`` from the deviance; ``icc`` from the
    variances. What has no elements for this model (the correlations of one coefficient) is
    absent with that reason.
    """
    filled, reasons = dict(values), dict(absent)
    for name in applicable(spec.kind):
        if name in filled or name in reasons:
            continue
        outcome = _derive(name, spec, filled, reasons)
        if isinstance(outcome, str):
            reasons[name] = outcome
        else:
            filled[name] = outcome
    return filled, reasons


def _derive(
    name: str, spec: ModelSpec, values: Values, absent: Mapping[str, str]
) -> dict[Key, float] | str:
    rule = _RULES.get(name)
    if rule is None:
        return f"the engine did not give {name}"
    needs, function = rule
    for need in (_printed_se(spec) if n == "se" else n for n in needs):
        if need not in values:
            return absent.get(need, f"{need} is not given")
    try:
        return function(spec, values)
    except (ArithmeticError, ValueError) as error:
        return f"{name} cannot be computed: {error}"


def _printed_se(spec: ModelSpec) -> str:
    return "se_joint" if spec.kind == "glmm" else "se_conditional"


def _roots(quantity: str) -> Rule:
    def rule(_: ModelSpec, values: Values) -> dict[Key, float]:
        return {key: math.sqrt(number) for key, number in values[quantity].items()}

    return rule


def _diagonal_roots(quantity: str) -> Rule:
    def rule(_: ModelSpec, values: Values) -> dict[Key, float]:
        entries = values[quantity].items()
        return {(row,): math.sqrt(number) for (row, column), number in entries if row == column}

    return rule


def _correlations_of(quantity: str) -> Rule:
    def rule(_: ModelSpec, values: Values) -> dict[Key, float] | str:
        return correlations(values[quantity]) or "a single coefficient has no correlations"

    return rule


def _tvalue(spec: ModelSpec, values: Values) -> dict[Key, float]:
    errors = values[_printed_se(spec)]
    return {key: number / errors[key] for key, number in values["fixef"].items()}


def _wald_p(_: ModelSpec, values: Values) -> dict[Key, float]:
    return {key: float(2 * stats.norm.sf(abs(number))) for key, number in values["tvalue"].items()}


def _wald_ci(spec: ModelSpec, values: Values) -> dict[Key, float]:
    errors, z = values[_printed_se(spec)], float(stats.norm.ppf(0.975))
    return {
        (*key, limit): number + sign * z * errors[key]
        for key, number in values["fixef"].items()
        for limit, sign in zip(LIMITS, (-1, 1), strict=True)
    }


def _icc(spec: ModelSpec, values: Values) -> dict[Key, float] | str:
    if len(spec.random) != 1 or not spec.random[0].intercept_only:
        return "defined here for a single random intercept only"
    (group, _), variance = next(iter(values["variance"].items()))
    return {(group,): variance / (variance + values["sigma"][()] ** 2)}


def _odds_ratio(spec: ModelSpec, values: Values) -> dict[Key, float] | str:
    if (spec.family, spec.link) != ("binomial", "logit"):
        return f"defined for a binomial model with logit link, not for {spec.family}({spec.link})"
    return {key: math.exp(number) for key, number in values["fixef"].items()}


def _information(penalty: str) -> Rule:
    def rule(_: ModelSpec, values: Values) -> dict[Key, float]:
        weight = 2.0 if penalty == "aic" else math.log(values["nobs"][()])
        return {(): values["deviance"][()] + weight * values["npar"][()]}

    return rule


def _deviance(_: ModelSpec, values: Values) -> dict[Key, float]:
    return {(): -2.0 * values["loglik"][()]}


def _square(_: ModelSpec, values: Values) -> dict[Key, float]:
    return {(): values["sigma"][()] ** 2}


_RULES: dict[str, tuple[tuple[str, ...], Rule]] = {
    "sd": (("variance",), _roots("variance")),
    "se_conditional": (("vcov_conditional",), _diagonal_roots("vcov_conditional")),
    "se_joint": (("vcov_joint",), _diagonal_roots("vcov_joint")),
    "corr_conditional": (("vcov_conditional",), _correlations_of("vcov_conditional")),
    "corr_joint": (("vcov_joint",), _correlations_of("vcov_joint")),
    "deviance": (("loglik",), _deviance),
    "aic": (("deviance", "npar", "nobs"), _information("aic")),
    "bic": (("deviance", "npar", "nobs"), _information("bic")),
    "tvalue": (("fixef", "se"), _tvalue),
    "wald_p": (("tvalue",), _wald_p),
    "wald_ci": (("fixef", "se"), _wald_ci),
    "sigma2": (("sigma",), _square),
    "icc": (("variance", "sigma"), _icc),
    "odds_ratio": (("fixef",), _odds_ratio),
}
