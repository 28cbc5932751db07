"""The proven optimum of a generalised mixed model's criterion: searched, refined, proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, ctx

from parity.referee.glmm_criterion import Quadrature
from parity.referee.glmm_proof import Optimum, prove, prove_edge, refine, standard_errors
from parity.referee.glmm_search import search
from parity.referee.integral import Integral
from parity.referee.integral_plan import plan

if TYPE_CHECKING:
    from parity.referee.glmm_cells import Cells

NODES = {"Laplace": 1, "AGQ 9": 9, "AGQ 25": 25}
OBJECTIVES = (*NODES, "integral")
_LADDER = {"Laplace": (1,), "AGQ 9": (1, 4, 9), "AGQ 25": (1, 4, 25), "integral": (1, 4)}
_EDGE = 1e-3
"""Below this theta the search may have been on its way to 0."""
_GAUGE = 9
"""Nodes of the quadrature whose Hessian gives the integral's parameters their scale."""
_SEARCHED = 8
"""Digits of the integral during the search."""
_WITNESSED = 16
"""Digits of the integral that brings the start nearer, and whose derivatives are held against
differences over 1e-10 standard errors."""
_BITS_PER_DIGIT = 3.33
_SPARE = 10
"""Decimal digits of the working precision that are left to rounding in the integral's sums."""


def optimise(cells: Cells, objective: str) -> Optimum:
    """Return the proven optimum at the working precision.

    Raises
    ------
    ProofError, SearchError
        Where there is none to be found or proven.
    """
    theta, beta = _start(cells, objective)
    if theta < _EDGE:
        edge = prove_edge(cells, beta)
        if edge is not None:
            return edge
    start = [arb(theta) ** 2, *map(arb, beta)]
    if objective in NODES:
        criterion = Quadrature(cells, NODES[objective])
        return prove(criterion, start, standard_errors(criterion(start)))
    errors = standard_errors(Quadrature(cells, _GAUGE)(start))
    with ctx.workprec(int(_BITS_PER_DIGIT * (_WITNESSED + _SPARE))):
        witness = Integral(cells, plan(cells, start, _WITNESSED))
        start = refine(witness, start, errors)
    digits = int(ctx.prec / _BITS_PER_DIGIT) - _SPARE
    return prove(Integral(cells, plan(cells, start, digits)), start, errors, witness=witness)


def _start(cells: Cells, objective: str) -> tuple[float, list[float]]:
    """Return theta and beta near the optimum, each criterion's search begun at a cheaper one's."""
    theta, beta = 1.0, [0.0] * cells.p
    for nodes in _LADDER[objective]:
        theta, beta = search(Quadrature(cells, nodes), theta, beta)
        if theta < _EDGE:
            return theta, beta
    if objective == "integral":
        psi = [arb(theta) ** 2, *map(arb, beta)]
        return search(Integral(cells, plan(cells, psi, _SEARCHED)), theta, beta)
    return theta, beta
