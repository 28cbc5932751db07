"""The criterion in balls against the textbook in rationals, and against its own differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flint import arb, ctx

from tests.parity.referee.textbook import (
    LAYOUTS,
    ball,
    balls,
    criterion_of,
    example,
    parameters,
    textbook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.referee.criterion import Criterion

CRITERIA = pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
EVERY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS)
CLOSE = arb("1e-60")
"""Of 256 bits, 77 digits, some ten go to the elimination."""


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(256):
        yield


@CRITERIA
@EVERY_LAYOUT
def test_the_value_is_that_of_the_textbook(layout: str, reml: bool) -> None:  # noqa: FBT001 - a parameter of the test
    model = example(layout)
    phi = parameters(model)
    expected = textbook(model, phi, reml=reml).deviance
    assert abs(criterion_of(model, reml=reml).value(balls(phi)) - expected) < CLOSE


@EVERY_LAYOUT
def test_predictions_are_those_of_the_textbook(layout: str) -> None:
    model = example(layout)
    phi = parameters(model)
    expected = textbook(model, phi, reml=True)
    system = criterion_of(model, reml=True).system
    found = system.effects(balls(phi), balls(expected.beta))
    for own, theirs in (
        (found.modes, expected.modes),
        (found.variances, expected.variances),
    ):
        assert len(own) == len(theirs)
        assert all(abs(a - ball(b)) < CLOSE for a, b in zip(own, theirs, strict=True))


@CRITERIA
@EVERY_LAYOUT
def test_gradient_and_hessian_are_the_differences_of_the_value(layout: str, reml: bool) -> None:  # noqa: FBT001 - as above
    model = example(layout)
    criterion = criterion_of(model, reml=reml)
    phi = balls(parameters(model))
    found = criterion.evaluate(phi)
    for k in range(len(phi)):
        slope, bend = _differences(criterion, phi, k)
        # a central difference with step 1e-25 is off by its square, 1e-50, times a third derivative
        assert abs(found.gradient[k] - slope) < arb("1e-44")
        assert all(abs(found.hessian[k, m] - other) < arb("1e-44") for m, other in enumerate(bend))


def _differences(criterion: Criterion, phi: list[arb], k: int) -> tuple[arb, list[arb]]:
    """Return central differences of the value and of the gradient in one parameter."""
    step = arb("1e-25")
    above, below = list(phi), list(phi)
    above[k] += step
    below[k] -= step
    slope = (criterion.value(above) - criterion.value(below)) / (2 * step)
    pairs = zip(criterion.evaluate(above).gradient, criterion.evaluate(below).gradient, strict=True)
    return slope, [(a - b) / (2 * step) for a, b in pairs]


@EVERY_LAYOUT
def test_a_wider_ball_of_parameters_gives_a_ball_that_holds_the_narrower(layout: str) -> None:
    model = example(layout)
    criterion = criterion_of(model, reml=True)
    point = balls(parameters(model))
    wide = [x + arb(0, "1e-9") for x in point]
    for inner in (point, [x + arb("0.9e-9") for x in point], [x - arb("0.9e-9") for x in point]):
        assert criterion.value(wide).contains(criterion.value(inner))
        outer, found = criterion.evaluate(wide), criterion.evaluate(inner)
        assert all(a.contains(b) for a, b in zip(outer.gradient, found.gradient, strict=True))


@CRITERIA
def test_singular_covariances_need_no_special_care(reml: bool) -> None:  # noqa: FBT001 - as above
    model = example("vector and crossed")
    phi = parameters(model)
    phi[:3] = [phi[0], phi[0] * 2, phi[0] * 4]  # rank 1
    phi[3] *= 0
    expected = textbook(model, phi, reml=reml).deviance
    assert abs(criterion_of(model, reml=reml).value(balls(phi)) - expected) < CLOSE
