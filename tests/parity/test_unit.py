"""Errors in statistical units, and digits of agreement."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity import unit
from parity.quantity import QUANTITIES
from parity.result import Design
from tests.meta.answers import answer
from tests.parity.fake_engines import with_element, with_numbers, without

if TYPE_CHECKING:
    from parity.result import FitResult, Key

REFERENCE = answer("slope_reml")
SIGMA = REFERENCE.values["sigma"][()]
ERRORS = {key[0]: number for key, number in REFERENCE.values["se_conditional"].items()}
DAYS, INTERCEPT = "Days", "(Intercept)"
SLOPE, LEVEL = ("Subject", DAYS), ("Subject", INTERCEPT)
# Root mean square of 0, 1, ..., 9: the unit that the slope of Days comes in.
SIZE = math.sqrt(28.5)
LARGEST = max(
    abs(number) * (SIZE if row == DAYS else 1.0)
    for (_, row, _), number in REFERENCE.values["theta"].items()
)


def moved(name: str, key: Key, context: FitResult = REFERENCE, by: float = 1.0) -> float:
    number = context.values[name][key]
    return unit.error(name, key, (number, number + by), context)


@pytest.mark.parametrize(
    ("name", "key", "scale"),
    [
        ("nobs", (), 1.0),
        ("correlation", (*LEVEL, DAYS), 1.0),
        ("sigma", (), SIGMA),
        ("fixef", (DAYS,), ERRORS[DAYS]),
        ("wald_ci", (DAYS, "2.5 %"), ERRORS[DAYS]),
        ("vcov_conditional", (DAYS, INTERCEPT), ERRORS[DAYS] * ERRORS[INTERCEPT]),
        ("variance", SLOPE, REFERENCE.values["variance"][SLOPE]),
        ("sd", SLOPE, REFERENCE.values["sd"][SLOPE]),
        ("theta", ("Subject", DAYS, DAYS), LARGEST / SIZE),
        ("theta", ("Subject", INTERCEPT, INTERCEPT), LARGEST),
        ("ranef", ("Subject", "308", DAYS), REFERENCE.values["sd"][SLOPE]),
        ("ranef_sd", ("Subject", "308", INTERCEPT), REFERENCE.values["sd"][LEVEL]),
        ("fitted", ("1",), SIGMA),
        ("resid", ("1",), SIGMA),
    ],
)
def test_an_error_is_counted_in_its_unit(name: str, key: Key, scale: float) -> None:
    assert moved(name, key) == pytest.approx(1 / scale, rel=1e-9)
    assert moved(name, key, by=-1.0) == pytest.approx(1 / scale, rel=1e-9)
    assert moved(name, key, by=0.0) == 0.0


def test_gaps_are_signed_on_the_scale_of_the_deviance() -> None:
    assert moved("deviance", (), by=0.5) == pytest.approx(0.5)
    assert moved("aic", (), by=-0.5) == pytest.approx(-0.5)
    assert moved("loglik", (), by=0.25) == pytest.approx(-0.5)
    assert str(moved("loglik", (), by=0.0)) == "0.0"


def test_at_the_boundary_errors_are_counted_in_sigma() -> None:
    edge = SIGMA / SIZE
    at = with_element(REFERENCE, "sd", SLOPE, 0.9e-4 * edge)
    at = with_element(at, "variance", SLOPE, (0.9e-4 * edge) ** 2)
    assert moved("sd", SLOPE, at) == pytest.approx(1 / edge)
    assert moved("variance", SLOPE, at) == pytest.approx(1 / edge**2)
    assert moved("ranef", ("Subject", "308", DAYS), at) == pytest.approx(1 / edge)
    assert moved("sd", LEVEL, at) == moved("sd", LEVEL)


def test_a_slope_on_a_large_covariate_is_not_at_its_boundary() -> None:
    design = REFERENCE.design
    assert isinstance(design, Design)
    factor = {INTERCEPT: 1.0, DAYS: 1e6}
    scaled = design.matrix * [factor[name] for name in design.columns]
    spread = REFERENCE.values["sd"][SLOPE] / 1e6
    at = with_element(REFERENCE, "sd", SLOPE, spread)
    at = with_element(at, "variance", SLOPE, spread**2)
    at = replace(at, design=Design(design.columns, scaled))
    assert moved("sd", SLOPE, at, by=spread) == pytest.approx(1.0)
    assert moved("variance", SLOPE, at, by=3 * spread**2) == pytest.approx(3.0)
    assert moved("ranef", ("Subject", "308", DAYS), at, by=spread) == pytest.approx(1.0)


def test_a_theta_that_is_rounding_noise_counts_as_zero() -> None:
    keys = REFERENCE.values["theta"]
    at = with_numbers(REFERENCE, "theta", dict.fromkeys(keys, 8.7e-10))
    assert moved("theta", ("Subject", INTERCEPT, INTERCEPT), at, by=-8.7e-10) < 1e-8


def test_a_theta_of_zeros_is_counted_absolutely() -> None:
    keys = REFERENCE.values["theta"]
    at = with_numbers(REFERENCE, "theta", dict.fromkeys(keys, 0.0))
    assert moved("theta", ("Subject", DAYS, DAYS), at, by=0.25) == pytest.approx(0.25 * SIZE)


def test_a_relative_error_of_zero_is_counted_absolutely() -> None:
    zero = with_element(REFERENCE, "sigma", (), 0.0)
    assert moved("sigma", (), zero, by=0.25) == 0.25


def test_without_conditional_errors_the_joint_ones_are_the_unit() -> None:
    other = without(REFERENCE, "se_conditional", "none")
    joint = other.values["se_joint"][DAYS,]
    assert moved("fixef", (DAYS,), other) == pytest.approx(1 / joint)
    assert moved("fixef", (DAYS,), without(other, "se_joint", "none")) == 1.0


def test_a_family_without_sigma_has_its_own_scale() -> None:
    other = without(REFERENCE, "sigma", "the family has none")
    assert moved("fitted", ("1",), other) == pytest.approx(1 / other.values["fitted"]["1",])
    small = with_element(other, "fitted", ("1",), 0.25)
    assert moved("fitted", ("1",), small) == 1.0
    at = with_element(other, "variance", SLOPE, 1.0)
    at = with_element(at, "sd", SLOPE, 0.0)
    assert moved("variance", SLOPE, at) == pytest.approx(SIZE**2)


def test_p_values_are_counted_in_decades() -> None:
    def error(one: float, other: float) -> float:
        return unit.error("wald_p", ("x",), (one, other), REFERENCE)

    assert error(0.2, 0.2) == 0.0
    assert error(0.0, 0.0) == 0.0
    assert error(0.5, 0.05) == pytest.approx(1.0)
    assert error(0.5, 0.0) == math.inf
    assert error(0.0, 0.5) == math.inf
    assert error(5e-324, 0.0) == 0.0, "a double cannot tell these apart"
    assert error(1e-300, 0.0) == math.inf
    assert error(0.0, -1e-320) == math.inf


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1.0, 1.0, 15.9),
        (0.0, 0.0, 15.9),
        (100.0, 101.0, 2.0),
        (-100.0, -101.0, 2.0),
        (0.0, 1e-3, 3.0),
        (1.0, -1.0, 0.0),
        (1.0, 1e9, 0.0),
        (1.0, 1.0 + 2**-52, 15.653559774527022),
        (5e-324, 1e308, 0.0),
        (1e308, -1e308, 0.0),
    ],
)
def test_digits(one: float, other: float, expected: float) -> None:
    assert unit.digits(one, other) == pytest.approx(expected)


def test_every_unit_of_the_dictionary_is_a_scale_or_known_to_need_none() -> None:
    plain = {"exact", "absolute", "deviance", "log10", "column", "printed"}
    units = {entry.unit for entry in QUANTITIES.values()}
    assert units - plain == set(unit._SCALES)  # noqa: SLF001 - the table under test
