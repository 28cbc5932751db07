"""MixedLM brought to the optimum of its own log-likelihood, the boundary included."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.derived import complete
from parity.design.terms import UnusableDataError
from parity.engines.statsmodels_boundary import fit_without_variance
from parity.engines.statsmodels_climb import Peak, climb, loglik, score, smallest
from parity.engines.statsmodels_default import without_indefinite
from parity.engines.statsmodels_factor import climb_factor
from parity.engines.statsmodels_model import (
    build,
    covariances_in_units,
    pack,
    packed,
    unpacked,
)
from parity.engines.statsmodels_values import (
    Fitted,
    mixed_values,
    part_nonfinite,
    patsy_names,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from parity.engines.statsmodels_layout import Layout
    from parity.engines.statsmodels_model import Problem
    from parity.result import Key, Values

_STARTS = (1.0, 0.1, 0.01)
_PROBE = 1e-9
_STAYED = 1e-14
_INSIDE = 1e-4
_EDGE_JOINT = (
    "at the boundary the log-likelihood is not stationary in the variances, so that the joint "
    "observed information gives no standard errors"
)
_NOT_FINITE = "MixedLM gives nan or inf for it at its optimum"


@dataclass(frozen=True, slots=True)
class Summit:
    """The optimum of a problem: model None where every variance is 0."""

    layout: Layout
    model: Any
    peak: Peak
    notes: tuple[str, ...] = ()


def fit_polished(problem: Problem) -> tuple[Values, Mapping[str, str], Sequence[str]]:
    """Return all quantities at the optimum, reasons for what is absent, and conditions.

    AIC, BIC and the residual degrees of freedom follow lme4's definitions under REML too:
    deviance + 2 npar, deviance + log(n) npar, n - npar.
    """
    assert problem.layout is not None  # noqa: S101 - the caller parts linear models off
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the many starts; what holds of the optimum is noted
        summit = ascend(problem, problem.layout.rescaled())
        if summit.model is None:
            values = fit_without_variance(problem, summit.layout)
        else:
            fitted = _accepted(problem, summit)
            values = {**mixed_values(fitted), "fixef": _refined(fitted)}
    values["converged"] = {(): float(summit.peak.converged)}
    values["df_resid"] = {(): values["nobs"][()] - values["npar"][()]}
    absent: dict[str, str] = {}
    if summit.peak.at_edge or not all(block.active for block in summit.layout.blocks):
        values.pop("vcov_joint", None)
        values["singular"] = {(): 1.0}
        absent = dict.fromkeys(("vcov_joint", "se_joint", "corr_joint"), _EDGE_JOINT)
    finite, reasons = part_nonfinite(values, _NOT_FINITE)
    kept, reasons = without_indefinite(finite, absent | reasons)
    notes = summit.notes
    if not summit.peak.converged:
        notes += (f"Newton's method did not converge in {summit.peak.steps} steps",)
    return *complete(problem.spec, kept, reasons), notes


def _refined(fit: Fitted) -> dict[Key, float]:
    """Return the fixed effects after one more Newton step of MixedLM's own score and Hessian.

    Its normal equations lose the digits that small coefficients of a large design share; the
    score is taken of the residual, and brings them back.
    """
    params = fit.result.params_object
    slope, _, _ = fit.model.score_full(params, calc_fe=True)
    hessian, _ = fit.model.hessian(params)
    p = fit.model.k_fe
    beta = params.fe_params - np.linalg.solve(hessian[:p, :p], slope)
    names = patsy_names(fit.problem)
    return {(name,): float(number) for name, number in zip(names, beta, strict=True)}


def ascend(problem: Problem, layout: Layout) -> Summit:
    """Return the optimum over the active blocks, each variance either positive or exactly 0.

    A single variance that the climb drives to 0 is set to 0 and the rest brought to its optimum;
    it stays there where the log-likelihood falls as it leaves 0, else the climb starts anew from
    just inside.
    """
    if not any(block.active for block in layout.blocks):
        return Summit(layout, None, Peak(np.empty(0), 0, converged=True, at_edge=False))
    model = build(problem, layout)
    peak = climb(model, _start(model, problem.reml))
    if peak.converged:
        return Summit(layout, model, peak)
    lowest = _lowest_single(layout, model, peak)
    if lowest is not None:
        block, position = lowest
        rest = ascend(problem, layout.without(block))
        inside = _just_inside(layout, rest, _PROBE)
        if score(model, unpacked(model, inside))[position] <= 0:
            name = layout.blocks[block].group
            note = f"the variance of {name} is exactly 0: the log-likelihood falls as it leaves 0"
            return Summit(rest.layout, rest.model, rest.peak, (*rest.notes, note))
        again = climb(model, _just_inside(layout, rest, _INSIDE))
        if again.converged:
            return Summit(layout, model, again)
    peak, note = climb_factor(model, peak)
    return Summit(layout, model, peak, (note,) if note else ())


def _start(model: Any, reml: bool) -> NDArray[np.float64]:  # noqa: ANN401, FBT001 - statsmodels is untyped
    """Return the best of the default fit and a few multiples of the identity, ``(k,)``."""
    starts = []
    with suppress(np.linalg.LinAlgError, ValueError, FloatingPointError):
        starts.append(packed(model.fit(reml=reml).params_object))
    rows, columns = np.tril_indices(model.k_re)
    unit = np.concatenate([(rows == columns).astype(float), np.ones(model.k_vc)])
    starts += [ratio * unit for ratio in _STARTS]
    inside = [start for start in starts if smallest(model, start) > 0]
    heights = [loglik(model, start) for start in inside]
    if not np.isfinite(heights).any():
        raise UnusableDataError("MixedLM's log-likelihood is infinite wherever it was tried.")
    return inside[int(np.argmax(heights))]


def _lowest_single(layout: Layout, model: Any, peak: Peak) -> tuple[int, int] | None:  # noqa: ANN401 - statsmodels is untyped
    """Return block and packed position of the smallest uncorrelated variance near 0."""
    first = model.k_re * (model.k_re + 1) // 2
    singles = [(i, first + number) for number, i in enumerate(layout.components)]
    if layout.main is not None and model.k_re == 1:
        singles.append((layout.main, 0))
    near = [(i, position) for i, position in singles if peak.values[position] < 1e-4]  # noqa: PLR2004 - a share of sigma^2
    return min(near, key=lambda single: peak.values[single[1]], default=None)


def _just_inside(layout: Layout, rest: Summit, least: float) -> NDArray[np.float64]:
    """Return the rest's optimum in the full layout's parameters, single variances at least so."""
    covariances = [np.zeros((len(b.names), len(b.names))) for b in layout.blocks]
    if rest.model is not None:
        covariances = covariances_in_units(rest.layout, rest.model, rest.peak.values)
    for block, covariance in zip(layout.blocks, covariances, strict=True):
        if block.active and len(block.names) == 1:
            covariance[0, 0] = max(covariance[0, 0], least)
    return pack(layout, covariances)


def _accepted(problem: Problem, summit: Summit) -> Fitted:
    """Return MixedLM's own result at the summit.

    ``fit`` started there stops at once. Should its optimiser leave the summit, it is run with no
    iteration at all, which takes the start for the answer.

    Raises
    ------
    UnusableDataError
        Where even that result is not at the summit.
    """
    for options in ({}, {"method": "bfgs", "maxiter": 0}):
        start = unpacked(summit.model, summit.peak.values)
        try:
            result = summit.model.fit(start_params=start, reml=problem.reml, **options)
        except np.linalg.LinAlgError:
            continue  # its optimiser left the summit for where MixedLM cannot be evaluated
        moved = np.abs(packed(result.params_object) - summit.peak.values)
        if np.max(moved) <= _STAYED * np.max(np.abs(summit.peak.values)):
            return Fitted(problem, summit.layout, summit.model, result)
    raise UnusableDataError("MixedLM.fit does not stay at the optimum of its own log-likelihood.")
