"""A local optimum with its proof: stationary, a minimum along its face, and no way off the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.referee.chart import unvech
from parity.referee.matrices import is_positive_definite
from parity.referee.proof import ProofError, enclose, newton
from parity.referee.start import scales

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flint import arb, arb_mat

    from parity.referee.chart import Chart
    from parity.referee.criterion import Criterion, Evaluation


@dataclass(frozen=True)
class Optimum:
    """A proven strict local minimum of the criterion over positive semidefinite D.

    Attributes
    ----------
    chart
        The face that it lies on.
    psi, phi
        Enclosures of its parameters on the face, ``(h,)``, and of vech(D), ``(k,)``.
    evaluation
        Gradient and Hessian in phi over the enclosure.
    radius
        The largest half-width of the box in which it is the only stationary point of its face,
        over its parameter's scale; None where the face is a single point.
    slopes
        Of each block at its boundary: the derivative of the criterion in the directions off the
        face, ``(r - rank, r - rank)``, proven positive definite.
    """

    chart: Chart
    psi: tuple[arb, ...]
    phi: tuple[arb, ...]
    evaluation: Evaluation
    radius: arb | None
    slopes: dict[int, arb_mat]

    @property
    def singular(self) -> bool:
        """Whether D is singular."""
        return not self.chart.interior


def prove(criterion: Criterion, charts: Iterable[tuple[Chart, list[arb]]]) -> Optimum:
    """Return the optimum on the first chart on which the proof succeeds.

    Raises
    ------
    ProofError
        Where it succeeds on none, with the reason of each.
    """
    reasons = []
    for chart, psi in charts:
        try:
            return prove_on(criterion, chart, psi)
        except ProofError as error:
            reasons.append(f"rank {[face.rank for face in chart.faces]}: {error}")
    raise ProofError(f"No optimum could be proven. On faces of {' On '.join(reasons)}")


def prove_on(criterion: Criterion, chart: Chart, start: Sequence[arb]) -> Optimum:
    """Return the optimum near a start psi ``(h,)`` on one face.

    Raises
    ------
    ProofError
        Where a step of the proof fails.
    """

    def function(psi: Sequence[arb]) -> tuple[list[arb], arb_mat]:
        found = criterion.evaluate(chart.phi(psi))
        return chart.pulled_back(psi, found.gradient, found.hessian)

    if not start:
        phi = tuple(chart.phi([]))
        evaluation = criterion.evaluate(phi)
        return Optimum(chart, (), phi, evaluation, None, _uphill(chart, (), evaluation))
    point = newton(function, start, scales(chart, start))
    units = scales(chart, point)
    if not all(bool(unit > 0) for unit in units):
        raise ProofError("Newton's method left the face.")
    zero = enclose(function, point, units)
    if not is_positive_definite(zero.jacobian):
        raise ProofError("The Hessian at the stationary point is not proven positive definite.")
    _require_inside(chart, zero.box)
    phi = tuple(chart.phi(zero.enclosure))
    evaluation = criterion.evaluate(phi)
    return Optimum(
        chart=chart,
        psi=zero.enclosure,
        phi=phi,
        evaluation=evaluation,
        radius=_widest(zero.box, units),
        slopes=_uphill(chart, zero.enclosure, evaluation),
    )


def _require_inside(chart: Chart, psi: Sequence[arb]) -> None:
    """Refuse a point whose D is not proven to be of the face's rank and semidefinite."""
    for face, part in zip(chart.faces, chart.split(psi), strict=True):
        if face.interior and not is_positive_definite(face.covariance(part)):
            raise ProofError("D is not proven positive definite at the stationary point.")
        if not face.interior and not all(
            bool(value > 0)
            for (i, j), value in zip(face.places, part, strict=True)
            if i == face.order[j]
        ):
            raise ProofError("The factor of D is not proven to be of its rank.")


def _uphill(chart: Chart, psi: Sequence[arb], evaluation: Evaluation) -> dict[int, arb_mat]:
    """Return the slopes off the face; `ProofError` unless they are proven positive definite.

    Gamma = dd/dD has Gamma D = 0 at a point that is stationary on its face; where it is positive
    definite on the null space of D, the Karush-Kuhn-Tucker conditions hold strictly.
    """
    slopes: dict[int, arb_mat] = {}
    start = 0
    for number, (face, part) in enumerate(zip(chart.faces, chart.split(psi), strict=True)):
        if not face.interior:
            Gamma = _symmetric(evaluation.gradient[start : start + face.size], face.width)
            D = face.covariance(part)
            if not all(x.contains(0) for x in (Gamma * D).entries()):
                raise ProofError("The criterion is not stationary along the face.")
            null = face.null_space(part)
            slopes[number] = null.transpose() * Gamma * null
            if not is_positive_definite(slopes[number]):
                raise ProofError("The criterion is not proven to rise off the face.")
        start += face.size
    return slopes


def _symmetric(gradient: Sequence[arb], width: int) -> arb_mat:
    """Return dd/dD from the gradient in vech(D), whose off-diagonal elements move two cells."""
    Gamma = unvech(gradient, width)
    for i in range(width):
        for j in range(width):
            if i != j:
                Gamma[i, j] /= 2
    return Gamma


def _widest(box: Sequence[arb], units: Sequence[arb]) -> arb:
    sizes = [x.rad() / u for x, u in zip(box, units, strict=True)]
    widest = sizes[0]
    for size in sizes[1:]:
        widest = widest.max(size)
    return widest
