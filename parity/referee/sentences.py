"""What was proven of an optimum, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, ctx

from parity.referee.descartes import slope
from parity.referee.numerals import decimal
from parity.referee.one_factor import OneFactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.referee.criterion import Criterion
    from parity.referee.descartes import Slope
    from parity.referee.quantities import Found

_FEW = 12
LOCAL = "The optimum is proven to be a strict local one; that no other is lower is not proven."


def statements(criterion: Criterion, found: Found) -> tuple[str, ...]:
    """Return what the proofs say, one sentence each."""
    return tuple(_sentences(criterion, found))


def _sentences(criterion: Criterion, found: Found) -> Iterator[str]:
    yield (
        "Each cell is the decimal number written in the file; all sums of squares and products "
        "are exact rational numbers."
    )
    optimum = found.optimum
    if optimum.radius is not None:
        yield (
            f"Krawczyk's test in {ctx.prec}-bit ball arithmetic proves that the criterion has "
            "exactly one stationary point"
            + (" on this face of the boundary" if optimum.singular else "")
            + f" within a relative distance of {_power(optimum.radius)} of the optimum given."
        )
        yield (
            "The Hessian is positive definite throughout that box (its leading minors are "
            "positive): the stationary point is a strict local minimum of -2 log-likelihood"
            + (" on that face." if optimum.singular else ".")
        )
    yield from _at_boundary(found)
    yield _globality(criterion, found)
    yield (
        "Every other value is enclosed over the proven box; digits are written as far as both "
        "ends of its enclosure round to them."
    )


def _at_boundary(found: Found) -> Iterator[str]:
    for number, slopes in found.optimum.slopes.items():
        face = found.optimum.chart.faces[number]
        group = found.statement.spec.random[number].group
        if face.width == 1:
            yield (
                f"The variance of {group} is exactly 0: the derivative of -2 log-likelihood by "
                f"(variance / sigma^2) is {decimal(slopes[0, 0], _FEW)} there, above 0."
            )
        else:
            yield (
                f"The covariance of {group} has rank {face.rank} of {face.width}: the derivative "
                "of -2 log-likelihood by D is positive definite on the null space of D, so that "
                "the Karush-Kuhn-Tucker conditions hold strictly."
            )


def _globality(criterion: Criterion, found: Found) -> str:
    system = criterion.system
    if not isinstance(system, OneFactor) or system.pattern.size != 1:
        return LOCAL
    sign = slope(system, criterion)
    degree = sign.numerator.degree()
    polynomial = (
        "The optimum is global: the sign of the derivative by v = variance / sigma^2 on v >= 0 is "
        f"that of a polynomial of degree {degree} with integer coefficients"
    )
    if sign.decides and sign.at_zero > 0:
        return f"{polynomial}, none of which is negative: the criterion increases from v = 0."
    if sign.decides:
        return (
            f"{polynomial}, negative at 0 and with exactly one sign change: by Descartes' rule "
            "there is exactly one stationary point v > 0, and it is the minimum."
        )
    return _compared(criterion, found, sign, polynomial)


def _compared(criterion: Criterion, found: Found, sign: Slope, polynomial: str) -> str:
    """Return whether the optimum is lower than every other stationary point and both ends."""
    roots = sign.roots()
    (v,) = found.optimum.phi
    others = [root for root in roots if not root.overlaps(v)]
    if not found.optimum.singular:
        others.append(arb(0))
    own = found.estimates.deviance
    rises = bool(sign.numerator.coeffs()[-1] > 0)
    if rises and all(bool(criterion.value([other]) > own) for other in others):
        return (
            f"{polynomial}, whose positive roots, {len(roots)} in number, were isolated "
            "rigorously: the criterion is higher at all others, at v = 0 and beyond the last."
        )
    return LOCAL


def _power(radius: arb) -> str:
    """Return the smallest power of ten that is at least the radius, as 1e-60."""
    text = f"{float(radius.upper()):e}"
    mantissa, _, exponent = text.partition("e")
    return f"1e{int(exponent) + (float(mantissa) > 1)}"
