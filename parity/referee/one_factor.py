"""One grouping factor: levels of equal Z_j'Z_j are evaluated together.

With A = I + D G, B = A^-1, K = G B = Z'V^-1 Z and M = B D of a level (Bates et al. 2015, section
3.4, in terms of D = Lambda Lambda'): log|V| = sum log|A|, W'V^-1 W = W'W - sum C'M C with C = Z'W,
d log|A| = tr K dD, dM = B dD B'. Nothing divides by D, so D may be singular.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat, fmpq_mat

from parity.referee import exact
from parity.referee.matrices import columns_of, identity, total, trace_of_product
from parity.referee.parts import Effects, Parts, mirrored
from parity.referee.structure import Pattern, one_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Model
    from parity.referee.exact import Data


@dataclass(frozen=True)
class LevelClass:
    """The levels that share one matrix G = Z_j'Z_j.

    Attributes
    ----------
    members
        The levels' numbers.
    G
        ``(r, r)``.
    moments
        (a, b), a <= b → sum over the levels of C_a'C_b, with its transpose where a < b; C_a is row
        a of C, so each is ``(w, w)``.
    """

    members: tuple[int, ...]
    G: fmpq_mat
    moments: dict[tuple[int, int], fmpq_mat]

    def contract(self, N: arb_mat) -> arb_mat:
        """Return the sum over the levels of C'N C for a symmetric N ``(r, r)``."""
        terms = [arb_mat(T) * N[a, b] for (a, b), T in self.moments.items()]
        return sum(terms[1:], terms[0])


@dataclass(frozen=True)
class OneFactor:
    """The exact statistics of a model with one grouping factor.

    Attributes
    ----------
    WW
        W'W, ``(w, w)``.
    products
        C_j = Z_j'W of each level, ``(r, w)``.
    classes
        The levels by their G.
    pattern
        Of one level's covariance D.
    widths
        The number of effects of each block, in the order of a level's effects.
    """

    WW: fmpq_mat
    products: tuple[fmpq_mat, ...]
    classes: tuple[LevelClass, ...]
    pattern: Pattern
    widths: tuple[int, ...]

    def logdet(self, phi: Sequence[arb]) -> arb:
        """Return log|V|, the sum of log|I + D G| over the levels."""
        D = self.pattern.assemble(phi)
        unit = identity(self.pattern.size)
        return total(
            (unit + D * arb_mat(group.G)).det().log() * len(group.members) for group in self.classes
        )

    def parts(self, phi: Sequence[arb]) -> Parts:
        """Return W'V^-1W and all derivatives, class by class."""
        D = self.pattern.assemble(phi)
        E = _basis(self.pattern)
        size, w = len(E), self.WW.nrows()
        first = [arb(0)] * size
        second = [[arb(0)] * size for _ in E]
        S = arb_mat(self.WW)
        S_first = [arb_mat(w, w) for _ in E]
        S_second = [[arb_mat(w, w) for _ in E] for _ in E]
        for group in self.classes:
            count, B = len(group.members), _inverse(D, group.G)
            K, Bt = arb_mat(group.G) * B, B.transpose()
            KE = [K * basis for basis in E]
            S -= group.contract(B * D)
            for k in range(size):
                first[k] += count * KE[k].trace()
                S_first[k] -= group.contract(B * E[k] * Bt)
                for m in range(k + 1):
                    second[k][m] -= count * trace_of_product(KE[k], KE[m])
                    inner = E[k] * KE[m] + E[m] * KE[k]
                    S_second[k][m] += group.contract(B * inner * Bt)
        return Parts(
            tuple(first),
            mirrored(size, lambda k, m: second[k][m]),
            S,
            tuple(S_first),
            mirrored(size, lambda k, m: S_second[k][m]),
        )

    def effects(self, phi: Sequence[arb], beta: Sequence[arb]) -> Effects:
        """Return M C [-beta; 1] and the diagonal of M, level by level within each block."""
        D = self.pattern.assemble(phi)
        contrast = columns_of([*(-b for b in beta), arb(1)])
        by_level: dict[int, tuple[list[arb], list[arb]]] = {}
        for group in self.classes:
            M = _inverse(D, group.G) * D
            variances = [M[a, a] for a in range(M.nrows())]
            for level in group.members:
                modes = (M * (arb_mat(self.products[level]) * contrast)).entries()
                by_level[level] = (modes, variances)
        order = list(self._order())
        return Effects(
            tuple(by_level[level][0][a] for level, a in order),
            tuple(by_level[level][1][a] for level, a in order),
        )

    def _order(self) -> list[tuple[int, int]]:
        """Return (level, column) block by block."""
        starts = [sum(self.widths[:i]) for i in range(len(self.widths))]
        return [
            (level, start + a)
            for start, width in zip(starts, self.widths, strict=True)
            for level in range(len(self.products))
            for a in range(width)
        ]


def one_factor(model: Model, data: Data) -> OneFactor:
    """Return the exact statistics of a model with one grouping factor."""
    (factor,) = data.factors
    products = exact.level_products(factor, data.W)
    grams = exact.level_products(factor, factor.columns)
    found: dict[str, list[int]] = {}
    for level, G in enumerate(grams):
        found.setdefault(str(G.entries()), []).append(level)
    return OneFactor(
        WW=exact.gram(data.W),
        products=tuple(products),
        classes=tuple(
            LevelClass(tuple(members), grams[members[0]], _moments([products[j] for j in members]))
            for members in found.values()
        ),
        pattern=one_level(model, factor),
        widths=tuple(model.blocks[number].width for number in factor.blocks),
    )


def _moments(products: Sequence[fmpq_mat]) -> dict[tuple[int, int], fmpq_mat]:
    moments: dict[tuple[int, int], fmpq_mat] = {}
    r, w = products[0].nrows(), products[0].ncols()
    for a in range(r):
        for b in range(a, r):
            T = fmpq_mat(w, w)
            for C in products:
                rows = C.tolist()
                T += fmpq_mat([[x] for x in rows[a]]) * fmpq_mat([rows[b]])
            moments[a, b] = T if a == b else T + T.transpose()
    return moments


def _inverse(D: arb_mat, G: fmpq_mat) -> arb_mat:
    return (identity(D.nrows()) + D * arb_mat(G)).inv()


def _basis(pattern: Pattern) -> list[arb_mat]:
    bases = []
    for places in pattern.places:
        E = arb_mat(pattern.size, pattern.size)
        for i, j in places:
            E[i, j] = 1
        bases.append(E)
    return bases
