"""The marginal log-likelihood itself: trapezoidal sums with rigorous error bounds, as jets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from parity.referee.glmm_group import ball, groups, unpack
from parity.referee.integral_bounds import polydisc
from parity.referee.jet import Jet, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from parity.referee.glmm_cells import Cells
    from parity.referee.glmm_group import Group
    from parity.referee.integral_plan import Plan, Window


@dataclass(frozen=True)
class Integral:
    """-2 log-likelihood with all constants, the random effects integrated out without error.

    The jets enclose the integral's value, gradient and Hessian, not only those of the sum.

    Attributes
    ----------
    cells
        The data.
    plan
        The nodes; they decide how wide the enclosure is.
    """

    cells: Cells
    plan: Plan

    @cached_property
    def _columns(self) -> tuple[Fraction, ...]:
        return tuple({cell.z: None for group in self.cells.groups for cell in group})

    def __call__(self, psi: Sequence[arb]) -> Jet:
        """Return the criterion for (tau, beta) of a box, tau > 0, ``(p + 1,)``."""
        first = min(window.first for window in self.plan.windows)
        last = max(window.last for window in self.plan.windows)
        nodes = [self.plan.step * k for k in range(first, last + 1)]
        factors = {z: [(ball(z) * b).exp() for b in nodes] for z in self._columns}
        parts = [
            self._part(group, window, psi, (first, factors))
            for group, window in zip(groups(self.cells), self.plan.windows, strict=True)
        ]
        constant = 2 * self.cells.family.constant(self.cells.responses)
        return total(parts) - constant

    def _part(
        self,
        group: Group,
        window: Window,
        psi: Sequence[arb],
        table: tuple[int, Mapping[Fraction, Sequence[arb]]],
    ) -> Jet:
        predictors = group.fixed_predictors(psi[1:])
        fixed = [eta.exp() for eta in predictors]
        disc = polydisc(group, psi[0])
        error = (
            disc.strip(window.width, self.plan.step)
            + disc.tail(predictors, window.first * self.plan.step, -1)
            + disc.tail(predictors, window.last * self.plan.step, 1)
        )
        span = range(window.first, window.last + 1)
        origin, factors = table
        here = slice(window.first - origin, window.last - origin + 1)
        columns = {z: factors[z][here] for z in {cell.z for cell in group.cells}}
        odds = [
            [f * factor for factor in columns[cell.z]]
            for f, cell in zip(fixed, group.cells, strict=True)
        ]
        likelihood = _sum(group, psi, [self.plan.step * k for k in span], odds) * self.plan.step
        return (likelihood + uncertain(error, disc.radii)).log() * -2


def uncertain(error: arb, radii: Sequence[arb]) -> Jet:
    """Return 0 with a function's error as radius, its derivatives' by Cauchy's estimates."""
    size = len(radii)
    matrix = arb_mat(size, size)
    for row, one in enumerate(radii):
        for column, other in enumerate(radii):
            matrix[row, column] = _about_zero((1 + (row == column)) * error / (one * other))
    slope = arb_mat(size, 1, [_about_zero(error / radius) for radius in radii])
    return Jet(_about_zero(error), slope, matrix)


def _about_zero(error: arb) -> arb:
    return arb(0, error.upper())


def _sum(
    group: Group, psi: Sequence[arb], nodes: Sequence[arb], odds: Sequence[Sequence[arb]]
) -> Jet:
    """Return the sum over nodes b of ``likelihood(b) N(b; 0, tau)``."""
    tau, size, count = psi[0], len(psi), len(nodes)
    cumulants, means, variances = group.family.tally(group.sizes, odds)
    expected = group.slopes(means).tolist()
    curvature = group.curvatures(variances)
    squares = [b * b for b in nodes]
    heights = _heights(group, psi, nodes, cumulants)
    column = arb_mat(count, 1, heights)
    scores = arb_mat(
        size,
        count,
        [square / (2 * tau * tau) for square in squares]
        + [group.response[k, 0] - mean for k in range(size - 1) for mean in expected[k]],
    )
    weighted = arb_mat(
        size, count, [s * g for row in scores.tolist() for s, g in zip(row, heights, strict=True)]
    )
    second = scores * weighted.transpose()
    packed = unpack((curvature * column).entries(), size)
    for row in range(1, size):
        for other in range(1, size):
            second[row, other] -= packed[row - 1, other - 1]
    spread = sum((s * g for s, g in zip(squares, heights, strict=True)), arb(0))
    second[0, 0] -= spread / tau**3
    jet = Jet(sum(heights, arb(0)), scores * column, second)
    normal = (Jet.variable(tau, 0, size) * (2 * arb.pi())).sqrt().reciprocal()
    return jet * normal


def _heights(
    group: Group, psi: Sequence[arb], nodes: Sequence[arb], cumulants: Sequence[arb]
) -> list[arb]:
    """Return ``likelihood(b) exp(-b^2 / (2 tau))`` at each node."""
    last = group.response.nrows() - 1
    start = (arb_mat(1, last + 1, [*psi[1:], 0]) * group.response)[0, 0] + group.response_offset
    return [
        (start + group.response[last, 0] * b - cumulant - b * b / (2 * psi[0])).exp()
        for b, cumulant in zip(nodes, cumulants, strict=True)
    ]
