"""Newton's method and Krawczyk's test, on functions whose zeros are known and on planted faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from flint import arb, arb_mat, ctx, fmpq

from parity.referee.optimum import prove_on
from parity.referee.proof import ProofError, enclose, newton
from tests.parity.referee.shipped import CASES, statement_of
from tests.parity.referee.textbook import balls, criterion_of, example, inside, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from parity.referee.parts import Effects, Parts, System


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(256):
        yield


def _square(point: Sequence[arb]) -> tuple[list[arb], arb_mat]:
    """Return x^2 - 2 and x y - 1 with their Jacobian."""
    x, y = point
    return [x * x - 2, x * y - 1], arb_mat([[2 * x, 0], [y, x]])


def test_a_zero_is_enclosed_to_the_working_precision() -> None:
    point = newton(_square, [arb(1), arb(1)], [arb(1), arb(1)])
    zero = enclose(_square, point, [arb(1), arb(1)])
    root = arb(2).sqrt()
    for own, truth in zip(zero.enclosure, (root, 1 / root), strict=True):
        assert own.overlaps(truth)
        assert own.rel_accuracy_bits() > 230
    assert all(b.contains(e) for b, e in zip(zero.box, zero.enclosure, strict=True))


def test_a_point_that_is_no_zero_is_not_enclosed_tightly() -> None:
    """The box is as wide as the Newton step from the point: it holds the zero or is refused."""
    zero = enclose(_square, [arb("1.4"), arb("0.7")], [arb(1), arb(1)])
    assert zero.enclosure[0].overlaps(arb(2).sqrt())
    with pytest.raises(ProofError, match="mapped into itself"):
        enclose(_square, [arb(40), arb("0.7")], [arb(1), arb(1)])


def test_a_double_zero_is_refused() -> None:
    def double(point: Sequence[arb]) -> tuple[list[arb], arb_mat]:
        (x,) = point
        return [(x - 1) ** 2], arb_mat([[2 * (x - 1)]])

    with pytest.raises(ProofError):
        enclose(double, [arb(1)], [arb(1)])
    with pytest.raises(ProofError):
        enclose(double, newton(double, [arb(2)], [arb(1)]), [arb(1)])


def test_a_function_without_a_zero_is_refused() -> None:
    def positive(point: Sequence[arb]) -> tuple[list[arb], arb_mat]:
        (x,) = point
        return [x * x + 1], arb_mat([[2 * x]])

    with pytest.raises(ProofError):
        newton(positive, [arb("0.7")], [arb(1)])
    with pytest.raises(ProofError):
        enclose(positive, [arb("0.7")], [arb(1)])


@dataclass(frozen=True)
class Faulty:
    """A system whose parts are spoilt."""

    system: System
    spoil: Callable[[Parts], Parts]

    def logdet(self, phi: Sequence[arb]) -> arb:
        return self.system.logdet(phi)

    def parts(self, phi: Sequence[arb]) -> Parts:
        return self.spoil(self.system.parts(phi))

    def effects(self, phi: Sequence[arb], beta: Sequence[arb]) -> Effects:
        return self.system.effects(phi, beta)


def _sign_of_gradient(parts: Parts) -> Parts:
    return replace(parts, logdet_first=tuple(-g for g in parts.logdet_first))


def _sign_of_hessian(parts: Parts) -> Parts:
    return replace(
        parts, logdet_second=tuple(tuple(-h for h in row) for row in parts.logdet_second)
    )


def _sign_of_S(parts: Parts) -> Parts:
    return replace(parts, S_first=tuple(-S for S in parts.S_first))


def _half_of_S(parts: Parts) -> Parts:
    return replace(parts, S_second=tuple(tuple(S * arb("0.5") for S in r) for r in parts.S_second))


def _proven(layout: str, spoil: Callable[[Parts], Parts] | None) -> None:
    model = example(layout)
    criterion = criterion_of(model, reml=True)
    if spoil is not None:
        criterion = replace(criterion, system=Faulty(criterion.system, spoil))
    prove_on(criterion, inside(model), balls(parameters(model)))


@pytest.mark.parametrize("layout", ["scalar"])
def test_without_a_fault_the_proof_succeeds(layout: str) -> None:
    _proven(layout, None)


@pytest.mark.parametrize(
    "spoil", [_sign_of_gradient, _sign_of_hessian, _sign_of_S, _half_of_S], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("layout", ["scalar"])
def test_a_wrong_sign_or_factor_certifies_nothing(
    layout: str, spoil: Callable[[Parts], Parts]
) -> None:
    with pytest.raises(ProofError):
        _proven(layout, spoil)


def test_an_enclosure_is_of_the_rational_optimum() -> None:
    statement = statement_of(CASES["dyestuff-reml"])
    criterion = criterion_of(statement.model, reml=True)
    optimum = prove_on(criterion, inside(statement.model), [arb("0.7")])
    (v,) = optimum.phi
    assert v.contains(fmpq(35281, 49025))
    assert v.rel_accuracy_bits() > 220
