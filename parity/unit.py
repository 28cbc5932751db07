"""Errors in statistical units, and digits of agreement."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from parity.quantity import QUANTITIES, Quantity

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.result import FitResult, Key

MOST_DIGITS = 15.9
BOUNDARY = 1e-4


def digits(reference: float, candidate: float) -> float:
    """Return the log relative error, the number of digits in which two numbers agree.

    ``-log10(|c - r| / |r|)``, and ``-log10 |c|`` where the reference is 0, between 0 and 15.9
    (McCullough 1998; the measure of NIST's Statistical Reference Datasets).
    """
    gap = abs(candidate - reference)
    if gap == 0.0:
        return MOST_DIGITS
    relative = gap / abs(reference) if reference else gap
    # Adding 0.0 makes the -0.0 of a relative gap of exactly 1 a 0.0.
    return min(max(-math.log10(relative), 0.0), MOST_DIGITS) + 0.0


def error(name: str, key: Key, numbers: tuple[float, float], context: FitResult) -> float:
    """Return the candidate's error in the quantity's unit.

    Parameters
    ----------
    name, key
        The element.
    numbers
        Reference and candidate.
    context
        The reference's answer, which scales the error. Signed for unit ``"deviance"`` (candidate
        minus reference), else at least 0.
    """
    reference, candidate = numbers
    quantity = QUANTITIES[name]
    if quantity.unit == "log10":
        return decades(reference, candidate)
    gap = candidate - reference
    if quantity.unit == "deviance":
        return -2.0 * gap + 0.0 if name == "loglik" else gap
    if gap == 0.0:
        return 0.0
    return abs(gap) / _scale(quantity, key, reference, context)


def decades(reference: float, candidate: float) -> float:
    """Return how many decades apart two p-values are, over max(1, |log10 reference|)."""
    # Below the smallest normal double a program keeps a digit or two, or returns 0.
    vanishing = 0.0 <= min(reference, candidate) <= max(reference, candidate) < sys.float_info.min
    if reference == candidate or vanishing:
        return 0.0
    if reference <= 0.0 or candidate <= 0.0:
        return math.inf
    decades = math.log10(reference)
    return abs(math.log10(candidate) - decades) / max(1.0, abs(decades))


def _scale(quantity: Quantity, key: Key, reference: float, context: FitResult) -> float:
    """Return the positive number that an error is divided by."""
    rule = _SCALES.get(quantity.unit)
    return rule(key, reference, context) if rule else 1.0


def _standard_error(context: FitResult, coefficient: str) -> float:
    for name in ("se_conditional", "se_joint"):
        number = context.values.get(name, {}).get((coefficient,), 0.0)
        if number > 0.0:
            return number
    return 1.0


def _sigma(context: FitResult) -> float:
    """Return the residual standard deviation, 1 for a family without one."""
    return context.values.get("sigma", {(): 1.0})[()] or 1.0


def _size(context: FitResult, term: str) -> float:
    """Return the size of the column that a random effect multiplies; 1 where X does not have it.

    A slope on a covariate in the thousands is small in sigma without being near its boundary.
    """
    sizes = {} if isinstance(context.design, str) else context.design.sizes
    return sizes.get(term, 1.0) or 1.0


def _edge(context: FitResult, term: str) -> float:
    """Return sigma in the unit of a random effect."""
    return _sigma(context) / _size(context, term)


def _interior(context: FitResult, block: Key) -> bool:
    """Whether a random effect's standard deviation is off its boundary."""
    spread = context.values.get("sd", {}).get(block, 0.0)
    return spread > BOUNDARY * _edge(context, block[-1])


def undefined(name: str, key: Key, context: FitResult) -> bool:
    """Whether an element has no meaning: a correlation with an effect of variance zero.

    lme4 gives NaN there, or whatever the rounding of theta leaves; another engine anything.
    """
    if name != "correlation" or "sd" not in context.values:
        return False
    group, one, other = key
    return not all(_interior(context, (group, term)) for term in (one, other))


def _of_variance(key: Key, reference: float, context: FitResult) -> float:
    return reference if _interior(context, key) else _edge(context, key[-1]) ** 2


def _of_sd(key: Key, reference: float, context: FitResult) -> float:
    return reference if _interior(context, key) else _edge(context, key[-1])


def _of_effect(key: Key, _: float, context: FitResult) -> float:
    block = (key[0], key[-1])
    inside = _interior(context, block)
    return context.values["sd"][block] if inside else _edge(context, key[-1])


def _of_response(_: Key, reference: float, context: FitResult) -> float:
    if "sigma" in context.values:
        return _sigma(context)
    return max(1.0, abs(reference))


def _of_theta(key: Key, _: float, context: FitResult) -> float:
    """Return the largest theta, each in units of its row's column; 1 where all are at 0."""
    sized = (
        abs(number) * _size(context, row) for (_, row, _), number in context.values["theta"].items()
    )
    largest = max(sized)
    return (largest if largest > BOUNDARY else 1.0) / _size(context, key[1])


_SCALES: dict[str, Callable[[Key, float, FitResult], float]] = {
    "relative": lambda _, reference, __: abs(reference) or 1.0,
    "t": lambda _, reference, __: max(1.0, abs(reference)),
    "se": lambda key, _, context: _standard_error(context, key[0]),
    "se product": lambda key, _, context: (
        _standard_error(context, key[0]) * _standard_error(context, key[1])
    ),
    "variance": _of_variance,
    "sd": _of_sd,
    "theta": _of_theta,
    "sd of the effect": _of_effect,
    "sigma": _of_response,
}
