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


def _ground(
    fit: Fitted, constraints: Constraints, ddf: str | None, *, finite: bool | None
) -> Ground:
    """Return the ground for tests by t or F where `finite`, and by R's own choice where None."""
    beta, vcov = _numbers(fit.fixef), _numbers(fit.vcov)
    if ddf is not None:
        if fit.kind != "lmer":
            raise ArgumentError(f"ddf = {ddf!r} is for an lmer; this was fitted by {fit.kind}.")
        return _ground_by_coefficient(fit, constraints, ddf)
    df = natural_df(fit.kind, fit.family, fit.df_resid)
    if finite and np.isinf(df):
        raise ArgumentError(
            "A test by t or F needs degrees of freedom, and this model has none of its own. For an "
            'lmer give ddf="Satterthwaite" or ddf="Kenward-Roger"; else leave use_t or use_f out.'
        )
    return Ground(beta, vcov, np.full(len(constraints.matrix), np.inf if finite is False else df))


def _ground_by_coefficient(fit: Fitted, constraints: Constraints, ddf: str) -> Ground:
    """Return the SE and df that `ddf` gives to the one coefficient of each constraint."""
    used = constraints.matrix != 0
    for row, label in zip(used, constraints.labels, strict=True):
        if row.sum() != 1:
            raise ArgumentError(
                f"With ddf = {ddf!r} a constraint is about one coefficient, but {label!r} is about "
                f"{row.sum()}: the degrees of freedom of a sum are not those of its parts. Leave "
                "ddf out, or fit with the sum as a coefficient of its own."
            )
    table = fit.coef_table(ddf=ddf).loc[fit.fixef.index]
    df = table["df"].to_numpy(np.float64)[used.argmax(axis=1)]
    vcov = np.diag(table["std_error"].to_numpy(np.float64) ** 2)
    return Ground(_numbers(fit.fixef), vcov, df)


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
            ``"Satterthwaite"`` or ``"Kenward-Roger"``: denominator degrees of freedom of an lmer,
            for one constraint on one coefficient.

        Raises
        ------
        ArgumentError
            For a hypothesis that cannot be read, that is redundant, or that cannot be judged so.
        """
        if not scalar:
            raise ArgumentError("scalar=False is not offered: the statistic is one number.")
        constraints = read_constraints(r_matrix, list(self.fixef.index))
        require_independent(constraints)
        if ddf is not None and len(constraints.matrix) != 1:
            raise ArgumentError(
                f"With ddf = {ddf!r} one constraint can be tested, not "
                f"{len(constraints.matrix)} together. Leave ddf out, or use t_test for each."
            )
        return judge_jointly(constraints, _ground(self, constraints, ddf, finite=use_f))

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
            ``"Satterthwaite"`` or ``"Kenward-Roger"``: degrees of freedom (and for Kenward-Roger
            the standard errors) of an lmer, where each constraint is about one coefficient.

        Raises
        ------
        ArgumentError
            For a hypothesis that cannot be read, or that cannot be judged so.
        """
        constraints = read_constraints(r_matrix, list(self.fixef.index))
        return judge_each(constraints, _ground(self, constraints, ddf, finite=use_t))
