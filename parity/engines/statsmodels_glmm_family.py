"""statsmodels' families and links for a GLMM, and the responses that they take."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.genmod import families
from statsmodels.tools.sm_exceptions import ValueWarning

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector

_families: Any = families  # untyped
_links: Any = families.links
_NAMES: dict[str, Any] = {
    "binomial": _families.Binomial,
    "poisson": _families.Poisson,
    "gamma": lambda: _families.Gamma(_links.InversePower()),
    "inverse.gaussian": lambda: _families.InverseGaussian(_links.InverseSquared()),
}
_LINKS: dict[tuple[Any, Any], tuple[str, str]] = {
    (_families.Binomial, _links.Logit): ("binomial", "logit"),
    (_families.Binomial, _links.Probit): ("binomial", "probit"),
    (_families.Binomial, _links.CLogLog): ("binomial", "cloglog"),
    (_families.Poisson, _links.Log): ("poisson", "log"),
    (_families.Gamma, _links.Log): ("Gamma", "log"),
    (_families.Gamma, _links.InversePower): ("Gamma", "inverse"),
    (_families.InverseGaussian, _links.InverseSquared): ("inverse.gaussian", "1/mu^2"),
}
_BY_NAME: dict[tuple[str, str], tuple[Any, Any]] = {name: pair for pair, name in _LINKS.items()}
_COUNTS = 2
_WHOLE = 1e-3
"""How far successes may be from a whole number without a warning: R's binomial()$initialize."""


def family_of(family: Any) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return statsmodels' instance of a family given by name, class or instance.

    Raises
    ------
    ValueError
        Where none is given, or a GLMM of it cannot be integrated here.
    """
    if isinstance(family, str):
        if family.lower() not in _NAMES:
            raise ValueError(f"The family {family!r} is none of {', '.join(_NAMES)}.")
        return _NAMES[family.lower()]()
    if isinstance(family, type) and issubclass(family, _families.Family):
        family = family()
    if not isinstance(family, _families.Family):
        raise ValueError(  # noqa: TRY004 - one kind of error for every wrong family
            f"The family is {family!r}; expected a name ({', '.join(_NAMES)}) or an instance "
            "such as sm.families.Binomial(sm.families.links.Probit()). A Gaussian one is MixedLM's."
        )
    names_of(family)
    return family


def named(family: str, link: str) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return statsmodels' instance of a family and link by R's names.

    Raises
    ------
    ValueError
        Where a GLMM of these cannot be integrated here.
    """
    if (family, link) not in _BY_NAME:
        raise ValueError(f"no GLMM of {family}({link}) here; there are {_known()}")
    own, linked = _BY_NAME[family, link]
    return own(linked())


def names_of(family: Any) -> tuple[str, str]:  # noqa: ANN401 - statsmodels is untyped
    """Return R's names of a family and its link.

    A class derived from one of statsmodels' is refused: what it overrides is not known here.

    Raises
    ------
    ValueError
        Where a GLMM of it cannot be integrated here.
    """
    key = type(family), type(family.link)
    if key not in _LINKS:
        raise ValueError(
            f"There is no GLMM of {key[0].__name__} with link {key[1].__name__} here; "
            f"there are {_known()}."
        )
    return _LINKS[key]


def _known() -> str:
    return ", ".join(f"{family}({link})" for family, link in _BY_NAME)


def shares(endog: Matrix) -> tuple[Vector, Vector]:
    """Return the response and its sizes, both ``(n,)``, of one column or of two.

    Two columns are successes and failures, as in statsmodels' GLM; rows of size 0 have share 0.

    Raises
    ------
    ValueError
        Where there are more columns, or counts are negative.
    """
    values = np.asarray(endog, dtype=np.float64)
    if values.ndim == 1 or values.shape[1] == 1:
        y = values.reshape(len(values))
        return y, np.ones(len(y))
    if values.shape[1] != _COUNTS:
        raise ValueError(
            f"The response has {values.shape[1]} columns; expected one, or successes and failures."
        )
    if (values < 0).any():
        raise ValueError("The response has negative counts of successes or failures.")
    sizes = values.sum(axis=1)
    return np.divide(values[:, 0], sizes, out=np.zeros(len(sizes)), where=sizes != 0), sizes


def check(y: Vector, weights: Vector, family: str) -> None:
    """Refuse a response that the family cannot have, or from which nothing can be estimated.

    lme4 refuses the same, but for counts that are not whole: of these it warns, and its
    log-likelihood is -Inf. Successes that are not whole are a warning in both.

    Raises
    ------
    ValueError
        With what is wrong and what was expected.
    """
    if not (weights >= 0).all():
        raise ValueError("A weight is negative; expected weights of at least 0.")
    counted = y[weights > 0]
    if not len(counted):
        raise ValueError("Every weight is 0: there is no observation.")
    _CHECKS.get(family, _check_positive)(counted, weights[weights > 0])


def _check_binomial(y: Vector, weights: Vector) -> None:
    if not ((y >= 0) & (y <= 1)).all():
        raise ValueError(
            f"A binomial response lies between 0 and 1; this one from {y.min():g} to {y.max():g}. "
            "Give 0/1, shares with their sizes as weights, or successes and failures."
        )
    if (y == y[0]).all() and y[0] in {0.0, 1.0}:
        raise ValueError(
            f"The response is {y[0]:g} in every row, so that no finite intercept is most likely; "
            "lme4 stops there too ('Response is constant')."
        )
    successes = weights * y
    if (np.abs(successes - np.round(successes)) > _WHOLE).any():
        text = (
            "weights times shares are not whole numbers of successes: densities are taken to the "
            "power of their weight; lme4 rounds sizes and successes in its log-likelihood"
        )
        warnings.warn(text, ValueWarning, stacklevel=4)


def _check_counts(y: Vector, weights: Vector) -> None:
    del weights
    if not ((y >= 0) & (y == np.round(y))).all():
        raise ValueError(
            "A Poisson response consists of whole numbers from 0; of another one the density is 0."
        )
    if not y.any():
        raise ValueError(
            "The response is 0 in every row, so that no finite intercept is most likely; "
            "lme4 stops there too ('Response is constant')."
        )


def _check_positive(y: Vector, weights: Vector) -> None:
    del weights
    if not (y > 0).all():
        raise ValueError(
            f"A response of this family is positive; this one goes down to {y.min():g}. lme4 "
            "stops there too ('non-positive values not allowed')."
        )


_CHECKS = {"binomial": _check_binomial, "poisson": _check_counts}
