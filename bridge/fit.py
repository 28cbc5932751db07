"""What came back from R: one frozen value that holds no object of R's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bridge.errors import NotAskedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from bridge.column import Frame
    from bridge.conditions import Condition
    from bridge.optinfo import FStatistic, OptInfo


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A fitted ``lm``, ``lmer`` or ``glmer``, complete, frozen and picklable.

    Numbers are R's own, bit by bit. What does not apply to a kind of model is None. Below, p is the
    number of fixed coefficients that were estimated and n the number of rows used.

    Attributes
    ----------
    kind
        ``"lm"``, ``"lmer"`` or ``"glmer"``: R's function that fitted it.
    formula
        As the user wrote it.
    call
        R's call as it was evaluated.
    reml
        Whether an lmer was fitted by REML; None for lm and glmer.
    family, link
        Of a glmer; None for lm and lmer.
    arguments
        The other arguments as they were sent to R: REML, weights, control, family, link, nAGQ.
    fixef, bse, tvalues
        (p,) estimates, their standard errors (SD), and their ratio (a z value for glmer), by R's
        names of coefficients. lmer: bse is conditional on theta; glmer: from the
        Hessian (`vcov`), or, where lme4 has none (nAGQ = 0, derivatives not asked for), from RX
        as `vcov_rx` is.
    pvalues
        (p,) two-sided, as R's summary prints them: t for lm, normal for glmer. None for lmer, since
        lme4 defines none: they need degrees of freedom (Satterthwaite, Kenward-Roger).
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
        Residual SD; 1 for a glmer whose family has no scale.
    loglik
        R's logLik: the restricted one for a REML fit.
    reml_criterion
        -2 x the restricted log-likelihood of a REML fit; None for every other fit.
    deviance
        lmer and glmer: -2 x log-likelihood; at a REML fit's estimates the ML one, R's
        ``deviance(m, REML = FALSE)``. lm: the residual sum of squares, R's ``deviance(m)``.
    conditional_deviance
        glmer: R's ``deviance(m)``, the sum of squared deviance residuals given the random
        effects.
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
        (n,) on the scale of the response, random effects included, by the user's row labels.
    resid
        (n,) R's ``residuals(m)``: response minus fitted for lm and lmer, deviance residuals for
        glmer.
    scaled_resid
        (n,) Pearson residuals over sigma (lm: weighted residuals over sigma).
    resid_quantiles, scaled_resid_quantiles
        Min, 1Q, Median, 3Q, Max as summary prints them: of `resid` for lm, of `scaled_resid` else.
    rows
        (n,) 0-based positions, in the data given, of the rows used; the others miss a value.
    model_matrix
        (n, p) X as R built it, without the dropped columns.
    dropped_columns
        Columns of X that R dropped since the others give them; empty for X of full rank.
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
    frame
        The columns used, as R got them; `data` gives them as pandas.
    """

    kind: Literal["lm", "lmer", "glmer"]
    formula: str
    call: str
    reml: bool | None
    family: str | None
    link: str | None
    arguments: Mapping[str, Any]
    fixef: pd.Series[float]
    bse: pd.Series[float]
    tvalues: pd.Series[float]
    pvalues: pd.Series[float] | None
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
    model_matrix: pd.DataFrame
    dropped_columns: tuple[str, ...]
    converged: bool
    singular: bool
    optinfo: OptInfo | None
    r_squared: float | None
    adj_r_squared: float | None
    fstatistic: FStatistic | None
    f_pvalue: float | None
    messages: tuple[Condition, ...]
    versions: Mapping[str, str]
    frame: Frame
    _summary: tuple[str, ...]
    _ranef_sd: Mapping[str, pd.DataFrame] | None

    @property
    def criterion(self) -> str:
        """What was optimized: least squares, REML, ML, or ML by Laplace's or another quadrature."""
        if self.kind == "lm":
            return "least squares"
        if self.kind == "lmer":
            return "REML" if self.reml else "ML"
        points = self.arguments.get("nAGQ", 1)
        if points == 1:
            return "ML (Laplace)"
        return f"ML (nAGQ = {points})"

    @property
    def data(self) -> pd.DataFrame:
        """A new data frame of the columns used, all rows, as R got them."""
        return self.frame.to_pandas()

    @property
    def ranef_sd(self) -> Mapping[str, pd.DataFrame]:
        """By grouping factor, level x term: conditional SD of the random effects.

        Raises
        ------
        NotAskedError
            Unless the model was fitted with ``cond_var=True``; it can take longer than the fit.
        """
        if self._ranef_sd is None:
            raise NotAskedError(
                "The conditional standard deviations of the random effects were not computed. "
                "Fit with cond_var=True to have them."
                if self.kind != "lm"
                else "An lm has no random effects."
            )
        return self._ranef_sd

    def summary(self) -> str:
        """Return what R prints for ``summary(model)``, unedited."""
        return "\n".join(self._summary)

    def __repr__(self) -> str:
        """Return one line: the formula, the criterion, the sizes and the state."""
        groups = "".join(f", {name} {count}" for name, count in (self.ngroups or {}).items())
        state = "" if self.converged else ", not converged"
        state += ", singular" if self.singular else ""
        return (
            f"<{self.kind} {self.formula!r}, {self.criterion}, {self.nobs} rows{groups}, "
            f"logLik {self.loglik:.3f}{state}>"
        )

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()
