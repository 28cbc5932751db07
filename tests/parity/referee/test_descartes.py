"""The sign of the criterion's derivative by one variance ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flint import arb, ctx, fmpq, fmpz_poly

from parity.referee.descartes import Slope, interpolate, sign_changes, slope
from parity.referee.one_factor import OneFactor
from tests.parity.referee.corners import TWO_MINIMA, two_minima
from tests.parity.referee.shipped import CASES, statement_of
from tests.parity.referee.textbook import criterion_of, example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.referee.criterion import Criterion


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(256):
        yield


def _polynomial(*roots: int) -> fmpz_poly:
    product = fmpz_poly([1])
    for root in roots:
        product *= fmpz_poly([-root, 1])
    return product


@pytest.mark.parametrize(
    ("roots", "changes"),
    [((-1, -2), 0), ((3, -2), 1), ((1, 2, 3), 3), ((2, 2, -5), 2), ((0, 4), 1)],
)
def test_sign_changes_of_polynomials_with_real_roots_count_the_positive_ones(
    roots: tuple[int, ...], changes: int
) -> None:
    assert sign_changes(_polynomial(*roots)) == changes


def test_zero_coefficients_are_no_sign_changes() -> None:
    assert sign_changes(fmpz_poly([-1, 0, 0, 1])) == 1
    assert sign_changes(fmpz_poly([1, 0, 1])) == 0


def test_only_no_change_or_one_from_below_decides() -> None:
    assert Slope(_polynomial(2, -3)).decides
    assert Slope(_polynomial(-2, -3)).decides
    assert not Slope(-_polynomial(2, -3)).decides  # a maximum
    assert not Slope(_polynomial(1, 2, 3)).decides
    assert not Slope(_polynomial(1, 2)).decides  # 0 is a minimum as well
    assert not Slope(-_polynomial(-2, -3)).decides  # it falls for ever
    assert not Slope(fmpz_poly([0, 1, 1])).decides  # the slope at 0 vanishes


def test_positive_roots_are_isolated_once_each() -> None:
    roots = Slope(_polynomial(3, -2, 1, 3, 0) * fmpz_poly([1, 0, 1])).roots()
    assert sorted(round(float(root)) for root in roots) == [1, 3]
    assert all(any(root.contains(k) for k in (1, 3)) for root in roots)


def test_a_polynomial_is_known_from_its_values() -> None:
    values = [fmpq(v**3 - 2 * v, 5) + 1 for v in range(6)]
    assert interpolate(values).coeffs() == [fmpq(1), fmpq(-2, 5), fmpq(0), fmpq(1, 5)]


def _criterion(name: str) -> Criterion:
    case = CASES[name]
    return criterion_of(statement_of(case).model, reml=case.spec.criterion == "REML")


def _slope(criterion: Criterion) -> Slope:
    assert isinstance(criterion.system, OneFactor)
    return slope(criterion.system, criterion)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_polynomial_over_the_gradient_never_changes_sign(reml: bool, seed: int) -> None:  # noqa: FBT001 - a parameter of the test
    criterion = criterion_of(example("scalar", seed), reml=reml)
    numerator = _slope(criterion).numerator
    for v in (fmpq(0), fmpq(1, 50), fmpq(1, 3), fmpq(2), fmpq(40)):
        (g,) = criterion.evaluate([arb(v)]).gradient
        assert bool(arb(numerator(v)) * g > 0)


@pytest.mark.parametrize(
    ("name", "degree"), [("jsp-raven-reml", 118), ("jsp-gender-ml", 124), ("jsp-social-reml", 125)]
)
def test_unbalanced_data_of_many_groups_have_one_sign_change(name: str, degree: int) -> None:
    found = _slope(_criterion(name))
    assert found.numerator.degree() == degree
    assert found.changes == 1
    assert found.at_zero == -1
    assert found.decides


@pytest.mark.parametrize("name", ["dyestuff2-reml", "dyestuff2-ml"])
def test_a_balanced_boundary_has_a_linear_numerator_without_sign_change(name: str) -> None:
    found = _slope(_criterion(name))
    assert (found.numerator.degree(), found.changes, found.at_zero) == (1, 0, 1)


def test_balanced_data_have_the_rational_root() -> None:
    numerator = _slope(_criterion("dyestuff-reml")).numerator
    assert numerator(fmpq(35281, 49025)) == 0


@pytest.mark.parametrize("which", TWO_MINIMA)
def test_two_minima_are_told_from_one(which: str) -> None:
    found = _slope(criterion_of(two_minima(which), reml=False))
    assert (found.changes, found.at_zero, found.decides) == (2, 1, False)
    assert len(found.roots()) == 2
