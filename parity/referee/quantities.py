"""Every quantity of a linear mixed model at its proven optimum, under parity's names, as balls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from flint import arb, fmpq

from parity.derived import LIMITS, QUARTILES
from parity.quantity import applicable
from parity.referee.estimates import correlation
from parity.referee.residuals import five_numbers, residuals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flint import arb_mat

    from parity.design.statement import Statement
    from parity.referee.estimates import Estimates
    from parity.referee.exact import Data
    from parity.referee.optimum import Optimum
    from parity.referee.parts import Effects
    from parity.result import Key

    Balls: TypeAlias = Mapping[str, Mapping[Key, arb]]
    Counts: TypeAlias = Mapping[str, Mapping[Key, int]]

EDGE_JOINT = (
    "at the boundary the log-likelihood is not stationary in the variances, so that the joint "
    "observed information gives no standard errors"
)
NO_CORRELATION = "no block of random effects has two terms of positive variance"
NO_ICC = "defined here for a single random intercept only"
MOST_EFFECTS = 1000
"""More predictions than this are not written: they would outweigh all other certificates."""
SINGLE = "a single coefficient has no correlations"


@dataclass(frozen=True)
class Found:
    """Everything at the optimum.

    Attributes
    ----------
    statement, data
        The model with its names, and its exact cells.
    optimum, estimates
        The proven optimum, and what follows from it.
    effects
        Predictions of the random effects.
    """

    statement: Statement
    data: Data
    optimum: Optimum
    estimates: Estimates
    effects: Effects


@dataclass(frozen=True)
class Quantities:
    """Quantities by name: whole numbers, balls, and reasons for what has no value."""

    counts: Counts
    balls: Balls
    absent: Mapping[str, str] = field(default_factory=dict)


def quantities(found: Found) -> Quantities:
    """Return every quantity of `parity.quantity.applicable` for a linear mixed model."""
    absent = {
        "fitted": f"not stored: {found.data.n} numbers that follow from fixef and ranef",
        "resid": f"not stored: {found.data.n} numbers that follow from fixef and ranef",
    }
    counts = _counts(found)
    balls: dict[str, dict[Key, arb]] = {
        **_scalars(found, counts["npar"][()]),
        **_fixed(found),
        **_covariances(found),
        **_inference(found),
        **_predictions(found),
    }
    reasons = {
        **dict.fromkeys(("vcov_joint", "se_joint", "corr_joint"), EDGE_JOINT),
        **dict.fromkeys(("ranef", "ranef_sd"), _unstored(found)),
        "correlation": NO_CORRELATION,
        "icc": NO_ICC,
    }
    if len(found.statement.coefficients) == 1:
        reasons |= dict.fromkeys(("corr_conditional", "corr_joint"), SINGLE)
    for name in applicable("lmm"):
        if not balls.get(name) and name not in counts and name not in absent:
            absent[name] = reasons[name]
            balls.pop(name, None)
    return Quantities(counts, balls, absent)


def _unstored(found: Found) -> str:
    count = sum(1 for _ in found.statement.effects)
    return f"not stored: {count} random effects follow from fixef, theta and the data"


def _counts(found: Found) -> dict[str, dict[Key, int]]:
    npar = len(found.statement.coefficients) + len(found.optimum.phi) + 1
    random = zip(found.statement.spec.random, found.statement.levels, strict=True)
    return {
        "nobs": {(): found.data.n},
        "ngroups": {(term.group,): len(levels) for term, levels in random},
        "npar": {(): npar},
        "df_resid": {(): found.data.n - npar},
        "converged": {(): 1},
        "singular": {(): int(found.optimum.singular)},
    }


def _scalars(found: Found, npar: int) -> dict[str, dict[Key, arb]]:
    at = found.estimates
    return {
        "loglik": {(): -at.deviance / 2},
        "deviance": {(): at.deviance},
        "sigma": {(): at.sigma2.sqrt()},
        "sigma2": {(): at.sigma2},
        "aic": {(): at.deviance + 2 * npar},
        "bic": {(): at.deviance + arb(found.data.n).log() * npar},
    }


def _fixed(found: Found) -> dict[str, dict[Key, arb]]:
    names, at = found.statement.coefficients, found.estimates
    values: dict[str, dict[Key, arb]] = {
        "fixef": {(name,): b for name, b in zip(names, at.beta, strict=True)}
    }
    values |= _errors(names, at.conditional, "conditional")
    return values if at.joint is None else values | _errors(names, at.joint, "joint")


def _errors(names: tuple[str, ...], vcov: arb_mat, kind: str) -> dict[str, dict[Key, arb]]:
    """Return a covariance matrix, its standard errors and its correlations, each once."""
    se = [vcov[i, i].sqrt() for i in range(len(names))]
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names))]
    return {
        f"vcov_{kind}": {(names[i], names[j]): vcov[i, j] for i, j in pairs},
        f"se_{kind}": {(name,): error for name, error in zip(names, se, strict=True)},
        f"corr_{kind}": {
            (names[i], names[j]): vcov[i, j] / (se[i] * se[j]) for i, j in pairs if j < i
        },
    }


def _covariances(found: Found) -> dict[str, dict[Key, arb]]:
    """Return variances, standard deviations, correlations, theta and the intraclass correlation."""
    at, statement = found.estimates, found.statement
    values: dict[str, dict[Key, arb]] = {"variance": {}, "sd": {}, "correlation": {}, "icc": {}}
    theta: list[arb] = []
    for number, (term, names) in enumerate(
        zip(statement.spec.random, statement.terms, strict=True)
    ):
        D, L, face = at.relative[number], at.factors[number], found.optimum.chart.faces[number]
        for i, name in enumerate(names):
            values["variance"][term.group, name] = D[i, i] * at.sigma2
            values["sd"][term.group, name] = D[i, i].sqrt() * at.sigma2.sqrt()
            for j in range(i):
                if face.rank:
                    key = (term.group, name, names[j])
                    values["correlation"][key] = correlation(face, D, i, j)
        theta += [L[i, j] for j in range(face.width) for i in range(j, face.width)]
    random = statement.spec.random
    if len(random) == 1 and random[0].intercept_only:
        ratio = at.relative[0][0, 0]
        values["icc"][random[0].group,] = ratio / (1 + ratio)
    return values | {"theta": dict(zip(statement.theta_keys, theta, strict=True))}


def _inference(found: Found) -> dict[str, dict[Key, arb]]:
    names, at = found.statement.coefficients, found.estimates
    z = arb(2).sqrt() * arb(fmpq(19, 20)).erfinv()
    values: dict[str, dict[Key, arb]] = {"tvalue": {}, "wald_p": {}, "wald_ci": {}}
    for i, (name, b) in enumerate(zip(names, at.beta, strict=True)):
        error = at.conditional[i, i].sqrt()
        values["tvalue"][name,] = b / error
        values["wald_p"][name,] = (abs(b / error) / arb(2).sqrt()).erfc()
        for limit, sign in zip(LIMITS, (-1, 1), strict=True):
            values["wald_ci"][name, limit] = b + sign * z * error
    return values


def _predictions(found: Found) -> dict[str, dict[Key, arb]]:
    at, effects = found.estimates, found.effects
    sigma = at.sigma2.sqrt()
    keys = list(found.statement.effects)
    rest = residuals(found.statement.model, found.data, at.beta, effects.modes)
    numbers = five_numbers([e / sigma for e in rest])
    quantiles: dict[Key, arb] = {
        (name,): number for name, number in zip(QUARTILES, numbers, strict=True)
    }
    if len(keys) > MOST_EFFECTS:
        return {"scaled_resid_quantile": quantiles}
    return {
        "ranef": dict(zip(keys, effects.modes, strict=True)),
        "ranef_sd": {
            key: sigma * variance.sqrt()
            for key, variance in zip(keys, effects.variances, strict=True)
        },
        "scaled_resid_quantile": quantiles,
    }
