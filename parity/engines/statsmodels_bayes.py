"""statsmodels' Bayesian generalised mixed models as an engine: another question, shown beside.

BinomialBayesMixedGLM and PoissonBayesMixedGLM have a posterior where lme4 has a likelihood: normal
priors on the fixed effects and on the log SDs. Their `fit_vb` is a variational approximation of it
(mean field), their `fit_map` its mode. Importing this module starts no statsmodels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.engines.statsmodels_presence import OnStatsmodels
from parity.result import FitResult, failed, unsupported

if TYPE_CHECKING:
    import pandas as pd

    from parity.case import Case
    from parity.criterion.model import Vector
    from parity.design.statement import Statement
    from parity.result import Key

    Numbers = dict[str, dict[Key, float]]


_CLASSES = {
    ("binomial", "logit"): "BinomialBayesMixedGLM",
    ("poisson", "log"): "PoissonBayesMixedGLM",
}
_SEED = 2015
"""Both searches start at random; a seed makes the answer the same every time."""
_VANISHED = 1e-6
"""An SD of a random effect on eta's scale that is none."""
_GIVEN = frozenset({"fixef", "theta", "variance", "sd", "ranef", "fitted", "singular", "converged"})
_ABSENT = "a mean-field posterior is no likelihood: this has no counterpart in it"
_STOPPED = (
    "fit_vb stopped at fixed effects of up to {beta:.2g} where the gradient of its bound is "
    "{left:.2g}: no answer"
)
_LEFT = 1e-2
"""The largest gradient of the bound at which an answer is one, though the search does not say so:
it asks for 1e-5, which rounding denies it on large data."""
_MOST = 200
"""Effects with which fit_map is tried: its search and Hessian take minutes with more."""
_PRIORS = "priors: fixed effects N(0, {fe:g}), log SDs N(0, {vcp:g}) (SDs; statsmodels' defaults)"
_CORRELATED = "its random effects are independent; the formula has a block of several columns"
_COLLAPSED = (
    "the mode of the joint posterior is where the random effects vanish: its density in a log SD s "
    "grows as exp(-q s) while the q effects are 0, until the prior stops it at s = -q vcp_p^2"
)


@dataclass(frozen=True)
class _Posterior:
    """A fit.

    Attributes
    ----------
    name
        ``"VB"`` or ``"MAP"``.
    beta, beta_sd
        Posterior means (VB) or modes (MAP) of the fixed effects, and SDs, ``(p,)``; an SD may be
        NaN, where statsmodels' Hessian is not positive definite.
    theta
        exp of the log SDs' means or modes, ``(m,)``.
    b
        The random effects' means or modes, ``(q,)``.
    converged
        Whether the search says so.
    left
        The largest element of the gradient where it stopped.
    said
        Warnings.
    """

    name: str
    beta: Vector
    beta_sd: Vector
    theta: Vector
    b: Vector
    converged: bool
    left: float
    said: tuple[str, ...]

    def sentence(self, statement: Statement) -> str:
        """Return the numbers with their names."""
        fixed = ", ".join(
            f"{name} {value:.6g} (SD {sd:.3g})" if np.isfinite(sd) else f"{name} {value:.6g}"
            for name, value, sd in zip(statement.coefficients, self.beta, self.beta_sd, strict=True)
        )
        spread = ", ".join(
            f"{group} {row} {sd:.6g}"
            for (group, row, _), sd in zip(statement.theta_keys, self.theta, strict=True)
        )
        ended = "" if self.converged else "; its search did not converge"
        return f"{self.name}: fixed effects {fixed}; SDs of random effects {spread}{ended}"


class StatsmodelsBayes(OnStatsmodels):
    """fit_vb of the Bayesian mixed GLM, and what fit_map says, in words beside it."""

    name = "statsmodels-bayes"
    on_request = True
    incomparable = "a posterior under priors, not a maximum of the likelihood"

    def unsupported(self, case: Case) -> str | None:
        """Return why the posterior of this model is not to be had, as far as the formula shows."""
        spec = case.spec
        if spec.kind != "glmm":
            return "statsmodels' Bayesian mixed models are generalised ones: binomial and Poisson"
        if (spec.family, spec.link) not in _CLASSES:
            known = ", ".join(f"{family}({link})" for family, link in _CLASSES)
            return f"there is no class for {spec.family}({spec.link}); there are {known}"
        if any(len(term.columns) > 1 for term in spec.random):
            return _CORRELATED
        return None

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Fit the case from scratch; whatever goes wrong is a status with its message."""
        from parity.design.statement import state  # noqa: PLC0415 - lazy by design
        from parity.design.terms import (  # noqa: PLC0415 - lazy by design
            NotExpressibleError,
            UnusableDataError,
        )

        about = (self.name, case.name, case.spec.kind)
        reason = self.unsupported(case)
        if reason is not None:
            return unsupported(*about, reason)
        try:
            result = _answered(_scalar(state(case.spec, data)), self.name, case.name)
        except NotExpressibleError as error:
            return unsupported(*about, str(error))
        except UnusableDataError as error:
            return failed(*about, str(error))
        except Exception as error:  # noqa: BLE001 - statsmodels raises whatever its optimiser met
            return failed(*about, f"{type(error).__name__}: {error}")
        return replace(result, versions=self.versions())


def _scalar(statement: Statement) -> Statement:
    """Return the model where each block has one column; a factor that varies has several."""
    from parity.design.terms import NotExpressibleError  # noqa: PLC0415 - lazy by design

    if any(block.width > 1 for block in statement.model.blocks):
        raise NotExpressibleError(_CORRELATED)
    return statement


def _answered(statement: Statement, engine: str, case: str) -> FitResult:
    """Return the variational answer, and the mode in words."""
    from parity.answer import components, counts, named, result  # noqa: PLC0415 - lazy by design
    from parity.criterion.family import family_of  # noqa: PLC0415 - lazy by design
    from parity.quantity import applicable  # noqa: PLC0415 - lazy by design

    built = _build(statement)
    vb = _fitted(built, "VB")
    if not vb.left <= _LEFT:  # NaN is refused, too
        raise ArithmeticError(_STOPPED.format(left=vb.left, beta=float(np.abs(vb.beta).max())))
    model = statement.model
    eta, start = model.X @ vb.beta, 0
    for block in model.blocks:
        eta = eta + block.columns[:, 0] * vb.b[start + block.codes]
        start += block.levels
    values: Numbers = {
        **counts(statement, scale=False),
        **components(statement, vb.theta, 1.0),
        "fixef": named([(name,) for name in statement.coefficients], vb.beta),
        "ranef": named(list(statement.effects), vb.b),
        "fitted": named(
            [(row,) for row in statement.rows], family_of(model.family, model.link).mean(eta)
        ),
        "converged": {(): float(vb.converged)},
    }
    gaps = set(applicable("glmm")) - set(values) - _GIVEN
    answer = result(statement, values, dict.fromkeys(gaps, _ABSENT), engine=engine, case=case)
    notes = (
        _PRIORS.format(fe=built.fe_p, vcp=built.vcp_p),
        vb.sentence(statement),
        *vb.said,
        *_mode(built, statement),
    )
    return replace(answer, criterion="VB", conditions=notes)


def _build(statement: Statement) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return statsmodels' model, one row a trial, a column of Z for each random effect."""
    from scipy import sparse  # noqa: PLC0415 - lazy by design
    from statsmodels.genmod import bayes_mixed_glm  # noqa: PLC0415 - lazy by design

    from parity.engines.statsmodels_gee import trials  # noqa: PLC0415 - lazy by design

    model, rows = statement.model, trials(statement)
    parts, position = [], np.arange(len(rows.source))
    for block in model.blocks:
        columns, codes = block.columns[rows.source, 0], block.codes[rows.source]
        shape = (len(position), block.levels)
        parts.append(sparse.csr_array((columns, (position, codes)), shape=shape))
    ident = np.repeat(np.arange(len(model.blocks)), [block.levels for block in model.blocks])
    kind: Any = getattr(bayes_mixed_glm, _CLASSES[model.family, model.link])
    return kind(rows.y, rows.X, sparse.hstack(parts, format="csr"), ident)


def _fitted(built: Any, name: str) -> _Posterior:  # noqa: ANN401 - statsmodels is untyped
    fit = {"VB": built.fit_vb, "MAP": built.fit_map}[name]
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        found = fit(rng=_SEED)
    said = dict.fromkeys(f"{entry.category.__name__}: {entry.message}" for entry in caught)
    return _Posterior(
        name,
        np.asarray(found.fe_mean),
        np.asarray(found.fe_sd),
        np.exp(np.asarray(found.vcp_mean)),
        np.asarray(found.vc_mean),
        bool(found.optim_retvals.success),
        float(np.abs(found.optim_retvals.jac).max()),
        tuple(said),
    )


def _mode(built: Any, statement: Statement) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """Return what fit_map finds, in sentences."""
    if built.k_vc > _MOST:
        return (f"MAP: not sought, for there are {built.k_vc} effects, and at most {_MOST} taken",)
    try:
        found = _fitted(built, "MAP")
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return (f"MAP: {type(error).__name__}: {error}",)
    collapsed = (_COLLAPSED,) if found.theta.min() < _VANISHED else ()
    return (found.sentence(statement), *collapsed, *found.said)
