"""A maximum-likelihood GLMM on statsmodels' own means: a class that could be proposed to it.

statsmodels itself has none: its BinomialBayesMixedGLM and PoissonBayesMixedGLM answer another
question. This one subclasses its likelihood model, takes its families and links, reads formulas
with its formula manager, and answers as its results do.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.base.model import LikelihoodModel
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from parity.criterion.glmm_optimum import find
from parity.criterion.model import Model
from parity.design.coding import independent
from parity.engines.statsmodels_glmm_columns import names_above
from parity.engines.statsmodels_glmm_family import check, family_of, names_of, shares
from parity.engines.statsmodels_glmm_formula import Stated
from parity.engines.statsmodels_glmm_likelihood import MarginalLikelihood
from parity.engines.statsmodels_glmm_random import RandomEffects
from parity.engines.statsmodels_glmm_results import GLMMResults, GLMMResultsWrapper, uninformed
from parity.engines.statsmodels_glmm_rows import given, kept_rows, two_dimensional, vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from parity.criterion.model import Vector

_base: Any = LikelihoodModel  # untyped
_SINGULAR = "The MLE is on the boundary of the parameter space: a random effect has no variance."
_SEPARATED = (
    "The data are separated: the likelihood has no maximum, for it rises as some fixed effect "
    "grows without end. lme4 returns large estimates with a warning; none of them is an estimate."
)
_STOPPED = "The search stopped before it reached an optimum."


class GLMM(MarginalLikelihood):
    """A generalised linear mixed model, fitted by maximum likelihood.

    ``y | b`` has a density of the family with mean ``g^-1(offset + X beta + Z b)``, b normal. The
    integral over b is Laplace's approximation for any random effects (scalar, correlated, nested,
    crossed), or adaptive Gauss-Hermite quadrature for one scalar factor (Pinheiro & Chao 2006).

    Parameters
    ----------
    endog : array_like
        0/1, shares with their sizes as ``weights``, successes and failures ``(n, 2)``; or counts.
    exog : array_like
        X of full column rank, ``(n, p)``. No intercept is added.
    groups, exog_re : array_like, optional
        As in MixedLM: labels ``(n,)`` of one grouping factor, and the columns ``(n, r)`` that vary
        over it; an intercept where none are given.
    random : sequence of RandomEffects
        Further blocks of random effects: nested, crossed, uncorrelated.
    family : str, Family
        ``"binomial"``, ``"poisson"``, or statsmodels' instance with its link: binomial with logit,
        probit or cloglog, Poisson with log; Gamma with log or inverse and inverse Gaussian with
        1/mu^2, whose dispersion enters by lme4's convention (`parity.criterion.dispersion`).
    weights : array_like, optional
        Prior weights ``(n,)``, as in lme4: sizes of a binomial response, or powers of a density.
        Rows of weight 0 count as observations, as they do there.
    offset : array_like, optional
        Added to the linear predictor, ``(n,)``.
    missing : {"none", "drop", "raise"}
        What is done about rows with a missing value; formulas drop them by default.

    Raises
    ------
    ValueError
        Where the response is outside the family's range or 0 (or 1) everywhere, X is not of full
        rank, a grouping factor has one level, or there is no random effect.

    Notes
    -----
    ``params`` are the fixed effects and then theta, the elements of the random effects' Cholesky
    factors, as in lme4: ``"school SD"`` is a standard deviation, not a variance as MixedLM's
    ``"school Var"``; `GLMMResults.cov_re` has the variances. Unlike a variance's, the log-
    likelihood's derivative in theta exists at the boundary.

    Examples
    --------
    ``GLMM.from_formula("fail ~ raven + (1 | school)", data, family="binomial").fit(nagq=25)``
    """

    stated: Stated | None = None
    """The formula and its data, where there was one."""
    formula: str

    def __init__(  # noqa: PLR0913 - statsmodels' signatures
        self,
        endog: Any,  # noqa: ANN401 - array-like
        exog: Any,  # noqa: ANN401 - array-like
        groups: Any = None,  # noqa: ANN401 - array-like
        exog_re: Any = None,  # noqa: ANN401 - array-like
        *,
        random: Sequence[RandomEffects] = (),
        family: Any = None,  # noqa: ANN401 - statsmodels is untyped
        weights: Any = None,  # noqa: ANN401 - array-like
        offset: Any = None,  # noqa: ANN401 - array-like
        missing: str = "none",
        hasconst: bool | None = None,
    ) -> None:
        """Check the response and the rows; nothing is fitted."""
        self.family = family_of(family)
        own = () if groups is None else (RandomEffects.of(groups, exog_re),)
        blocks = (*own, *random)
        if not blocks:
            raise ValueError("There is no random effect; give groups, or random. Else use GLM.")
        y, sizes = shares(two_dimensional(endog))
        if names_of(self.family)[0] != "binomial" and np.ndim(endog) > 1 and np.shape(endog)[1] > 1:
            raise ValueError(f"The response has {np.shape(endog)[1]} columns; expected one.")
        vectors = {
            "endog": y,
            "weights": sizes * vector(weights, np.ones(len(y))),
            "offset": vector(offset, np.zeros(len(y))),
        }
        X = exog if np.ndim(exog) > 1 else np.asarray(exog, dtype=np.float64)[:, None]
        kept = kept_rows(vectors, X, blocks, missing)
        self.random = tuple(block.take(kept) for block in blocks)
        self.weights, self.offset = vectors["weights"][kept], vectors["offset"][kept]
        check(y[kept], self.weights, names_of(self.family)[0])
        _base.__init__(self, *given(endog, y, X, kept), hasconst=hasconst)
        self._refuse_dependent()
        names = [name for block in self.random for name in block.theta_names()]
        columns: list[str] = self.exog_names or []
        self.nobs, self.k_fe, self.k_theta = len(self.endog), self.exog.shape[1], len(names)
        self.df_resid = self.nobs - self.k_fe - self.k_theta  # lme4's
        self.data.param_names = [*columns, *names]
        self._criteria = {}
        self._model = self._arrays()

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: pd.DataFrame,
        subset: Any = None,  # noqa: ANN401 - as in statsmodels
        drop_cols: Sequence[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - passed on, as in statsmodels
    ) -> GLMM:
        """Return the model that an lme4 formula states on data.

        Parameters
        ----------
        formula : str
            ``"y ~ x + (1 + x | g) + (1 | a/b)"``. Random terms, ``offset()``, ``cbind()`` and
            powers ``^``, those in ``I()`` too, are lme4's; all other terms are statsmodels':
            ``C(x)``, ``np.log(x)``.
        data : DataFrame
            The data.
        subset : array_like, optional
            Rows of the data, by label or flag.
        drop_cols : sequence of str, optional
            Columns of X to leave out.
        **kwargs
            Those of the class; ``weights`` and ``offset`` may name columns; ``missing`` is
            ``"drop"`` or ``"raise"``. ``eval_env`` is how many frames up the caller's names are
            found, or a mapping of names.

        Raises
        ------
        ValueError
            Where the formula has no random term, or as the class does.
        """
        names = names_above(kwargs.pop("eval_env", 0))
        rows = data if subset is None else data.loc[subset]
        stated = Stated.of(formula, rows, names)
        for name in ("weights", "offset"):
            if isinstance(kwargs.get(name), str):
                kwargs[name] = rows[kwargs[name]]
        kwargs["offset"] = vector(kwargs.get("offset"), np.zeros(len(rows))) + stated.offset
        missing = kwargs.pop("missing", "drop")
        kwargs["missing"] = "raise" if missing == "none" else missing
        endog, exog = (part.set_axis(rows.index) for part in (stated.response, stated.fixed.frame))
        exog = exog.drop(columns=[name for name in drop_cols or () if name in exog.columns])
        model = cls(endog, exog, random=stated.random, **kwargs)
        model.stated, model.formula, model.data.frame = stated, formula, rows
        return model

    def fit(  # type: ignore[override]  # no optimiser is to be chosen here, nor tuned
        self,
        start_params: Any = None,  # noqa: ANN401 - array-like
        *,
        nagq: int = 1,
        cov_type: str = "joint",
    ) -> GLMMResults:
        """Return the fit of highest likelihood.

        Parameters
        ----------
        start_params : array_like, optional
            A further start beside the search's own, ``(p + m,)``.
        nagq : int
            Quadrature nodes: 1 is Laplace's approximation; more need one scalar random effect.
        cov_type : {"joint", "rx"}
            What ``bse`` and ``cov_params()`` are: of the Hessian in all params (lme4's default),
            or of the fixed effects given theta (lme4's ``use.hessian = FALSE``). The results have
            both by name.

        Warns
        -----
        PerfectSeparationWarning, ConvergenceWarning
            Where the likelihood has no maximum, or has it at the boundary.
        """
        starts = [] if start_params is None else [self.parted(start_params)]
        optimum = find(self.criterion(nagq), starts)
        results = GLMMResults(self, optimum, nagq=nagq, cov_type=cov_type)
        if uninformed(optimum):
            warnings.warn(_SEPARATED, PerfectSeparationWarning, stacklevel=2)
        elif not optimum.converged:
            warnings.warn(_STOPPED, ConvergenceWarning, stacklevel=2)
        elif results.singular:
            warnings.warn(_SINGULAR, ConvergenceWarning, stacklevel=2)
        wrap: Any = GLMMResultsWrapper  # untyped
        wrapped: GLMMResults = wrap(results)
        return wrapped

    def predict(
        self,
        params: Any,  # noqa: ANN401 - array-like
        exog: Any = None,  # noqa: ANN401 - array-like
        offset: Any = None,  # noqa: ANN401 - array-like
        which: str = "mean",
        effects: Vector | float = 0.0,
    ) -> Vector:
        """Return the prediction at given params, ``(k,)``; random effects are 0 if not given.

        Parameters
        ----------
        params : array_like
            ``(p + m,)``, or the fixed effects alone.
        exog : array_like, optional
            Rows of X ``(k, p)``; those of the model where none are given.
        offset : array_like, optional
            The rows' offset; by default the model's for its own rows, 0 for others.
        which : {"mean", "linear"}
            On the scale of the response, or of the linear predictor.
        effects
            Zb of each row, ``(k,)``.

        Raises
        ------
        ValueError
            Where ``which`` is another word.
        """
        if which not in {"mean", "linear"}:
            raise ValueError(f"which is {which!r}; expected 'mean' or 'linear'.")
        X = self.exog if exog is None else np.asarray(exog, dtype=np.float64)
        usual = self.offset if exog is None else np.zeros(len(X))
        beta = np.asarray(params, dtype=np.float64)[: self.k_fe]
        eta = X @ beta + vector(offset, usual) + effects
        return np.asarray(eta if which == "linear" else self.family.link.inverse(eta))

    def _arrays(self) -> Model:
        family, link = names_of(self.family)
        return Model(
            y=np.asarray(self.endog, dtype=np.float64),
            X=np.ascontiguousarray(self.exog, dtype=np.float64),
            blocks=tuple(block.block() for block in self.random),
            weights=self.weights,
            offset=self.offset,
            family=family,
            link=link,
        )

    def _refuse_dependent(self) -> None:
        kept = independent(np.asarray(self.exog, dtype=np.float64))
        spanned = [name for j, name in enumerate(self.exog_names or ()) if j not in kept]
        if spanned:
            raise ValueError(
                f"X is not of full rank: {', '.join(spanned)} follow from the columns before. "
                f"Leave them out, in a formula with drop_cols={spanned}."
            )
