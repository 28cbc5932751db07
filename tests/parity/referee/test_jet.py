from collections.abc import Callable

import pytest
from flint import arb, arb_mat, ctx

from parity.referee.jet import Jet, total

# powers of two are exact at every precision
STEP = arb(2) ** -66
POINT = (arb(45) / 64, arb(83) / 64)
# a central difference of step 2^-66 is off by some 1e-39
CLOSE = arb("1e-30")

Function = Callable[[Jet, Jet], Jet]
FUNCTIONS: dict[str, Function] = {
    "sum": lambda x, y: x + y,
    "sum with a number": lambda x, y: x * y + 3,
    "difference": lambda x, y: x * x - y * y * x,
    "product": lambda x, y: x * y * y,
    "multiple": lambda x, y: x * y * arb("2.5"),
    "negation": lambda x, y: -(x * y),
    "exponential": lambda x, y: (x * y).exp(),
    "logarithm": lambda x, y: (x * x + y).log(),
    "root": lambda x, y: (x + y * y).sqrt(),
    "reciprocal": lambda x, y: (x * y + x).reciprocal(),
    "total": lambda x, y: total([x, x * y, y * y * y]),
}


def at(function: Function, point: tuple[arb, ...]) -> Jet:
    return function(Jet.variable(point[0], 0, 2), Jet.variable(point[1], 1, 2))


def moved(k: int, step: arb) -> tuple[arb, ...]:
    return tuple(x + step if i == k else x for i, x in enumerate(POINT))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_the_limits_of_differences(name: str) -> None:
    with ctx.workprec(256):
        jet = at(FUNCTIONS[name], POINT)
        for k in range(2):
            high = at(FUNCTIONS[name], moved(k, STEP))
            low = at(FUNCTIONS[name], moved(k, -STEP))
            slope = (high.value - low.value) / (2 * STEP)
            assert abs(slope - jet.gradient[k, 0]) < CLOSE
            curvature = (high.gradient - low.gradient) * (1 / (2 * STEP))
            for i in range(2):
                assert abs(curvature[i, 0] - jet.hessian[i, k]) < CLOSE


def test_a_constant_has_no_derivatives() -> None:
    jet = Jet.constant(arb(3), 2)
    assert jet.gradient == arb_mat(2, 1)
    assert jet.hessian == arb_mat(2, 2)
    assert jet.dimension == 2


def test_a_jet_over_a_box_encloses_the_jets_at_its_points() -> None:
    box = arb("0.7", "0.01"), arb("1.3", "0.01")
    wide, inside = at(FUNCTIONS["root"], box), at(FUNCTIONS["root"], (arb("0.7"), arb("1.3")))
    assert wide.value.contains(inside.value)
    assert wide.gradient.contains(inside.gradient)
    assert wide.hessian.contains(inside.hessian)
