"""Balls as decimals, and decimals as balls."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from flint import arb, ctx, fmpq

from parity.referee.numerals import UncertainError, decimal, rounded
from parity.referee.writing import ball, write

if TYPE_CHECKING:
    from parity.result import Key


def test_only_digits_that_both_ends_round_to_are_written() -> None:
    assert decimal(arb("1.23456", "1e-4")) == "1.23"
    assert decimal(arb("1.2345", "1e-9")) == "1.23450000"
    assert decimal(arb(0)) == "0"
    with pytest.raises(UncertainError):
        decimal(arb(0, "1e-30"))
    with pytest.raises(UncertainError):
        decimal(arb("nan"))


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (Fraction(2, 3), 5, "0.66667"),
        (Fraction(99999, 10), 4, "1.000e+04"),
        (Fraction(-1, 8), 2, "-0.12"),
        (Fraction(10) ** 30, 3, "1.00e+30"),
        (Fraction(1, 10**7), 3, "1.00e-07"),
        (1 - Fraction(1, 10**40), 40, "0." + "9" * 40),
        (Fraction(0), 3, "0"),
    ],
)
def test_rationals_are_rounded_half_to_even(number: Fraction, digits: int, text: str) -> None:
    assert rounded(number, digits) == text


def test_a_number_of_thousands_of_places_is_written() -> None:
    """A p-value of 1e-12000: Python refuses to print integers that long."""
    assert rounded(Fraction(1, 3) / Fraction(10) ** 12000, 4) == "3.333e-12001"
    with ctx.workprec(256):
        assert decimal((-arb(40000)).exp(), 5) == "1.6624e-17372"


@pytest.mark.parametrize("number", ["1.25", "-0.500", "1.665e-17372", "6772.3754"])
def test_a_decimal_is_the_ball_of_all_that_round_to_it(number: str) -> None:
    with ctx.workprec(256):
        found = ball(number)
        value = Fraction(number)
        unit = Fraction(1, 10) ** len(number.partition(".")[2].partition("e")[0])
        unit *= Fraction(10) ** int(number.partition("e")[2] or 0)
        for share, inside in (("49/100", True), ("-49/100", True), ("51/100", False)):
            other = value + Fraction(share) * unit
            assert found.contains(fmpq(other.numerator, other.denominator)) == inside


def test_a_whole_number_is_exact() -> None:
    assert ball("1154") == 1154
    assert ball("0").is_zero()


def test_a_ball_around_0_is_written_as_0_only_where_it_is_tiny() -> None:
    fixef: dict[Key, arb] = {("a",): arb(1), ("b",): arb(0, "1e-50"), ("c",): arb(0, "1e-60")}
    values, proven = write("lmm", {}, {"fixef": fixef})
    assert [float(number) for number in values["fixef"].values()] == [1.0, 0.0, 0.0]
    assert values["fixef"]["b",] == "0"
    assert proven["fixef"].startswith("checked: proven but for zeros; 2 elements, written as 0,")
    with pytest.raises(UncertainError):
        write("lmm", {}, {"sigma": {(): arb(0, "1e-30")}})


def test_long_quantities_are_written_with_fewer_digits() -> None:
    with ctx.workprec(256):
        third: dict[Key, arb] = {("a",): arb(fmpq(1, 3))}
        values, proven = write("lmm", {"nobs": {(): 5}}, {"fixef": third, "ranef": third})
    assert values["nobs"] == {(): "5"}
    assert values["fixef"] == {("a",): "0." + "3" * 50}
    assert values["ranef"] == {("a",): "0." + "3" * 25}
    assert set(proven.values()) == {"proven"}
