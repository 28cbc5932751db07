"""Balls → the decimals of a certificate, with what is proven of each quantity."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from flint import arb, fmpq

from parity.quantity import applicable
from parity.referee.numerals import MOST_DIGITS, UncertainError, decimal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from parity.result import Key

    Balls: TypeAlias = Mapping[str, Mapping[Key, arb]]
    Counts: TypeAlias = Mapping[str, Mapping[Key, int]]

PROVEN = "proven"
_LONG = ("vcov_", "corr_", "ranef")
_FEWER_DIGITS = 25
"""Of the quantities with the most elements: enough for any program, and half the file."""
VANISHING = "1e-40"


def write(
    kind: str, counts: Counts, balls: Balls, vanishing: str = VANISHING
) -> tuple[dict[str, dict[Key, str]], dict[str, str]]:
    """Return the values as decimals in the order of reports, and what is proven of each quantity.

    Parameters
    ----------
    kind
        Of the model: ``"lmm"`` or ``"glmm"``.
    counts, balls
        Quantity → key → whole number, or ball.
    vanishing
        A ball around 0 must be smaller than this for its number to be written as 0.

    Raises
    ------
    UncertainError
        Where a ball is too wide to fix a digit of its number.
    """
    values: dict[str, dict[Key, str]] = {}
    proven: dict[str, str] = {}
    for name in applicable(kind):
        if name in counts:
            values[name] = {key: str(count) for key, count in counts[name].items()}
            proven[name] = PROVEN
        elif balls.get(name):
            values[name], proven[name] = _decimals(name, balls[name], vanishing)
    return values, proven


def _decimals(name: str, balls: Mapping[Key, arb], vanishing: str) -> tuple[dict[Key, str], str]:
    most = _FEWER_DIGITS if name.startswith(_LONG) else MOST_DIGITS
    texts: dict[Key, str] = {}
    zeros = 0
    for key, ball in balls.items():
        try:
            texts[key] = decimal(ball, most)
        except UncertainError:
            if not bool(abs(ball) < arb(vanishing)):
                raise
            texts[key] = "0"
            zeros += 1
    if not zeros:
        return texts, PROVEN
    some = "one element, written as 0, is" if zeros == 1 else f"{zeros} elements, written as 0, are"
    return texts, f"checked: proven but for zeros; {some} 0 to within {vanishing}"


def ball(number: str) -> arb:
    """Return the numbers that round to a decimal of a certificate.

    A text without point and exponent is a whole number, which is exact.
    """
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{number} is no finite number")  # noqa: TRY004 - the text's fault
    centre = arb(fmpq(*value.as_integer_ratio()))
    if number.lstrip("-").isdigit():
        return centre
    half = fmpq(1, 2) * fmpq(10) ** exponent
    return centre + arb(0, arb(half).upper())
