"""What came back from R: the figures of a fit, frozen, without any object of R's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.handle import release_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from bridge.column import Frame
    from bridge.conditions import Condition
    from bridge.handle import Handle
    from bridge.optinfo import FStatistic, OptInfo
    from bridge.request import Kind, Request
    from bridge.session import Value


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """How a factor of the fixed effects was coded.

    Attributes
    ----------
    kind
        Name of R's contrasts (``"treatment"``, ``"sum"``, ...), or ``"matrix"``.
    coding
        Level x column of X; of treatment contrasts the level without a 1 is the reference.
    """

    kind: str
    coding: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """All figures of a fitted ``lm``, ``glm``, ``lmer``, ``glmer`` or ``glmer_nb``.

    Numbers are R's own, bit by bit. What does not apply to a kind of model is None. Below, p is the
    number of fixed coefficients that were estimated and n the number of rows used.

    Attributes
    ----------
    request
        The model as it was sent to R.
    handle
        Where R keeps the model.
    call
        R's call as it was evaluated.
    reml
        Whether an lmer was fitted by REML; None for the other kinds.
    family, link
        Of a glm or glmer; None for lm and lmer. A negative binomial family has its size in its
        name.
    fixef, bse, tvalues
        (p,) estimates, their standard errors (SD), and their ratio (a z value for glmer), by R's
        names of coefficients. lmer: bse is conditional on theta; glmer: from the
        Hessian (`vcov`), or, where lme4 has none (nAGQ = 0, derivatives not asked for), from RX
        as `vcov_rx` is.
    vcov
        (p, p) covariance of `fixef` (variances on the diagonal).
    vcov_rx
        (p, p) for glmer: the same from the conditional Cholesky factor (use.hessian=FALSE).
    varcorr
        lme4's table: columns grp, var1, var2 (None where there is none), vcov (variance or
        covariance), sdcor (SD or correlation); the row Residual only where there is a scale.
    ranef
        By grouping factor, a table level x term of conditional modes; the levels are text, as in R.
    theta
        Relative covariance parameters (elements of the Cholesky factor, in units of sigma), by
        lme4's names as ``Subject.Days.(Intercept)``.
    sigma
        Residual SD; glm: square root of the dispersion; 1 where the family has no scale.
    loglik
        R's logLik: the restricted one for a REML fit.
    reml_criterion
        -2 x the restricted log-likelihood of a REML fit; None for every other fit.
    deviance
        lmer and glmer: -2 x log-likelihood; at a REML fit's estimates the ML one, R's
        ``deviance(m, REML = FALSE)``. lm: the residual sum of squares, glm: the residual deviance,
        R's ``deviance(m)``.
    conditional_deviance
        glmer: R's ``deviance(m)``, the sum of squared deviance residuals given the random
        effects.
    null_deviance, df_null
        glm: deviance and degrees of freedom of the model with the intercept alone.
    aic, bic
        From `loglik` and `npar`, so by the restricted likelihood for a REML fit, as R does.
    nobs, npar, df_resid
        Rows used; parameters that `loglik` counts (variances with them); R's df.residual.
    ngroups
        Number of levels by grouping factor.
    response
        (n,) the response that was modelled: for a binomial response of two columns the proportion
        of successes.
    fitted
        On the scale of the response, random effects included, by the user's row labels: (n,), or
        with ``na_action="exclude"`` the rows dropped for a missing value too, as NaN.
    resid
        By the same rows, R's ``residuals(m)``: response minus fitted for lm and lmer, deviance
        residuals for glm and glmer.
    scaled_resid
        By the same rows, Pearson residuals over sigma (lm: weighted residuals over sigma).
    resid_quantiles, scaled_resid_quantiles
        Min, 1Q, Median, 3Q, Max as summary prints them: of `resid` for lm and glm, of
        `scaled_resid` else.
    rows, omitted
        0-based positions, in the data given, of the (n,) rows used and of those dropped for a
        missing value. Rows outside of `subset` are in neither.
    model_matrix
        (n, p) X as R built it, without the dropped columns.
    dropped_columns
        Columns of X that R dropped since the others give them; empty for X of full rank.
    contrasts
        By factor of the fixed effects, how it was coded.
    converged
        Whether the optimizer ended regularly and none of lme4's checks failed.
    singular
        Whether a variance is 0 or a correlation 1 in absolute value (lme4's isSingular).
    optinfo
        How the optimizer ended.
    r_squared, adj_r_squared, fstatistic, f_pvalue
        Of an lm.
    messages
        All that R said while it fitted, in order.
    versions
        R, lme4, Matrix, BLAS, LAPACK, platform, OS, rpy2-rinterface.
    """

    request: Request
    handle: Handle
    call: str
    reml: bool | None
    family: str | None
    link: str | None
    fixef: pd.Series[float]
    bse: pd.Series[float]
    tvalues: pd.Series[float]
    vcov: pd.DataFrame
    vcov_rx: pd.DataFrame | None
    varcorr: pd.DataFrame | None
    ranef: Mapping[str, pd.DataFrame] | None
    theta: pd.Series[float] | None
    sigma: float
    loglik: float
    reml_criterion: float | None
    deviance: float
    conditional_deviance: float | None
    null_deviance: float | None
    df_null: int | None
    aic: float
    bic: float
    nobs: int
    npar: int
    df_resid: int
    ngroups: Mapping[str, int] | None
    response: pd.Series[float]
    fitted: pd.Series[float]
    resid: pd.Series[float]
    scaled_resid: pd.Series[float]
    resid_quantiles: pd.Series[float] | None
    scaled_resid_quantiles: pd.Series[float] | None
    rows: NDArray[np.int64]
    omitted: NDArray[np.int64]
    model_matrix: pd.DataFrame
    dropped_columns: tuple[str, ...]
    contrasts: Mapping[str, Contrast]
    converged: bool
    singular: bool
    optinfo: OptInfo | None
    r_squared: float | None
    adj_r_squared: float | None
    fstatistic: FStatistic | None
    f_pvalue: float | None
    messages: tuple[Condition, ...]
    versions: Mapping[str, str]
    _summary: tuple[str, ...]
    _pvalues: pd.Series[float] | None
    _ranef_sd: Mapping[str, pd.DataFrame] | None
    _state: Mapping[str, Value] | None

    def __post_init__(self) -> None:
        """Let R forget the model with this fit."""
        release_with(self)

    @property
    def kind(self) -> Kind:
        """R's function that fitted the model; ``glmer_nb`` for ``glmer.nb``."""
        return self.request.kind

    @property
    def is_mixed(self) -> bool:
        """Whether the model has random effects."""
        return self.kind not in ("lm", "glm")

    @property
    def formula(self) -> str:
        """The formula as the user wrote it."""
        return self.request.formula

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The other arguments as they were sent to R."""
        return self.request.arguments

    @property
    def frame(self) -> Frame:
        """The columns used, as R got them; `data` gives them as pandas."""
        return self.request.frame

    @property
    def data(self) -> pd.DataFrame:
        """A new data frame of the columns used, all rows, as R got them."""
        return self.frame.to_pandas()

    @property
    def state(self) -> Mapping[str, Value] | None:
        """What R needs, with the request, to build the model at its optimum: opaque."""
        return self._state

    @property
    def criterion(self) -> str:
        """What was optimized: least squares, REML, ML, or ML by Laplace's or another quadrature."""
        if self.kind in ("lm", "glm"):
            return "least squares" if self.kind == "lm" else "ML"
        if self.kind == "lmer":
            return "REML" if self.reml else "ML"
        points = self.arguments.get("nAGQ", 1)
        if points == 1:
            return "ML (Laplace)"
        return f"ML (nAGQ = {points})"

    @property
    def dropped_rows(self) -> pd.Index[Any]:
        """Labels of the rows that were dropped for a missing value."""
        return self.frame.index[self.omitted]

    def __repr__(self) -> str:
        """Return one line: the formula, the criterion, the sizes and the state."""
        groups = "".join(f", {name} {count}" for name, count in (self.ngroups or {}).items())
        state = "" if self.converged else ", not converged"
        state += ", singular" if self.singular else ""
        return (
            f"<{self.kind} {self.formula!r}, {self.criterion}, {self.nobs} rows{groups}, "
            f"logLik {self.loglik:.3f}{state}>"
        )
