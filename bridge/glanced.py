"""The figures of broom's one row a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bridge.fitted import Estimates

Figures: TypeAlias = "dict[str, float | int | None]"


def figures(fit: Estimates) -> Figures:
    """Return the figures by broom's names, in its order."""
    judged = {"logLik": fit.loglik, "AIC": fit.aic, "BIC": fit.bic}
    if fit.kind == "glm":
        null = {"null.deviance": fit.null_deviance, "df.null": fit.df_null}
        return null | judged | _sizes(fit, fit.deviance)
    if fit.kind == "lm":
        return _explained(fit) | judged | _sizes(fit, fit.deviance)
    if fit.reml_criterion is not None:
        deviance = {"REMLcrit": fit.reml_criterion}
    else:
        given = fit.conditional_deviance
        deviance = {"deviance": fit.deviance if given is None else given}
    first: Figures = {"nobs": fit.nobs, "sigma": fit.sigma}
    return first | judged | deviance | {"df.residual": fit.df_resid}


def _sizes(fit: Estimates, deviance: float) -> Figures:
    return {"deviance": deviance, "df.residual": fit.df_resid, "nobs": fit.nobs}


def _explained(fit: Estimates) -> Figures:
    f = fit.fstatistic
    return {
        "r.squared": fit.r_squared,
        "adj.r.squared": fit.adj_r_squared,
        "sigma": fit.sigma,
        "statistic": float("nan") if f is None else f.value,
        "p.value": float("nan") if f is None else fit.f_pvalue,
        "df": float("nan") if f is None else f.numdf,
    }
