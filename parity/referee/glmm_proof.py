"""Proofs that a stationary point is there, is the only one near, and is a minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, ctx

from parity.referee.glmm_criterion import Quadrature
from parity.referee.matrices import block, columns_of, is_positive_definite
from parity.referee.proof import ProofError, enclose, newton

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from flint import arb_mat

    from parity.referee.glmm_cells import Cells
    from parity.referee.glmm_search import Objective
    from parity.referee.jet import Jet

    Equations: TypeAlias = Callable[[Sequence[arb]], tuple[Sequence[arb], arb_mat]]


_CHECK_BITS = 128


@dataclass(frozen=True)
class Optimum:
    """A proven strict local minimum of -2 log-likelihood.

    Attributes
    ----------
    psi
        An enclosure of (tau, beta), ``(p + 1,)``; tau = theta^2 is the variance, exactly 0 at the
        boundary.
    deviance
        The criterion at the optimum.
    vcov
        Twice the inverse Hessian in (theta, beta): the block of beta, ``(p, p)``.
    radius
        The largest radius of the box, in standard errors.
    slope
        At the boundary the derivative with respect to tau from the right; None in the interior.
    """

    psi: tuple[arb, ...]
    deviance: arb
    vcov: arb_mat
    radius: arb
    slope: arb | None = None

    @property
    def singular(self) -> bool:
        """Whether the variance is 0."""
        return self.slope is not None


def prove(
    objective: Objective,
    start: Sequence[arb],
    errors: Sequence[arb],
    *,
    witness: Objective | None = None,
) -> Optimum:
    """Return the optimum near a start, with Krawczyk's proof and a positive definite Hessian.

    Parameters
    ----------
    objective
        What is minimised, in (tau, beta).
    start
        ``(p + 1,)``.
    errors
        The scale of each parameter, ``(p + 1,)``.
    witness
        The same criterion at less cost: its derivatives are checked in the objective's stead.

    Raises
    ------
    ProofError
        Where the stationary point is not proven, or not proven to be a minimum.
    """
    check_derivatives(witness or objective, start, errors)
    point = refine(objective, start, errors)
    jets: list[Jet] = []
    zero = enclose(_equations(objective, jets), point, errors)
    if not is_positive_definite(zero.jacobian):
        raise ProofError("The Hessian at the stationary point is not proven positive definite.")
    # Taylor's formula around the point, the remainder with the Hessian over the box
    here, shift = jets[0], columns_of([k - m for k, m in zip(zero.enclosure, point, strict=True)])
    change = here.gradient.transpose() * shift + shift.transpose() * zero.jacobian * shift / 2
    return Optimum(
        psi=zero.enclosure,
        deviance=here.value + change[0, 0],
        vcov=_without_first(zero.jacobian.inv() * 2),
        radius=_relative_radius(zero.box, errors),
    )


def prove_edge(cells: Cells, beta: Sequence[float]) -> Optimum | None:
    """Return the optimum at variance 0, or None where the criterion is not proven to rise there.

    At tau = 0 Laplace's approximation, quadrature and the integral agree in value, in all
    derivatives with respect to beta, and in the first with respect to tau from the right, which is
    ``sum (sum m z^2 B'') - (sum z (y - m B'))^2``, one term a group.
    """
    criterion = Quadrature(cells)

    def equations(point: Sequence[arb]) -> tuple[Sequence[arb], arb_mat]:
        jet = criterion([arb(0), *point])
        return jet.gradient.entries()[1:], _without_first(jet.hessian)

    start = [arb(number) for number in beta]
    curvature = equations(start)[1]
    errors = [(2 / curvature[k, k]).sqrt().mid() for k in range(len(start))]
    zero = enclose(equations, newton(equations, start, errors), errors)
    jet = criterion([arb(0), *zero.enclosure])
    slope = jet.gradient[0, 0]
    if not slope > 0 or not is_positive_definite(zero.jacobian):
        return None
    return Optimum(
        psi=(arb(0), *zero.enclosure),
        deviance=jet.value,
        vcov=zero.jacobian.inv() * 2,
        radius=_relative_radius(zero.box, errors),
        slope=slope,
    )


def check_derivatives(objective: Objective, start: Sequence[arb], errors: Sequence[arb]) -> None:
    """Hold the derivatives against differences of the criterion, half a standard error away.

    Krawczyk's proof takes the derivatives on trust. By Taylor's formula the change of the
    criterion and of its gradient over a small step must overlap what gradient and Hessian, the
    latter over the whole step, say of it; a wrong sign or factor does not.

    Raises
    ------
    ProofError
        Where they do not.
    """
    with ctx.workprec(_CHECK_BITS):
        here = [(x + error / 2).mid() for x, error in zip(start, errors, strict=True)]
        step = [error * arb(2) ** -32 / (k + 1) for k, error in enumerate(errors)]
        there = [(x + s).mid() for x, s in zip(here, step, strict=True)]
        low, high = objective(here), objective(there)
        span = objective([x.union(y) for x, y in zip(here, there, strict=True)])
        shift = columns_of([y - x for x, y in zip(here, there, strict=True)])
        slope = span.hessian * shift
        rise = (low.gradient.transpose() * shift + shift.transpose() * slope / 2)[0, 0]
        if not (high.gradient - low.gradient).overlaps(slope) or not rise.overlaps(
            high.value - low.value
        ):
            raise ProofError(
                "The criterion's derivatives do not agree with its differences: the referee is at "
                "fault here; nothing is certified."
            )


def standard_errors(jet: Jet) -> list[arb]:
    """Return the roots of the diagonal of twice the inverse Hessian, as points, ``(p + 1,)``.

    Raises
    ------
    ProofError
        Where the Hessian is not positive definite at a start.
    """
    inverse = jet.hessian.mid().inv() * 2
    errors = [inverse[k, k].sqrt().mid() for k in range(jet.dimension)]
    if not all(error.is_finite() and error > 0 for error in errors):
        raise ProofError("The Hessian at the start of the proof is not positive definite.")
    return errors


def refine(objective: Objective, start: Sequence[arb], errors: Sequence[arb]) -> list[arb]:
    """Return the point that Newton's method reaches at the working precision, ``(p + 1,)``."""
    return newton(_equations(objective, []), start, errors)


def _equations(objective: Objective, jets: list[Jet]) -> Equations:
    """Return gradient and Hessian as a function that also keeps each jet, in order."""

    def equations(psi: Sequence[arb]) -> tuple[Sequence[arb], arb_mat]:
        jets.append(objective(psi))
        return jets[-1].gradient.entries(), jets[-1].hessian

    return equations


def _relative_radius(box: Sequence[arb], errors: Sequence[arb]) -> arb:
    radii = [(side.rad() / error).upper() for side, error in zip(box, errors, strict=True)]
    return max(radii, key=lambda radius: float(radius.log().mid()))


def _without_first(matrix: arb_mat) -> arb_mat:
    size = matrix.nrows()
    return block(matrix, range(1, size), range(1, size))
