"""What the parameters and constants of a certified model mean, for readers of any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.certificate import Certificate

_CODING = (
    "Columns named as factors are categories; their levels are ordered by code point (by size "
    "where all are integers). The first level of a factor in X is the reference (treatment "
    "contrasts), and a coefficient is called by the factor followed by the level."
)
_RANDOM = (
    "Z holds, for each term (1 + x | g), one column per effect and level of g, uncorrelated "
    "between levels; (x || g) has no correlation between its effects; (1 | a/b) means "
    "(1 | b:a) + (1 | a)."
)
_PARAMETERS = (
    "The covariance of the effects of one level is sigma^2 D with D = Lambda Lambda', Lambda lower "
    "triangular with a diagonal >= 0; theta lists the elements of Lambda: theta[group, row, "
    "column]."
)
_LINEAR = (
    "y = X beta + Z b + e with b ~ N(0, sigma^2 blockdiag(D)) and e ~ N(0, sigma^2 I), "
    "independent; n rows, p columns of X. V = I + Z blockdiag(D) Z'."
)
_ML = (
    "loglik = -(1/2) [ log|V| + n (1 + log(2 pi sigma^2)) ], maximal over all parameters, with "
    "sigma^2 = (y - X beta)'V^-1 (y - X beta) / n."
)
_REML = (
    "loglik = -(1/2) [ log|V| + log|X'V^-1 X| + (n - p)(1 + log(2 pi sigma^2)) ], with sigma^2 = "
    "(y - X beta)'V^-1 (y - X beta) / (n - p). It depends on how X is coded."
)
_ERRORS = (
    "se_conditional, vcov_conditional: sigma^2 (X'V^-1 X)^-1, theta taken as known. se_joint, "
    "vcov_joint: the block of beta in the inverse observed information of (beta, vech D), sigma^2 "
    "profiled out; it adds the uncertainty of D."
)
_GENERAL = (
    "Given b, the responses are independent with mean linkinverse(X beta + Z b); b ~ N(0, "
    "blockdiag(D)). The log-likelihood is that of y with all constants, b integrated out."
)
_TEST = (
    "lrt_chisq = 2 (loglik of the larger model - loglik of the smaller), both at their maximum "
    "likelihood estimates. Where the smaller model has a variance of 0 that the larger one frees, "
    "the p-value from chi-square is too large: the hypothesis is on the boundary."
)


def definitions(certificate: Certificate) -> tuple[str, ...]:
    """Return the definitions that the values of a certificate rest on, one sentence each."""
    return tuple(_definitions(certificate))


def _definitions(certificate: Certificate) -> Iterator[str]:
    if "lrt_chisq" in certificate.values:
        yield _TEST
        return
    yield _CODING
    yield _RANDOM
    yield _PARAMETERS
    if certificate.family != "gaussian":
        yield _GENERAL
        return
    yield _LINEAR
    yield _REML if certificate.criterion == "REML" else _ML
    yield _ERRORS
