"""What a fitted GLMM says, with statsmodels' names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.base.model import LikelihoodModelResults, LikelihoodResultsWrapper
from statsmodels.base.wrapper import populate_wrapper

from parity.answer import SINGULAR
from parity.criterion.covariance import factors
from parity.criterion.dispersion import DispersedPoint
from parity.criterion.glmm_answers import vcov_joint
from parity.engines.statsmodels_glmm_effects import ConditionalModes
from parity.engines.statsmodels_glmm_summary import summarise

if TYPE_CHECKING:
    from parity.criterion.glmm_optimum import Optimum
    from parity.criterion.model import Matrix
    from parity.engines.statsmodels_glmm import GLMM

_base: Any = LikelihoodModelResults  # untyped
_populate: Any = populate_wrapper
_ROWS = dict.fromkeys(("resid_response", "resid_pearson", "resid_deviance"), "rows")
_UNKNOWN = 1e4
"""A standard error of X beta that says nothing: as in the criterion's own word on convergence."""


class GLMMResults(ConditionalModes):
    """A fitted GLMM.

    Attributes
    ----------
    params : ndarray
        Fixed effects, then theta: see `GLMM`.
    cov_joint, cov_rx : ndarray
        Covariance of the fixed effects ``(p, p)`` by the Hessian in all params (lme4's default),
        and given theta (lme4's ``use.hessian = FALSE``; Bates et al. 2015, eq. 54); None for the
        first where the Hessian is not positive definite.
    cov_type : str
        Which of the two ``bse``, ``tvalues``, ``pvalues``, ``conf_int()`` and ``cov_params()`` are
        of; ``bse_joint`` and ``bse_rx`` give each by its name. Theta's own rows are nan for
        ``"rx"`` and at the boundary, where no normal approximation holds.
    converged, singular : bool
        Whether it is an optimum; whether a random effect has no variance.
    nagq : int
        Quadrature nodes; 1 is Laplace's approximation.
    """

    def __init__(self, model: GLMM, optimum: Optimum, *, nagq: int, cov_type: str) -> None:
        """Read all that the fit says, at once.

        Raises
        ------
        ValueError
            Where ``cov_type`` is another word.
        """
        if cov_type not in {"joint", "rx"}:
            raise ValueError(f"cov_type is {cov_type!r}; expected 'joint' or 'rx'.")
        self.optimum, self.nagq, self.cov_type = optimum, nagq, cov_type
        self.converged = optimum.converged
        roots = factors(model.criterion(nagq).model, optimum.theta)
        self.singular = min(float(np.diag(root).min()) for root in roots) < SINGULAR
        self.cov_joint = _joint(optimum)
        self.cov_rx = self.sigma**2 * self.implied.vcov_conditional
        params = np.concatenate([optimum.beta, optimum.theta])
        # the covariances are whole as they are; statsmodels would multiply them by another scale
        _base.__init__(self, model, params, self._covariance(model), scale=1.0)
        self.nobs, self.df_resid = model.nobs, model.nobs - self._counted

    @property
    def llf(self) -> float:
        """The log-likelihood, with all constants."""
        return -0.5 * self.optimum.deviance

    @property
    def aic(self) -> float:
        """Akaike's criterion; fixed effects, theta and a dispersion count."""
        return self.optimum.deviance + 2.0 * self._counted

    @property
    def bic(self) -> float:
        """Schwarz's criterion; rows count as observations, as in lme4."""
        return self.optimum.deviance + float(np.log(self.nobs)) * self._counted

    @property
    def _counted(self) -> int:
        return len(self.params) + int(isinstance(self.optimum.point, DispersedPoint))

    @property
    def fe_params(self) -> pd.Series:
        """The fixed effects, ``(p,)``."""
        return pd.Series(self.optimum.beta, index=self.model.exog_names)

    @property
    def bse_fe(self) -> pd.Series:
        """Standard errors of the fixed effects by ``cov_type``, ``(p,)``."""
        return pd.Series(np.asarray(self.bse)[: self.model.k_fe], index=self.model.exog_names)

    @property
    def bse_joint(self) -> pd.Series:
        """Standard errors of the fixed effects from the Hessian in all params, ``(p,)``."""
        matrix = np.full_like(self.cov_rx, np.nan) if self.cov_joint is None else self.cov_joint
        return pd.Series(np.sqrt(np.diag(matrix)), index=self.model.exog_names)

    @property
    def bse_rx(self) -> pd.Series:
        """Standard errors of the fixed effects given theta, ``(p,)``."""
        return pd.Series(np.sqrt(np.diag(self.cov_rx)), index=self.model.exog_names)

    def predict(
        self,
        exog: Any = None,  # noqa: ANN401 - array-like
        transform: bool = True,  # noqa: FBT001, FBT002 - statsmodels' signature
        *,
        which: str = "mean",
        conditional: bool = False,
        offset: Any = None,  # noqa: ANN401 - array-like
        random: Any = None,  # noqa: ANN401 - a sequence of RandomEffects
    ) -> Any:  # noqa: ANN401 - array or series
        """Return predictions, ``(k,)``.

        Parameters
        ----------
        exog
            The model's own rows where none are given. For a formula a data frame of its variables;
            else rows of X.
        transform
            Whether a data frame goes through the formula.
        which
            ``"mean"`` on the scale of the response, ``"linear"`` on that of the linear predictor.
        conditional
            Whether the random effects' conditional modes are included. A level that the model does
            not know has effects 0, lme4's ``allow.new.levels = TRUE``. Without it the prediction is
            that of a level whose effects are 0, not a mean over levels.
        offset
            Added to the formula's own offset terms; for the model's own rows in place of its own.
        random
            The rows' groupings, of a model that had no formula.

        Raises
        ------
        ValueError
            Where random effects are asked for and the rows' groupings are not known.
        """
        if exog is None:
            effects = self.zb(self.model.random) if conditional else 0.0
            rows = self.model.predict(self.params, None, offset, which, effects)
            return pd.Series(rows, index=self.model.data.row_labels) if self._pandas else rows
        stated = self.model.stated if transform else None
        if stated is not None:
            X = stated.fixed.on(exog)[self.model.exog_names].to_numpy()
            offset = stated.offset_on(exog) + (0.0 if offset is None else np.asarray(offset))
            random = stated.random_on(exog) if conditional else None
        else:
            X = np.asarray(exog, dtype=np.float64)
        if conditional and random is None:
            raise ValueError("The rows' levels are not known; give random, one for each block.")
        effects = self.zb(random) if conditional else 0.0
        rows = self.model.predict(self.params, X, offset, which, effects)
        return pd.Series(rows, index=exog.index) if isinstance(exog, pd.DataFrame) else rows

    def summary(self, title: str | None = None, alpha: float = 0.05) -> Any:  # noqa: ANN401 - statsmodels is untyped
        """Return a table to print: fixed effects and theta, then the random effects' variances."""
        return summarise(self, title, alpha)

    def wald(self, alpha: float) -> Matrix:
        """Return estimate, SE, z, p and interval of each param, ``(p + m, 6)``."""
        params, errors = np.asarray(self.params), np.asarray(self.bse)
        z = np.where(np.arange(len(params)) < self.model.k_fe, params / errors, np.nan)
        reach = stats.norm.isf(alpha / 2) * errors
        tail = 2.0 * stats.norm.sf(np.abs(z))
        return np.column_stack([params, errors, z, tail, params - reach, params + reach])

    @property
    def _pandas(self) -> bool:
        return self.model.data.row_labels is not None

    def _covariance(self, model: GLMM) -> Matrix | None:
        """Return the covariance of the params by ``cov_type``, ``(p + m, p + m)``."""
        p = model.k_fe
        beta = self.cov_joint if self.cov_type == "joint" else self.cov_rx
        if beta is None:
            return None
        if self.cov_type == "joint" and not self.singular:
            inverse: Matrix = np.asarray(np.linalg.inv(self.optimum.hessian), dtype=np.float64)
            matrix = model.ordered(2.0 * inverse)
        else:
            matrix = np.full((p + model.k_theta, p + model.k_theta), np.nan)
        matrix[:p, :p] = beta
        return matrix


class GLMMResultsWrapper(LikelihoodResultsWrapper):
    """The results with the names of params and rows attached, as statsmodels does."""

    _attrs: Any = _ROWS
    _wrap_attrs: Any = LikelihoodResultsWrapper._wrap_attrs | _ROWS  # noqa: SLF001 - made to be extended so


_populate(GLMMResultsWrapper, GLMMResults)


def uninformed(optimum: Optimum) -> bool:
    """Return whether some row's X beta has no finite most likely value: the data are separated."""
    X, matrix = optimum.point.criterion.problem.model.X, _joint(optimum)
    if matrix is None:
        return True
    return bool(np.einsum("ij,jk,ik->i", X, matrix, X).max() > _UNKNOWN**2)


def _joint(optimum: Optimum) -> Matrix | None:
    try:
        return vcov_joint(optimum.hessian, len(optimum.beta))
    except np.linalg.LinAlgError:
        return None
