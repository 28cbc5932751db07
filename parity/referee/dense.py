"""The derivatives of log|I + D G| and of W'V^-1 W, where D and perhaps Omega vary.

d log|I + D G| = tr K dD + tr M dG; dM = B dD B' - M dG M. With X = M C and N = [-X; I], the
derivative of W'V^-1 W is N' dOmega N in v and -R' dD R in D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb_mat

from parity.referee.matrices import block, identity, stacked, total, trace_of_product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import arb

    from parity.referee.structure import Pattern, Place


@dataclass(frozen=True)
class Varying:
    """The derivatives in v of what is eliminated.

    Attributes
    ----------
    ratio
        Which parameter v is.
    logdet
        First and second derivative of log|V1|.
    first, second
        Of Omega, ``(q + w, q + w)``.
    """

    ratio: int
    logdet: tuple[arb, arb]
    first: arb_mat
    second: arb_mat


@dataclass(frozen=True)
class Solved:
    """B = (I + D G)^-1, K = G B, M = B D, X = M C, R = B'C = Z2'V^-1 W, S = W'V^-1 W."""

    B: arb_mat
    K: arb_mat
    M: arb_mat
    X: arb_mat
    R: arb_mat
    S: arb_mat


class Derivatives:
    """The derivatives in v (index `ratio`) and in the elements of D, each computed once."""

    def __init__(self, pattern: Pattern, solved: Solved, varying: Varying | None) -> None:
        self._places = dict(zip(pattern.parameters, pattern.places, strict=True))
        self._at, self._ratio = solved, None if varying is None else varying.ratio
        self._q, self._w = pattern.size, solved.S.nrows()
        self._in_D = {k: self._rows(self._places[k], solved.R) for k in self._places}
        if varying is None:
            return
        self._alone = varying.logdet
        self._first, self._second = varying.first, varying.second
        self._GX = block(self._first, range(self._q), range(self._q))
        # the column space of V^-1 W: derivatives of W'V^-1 W are quadratic forms in it
        self._N = stacked(-solved.X, identity(self._w))
        self._y = block(self._first * self._N, range(self._q), range(self._w))

    def logdet_first(self, k: int) -> arb:
        """Return the derivative of log|V| in one parameter."""
        if k == self._ratio:
            return self._alone[0] + trace_of_product(self._at.M, self._GX)
        return total(self._at.K[j, i] for i, j in self._places[k])

    def logdet_second(self, k: int, m: int) -> arb:
        """Return its second derivative in two parameters."""
        if k == self._ratio == m:
            second = block(self._second, range(self._q), range(self._q))
            MG = self._at.M * self._GX
            curved = trace_of_product(self._at.M, second) - trace_of_product(MG, MG)
            return self._alone[1] + curved
        if self._ratio in (k, m):
            other = m if k == self._ratio else k
            return self._mixed(self._places[other])
        K = self._at.K
        return -total(K[t, i] * K[j, s] for i, j in self._places[k] for s, t in self._places[m])

    def _mixed(self, places: Sequence[Place]) -> arb:
        """Return tr(B'G'B E): only the columns of B that E touches are needed."""
        B, GB = self._at.B, self._GB()
        return total(B[a, j] * GB[a, i] for i, j in places for a in range(self._q))

    def _GB(self) -> arb_mat:
        if not hasattr(self, "_product"):
            self._product = self._GX * self._at.B
        return self._product

    def S_first(self, k: int) -> arb_mat:
        """Return the derivative of W'V^-1 W in one parameter, ``(w, w)``."""
        if k == self._ratio:
            return self._N.transpose() * self._first * self._N
        return -(self._at.R.transpose() * self._in_D[k])

    def S_second(self, k: int, m: int) -> arb_mat:
        """Return its second derivative in two parameters, ``(w, w)``."""
        if k == self._ratio == m:
            bent = self._N.transpose() * self._second * self._N
            return bent - 2 * (self._y.transpose() * (self._at.M * self._y))
        if self._ratio in (k, m):
            other = m if k == self._ratio else k
            half = (self._at.B * self._in_D[other]).transpose() * self._y
        else:
            # R'E_k K E_m R with its transpose
            half = -(self._in_D[k].transpose() * (self._at.K * self._in_D[m]))
        return -(half + half.transpose())

    def _rows(self, places: Sequence[Place], R: arb_mat) -> arb_mat:
        """Return E R."""
        ER = arb_mat(self._q, self._w)
        for i, j in places:
            for column in range(self._w):
                ER[i, column] += R[j, column]
        return ER
