"""One variance ratio v: all zeros of the criterion's derivative, from an integer polynomial.

With rational data d'(v) is a rational function. Cleared of its denominators, which are positive
for v >= 0, it is a polynomial with integer coefficients, and Descartes' rule of signs bounds the
number of its positive roots by the number of sign changes: 0 and 1 are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq, fmpq_mat, fmpq_poly, fmpz_poly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.referee.criterion import Criterion
    from parity.referee.one_factor import OneFactor


@dataclass(frozen=True)
class Slope:
    """The sign of d'(v) on v >= 0.

    Attributes
    ----------
    numerator
        A polynomial of the same sign as d' at every v >= 0.
    """

    numerator: fmpz_poly

    @property
    def changes(self) -> int:
        """The number of sign changes among its coefficients, zeros left out."""
        return sign_changes(self.numerator)

    @property
    def at_zero(self) -> int:
        """The sign of d'(0)."""
        start = self.numerator[0]
        return (start > 0) - (start < 0)

    @property
    def decides(self) -> bool:
        """Whether Descartes' rule proves that d has one minimum on v >= 0 and no other."""
        return (self.changes, self.at_zero) in {(0, 1), (1, -1)}

    def roots(self) -> list[arb]:
        """Return enclosures of all positive roots, each once."""
        # python-flint's stub says a list of balls; they come with their multiplicities
        pairs: Any = self.numerator.complex_roots()
        found = [root for root, _ in pairs]
        return [root.real for root in found if root.imag == 0 and root.real > 0]


def sign_changes(polynomial: fmpz_poly) -> int:
    """Return the number of sign changes in the sequence of nonzero coefficients."""
    signs = [c > 0 for c in polynomial.coeffs() if c != 0]
    return sum(one != other for one, other in pairwise(signs))


def slope(system: OneFactor, criterion: Criterion) -> Slope:
    """Return the sign of d'(v) for a single random effect per level of one factor.

    Notes
    -----
    S is rational in v with poles at -1 / n_k, n_k = z'z of the levels in class k, so that |S| = Q /
    prod (1 + n_k v)^e_k, and alike |Sxx| = Qx / prod (1 + n_k v)^f_k, with Q and Qx positive on
    v >= 0. Then

        d' = sum (m_k - N e_k + Nx f_k) n_k / (1 + n_k v) + N Q'/Q - Nx Qx'/Qx

    with m_k the number of levels of class k, and N, Nx the coefficients of the criterion.
    """
    norms = [group.G[0, 0] for group in system.classes]
    factors = [fmpz_poly([int(n.q), int(n.p)]) for n in norms]
    N, Nx = criterion.freedom, criterion.of_X
    w = system.WW.nrows()
    Q, e = _determinant(system, w)
    Qx, f = _determinant(system, w - 1)
    counts = [len(group.members) for group in system.classes]
    levels = fmpz_poly([0])
    for k, factor in enumerate(factors):
        weight = (counts[k] - N * e[k] + Nx * f[k]) * int(norms[k].p)
        levels += weight * _product([g for g in factors if g is not factor])
    curve = N * Q.derivative() * Qx - Nx * Qx.derivative() * Q
    return Slope(levels * Q * Qx + _product(factors) * curve)


def _determinant(system: OneFactor, size: int) -> tuple[fmpz_poly, list[int]]:
    """Return the leading minor of S as Q / prod (1 + n_k v)^e_k: Q up to a positive factor, and e.

    Its pole at -1 / n_k has at most the order of the rank of class k's moments, and it stays
    finite as v grows, so that Q is known from its values at as many integers as the ranks' sum.
    """
    moments = [_leading(group.moments[0, 0], size) for group in system.classes]
    norms = [group.G[0, 0] for group in system.classes]
    orders = [T.rank() for T in moments]
    values = []
    for v in range(sum(orders) + 1):
        S = _leading(system.WW, size)
        scale = fmpq(1)
        for T, n, order in zip(moments, norms, orders, strict=True):
            S -= T * (v / (1 + v * n))
            scale *= (1 + v * n) ** order
        values.append(S.det() * scale)
    return _reduced(interpolate(values), norms, orders)


def interpolate(values: Sequence[fmpq]) -> fmpq_poly:
    """Return the polynomial that has these values at 0, 1, 2, ... (Newton's differences)."""
    differences = []
    row = list(values)
    while row:
        differences.append(row[0])
        row = [after - before for before, after in pairwise(row)]
    polynomial = fmpq_poly([0])
    for k in reversed(range(len(differences))):
        # sum of differences[k] binomial(v, k), from the inside out
        step = fmpq_poly([fmpq(-k, k + 1), fmpq(1, k + 1)])
        polynomial = polynomial * step + differences[k]
    return polynomial


def _leading(matrix: fmpq_mat, size: int) -> fmpq_mat:
    return fmpq_mat([[matrix[i, j] for j in range(size)] for i in range(size)])


def _product(polynomials: Sequence[fmpz_poly]) -> fmpz_poly:
    return prod(polynomials, start=fmpz_poly([1]))


def _reduced(
    Q: fmpq_poly, norms: Sequence[fmpq], orders: Sequence[int]
) -> tuple[fmpz_poly, list[int]]:
    """Return Q / prod (1 + n_k v)^order in lowest terms: an integer numerator, and exponents."""
    exponents = []
    for n, order in zip(norms, orders, strict=True):
        left = order
        while left:
            quotient, rest = divmod(Q, fmpq_poly([1, n]))
            if not rest.is_zero():
                break
            Q, left = quotient, left - 1
        exponents.append(left)
    return Q.numer(), exponents
