"""-2 log-likelihood by Laplace's approximation and adaptive Gauss-Hermite quadrature, as jets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb

from parity.referee.glmm_mode import enclose
from parity.referee.jet import Jet, total
from parity.referee.quadrature import gauss_hermite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.referee.glmm_cells import Cells
    from parity.referee.glmm_mode import Mode


@dataclass(frozen=True)
class Quadrature:
    """-2 log-likelihood with all constants, each group's integral by adaptive quadrature.

    With one node it is Laplace's approximation. As in lme4 the nodes of a group are ``mode + x /
    sqrt(second derivative)`` on the scale of the spherical effect u = b / theta (Pinheiro and
    Bates 1995, equations 9 to 11).

    Attributes
    ----------
    cells
        The data.
    nodes
        1, or more.
    """

    cells: Cells
    nodes: int = 1

    def __call__(self, psi: Sequence[arb]) -> Jet:
        """Return the criterion for (tau, beta) of a box, ``(p + 1,)``."""
        modes = enclose(self.cells, psi)
        deviance = total([self._part(mode, psi) for mode in modes])
        return deviance - 2 * self.cells.family.constant(self.cells.responses)

    def _part(self, mode: Mode, psi: Sequence[arb]) -> Jet:
        tau = Jet.variable(psi[0], 0, len(psi))
        spread = tau * mode.weight + 1
        height = mode.nll * 2 + mode.b * mode.v  # twice the penalised -log density at the mode
        laplace = height + spread.log()
        if self.nodes == 1:
            return laplace
        theta, scale = tau.sqrt(), spread.sqrt().reciprocal()
        mode_u = theta * mode.v
        ratios = []
        for x, weight in gauss_hermite(self.nodes):
            u = mode_u + scale * x
            penalised = _nll(mode, psi[1:], theta * u) * 2 + u * u
            ratios.append(((height - penalised) * (arb(1) / 2) + x * x / 2).exp() * weight)
        return laplace - total(ratios).log() * 2


def _nll(mode: Mode, beta: Sequence[arb], b: Jet) -> Jet:
    """Return ``sum m B - y eta`` of a group at a random effect that is itself a jet."""
    group = mode.group
    odds = group.odds(mode.fixed, b.value)
    (cumulant,), means, variances = group.family.tally(group.sizes, [[q] for q in odds])
    return group.chain(cumulant, (means, variances), b) - group.linear(beta, b)
