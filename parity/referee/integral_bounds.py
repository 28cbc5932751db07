"""How far the trapezoidal sum of a group's likelihood can lie from the integral, derivatives too.

The integrand ``g(b) = likelihood(b) N(b; 0, tau)`` is analytic in b, in tau and in beta. For all
complex (tau, beta) of a polydisc around the real ones, and on the whole strip ``|Im b| <= c``, its
modulus is bounded; hence the error of the trapezoidal sum with step h is at most
``2 M / (exp(2 pi c / h) - 1)`` on the polydisc (Trefethen and Weideman 2014, theorem 5.1), M being
the bound of the integral of ``|g|`` along lines of the strip. The error is itself analytic in (tau,
beta), so Cauchy's estimates bound its derivatives at the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from parity.referee.family import TILT
from parity.referee.glmm_group import ball

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.referee.glmm_cells import Cell
    from parity.referee.glmm_group import Group

_DISC = arb(1) / 4
"""The polydisc's radius in tau, over tau."""


@dataclass(frozen=True)
class Polydisc:
    """Bounds that hold for all complex (tau, beta) within `radii` of the real ones.

    Attributes
    ----------
    radii
        ``(p + 1,)``: a quarter of tau, and for beta what turns no linear predictor by more than
        `TILT`.
    """

    group: Group
    radii: tuple[arb, ...]
    tau: arb

    @property
    def _turned(self) -> arb:
        """Return a bound of ``sqrt(|tau| / Re tau)``: what a complex tau adds to the integral."""
        return 1 / (1 - _DISC * _DISC).sqrt().sqrt()

    def strip(self, width: arb, step: arb) -> arb:
        """Return a bound of the sum's discretisation error, from the strip ``|Im b| <= width``.

        On the line ``Im b = c`` the normal density's modulus integrates to
        ``sqrt(|tau| / Re tau) exp(c^2 / (2 Re tau))``.

        Raises
        ------
        ValueError
            Where the strip is too wide for the family.
        """
        decay = (2 * arb.pi() * width / step).exp() - 1
        return 2 * self._line(width).exp() / decay

    def log_line(self, width: arb) -> float:
        """Return a float near the logarithm of the bound of ``|g|`` integrated along a line."""
        return float(self._line(width).mid())

    def _line(self, width: arb) -> arb:
        turn = width * reach(self.group.cells) + TILT
        modulus = self.group.family.log_modulus(self.group.cells, turn)
        return modulus + width * width / (2 * self.tau * (1 - _DISC)) + self._turned.log()

    def tail(self, fixed: Sequence[arb], edge: arb, side: int) -> arb:
        """Return a bound of the sum's terms beyond an edge; `edge` has the sign of `side`.

        Parameters
        ----------
        fixed
            ``x'beta + offset`` of each cell.
        """
        if not side * edge >= 0:
            raise ValueError(f"the window's edge {edge} lies on the wrong side of 0")
        log_likelihood = arb(0)
        for cell, eta in zip(self.group.cells, fixed, strict=True):
            way = side if cell.z > 0 else -side
            if cell.z == 0:
                continue
            at = eta + ball(cell.z) * edge - way * TILT
            log_likelihood += self.group.family.log_tail(cell, at, way)
        # Re(1 / tau) >= 1 / (tau (1 + 1/4)) on the disc
        mass = (abs(edge) / (2 * self.tau * (1 + _DISC)).sqrt()).erfc() / 2
        return log_likelihood.exp() * mass * self._turned


def polydisc(group: Group, tau: arb) -> Polydisc:
    """Return the polydisc that the bounds of a group use, for every tau of a ball."""
    lowest = tau.lower()
    columns = [max(abs(cell.x[k]) for cell in group.cells) for k in range(len(group.cells[0].x))]
    # a coefficient that the group does not see may have any radius
    radii = [TILT / (len(columns) * ball(most)) if most else arb(1) for most in columns]
    return Polydisc(group, (_DISC * lowest, *radii), tau)


def reach(cells: Sequence[Cell]) -> arb:
    """Return the largest ``|z|``: what a shift of b turns a linear predictor by; 1 where all are 0.

    A likelihood that b does not reach is bounded for any turn.
    """
    return ball(max(abs(cell.z) for cell in cells) or Fraction(1))
