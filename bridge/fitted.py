"""What the surfaces of a fit read: statsmodels' names, broom's tables, contrasts, R², HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from bridge.conditions import Condition
    from bridge.optinfo import FStatistic


class Estimates(Protocol):
    """The numbers of a fit, as :class:`bridge.fit.Fit` defines them."""

    @property
    def kind(self) -> str:
        """R's function that fitted it."""

    @property
    def is_mixed(self) -> bool:
        """Whether the model has random effects."""

    @property
    def formula(self) -> str:
        """As the user wrote it."""

    @property
    def criterion(self) -> str:
        """What was optimized."""

    @property
    def family(self) -> str | None:
        """Conditional distribution of the response; None for lm and lmer."""

    @property
    def link(self) -> str | None:
        """Its link; None for lm and lmer."""

    @property
    def fixef(self) -> pd.Series[float]:
        """(p,) estimates."""

    @property
    def bse(self) -> pd.Series[float]:
        """(p,) their standard errors."""

    @property
    def tvalues(self) -> pd.Series[float]:
        """(p,) their ratio."""

    @property
    def pvalues(self) -> pd.Series[float]:
        """(p,) two-sided p-values; of an lmer they cost a call of R."""

    @property
    def vcov(self) -> pd.DataFrame:
        """(p, p) covariance of the estimates."""

    @property
    def varcorr(self) -> pd.DataFrame | None:
        """lme4's table of variances and correlations."""

    @property
    def ranef(self) -> Mapping[str, pd.DataFrame] | None:
        """By grouping factor, level x term: conditional modes."""

    @property
    def ranef_sd(self) -> Mapping[str, pd.DataFrame]:
        """By grouping factor, level x term: their conditional SD."""

    @property
    def sigma(self) -> float:
        """Residual SD; 1 where the family has no scale."""

    @property
    def loglik(self) -> float:
        """R's logLik."""

    @property
    def deviance(self) -> float:
        """-2 x log-likelihood of a mixed model; R's deviance of lm and glm."""

    @property
    def conditional_deviance(self) -> float | None:
        """Of a glmer: R's deviance given the random effects."""

    @property
    def reml_criterion(self) -> float | None:
        """-2 x the restricted log-likelihood of a REML fit, else None."""

    @property
    def null_deviance(self) -> float | None:
        """Of a glm: the deviance of the model of the intercept alone."""

    @property
    def df_null(self) -> int | None:
        """Of a glm: the degrees of freedom of that model."""

    @property
    def aic(self) -> float:
        """R's AIC."""

    @property
    def bic(self) -> float:
        """R's BIC."""

    @property
    def nobs(self) -> int:
        """Rows used."""

    @property
    def df_resid(self) -> int:
        """R's df.residual."""

    @property
    def ngroups(self) -> Mapping[str, int] | None:
        """Number of levels by grouping factor."""

    @property
    def response(self) -> pd.Series[float]:
        """(n,) the response that was modelled."""

    @property
    def fitted(self) -> pd.Series[float]:
        """(n,) on the scale of the response."""

    @property
    def resid(self) -> pd.Series[float]:
        """(n,) R's residuals."""

    @property
    def scaled_resid(self) -> pd.Series[float]:
        """(n,) weighted or Pearson residuals over sigma."""

    @property
    def model_matrix(self) -> pd.DataFrame:
        """(n, p) X."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """(n,) positions in the data of the rows used."""

    @property
    def omitted(self) -> NDArray[np.int64]:
        """Positions of the rows dropped for a missing value."""

    @property
    def data(self) -> pd.DataFrame:
        """The columns used, all rows."""

    @property
    def r_squared(self) -> float | None:
        """Of an lm."""

    @property
    def adj_r_squared(self) -> float | None:
        """Of an lm."""

    @property
    def fstatistic(self) -> FStatistic | None:
        """Of an lm, against its mean."""

    @property
    def f_pvalue(self) -> float | None:
        """Its p-value."""

    @property
    def converged(self) -> bool:
        """Whether the optimizer ended regularly and lme4's checks passed."""

    @property
    def singular(self) -> bool:
        """Whether a variance is 0 or a correlation 1."""

    @property
    def dropped_columns(self) -> tuple[str, ...]:
        """Columns of X that R dropped."""

    @property
    def messages(self) -> tuple[Condition, ...]:
        """All that R said while it fitted."""


class Fitted(Estimates, Protocol):
    """A fit that can also be asked: each of these costs a call of R."""

    @property
    def coef_table(self) -> Callable[..., pd.DataFrame]:
        """By ddf: estimate, std_error, statistic and, where defined, df and p_value."""

    @property
    def confint(self) -> Callable[..., pd.DataFrame]:
        """By method and level: limits of the variance parameters (not Wald), then of `fixef`."""

    @property
    def contest(self) -> Callable[..., pd.DataFrame]:
        """By L and rhs: lmerTest's tests of contrasts of an lmer."""

    @property
    def hat_values(self) -> Callable[[], pd.Series[float]]:
        """(n,) the diagonal of the hat matrix."""

    @property
    def cooks_distance(self) -> Callable[[], pd.Series[float]]:
        """(n,) Cook's distances."""

    @property
    def ranef_cov(self) -> Mapping[str, Mapping[str, pd.DataFrame]]:
        """By grouping factor and level, term x term: conditional covariance of the modes."""

    @property
    def get_me(self) -> Callable[[str], Any]:
        """By lme4's name of it, a part of the model."""

    @property
    def row_parts(self) -> Callable[[], pd.DataFrame]:
        """By row used: offset, weights, linear and, of a mixed model, lme4's response module."""
