"""A ball as decimals of which every digit is certain."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flint import arb

MOST_DIGITS = 50
_SMALLEST = -5
"""Power of ten below which a number is written with an exponent."""


class UncertainError(ArithmeticError):
    """A ball so wide that not one digit of its number is certain."""


def decimal(ball: arb, most: int = MOST_DIGITS) -> str:
    """Return a number as decimals, rounded correctly to as many digits as its ball proves.

    Parameters
    ----------
    ball
        An enclosure of the number.
    most
        The largest number of significant digits.

    Raises
    ------
    UncertainError
        Where the ball does not fix one digit: it is not finite, or holds 0 and other numbers.
    """
    if not ball.is_finite():
        raise UncertainError(f"the enclosure {ball} is not finite")
    low, high = exact(ball.lower()), exact(ball.upper())
    if low == high == 0:
        return "0"
    for digits in range(most, 0, -1):
        texts = {rounded(end, digits) for end in (low, high)}
        if len(texts) == 1 and low * high > 0:
            return texts.pop()
    raise UncertainError(f"the enclosure {ball} fixes no digit")


def exact(point: arb) -> Fraction:
    """Return a ball of radius 0 as a rational number."""
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def rounded(number: Fraction, digits: int) -> str:
    """Return a rational rounded half to even to so many significant digits, as `Decimal` prints."""
    if number == 0:
        return "0"
    size = abs(number)
    power = _power(size)
    figures = str(round(size / Fraction(10) ** (power - digits + 1)))
    if len(figures) > digits:  # 9.99 became 10.0
        figures, power = figures[:-1], power + 1
    return ("-" if number < 0 else "") + _placed(figures, power)


def _power(size: Fraction) -> int:
    """Return the power of ten of a positive number's first figure.

    Python refuses to write integers of thousands of digits, as p-values of 1e-9000 are made of;
    so the power comes from the numbers of bits, which is right to within 1.
    """
    bits = size.numerator.bit_length() - size.denominator.bit_length()
    power = math.floor((bits - 1) * math.log10(2))
    while size >= Fraction(10) ** (power + 1):
        power += 1
    return power


def _placed(figures: str, power: int) -> str:
    """Return figures with the decimal point behind the first one moved by a power of ten."""
    if not _SMALLEST <= power < len(figures):
        point = "." if len(figures) > 1 else ""
        return f"{figures[0]}{point}{figures[1:]}e{power:+03d}"
    if power < 0:
        return "0." + "0" * (-power - 1) + figures
    whole, rest = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
    return f"{whole}.{rest}" if rest else whole
