"""What the bridge's fit of a model says, as an answer: names, scales, reasons."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from parity import derived
from parity.result import Design, FitResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from bridge import Fit
    from parity.case import Case
    from parity.result import Key
    from parity.spec import ModelSpec

    Numbers = dict[str, dict[Key, float]]

_Part = TypeVar("_Part")
_JOINT = "lmer gives the conditional covariance only; its joint observed information is no output"
_NO_HESSIAN = (
    "lme4 has no positive definite Hessian here and falls back on the conditional covariance"
)
_REPEATED_BLOCK = re.compile(r"\.\d+$")


def answer_of(engine: str, case: Case, fit: Fit, conditions: Sequence[str]) -> FitResult:
    """Return all that the fit says of the case, under the engine's name."""
    spec = case.spec
    values = _values(spec, fit)
    absent = _absent(spec, values)
    undefined = [row for (row,), number in values["resid"].items() if math.isnan(number)]
    if undefined:
        del values["resid"]
        absent["resid"] = (
            f"lme4's deviance residual of row {', '.join(undefined)} is NaN: the root of a number "
            "below zero by rounding, where the fitted value is the response (lme4 issue 812)"
        )
    filled, reasons = derived.complete(spec, values, absent)
    return FitResult(
        engine=engine,
        case=case.name,
        kind=spec.kind,
        criterion=spec.criterion,
        rows=tuple(str(row + 1) for row in fit.rows),
        groups=_groups(fit),
        design=Design(
            tuple(map(str, fit.model_matrix.columns)),
            fit.model_matrix.to_numpy(dtype=np.float64),
        ),
        values=filled,
        absent=reasons,
        conditions=tuple(conditions),
        versions=dict(fit.versions),
    )


def _values(spec: ModelSpec, fit: Fit) -> Numbers:
    """Return what every kind of model has, then what its kind has."""
    rows = [str(row + 1) for row in fit.rows]
    values: Numbers = {
        "nobs": {(): float(fit.nobs)},
        "loglik": {(): fit.loglik},
        "deviance": {(): criterion_of(spec, fit)},
        "fixef": _by_name(fit.fixef),
        "tvalue": _by_name(fit.tvalues),
        "npar": {(): float(fit.npar)},
        "df_resid": {(): float(fit.df_resid)},
        "aic": {(): fit.aic},
        "bic": {(): fit.bic},
        "fitted": dict(zip(((row,) for row in rows), map(float, fit.fitted), strict=True)),
        "resid": dict(zip(((row,) for row in rows), map(float, fit.resid), strict=True)),
    }
    if spec.kind == "lm":
        values |= _linear(fit)
    else:
        values |= _mixed(fit)
    if spec.kind != "glmm":
        values["sigma"] = {(): float(fit.sigma)}
        values["vcov_conditional"] = _square(fit.vcov)
    else:
        # Without a usable Hessian lme4's vcov() falls back on the conditional one.
        if not fit.vcov.equals(_given(fit.vcov_rx)):
            values["vcov_joint"] = _square(fit.vcov)
        values["vcov_conditional"] = _square(_given(fit.vcov_rx))
        values["pvalue"] = _by_name(_given(fit.pvalues))
    return values


def criterion_of(spec: ModelSpec, fit: Fit) -> float:
    """Return -2 log-likelihood of what was maximised."""
    if spec.criterion == "REML" and spec.kind == "lmm":
        return _given(fit.reml_criterion)
    return -2.0 * fit.loglik if spec.kind == "lm" else float(fit.deviance)


def _given(part: _Part | None) -> _Part:
    """Return a part of the fit that its kind of model has."""
    if part is None:
        raise ValueError("the bridge gave a fit without a part that its kind of model has")
    return part


def _linear(fit: Fit) -> Numbers:
    """Return what only a linear model has."""
    f = _given(fit.fstatistic)
    return {
        "pvalue": _by_name(_given(fit.pvalues)),
        "r2": {(): _given(fit.r_squared)},
        "adj_r2": {(): _given(fit.adj_r_squared)},
        "fstat": {(): f.value},
        "fstat_df": {("numdf",): float(f.numdf), ("dendf",): float(f.dendf)},
        "fstat_p": {(): _given(fit.f_pvalue)},
        "resid_quantile": _by_name(_given(fit.resid_quantiles)),
    }


def _mixed(fit: Fit) -> Numbers:
    """Return what only a mixed model has."""
    theta = map(float, _given(fit.theta))
    numbers: Numbers = {
        "ngroups": {(group,): float(count) for group, count in _given(fit.ngroups).items()},
        "variance": {},
        "correlation": {},
        "theta": dict(zip(theta_keys(fit), theta, strict=True)),
        "ranef": _effects(_given(fit.ranef)),
        "ranef_sd": _effects(fit.ranef_sd),
        "scaled_resid_quantile": _by_name(_given(fit.scaled_resid_quantiles)),
        "converged": {(): float(fit.converged)},
        "singular": {(): float(fit.singular)},
    }
    for block, one, other, row in _components(fit):
        group = _grouping(block, fit)
        if other:
            numbers["correlation"][group, other, one] = row["sdcor"]
        else:
            numbers["variance"][group, one] = row["vcov"]
    # A correlation with a variance of zero is NaN in lme4: it is not estimated, and is left out.
    numbers["correlation"] = {
        key: number for key, number in numbers["correlation"].items() if not math.isnan(number)
    }
    return {name: elements for name, elements in numbers.items() if elements}


def _components(fit: Fit) -> Iterator[tuple[str, str, str, dict[str, float]]]:
    """Yield block, term, second term ("" for a variance) and numbers of VarCorr's rows."""
    for row in _given(fit.varcorr).to_dict("records"):
        if row["grp"] != "Residual":
            other = row["var2"] if isinstance(row["var2"], str) else ""
            numbers = {name: float(row[name]) for name in ("vcov", "sdcor")}
            yield str(row["grp"]), str(row["var1"]), other, numbers


def _blocks(fit: Fit) -> list[tuple[str, list[str]]]:
    """Return group and terms of each covariance block, in the order of theta."""
    blocks: dict[str, list[str]] = {}
    for block, term, other, _ in _components(fit):
        if not other:
            blocks.setdefault(block, []).append(term)
    return [(_grouping(name, fit), terms) for name, terms in blocks.items()]


def _grouping(block: str, fit: Fit) -> str:
    """Return a block's grouping factor: lme4 numbers the blocks of one factor, ``g``, ``g.1``.

    A factor may itself be called ``g.1``; lme4 then skips that number. Where it numbers blocks it
    also writes an interaction ``a:b`` as ``a.b`` (R's make.names).
    """
    factors = [str(name) for name in _given(fit.ngroups)]
    if block in factors:
        return block
    unnumbered = _REPEATED_BLOCK.sub("", block)
    wanted = {block, unnumbered}
    made = [name for name in factors if name in wanted or name.replace(":", ".") in wanted]
    if len(made) != 1:
        raise ValueError(f"lme4's block {block!r} is of none or several of {factors}")
    return made[0]


def theta_keys(fit: Fit) -> list[Key]:
    """Return the keys of theta in lme4's order: each block's lower triangle, column by column."""
    return [
        (group, row, column)
        for group, terms in _blocks(fit)
        for position, column in enumerate(terms)
        for row in terms[position:]
    ]


def _effects(tables: Mapping[str, pd.DataFrame]) -> dict[Key, float]:
    """Return (group, level, term) → number."""
    return {
        (str(group), str(level), str(term)): float(number)
        for group, table in tables.items()
        for term, column in table.items()
        for level, number in column.items()
    }


def _groups(fit: Fit) -> dict[str, tuple[str, ...]]:
    """Return the levels of each grouping factor."""
    tables = fit.ranef or {}
    return {str(group): tuple(map(str, table.index)) for group, table in tables.items()}


def _absent(spec: ModelSpec, values: Numbers) -> dict[str, str]:
    """Return what lme4 does not give, with the reason."""
    absent: dict[str, str] = {}
    if spec.kind == "lmm":
        absent |= dict.fromkeys(("vcov_joint", "se_joint", "corr_joint"), _JOINT)
    if spec.kind == "glmm" and "vcov_joint" not in values:
        absent |= dict.fromkeys(("vcov_joint", "se_joint", "corr_joint"), _NO_HESSIAN)
    if spec.random and "correlation" not in values:
        absent["correlation"] = "no block of random effects has two terms of positive variance"
    return absent


def _by_name(series: pd.Series[float]) -> dict[Key, float]:
    return {(str(name),): float(number) for name, number in series.items()}


def _square(table: pd.DataFrame) -> dict[Key, float]:
    return {
        (str(row), str(column)): float(table.loc[row, column])
        for row in table.index
        for column in table.columns
    }
