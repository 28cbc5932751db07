"""Newton's method to full precision, and Krawczyk's proof of a unique zero in a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flint import arb, arb_mat, ctx

from parity.referee.matrices import columns_of, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function: TypeAlias = "Callable[[Sequence[arb]], tuple[Sequence[arb], arb_mat]]"

MOST_STEPS = 40
_SETTLED = 0.45
"""A step below 2^-(0.45 bits) of its parameter leaves an error near its square."""
_WIDENINGS = (10, 10**4, 10**8, 10**12)
"""How many times wider than the last Newton step a box may be: first the tightest that can hold."""


class ProofError(ArithmeticError):
    """A statement that could not be proven."""


@dataclass(frozen=True)
class Zero:
    """A box with exactly one zero in it.

    Attributes
    ----------
    enclosure
        Krawczyk's image of the box: the zero lies in it, ``(h,)``.
    box
        Where it is unique, ``(h,)``.
    jacobian
        The Jacobian over the box, ``(h, h)``.
    """

    enclosure: tuple[arb, ...]
    box: tuple[arb, ...]
    jacobian: arb_mat


def newton(function: Function, start: Sequence[arb], scales: Sequence[arb]) -> list[arb]:
    """Return a point near a zero, to about the working precision, ``(h,)``.

    Parameters
    ----------
    function
        Point → value and Jacobian.
    start
        Where to begin.
    scales
        The size of each parameter, which a step is measured by.

    Raises
    ------
    ProofError
        Where it does not settle.
    """
    point = [arb(x).mid() for x in start]
    for _ in range(MOST_STEPS):
        value, jacobian = _at(function, point)
        try:
            step = jacobian.mid().solve(columns_of([x.mid() for x in value])).entries()
        except ZeroDivisionError as error:
            raise ProofError("Newton's method met a singular Hessian.") from error
        point = [(x - s).mid() for x, s in zip(point, step, strict=True)]
        if not all(x.is_finite() for x in point):
            raise ProofError("Newton's method left all bounds.")
        limit = arb(2) ** (-int(_SETTLED * ctx.prec))
        if all(bool(abs(s) <= limit * u) for s, u in zip(step, scales, strict=True)):
            return point
    raise ProofError(f"Newton's method did not settle in {MOST_STEPS} steps.")


def enclose(function: Function, point: Sequence[arb], scales: Sequence[arb]) -> Zero:
    """Return a box around the point that is proven to hold exactly one zero (Krawczyk 1969).

    With m the point, Y near the inverse Jacobian at m and X the box, the image
    m - Y f(m) + (I - Y f'(X)) (X - m) inside X proves that X holds exactly one zero, and that the
    image holds it.

    Raises
    ------
    ProofError
        Where no box tried maps into its own interior.
    """
    value, jacobian = _at(function, point)
    try:
        Y = jacobian.mid().inv().mid()
    except ZeroDivisionError as error:
        raise ProofError("The Hessian is singular at the stationary point.") from error
    shift = (Y * columns_of(list(value))).entries()
    floor = arb(2) ** (-ctx.prec)
    # the common relative size of what is left: boxes of one shape in units of the scales
    rest = [abs(s).upper() / u + floor for s, u in zip(shift, scales, strict=True)]
    largest = rest[0]
    for size in rest[1:]:
        largest = largest.max(size)
    # a size that does not depend on where Newton's method happened to end, where it is large enough
    usual = arb(10) ** -(ctx.prec // 4)
    sizes = [usual] if bool(largest * _WIDENINGS[0] < usual) else []
    for size in [*sizes, *(largest * widening for widening in _WIDENINGS)]:
        radii = [(size * u).upper() for u in scales]
        zero = _krawczyk(function, point, shift, (Y, radii))
        if zero is not None:
            return zero
    raise ProofError("No box around the stationary point is mapped into itself.")


def _krawczyk(
    function: Function,
    point: Sequence[arb],
    shift: Sequence[arb],
    frame: tuple[arb_mat, Sequence[arb]],
) -> Zero | None:
    Y, radii = frame
    offsets = [arb(0, r) for r in radii]
    box = [m + offset for m, offset in zip(point, offsets, strict=True)]
    _, jacobian = _at(function, box)
    spread = (identity(len(box)) - Y * jacobian) * columns_of(offsets)
    image = [m - s + e for m, s, e in zip(point, shift, spread.entries(), strict=True)]
    if all(x.contains_interior(k) for x, k in zip(box, image, strict=True)):
        return Zero(tuple(image), tuple(box), jacobian)
    return None


def _at(function: Function, point: Sequence[arb]) -> tuple[Sequence[arb], arb_mat]:
    try:
        return function(point)
    except ZeroDivisionError as error:
        raise ProofError("V is not proven invertible where the proof needs it.") from error
