import math
from fractions import Fraction

import pytest
from flint import acb, arb, ctx

from parity.referee.family import FAMILIES, TILT, Family
from parity.referee.glmm_cells import Cell, Response

NAMES = list(FAMILIES)
# powers of two are exact at every precision
STEP = arb(2) ** -66
# a central difference of step 2^-66 is off by some 1e-39
CLOSE = arb("1e-30")
CELLS = (
    Cell((Fraction(1),), Fraction(1), Fraction(0), 7, 3),
    Cell((Fraction(1),), Fraction(-2), Fraction(0), 4, 0),
    Cell((Fraction(1),), Fraction(1), Fraction(0), 2, 2),
)


def cumulant(family: Family, eta: arb) -> arb:
    (value,), _, _ = family.tally([1], [[eta.exp()]])
    return value


def modulus(family: Family, cell: Cell, eta: acb) -> arb:
    """Return ``|exp(y eta - m B(eta))|`` from its definition."""
    power = (cell.count * eta).exp()
    if family.name == "poisson":
        return abs(power * (-cell.size * eta.exp()).exp())
    return abs(power / (1 + eta.exp()) ** cell.size)


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("eta", ["-3.1", "0.2", "1.7"])
def test_each_cumulant_is_the_derivative_of_the_one_before(key: tuple[str, str], eta: str) -> None:
    family = FAMILIES[key]
    with ctx.workprec(256):
        high, low = arb(eta) + STEP, arb(eta) - STEP
        found = family.cumulants(arb(eta).exp(), 4)
        before = [cumulant(family, high) - cumulant(family, low)]
        before += [
            one - other
            for one, other in zip(
                family.cumulants(high.exp(), 3), family.cumulants(low.exp(), 3), strict=True
            )
        ]
        for derivative, change in zip(found, before, strict=True):
            assert abs(derivative - change / (2 * STEP)) < CLOSE


@pytest.mark.parametrize("key", NAMES)
def test_a_tally_is_the_sum_over_cells_at_each_node(key: tuple[str, str]) -> None:
    family = FAMILIES[key]
    odds = [[arb(2), arb(3)], [arb(5), arb("0.25")]]
    sums, first, second = family.tally([3, 1], odds)
    for node in range(2):
        expected = 3 * cumulant(family, odds[0][node].log()) + cumulant(family, odds[1][node].log())
        assert sums[node].overlaps(expected)
        for cell in range(2):
            mean, variance = family.cumulants(odds[cell][node], 2)
            assert first[cell][node].overlaps(mean)
            assert second[cell][node].overlaps(variance)


def test_constants_are_those_of_the_distributions() -> None:
    responses = (Response(0, 0, 5, 2, 3), Response(0, 0, 4, 1, 1))
    binomial = FAMILIES["binomial", "logit"].constant(responses)
    assert abs(binomial - arb(10**3 * 4).log()) < arb("1e-14")
    poisson = FAMILIES["poisson", "log"].constant(responses)
    assert abs(poisson + arb(math.factorial(2) ** 3).log()) < arb("1e-14")


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("share", ["0.1", "0.45", "0.7", "0.95"])
def test_the_modulus_bound_holds_on_the_whole_strip(key: tuple[str, str], share: str) -> None:
    family = FAMILIES[key]
    turn = arb(share) * arb.pi() * arb(family.strip)
    for cell in CELLS:
        bound = family.log_modulus([cell], turn)
        for part in (0, "0.5", "0.99"):
            for real in range(-60, 61):
                eta = acb(arb(real) / 5, turn * arb(part))
                assert modulus(family, cell, eta).log() < bound + arb("1e-9")


@pytest.mark.parametrize("key", NAMES)
def test_no_strip_reaches_where_the_likelihood_has_poles_or_no_bound(key: tuple[str, str]) -> None:
    family = FAMILIES[key]
    with pytest.raises(ValueError, match="goes there"):
        family.log_modulus(CELLS, arb.pi() * arb(family.strip) + arb("0.01"))


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("edge", ["-2.3", "0.4", "3.1"])
def test_the_tail_bound_holds_beyond_its_edge(key: tuple[str, str], side: int, edge: str) -> None:
    family = FAMILIES[key]
    for cell in CELLS:
        bound = family.log_tail(cell, arb(edge), side)
        for step in range(60):
            eta = acb(arb(edge) + arb(side * step) / 6, TILT)
            assert modulus(family, cell, eta).log() < bound + arb("1e-9")
