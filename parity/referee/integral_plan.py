"""Where to place the nodes of the trapezoidal sum, so that its error bound meets a target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, ctx

from parity.referee.family import TILT
from parity.referee.glmm_group import groups
from parity.referee.glmm_mode import enclose
from parity.referee.integral_bounds import Polydisc, polydisc, reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parity.referee.glmm_cells import Cells

_BITS = 64
_WIDTHS, _HALVINGS = 32, 8
_GRAIN = 2.0**20
"""The step is a multiple of 2^-20, so that every node is exact."""


@dataclass(frozen=True)
class Window:
    """The nodes of one group: ``k h`` for first <= k <= last, and the strip that bounds the rest.

    Attributes
    ----------
    first, last
        At most 0, at least 0.
    width
        Half the width of the strip around the real line on which the integrand is bounded.
    """

    first: int
    last: int
    width: arb


@dataclass(frozen=True)
class Plan:
    """A step for all groups, and a window for each."""

    step: arb
    windows: tuple[Window, ...]


def plan(cells: Cells, psi: Sequence[arb], digits: int) -> Plan:
    """Return nodes whose error bound is some `digits` digits below each group's likelihood.

    Only the cost and the width of the result depend on it: the bound is computed anew, with the
    same formulas, wherever the sum is.
    """
    with ctx.workprec(_BITS):
        centre = [number.mid() for number in psi]
        targets = [level - digits * math.log(10) for level in _levels(cells, centre)]
        discs = [polydisc(group, centre[0]) for group in groups(cells)]
        best = min(_step(disc, target) for disc, target in zip(discs, targets, strict=True))
        step = arb(max(1.0, math.floor(best * _GRAIN)) / _GRAIN)
        windows = tuple(
            _window(disc, centre, step, target) for disc, target in zip(discs, targets, strict=True)
        )
    return Plan(step, windows)


def _levels(cells: Cells, psi: Sequence[arb]) -> list[float]:
    """Return the logarithm of each group's integral by Laplace's approximation."""
    return [
        -float(
            (
                mode.nll.value
                + (mode.b.value * mode.v.value + (1 + psi[0] * mode.weight.value).log()) / 2
            ).mid()
        )
        for mode in enclose(cells, psi)
    ]


def _widths(disc: Polydisc) -> list[arb]:
    """Return strips that the family allows: evenly spaced, and narrow ones for small variances."""
    widest = (arb.pi() * arb(disc.group.family.strip) - TILT) / reach(disc.group.cells)
    even = [widest * k / (_WIDTHS + 1) for k in range(1, _WIDTHS + 1)]
    return even + [even[0] / 2**k for k in range(1, _HALVINGS + 1)]


def _step(disc: Polydisc, target: float) -> float:
    """Return the largest step whose discretisation error meets the target."""
    return max(
        2 * math.pi * float(width.mid()) / (disc.log_line(width) + math.log(2) - target)
        for width in _widths(disc)
    )


def _window(disc: Polydisc, psi: Sequence[arb], step: arb, target: float) -> Window:
    width = min(
        _widths(disc), key=lambda c: disc.log_line(c) - 2 * math.pi * float((c / step).mid())
    )
    predictors = disc.group.fixed_predictors(psi[1:])
    goal = arb(target)

    def far(count: int, side: int) -> bool:
        bound = disc.tail(predictors, side * count * step, side)
        return bool(bound.upper() <= 0 or bound.upper().log() < goal)

    return Window(-_least(lambda k: far(k, -1)), _least(lambda k: far(k, 1)), width.mid())


def _least(enough: Callable[[int], bool]) -> int:
    """Return the least k >= 1 from which on the condition holds."""
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
