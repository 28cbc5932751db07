"""The likelihood-ratio test of two certified ML fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, ctx

from parity.certificate import Certificate
from parity.referee.numerals import decimal
from parity.referee.writing import PROVEN, ball

if TYPE_CHECKING:
    from parity.case import NestedPair

_BITS = 256


class PairError(ValueError):
    """Two certificates that make no likelihood-ratio test."""


def certify_pair(pair: NestedPair, small: Certificate, large: Certificate) -> Certificate:
    """Return the certificate of a likelihood-ratio test.

    Parameters
    ----------
    pair
        The two cases.
    small, large
        Their certificates. Their log-likelihoods enter as all the numbers that round to the
        decimals written there.

    Raises
    ------
    PairError
        Where the certificates are not the pair's, or the larger model has no more parameters.
    """
    if (small.case, large.case) != (pair.small.name, pair.large.name):
        raise PairError(
            f"{pair.name} compares {pair.small.name} with {pair.large.name}; the certificates are "
            f"of {small.case} and {large.case}."
        )
    freedom = int(large.values["npar"][()]) - int(small.values["npar"][()])
    if freedom <= 0:
        raise PairError(f"{large.case} has no more parameters than {small.case}: nothing to test.")
    with ctx.workprec(_BITS):
        gain = 2 * (ball(large.values["loglik"][()]) - ball(small.values["loglik"][()]))
        tail = (gain / 2).gamma_upper(arb(freedom) / 2, regularized=1)
        numbers = {"lrt_chisq": decimal(gain), "lrt_p": decimal(tail)}
    standing = _standing(small, large)
    return Certificate(
        case=pair.name,
        formula=f"{small.formula} against {large.formula}",
        criterion="ML",
        family=large.family,
        link=large.link,
        objective=large.objective,
        dataset=large.dataset,
        sha256=large.sha256,
        bits=_BITS,
        values={
            "lrt_chisq": {(): numbers["lrt_chisq"]},
            "lrt_df": {(): str(freedom)},
            "lrt_p": {(): numbers["lrt_p"]},
        },
        proven={"lrt_chisq": standing, "lrt_df": PROVEN, "lrt_p": standing},
        statements=(
            (
                "The statistic is enclosed by twice the difference of the two certified "
                f"log-likelihoods; its p-value is the upper tail of chi-square, df {freedom} "
                "(the regularised incomplete gamma function, enclosed)."
            ),
            *_optima(small),
            *_optima(large),
        ),
        versions=dict(large.versions),
    )


def _standing(small: Certificate, large: Certificate) -> str:
    """Return what is proven of the statistic: what is proven of both log-likelihoods."""
    words = [c.proven["loglik"] for c in (small, large) if c.proven["loglik"] != PROVEN]
    return words[0] if words else PROVEN


def _optima(certificate: Certificate) -> list[str]:
    """Return what the certificate says of its optimum, under the case's name."""
    return [f"{certificate.case}: {text}" for text in certificate.statements if "optimum" in text]
