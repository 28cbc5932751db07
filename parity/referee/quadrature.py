"""Gauss-Hermite quadrature for the standard normal distribution, nodes and weights enclosed."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from flint import arb, ctx, fmpz_poly

if TYPE_CHECKING:
    from flint import acb


def hermite(degree: int) -> fmpz_poly:
    """Return the probabilists' Hermite polynomial He_n, whose coefficients are whole numbers."""
    last, this = fmpz_poly([0]), fmpz_poly([1])
    for k in range(degree):
        last, this = this, fmpz_poly([0, 1]) * this - k * last
    return this


def gauss_hermite(nodes: int) -> tuple[tuple[arb, arb], ...]:
    """Return (node, weight) pairs with ``sum w f(x)`` near the mean of f under N(0, 1).

    Exact for polynomials up to degree ``2 n - 1``. Nodes are the roots of He_n, which
    Arb isolates and encloses; weights are ``(n-1)! / (n He_(n-1)(x)^2)`` (Abramowitz and Stegun
    25.4.46, rescaled). Pairs are ordered by node.
    """
    return _gauss_hermite(nodes, ctx.prec)


@lru_cache(maxsize=16)
def _gauss_hermite(nodes: int, bits: int) -> tuple[tuple[arb, arb], ...]:
    with ctx.workprec(bits + 32):  # He_n(x)^2 loses some bits to cancellation
        # python-flint's stub leaves out the multiplicities, all 1 here
        found = cast("list[tuple[acb, int]]", hermite(nodes).complex_roots())
        roots = [root.real for root, _ in found]
        before = hermite(nodes - 1)
        factor = arb(math.factorial(nodes - 1)) / nodes
        pairs = [(root, factor / _value(before, root) ** 2) for root in roots]
    return tuple(sorted(pairs, key=lambda pair: float(pair[0].mid())))


def _value(polynomial: fmpz_poly, point: arb) -> arb:
    result = arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        result = result * point + coefficient
    return result
