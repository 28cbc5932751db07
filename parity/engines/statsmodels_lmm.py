"""statsmodels as an engine: MixedLM as it comes, and the same MixedLM brought to its optimum.

Generalised mixed models statsmodels does not have; both engines answer them with parity's GLMM.

Importing this module starts neither statsmodels nor pandas.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from parity.engines.statsmodels_presence import OnStatsmodels
from parity.result import FitResult, failed, unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parity.case import Case
    from parity.engines.statsmodels_model import Problem
    from parity.result import Key, Values
    from parity.spec import ModelSpec

_LINKS = {
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log",),
    "Gamma": ("log", "inverse"),
    "inverse.gaussian": ("1/mu^2",),
}
"""Of the generalised mixed models that are answered."""


class _Statsmodels(OnStatsmodels):
    """What both engines share: all but how a linear mixed model is brought to its optimum."""

    name = ""

    def unsupported(self, case: Case) -> str | None:
        """Return the reason that the formula alone gives; some show only on the data, in `fit`."""
        if case.spec.kind == "glmm":
            return _beyond_glmm(case.spec)
        if case.spec.weights is not None:
            return "prior weights are handed to neither MixedLM nor OLS here"
        return _inexpressible(case.spec)

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Fit the case from scratch; whatever goes wrong is a status with its message."""
        from parity.design.terms import (  # noqa: PLC0415 - lazy by design
            NotExpressibleError,
            UnusableDataError,
        )

        kind = case.spec.kind
        reason = self.unsupported(case)
        if reason is not None:
            return unsupported(self.name, case.name, kind, reason)
        try:
            if kind == "glmm":
                from parity.engines.statsmodels_glmm_answer import (  # noqa: PLC0415 - lazy by design
                    fit_glmm,
                )

                return fit_glmm(case, data, engine=self.name, versions=self.versions())
            return self._fit(case, data)
        except NotExpressibleError as error:
            return unsupported(self.name, case.name, kind, str(error))
        except UnusableDataError as error:
            return failed(self.name, case.name, kind, str(error))
        except Exception as error:  # noqa: BLE001 - statsmodels raises whatever its optimiser met
            return failed(self.name, case.name, kind, f"{type(error).__name__}: {error}")

    def loglik_at(self, case: Case, data: pd.DataFrame, theta: Mapping[Key, float]) -> float:
        """Return MixedLM's own log-likelihood at theta, beta and sigma profiled out.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where MixedLM takes the covariance for singular.
        """
        from parity.engines.statsmodels_model import (  # noqa: PLC0415 - lazy by design
            at_theta,
            build,
            pose,
            unpacked,
        )

        problem = pose(case.spec, data)
        assert problem.layout is not None  # noqa: S101 - theta belongs to a mixed model
        layout = problem.layout.rescaled()
        model = build(problem, layout)
        # what fit() sets, and loglike() reads
        model.reml, model.cov_pen, model.fe_pen = problem.reml, None, None
        params = unpacked(model, at_theta(layout, theta))
        return float(model.loglike(params, profile_fe=False))

    def _fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        from parity.engines.statsmodels_model import pose  # noqa: PLC0415 - lazy by design

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            problem = pose(case.spec, data)
            values, absent, notes = self._answer(problem)
        spoken = [f"{entry.category.__name__}: {entry.message}" for entry in caught]
        return FitResult(
            engine=self.name,
            case=case.name,
            kind=case.spec.kind,
            criterion=case.spec.criterion,
            rows=problem.frame.rows,
            groups={name: g.levels for name, g in problem.frame.groupings.items()},
            design=problem.fixed.design,
            values=values,
            absent=absent,
            conditions=(*problem.notes, *dict.fromkeys(spoken), *notes),
            versions=self.versions(),
        )

    def _answer(self, problem: Problem) -> tuple[Values, Mapping[str, str], Sequence[str]]:
        """Return values, reasons for absence, and further conditions."""
        if problem.layout is None:
            from parity.engines.statsmodels_lm import fit_lm  # noqa: PLC0415 - lazy by design

            return *fit_lm(problem), ()
        return self._answer_mixed(problem)

    def _answer_mixed(self, problem: Problem) -> tuple[Values, Mapping[str, str], Sequence[str]]:
        raise NotImplementedError


class StatsmodelsLMM(_Statsmodels):
    """MixedLM (OLS for a linear model) exactly as a user gets it by default."""

    name = "statsmodels"

    def _answer_mixed(self, problem: Problem) -> tuple[Values, Mapping[str, str], Sequence[str]]:
        from parity.engines.statsmodels_default import fit_default  # noqa: PLC0415 - lazy by design

        return *fit_default(problem), ()


class StatsmodelsPolished(_Statsmodels):
    """The same MixedLM at the optimum of its own log-likelihood."""

    name = "statsmodels-polished"

    def _answer_mixed(self, problem: Problem) -> tuple[Values, Mapping[str, str], Sequence[str]]:
        from parity.engines.statsmodels_polish import fit_polished  # noqa: PLC0415 - lazy by design

        return fit_polished(problem)


def _beyond_glmm(spec: ModelSpec) -> str | None:
    """Return why parity's GLMM on statsmodels' likelihood model does not answer the question."""
    if not spec.random:
        return "a generalised model without random effects is statsmodels' GLM, not compared here"
    if spec.link not in _LINKS.get(spec.family, ()):
        known = ", ".join(f"{name}({link})" for name, links in _LINKS.items() for link in links)
        return f"no GLMM of {spec.family}({spec.link}) here; there are {known}"
    return _untranslated(spec)


def _untranslated(spec: ModelSpec) -> str | None:
    """Return which term of the formula cannot be computed, None where all can."""
    from parity.design.terms import NotExpressibleError, translate  # noqa: PLC0415 - lazy by design

    try:
        translate(spec.fixed)
        for term in spec.random:
            translate(term.columns)
    except NotExpressibleError as error:
        return str(error)
    return None


def _inexpressible(spec: ModelSpec) -> str | None:
    """Return why MixedLM cannot state the formula, as far as the formula itself shows."""
    from parity.design.terms import (  # noqa: PLC0415 - lazy by design
        NotExpressibleError,
        check,
        translate,
    )
    from parity.syntax import read  # noqa: PLC0415 - lazy by design

    try:
        check(read(spec.response))
        translate(spec.fixed)
        for term in spec.random:
            translate(term.columns)
    except NotExpressibleError as error:
        return str(error)
    if sum(len(term.columns) > 1 for term in spec.random) > 1:
        return "MixedLM takes one block of correlated random effects; the formula has several"
    return None
