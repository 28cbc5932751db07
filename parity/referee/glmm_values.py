"""Every quantity of a generalised mixed model at its proven optimum, under parity's names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flint import arb, arb_mat, fmpq

from parity.derived import LIMITS, QUARTILES
from parity.referee.glmm_group import unpack
from parity.referee.glmm_mode import enclose
from parity.referee.matrices import block
from parity.referee.residuals import five_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from parity.design.statement import Statement
    from parity.referee.glmm_cells import Cells
    from parity.referee.glmm_mode import Mode
    from parity.referee.glmm_proof import Optimum
    from parity.result import Key

    Balls: TypeAlias = dict[str, dict[Key, arb]]

NO_CORRELATION = "no block of random effects has two terms of positive variance"
SINGLE = "a single coefficient has no correlations"


@dataclass(frozen=True)
class Found:
    """A model, its data, and where its criterion is lowest."""

    statement: Statement
    cells: Cells
    optimum: Optimum

    @property
    def tau(self) -> arb:
        """The variance of the random effects."""
        return self.optimum.psi[0]

    @property
    def beta(self) -> tuple[arb, ...]:
        """The fixed effects, ``(p,)``."""
        return self.optimum.psi[1:]

    @cached_property
    def modes(self) -> list[Mode]:
        """The conditional modes."""
        return enclose(self.cells, self.optimum.psi)


def counts(found: Found) -> Mapping[str, Mapping[Key, int]]:
    """Return the quantities that are whole numbers."""
    n, npar = found.cells.n, found.cells.p + 1
    return {
        "nobs": {(): n},
        "ngroups": {(found.statement.spec.random[0].group,): len(found.cells.groups)},
        "npar": {(): npar},
        "df_resid": {(): n - npar},
        "converged": {(): 1},
        "singular": {(): int(found.optimum.singular)},
    }


def balls(found: Found) -> Mapping[str, Mapping[Key, arb]]:
    """Return the quantities that are enclosed, empty where this model has no such element."""
    return {**_criterion(found), **_variance(found), **_fixed(found), **_predictions(found)}


def absent(found: Found) -> dict[str, str]:
    """Return the reasons for what has no value."""
    rows = f"not stored: {found.cells.n} numbers that follow from fixef and ranef"
    reasons = {"correlation": NO_CORRELATION, "fitted": rows, "resid": rows}
    if found.cells.p == 1:
        reasons |= dict.fromkeys(("corr_conditional", "corr_joint"), SINGLE)
    family = found.cells.family
    if family.link != "logit":
        reasons["odds_ratio"] = (
            f"defined for a binomial model with logit link, not for {family.name}({family.link})"
        )
    return reasons


def _criterion(found: Found) -> Balls:
    deviance, npar = found.optimum.deviance, found.cells.p + 1
    return {
        "loglik": {(): -deviance / 2},
        "deviance": {(): deviance},
        "aic": {(): deviance + 2 * npar},
        "bic": {(): deviance + arb(found.cells.n).log() * npar},
    }


def _variance(found: Found) -> Balls:
    key = (found.statement.spec.random[0].group, found.statement.terms[0][0])
    return {
        "variance": {key: found.tau},
        "sd": {key: found.tau.sqrt()},
        "theta": {found.statement.theta_keys[0]: found.tau.sqrt()},
    }


def _fixed(found: Found) -> Balls:
    names, errors = found.statement.coefficients, _diagonal_roots(found.optimum.vcov)
    z = arb(2).sqrt() * arb(fmpq(19, 20)).erfinv()
    estimates = dict(zip(names, zip(found.beta, errors, strict=True), strict=True))
    tails: dict[Key, arb] = {
        (name,): (abs(b / error) / arb(2).sqrt()).erfc() for name, (b, error) in estimates.items()
    }
    logit = found.cells.family.link == "logit"
    return {
        "fixef": {(name,): b for name, (b, _) in estimates.items()},
        "tvalue": {(name,): b / error for name, (b, error) in estimates.items()},
        "pvalue": tails,
        "wald_p": tails,
        "wald_ci": {
            (name, limit): b + sign * z * error
            for name, (b, error) in estimates.items()
            for limit, sign in zip(LIMITS, (-1, 1), strict=True)
        },
        "odds_ratio": {(name,): b.exp() for name, (b, _) in estimates.items() if logit},
        **_covariance(names, found.optimum.vcov, "joint"),
        **_covariance(names, conditional(found), "conditional"),
    }


def _covariance(names: tuple[str, ...], vcov: arb_mat, kind: str) -> Balls:
    """Return a covariance matrix, its standard errors, and its correlations, each once."""
    errors = _diagonal_roots(vcov)
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names))]
    return {
        f"se_{kind}": {(name,): error for name, error in zip(names, errors, strict=True)},
        f"vcov_{kind}": {(names[i], names[j]): vcov[i, j] for i, j in pairs},
        f"corr_{kind}": {
            (names[i], names[j]): vcov[i, j] / (errors[i] * errors[j]) for i, j in pairs if j < i
        },
    }


def _diagonal_roots(vcov: arb_mat) -> list[arb]:
    return [vcov[i, i].sqrt() for i in range(vcov.nrows())]


def conditional(found: Found) -> arb_mat:
    """Return ``(X'WX - X'WZ Lambda (Lambda'Z'WZ Lambda + I)^-1 Lambda'Z'WX)^-1``, ``(p, p)``.

    W holds the GLM weights at the conditional modes: lme4's RX factor (use.hessian = FALSE),
    Bates et al. 2015, equation 17.
    """
    p = found.cells.p
    information = arb_mat(p, p)
    for mode in found.modes:
        group = mode.group
        odds = group.odds(mode.fixed, mode.b.value)
        *_, variances = group.family.tally(group.sizes, [[q] for q in odds])
        whole = unpack(group.curvatures(variances).entries(), p + 1)
        cross = block(whole, range(p), range(p, p + 1))
        shrunk = cross * cross.transpose() * (found.tau / (1 + found.tau * whole[p, p]))
        information += block(whole, range(p), range(p)) - shrunk
    return information.inv()


def _predictions(found: Found) -> Balls:
    keys = list(found.statement.effects)
    spreads = [(found.tau / (1 + found.tau * mode.weight.value)).sqrt() for mode in found.modes]
    quantiles = five_numbers(list(_pearson(found)))
    return {
        "ranef": {k: mode.b.value for k, mode in zip(keys, found.modes, strict=True)},
        "ranef_sd": dict(zip(keys, spreads, strict=True)),
        "scaled_resid_quantile": {
            (name,): number for name, number in zip(QUARTILES, quantiles, strict=True)
        },
    }


def _pearson(found: Found) -> Iterator[arb]:
    """Yield the Pearson residuals (y - mean) / sd at the modes, one a row, in no order."""
    odds = [mode.group.odds(mode.fixed, mode.b.value) for mode in found.modes]
    for response in found.cells.responses:
        mean, variance = found.cells.family.cumulants(odds[response.group][response.cell], 2)
        size = response.size
        residual = (response.count - size * mean) / (size * variance).sqrt()
        yield from [residual] * response.times
