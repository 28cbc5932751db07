"""Wald tests of linear hypotheses about the fixed effects: ``wald_test`` and ``t_test``.

The names are statsmodels'. Differences: constraints that repeat or contradict each other are
refused, where statsmodels takes a pseudo-inverse; the answers are one number, or (k,) arrays, for
every k; the degrees of freedom of a mixed model are never n - p, but infinite, or given by ``ddf``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.constraint import Constraints, read_constraints, require_independent
from bridge.contrast import ContrastTest, Ground, WaldTest, judge_each, judge_jointly
from bridge.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bridge.fitted import Fitted

# The families whose scale is known, so that a glm is judged by the normal distribution.
_KNOWN_SCALE = ("binomial", "poisson")


def natural_df(kind: str, family: str | None, df_resid: int) -> float:
    """Return the df by which R's summary judges a coefficient: infinite where it is normal."""
    if kind == "lm" or (kind == "glm" and family not in _KNOWN_SCALE):
        return float(df_resid)
    return float("inf")


def _numbers(table: pd.DataFrame | pd.Series[float]) -> NDArray[np.float64]:
    return np.asarray(table, dtype=np.float64)


def _ground(fit: Fitted, constraints: Constraints, *, finite: bool | None) -> Ground:
    """Return the ground for tests by t or F where `finite`, and by R's own choice where None."""
    beta, vcov = _numbers(fit.fixef), _numbers(fit.vcov)
    df = natural_df(fit.kind, fit.family, fit.df_resid)
    if finite and np.isinf(df):
        raise ArgumentError(
            "A test by t or F needs degrees of freedom, and this model has none of its own. For an "
            'lmer give ddf="Satterthwaite" or ddf="Kenward-Roger"; else leave use_t or use_f out.'
        )
    return Ground(beta, vcov, np.full(len(constraints.matrix), np.inf if finite is False else df))


def _each_by_contest(fit: Fitted, constraints: Constraints, ddf: str) -> ContrastTest:
    """Return lmerTest's t tests, each with its own degrees of freedom."""
    table = fit.contest(constraints.matrix, constraints.targets, joint=False, ddf=ddf)
    return ContrastTest(
        effect=_numbers(table["Estimate"]),
        value=constraints.targets,
        sd=_numbers(table["Std. Error"]),
        tvalue=_numbers(table["t value"]),
        pvalue=_numbers(table["Pr(>|t|)"]),
        distribution="t",
        df_denom=_numbers(table["df"]),
        labels=constraints.labels,
    )


def _jointly_by_contest(fit: Fitted, constraints: Constraints, ddf: str) -> WaldTest:
    """Return lmerTest's F test."""
    table = fit.contest(constraints.matrix, constraints.targets, joint=True, ddf=ddf).iloc[0]
    return WaldTest(
        statistic=float(table["F value"]),
        pvalue=float(table["Pr(>F)"]),
        distribution="F",
        df_num=int(table["NumDF"]),
        df_denom=float(table["DenDF"]),
        labels=constraints.labels,
    )


def _require_degrees(fit: Fitted, ddf: str, *, finite: bool | None) -> None:
    if fit.kind != "lmer":
        raise ArgumentError(f"ddf = {ddf!r} is for an lmer; this was fitted by {fit.kind}.")
    if finite is False:
        raise ArgumentError(f"ddf = {ddf!r} is for tests by t and F: leave use_t or use_f out.")


class Hypotheses:
    """The tests of a fit."""

    def wald_test(
        self: Fitted,
        r_matrix: object,
        *,
        use_f: bool | None = None,
        scalar: bool = True,
        ddf: str | None = None,
    ) -> WaldTest:
        """Return the joint Wald test of linear constraints on the fixed effects.

        Parameters
        ----------
        r_matrix
            ``"x1 = 0, x2 = 0"``, ``"a - b = 0"``, a list of constraints or of names (each 0), a
            (k, p) matrix, or a tuple of matrix and (k,) values. Names stand as in ``fit.fixef``,
            also in backticks.
        use_f
            F (True) or chi-squared (False). None: F for an lm, a glm whose scale is estimated, and
            where `ddf` is given, else chi-squared.
        scalar
            As in statsmodels, where True is the choice of one number: nothing else is offered.
        ddf
            ``"Satterthwaite"`` or ``"Kenward-Roger"``: the F test of an lmer by lmerTest's contest.

        Raises
        ------
        ArgumentError
            For a hypothesis that cannot be read, that is redundant, or that cannot be judged so.
        """
        if not scalar:
            raise ArgumentError("scalar=False is not offered: the statistic is one number.")
        constraints = read_constraints(r_matrix, list(self.fixef.index))
        require_independent(constraints)
        if ddf is not None:
            _require_degrees(self, ddf, finite=use_f)
            return _jointly_by_contest(self, constraints, ddf)
        return judge_jointly(constraints, _ground(self, constraints, finite=use_f))

    def t_test(
        self: Fitted, r_matrix: object, *, use_t: bool | None = None, ddf: str | None = None
    ) -> ContrastTest:
        """Return the tests of each linear constraint on its own.

        Parameters
        ----------
        r_matrix
            As in :meth:`wald_test`; constraints may repeat each other, as all pairs of means do.
        use_t
            t (True) or normal (False). None: t for an lm, a glm whose scale is estimated, and where
            `ddf` is given, else normal.
        ddf
            ``"Satterthwaite"`` or ``"Kenward-Roger"``: the t tests of an lmer by lmerTest's
            contest, each with its own degrees of freedom.

        Raises
        ------
        ArgumentError
            For a hypothesis that cannot be read, or that cannot be judged so.
        """
        constraints = read_constraints(r_matrix, list(self.fixef.index))
        if ddf is not None:
            _require_degrees(self, ddf, finite=use_t)
            return _each_by_contest(self, constraints, ddf)
        return judge_each(constraints, _ground(self, constraints, finite=use_t))
