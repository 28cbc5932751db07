"""The dictionary: every quantity that is compared, what it is, in which unit, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["A", "B", "C", "D", "E", "F", "G", "H"]
Unit = Literal[
    "exact",
    "absolute",
    "deviance",
    "relative",
    "se",
    "se product",
    "variance",
    "sd",
    "theta",
    "sd of the effect",
    "sigma",
    "t",
    "log10",
    "column",
    "printed",
]

LAYERS: dict[Layer, str] = {
    "A": "rows and design",
    "B": "algebra at fixed theta",
    "C": "the optimum",
    "D": "estimates",
    "E": "standard errors",
    "F": "predictions",
    "G": "inference",
    "H": "status",
}

UNITS: dict[Unit, str] = {
    "exact": "absolute difference; counts and flags must be equal",
    "absolute": "absolute difference; the quantity has no dimension",
    "deviance": "signed difference, candidate minus reference, on the scale of -2 log-likelihood",
    "relative": "absolute difference over the reference's absolute value (over 1 where that is 0)",
    "se": "absolute difference over the reference's standard error of that coefficient",
    "se product": "absolute difference over the product of the two reference standard errors",
    "variance": "relative; over the residual variance where the reference is at the boundary "
    "(sd below 1e-4 sigma, lme4's own threshold for a singular fit; sigma over the column's root "
    "mean square for a slope whose column X has)",
    "sd": "relative; over sigma where the reference is at the boundary, as for variance",
    "theta": "absolute difference over the largest |theta| of the reference (over 1 where all are "
    "below 1e-4), slopes in units of their column's root mean square",
    "sd of the effect": "absolute difference over the reference's standard deviation of that "
    "random effect (over sigma at the boundary, as for variance)",
    "sigma": "absolute difference over the reference's residual standard deviation; over "
    "max(1, |reference|) where the family has none",
    "t": "absolute difference over max(1, |reference|)",
    "log10": "absolute difference of the decimal logarithms over max(1, |log10 reference|): a "
    "p-value of 1e-200 is not judged by its 200th decimal",
    "column": "absolute difference over the largest absolute entry of that column",
    "printed": "absolute difference over half a unit of the last printed digit; at most 1 rounds "
    "to what was printed",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One entry of the dictionary.

    Attributes
    ----------
    name
        How reports, tolerances and case files call it.
    definition
        What it is, with its scale (standard deviation or variance) and source.
    unit
        The unit of its error, a key of `UNITS`.
    key
        What names an element, in order; empty for a scalar.
    layer
        The layer of a diagnosis that it belongs to, a key of `LAYERS`.
    kinds
        The kinds of model that have it: any of ``lm``, ``lmm``, ``glmm``, ``lrt``.
    why
        Why it is compared.
    """

    name: str
    definition: str
    unit: Unit
    key: tuple[str, ...]
    layer: Layer
    kinds: tuple[str, ...]
    why: str


_ALL = ("lm", "lmm", "glmm")
_MIXED = ("lmm", "glmm")
_COEF = ("coefficient",)
_PAIR = ("coefficient", "coefficient")
_BLOCK = ("group", "term")

_ENTRIES = (
    Quantity(
        "nobs",
        "Number of rows that entered the fit.",
        "exact",
        (),
        "A",
        _ALL,
        "A dropped row changes every number after it.",
    ),
    Quantity(
        "ngroups",
        "Number of levels of each grouping factor that occur in the rows used.",
        "exact",
        ("group",),
        "A",
        _MIXED,
        "Another grouping is another model.",
    ),
    Quantity(
        "design",
        "The fixed-effects design matrix X, column by column: the row that differs most.",
        "column",
        ("coefficient", "row"),
        "A",
        (),
        "Another reference level or contrast is another model; a gate, before all else.",
    ),
    Quantity(
        "loglik",
        "Log-likelihood at the estimates: restricted under REML, of the Laplace or quadrature "
        "approximation for a generalised model; with all constants.",
        "deviance",
        (),
        "C",
        _ALL,
        "It is what the fit maximises. Compared in absolute units, for its additive constant "
        "makes a relative error meaningless.",
    ),
    Quantity(
        "deviance",
        "-2 log-likelihood of the criterion that was optimised: lme4's REML criterion under REML, "
        "its deviance under ML (Bates et al. 2015, equations 35 and 41), -2 logLik for glmer.",
        "deviance",
        (),
        "C",
        _ALL,
        "The signed gap says which of two engines found the better optimum.",
    ),
    Quantity(
        "fixef",
        "Estimates of the fixed effects beta, on the scale of the linear predictor.",
        "se",
        _COEF,
        "D",
        _ALL,
        "They are what the analysis reports; an error is judged against their own uncertainty.",
    ),
    Quantity(
        "sigma",
        "Residual standard deviation (the root of statsmodels' scale).",
        "relative",
        (),
        "D",
        ("lm", "lmm"),
        "Every standard error scales with it.",
    ),
    Quantity(
        "sigma2",
        "Residual variance, the square of sigma.",
        "relative",
        (),
        "D",
        ("lm", "lmm"),
        "What summaries print beside the variances of the random effects.",
    ),
    Quantity(
        "variance",
        "Variances of the random effects, in squared units of the response.",
        "variance",
        _BLOCK,
        "D",
        _MIXED,
        "The variance components are the model's second half.",
    ),
    Quantity(
        "sd",
        "Standard deviations of the random effects, in units of the response.",
        "sd",
        _BLOCK,
        "D",
        _MIXED,
        "What summaries print; a variance taken for a standard deviation shows here.",
    ),
    Quantity(
        "correlation",
        "Correlations of the random effects within a block.",
        "absolute",
        ("group", "term", "term"),
        "D",
        _MIXED,
        "The off-diagonal part of the random effects' covariance.",
    ),
    Quantity(
        "theta",
        "Elements of the relative covariance factor Lambda, the lower Cholesky factor of each "
        "block's covariance over sigma^2 (Bates et al. 2015, equation 4; sigma = 1 for glmer).",
        "theta",
        ("group", "term", "term"),
        "D",
        _MIXED,
        "The parameters that lme4 optimises.",
    ),
    Quantity(
        "se_conditional",
        "Standard errors of the fixed effects given the variance parameters: the roots of the "
        "diagonal of sigma^2 (X'V^-1 X)^-1 for lmer, of the RX factor for glmer "
        "(use.hessian = FALSE).",
        "relative",
        _COEF,
        "E",
        _ALL,
        "What lmer prints.",
    ),
    Quantity(
        "se_joint",
        "Standard errors of the fixed effects from the joint observed information of fixed "
        "effects and variance parameters: statsmodels' bse_fe, glmer's default.",
        "relative",
        _COEF,
        "E",
        _MIXED,
        "Another quantity than se_conditional, larger unless the design is balanced; compared "
        "only with its own kind.",
    ),
    Quantity(
        "vcov_conditional",
        "Covariance matrix of the fixed effects that se_conditional is the diagonal of.",
        "se product",
        _PAIR,
        "E",
        _ALL,
        "Contrasts need its off-diagonal elements.",
    ),
    Quantity(
        "vcov_joint",
        "Covariance matrix of the fixed effects that se_joint is the diagonal of.",
        "se product",
        _PAIR,
        "E",
        _MIXED,
        "Contrasts need its off-diagonal elements.",
    ),
    Quantity(
        "corr_conditional",
        "Correlations of the fixed effects' estimates, from vcov_conditional.",
        "absolute",
        _PAIR,
        "E",
        _ALL,
        "The table that lmer's summary prints last.",
    ),
    Quantity(
        "corr_joint",
        "Correlations of the fixed effects' estimates, from vcov_joint.",
        "absolute",
        _PAIR,
        "E",
        _MIXED,
        "The table that glmer's summary prints last.",
    ),
    Quantity(
        "ranef",
        "Predicted random effects: conditional means (modes for glmer) given the data.",
        "sd of the effect",
        ("group", "level", "term"),
        "F",
        _MIXED,
        "Rankings and predictions of groups rest on them.",
    ),
    Quantity(
        "ranef_sd",
        "Conditional standard deviations of the random effects given the data, at the estimated "
        "parameters (lme4's condVar), the uncertainty of the fixed effects left out.",
        "sd of the effect",
        ("group", "level", "term"),
        "F",
        _MIXED,
        "The intervals of a caterpillar plot.",
    ),
    Quantity(
        "fitted",
        "Fitted values with the random effects, on the scale of the response.",
        "sigma",
        ("row",),
        "F",
        _ALL,
        "Element by element they show a shuffled row or group.",
    ),
    Quantity(
        "resid",
        "Response minus fitted values (deviance residuals for glmer).",
        "sigma",
        ("row",),
        "F",
        _ALL,
        "Element by element they show a shuffled row or group.",
    ),
    Quantity(
        "scaled_resid_quantile",
        "Minimum, quartiles (R's type 7) and maximum of the Pearson residuals over sigma: the "
        "'Scaled residuals' of lme4's summary.",
        "absolute",
        ("quantile",),
        "F",
        _MIXED,
        "What the summary prints of the residuals.",
    ),
    Quantity(
        "resid_quantile",
        "Minimum, quartiles (R's type 7) and maximum of the residuals of a linear model.",
        "sigma",
        ("quantile",),
        "F",
        ("lm",),
        "What the summary prints of the residuals.",
    ),
    Quantity(
        "npar",
        "Number of parameters that AIC counts: fixed effects, theta, and sigma where there is one.",
        "exact",
        (),
        "G",
        _ALL,
        "The degrees of freedom of a likelihood-ratio test are its differences.",
    ),
    Quantity(
        "df_resid",
        "Residual degrees of freedom as the engine's summary counts them: n - npar for a mixed "
        "model, n - p for a linear model.",
        "exact",
        (),
        "G",
        _ALL,
        "Printed beside AIC, and the df of a linear model's t.",
    ),
    Quantity(
        "aic",
        "deviance + 2 npar.",
        "deviance",
        (),
        "G",
        _ALL,
        "Models are chosen by it.",
    ),
    Quantity(
        "bic",
        "deviance + log(nobs) npar.",
        "deviance",
        (),
        "G",
        _ALL,
        "Models are chosen by it.",
    ),
    Quantity(
        "tvalue",
        "Estimate over the standard error that lme4 prints: se_conditional for lm and lmer, "
        "se_joint for glmer.",
        "t",
        _COEF,
        "G",
        _ALL,
        "The test statistic that is published.",
    ),
    Quantity(
        "pvalue",
        "p-value that the summary prints: of t on n - p degrees of freedom for lm, of the normal "
        "for glmer.",
        "log10",
        _COEF,
        "G",
        ("lm", "glmm"),
        "The number that is published.",
    ),
    Quantity(
        "wald_p",
        "Two-sided p-value of tvalue under the normal distribution.",
        "log10",
        _COEF,
        "G",
        _MIXED,
        "The normal-theory test of a mixed model.",
    ),
    Quantity(
        "wald_ci",
        "Estimate -+ 1.959964 standard errors (the error that tvalue uses): the 95 % Wald limits.",
        "se",
        ("coefficient", "limit"),
        "G",
        _MIXED,
        "The interval that is published.",
    ),
    Quantity(
        "icc",
        "Intraclass correlation of a single random intercept, variance over (variance + sigma^2).",
        "absolute",
        ("group",),
        "G",
        ("lmm",),
        "The correlation of two responses from one group.",
    ),
    Quantity(
        "odds_ratio",
        "exp(fixef) of a binomial model with logit link, conditional on the random effects.",
        "relative",
        _COEF,
        "G",
        ("glmm",),
        "How a logistic model's effects are read.",
    ),
    Quantity(
        "r2",
        "Share of the variance explained by a linear model, 1 - RSS / TSS.",
        "absolute",
        (),
        "G",
        ("lm",),
        "Printed by the summary.",
    ),
    Quantity(
        "adj_r2",
        "r2 adjusted for the number of coefficients.",
        "absolute",
        (),
        "G",
        ("lm",),
        "Printed by the summary.",
    ),
    Quantity(
        "fstat",
        "F statistic of a linear model against the intercept alone.",
        "relative",
        (),
        "G",
        ("lm",),
        "Printed by the summary.",
    ),
    Quantity(
        "fstat_df",
        "Degrees of freedom of fstat.",
        "exact",
        ("part",),
        "G",
        ("lm",),
        "Printed by the summary.",
    ),
    Quantity(
        "fstat_p",
        "p-value of fstat.",
        "log10",
        (),
        "G",
        ("lm",),
        "Printed by the summary.",
    ),
    Quantity(
        "lrt_chisq",
        "Likelihood-ratio statistic of two nested models, both fitted by maximum likelihood: "
        "2 (loglik large - loglik small).",
        "deviance",
        (),
        "G",
        ("lrt",),
        "The test of a fixed effect or a variance.",
    ),
    Quantity(
        "lrt_df",
        "Difference of the two models' npar.",
        "exact",
        (),
        "G",
        ("lrt",),
        "A wrong df is a wrong p-value.",
    ),
    Quantity(
        "lrt_p",
        "Upper tail of chi-square on lrt_df at lrt_chisq.",
        "absolute",
        (),
        "G",
        ("lrt",),
        "The number that decides.",
    ),
    Quantity(
        "converged",
        "1 where the engine says that it converged, else 0.",
        "exact",
        (),
        "H",
        _MIXED,
        "Numbers of a fit that did not converge are no estimates.",
    ),
    Quantity(
        "singular",
        "1 where the random effects' covariance is singular (theta at its boundary), else 0.",
        "exact",
        (),
        "H",
        _MIXED,
        "At the boundary the usual inference does not hold.",
    ),
)

QUANTITIES: dict[str, Quantity] = {entry.name: entry for entry in _ENTRIES}


def applicable(kind: str) -> tuple[str, ...]:
    """Names of the quantities that a model of this kind has, in the order of reports."""
    return tuple(entry.name for entry in _ENTRIES if kind in entry.kinds)
