"""A number just inside its tolerance agrees and one just outside does not, for every quantity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parity import unit
from parity.compare import compare
from parity.quantity import QUANTITIES, applicable
from parity.result import FitResult, Key
from parity.tolerance import Tolerance, Tolerances, load_tolerances
from parity.verdict import Verdict
from tests.meta.bands import BANDS
from tests.parity.fake_engines import with_element

NAMES = [name for name, entry in QUANTITIES.items() if entry.kinds]
ELEMENT = {
    "coefficient": "x", "group": "g", "term": "x", "level": "1", "row": "1", "quantile": "Median",
    "limit": "2.5 %", "part": "numdf",
}  # fmt: skip
COUNTS = {"nobs": 1.0, "npar": 3.0, "lrt_df": 1.0}


def plain(kind: str, engine: str, case: str) -> FitResult:
    """Return an answer with one element for every quantity of a kind, no scale being 1."""
    values: dict[str, dict[Key, float]] = {
        name: {tuple(ELEMENT[part] for part in QUANTITIES[name].key): COUNTS.get(name, 0.5)}
        for name in applicable(kind)
    }
    return FitResult(engine, case, kind, rows=("1",), values=values)


def shifted(result: FitResult, name: str, error: float) -> FitResult:
    """Return the answer with one number moved by so many of its unit."""
    ((key, number),) = result.values[name].items()
    if QUANTITIES[name].unit == "log10":
        return with_element(result, name, key, number * 10.0**error)
    one = unit.error(name, key, (number, number + 1.0), result)
    return with_element(result, name, key, number + error / abs(one))


def named(pattern: str) -> str:
    """Return a name that a shell pattern matches."""
    return pattern.replace("*", "any")


def limits_hold(rule: Tolerance) -> None:
    """Assert that the rule tells a number just inside from one just outside, on both sides."""
    table = Tolerances((*BANDS.rules, rule))
    kind = QUANTITIES[rule.quantity].kinds[0]
    case, engine = named(rule.case), named(rule.candidate)
    reference = plain(kind, "the reference", case)
    own = plain(kind, engine, case)
    if rule.quantity == "nobs":  # a wrong count of rows does not even become an answer
        with pytest.raises(ValueError, match="1 rows, 2 nobs"):
            with_element(own, "nobs", (), 2.0)
        return
    for sign in (-1.0, 1.0):
        inside = shifted(own, rule.quantity, sign * 0.99 * rule.limit)
        comparison = compare(reference, inside, table)
        assert comparison.verdict is Verdict.AGREE, comparison.message
        step = 1.01 * rule.limit if rule.limit else 1e-9
        outside = shifted(own, rule.quantity, sign * step)
        comparison = compare(reference, outside, table)
        assert not comparison.verdict.green
        finding = comparison.worst(rule.quantity)
        assert rule.quantity in comparison.message
        assert repr(finding.reference) in comparison.message
        assert repr(finding.candidate) in comparison.message


@pytest.fixture(scope="module")
def shipped() -> Tolerances:
    return load_tolerances()


@pytest.mark.parametrize("name", NAMES)
def test_the_field_s_band_is_a_limit(name: str) -> None:
    limits_hold(BANDS.resolve(name, "any", "any"))


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_rule_is_a_limit(name: str, shipped: Tolerances) -> None:
    rules = [rule for rule in shipped.rules if rule.quantity == name]
    assert rules, f"the shipped table has no rule for {name}"
    for rule in rules:
        limits_hold(rule)


def test_no_rule_for_a_quantity_is_an_error_and_no_pass() -> None:
    reference, own = plain("lrt", "one", "case"), plain("lrt", "other", "case")
    table = Tolerances(tuple(rule for rule in BANDS.rules if rule.quantity != "lrt_p"))
    with pytest.raises(ValueError, match="No tolerance covers lrt_p of other on case"):
        compare(reference, own, table)


def test_the_bands_speak_of_every_quantity() -> None:
    assert {rule.quantity for rule in BANDS.rules} == set(QUANTITIES)
    assert replace(BANDS) == BANDS
