"""Several grouping factors: the largest one is eliminated in closed form, the rest is dense.

With V1 = I + v Z1 Z1' of the eliminated factor and U = [Z2 W] of all else, Omega(v) = U'V1^-1 U
plays the part that U'U plays without elimination: G = Z2'V1^-1 Z2, C = Z2'V1^-1 W. Then
log|V| = log|V1| + log|I + D G| and W'V^-1 W = W'V1^-1 W - C'M C, as for one factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb

from parity.referee import inner_product
from parity.referee.dense import Derivatives, Solved, Varying
from parity.referee.matrices import block, columns_of, identity
from parity.referee.parts import Effects, Parts, mirrored
from parity.referee.structure import Pattern, all_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Model
    from parity.referee.exact import Data, Factor
    from parity.referee.inner_product import InnerProduct


@dataclass(frozen=True)
class Eliminated:
    """The exact statistics of a model with several grouping factors.

    Attributes
    ----------
    omega
        Omega(v) and its derivatives; constant where no factor could be eliminated.
    pattern
        Of the covariance D of all other effects, ``(q, q)``.
    ratio
        Which parameter v is; None where no factor could be eliminated.
    k
        The number of parameters.
    order
        Where each effect stands, block by block: (True, level) among the eliminated ones,
        (False, position) among the others.
    """

    omega: InnerProduct
    pattern: Pattern
    ratio: int | None
    k: int
    order: tuple[tuple[bool, int], ...]

    def logdet(self, phi: Sequence[arb]) -> arb:
        """Return log|V|."""
        v, q = self._ratio(phi), self.pattern.size
        G = block(self.omega.value(v), range(q), range(q))
        A = identity(q) + self.pattern.assemble(phi) * G
        return self.omega.logdet(v) + A.det().log()

    def parts(self, phi: Sequence[arb]) -> Parts:
        """Return W'V^-1W and all derivatives."""
        solved = self._solve(phi)
        jets = Derivatives(self.pattern, solved, self._varying(phi))
        return Parts(
            tuple(jets.logdet_first(k) for k in range(self.k)),
            mirrored(self.k, jets.logdet_second),
            solved.S,
            tuple(jets.S_first(k) for k in range(self.k)),
            mirrored(self.k, jets.S_second),
        )

    def effects(self, phi: Sequence[arb], beta: Sequence[arb]) -> Effects:
        """Return the predictions: of the others first, then of the eliminated given those."""
        v = self._ratio(phi)
        solved = self._solve(phi)
        contrast = [*(-b for b in beta), arb(1)]
        others = (solved.X * columns_of(contrast)).entries()
        # Z1'(y - X beta - Z2 b) through the rows of Z1'[Z2 W]
        modes, variances = self.omega.eliminated(v, [*(-b for b in others), *contrast], solved.M)
        spread = [solved.M[i, i] for i in range(self.pattern.size)]
        return Effects(
            tuple(modes[i] if gone else others[i] for gone, i in self.order),
            tuple(variances[i] if gone else spread[i] for gone, i in self.order),
        )

    def _ratio(self, phi: Sequence[arb]) -> arb:
        return arb(0) if self.ratio is None else phi[self.ratio]

    def _varying(self, phi: Sequence[arb]) -> Varying | None:
        if self.ratio is None:
            return None
        v, omega = phi[self.ratio], self.omega
        return Varying(self.ratio, omega.logdet_derivatives(v), omega.first(v), omega.second(v))

    def _solve(self, phi: Sequence[arb]) -> Solved:
        q = self.pattern.size
        omega = self.omega.value(self._ratio(phi))
        rest = range(q, omega.nrows())
        G, C = block(omega, range(q), range(q)), block(omega, range(q), rest)
        D = self.pattern.assemble(phi)
        B = (identity(q) + D * G).inv()
        M = B * D
        X = M * C
        S = block(omega, rest, rest) - C.transpose() * X
        return Solved(B=B, K=G * B, M=M, X=X, R=B.transpose() * C, S=S)


def eliminated(model: Model, data: Data) -> Eliminated:
    """Return the exact statistics of a model with several grouping factors.

    The factor with the most levels is eliminated where it has a single effect per level.
    """
    largest = max(data.factors, key=lambda factor: factor.levels)
    gone = largest if len(largest.columns) == 1 else None
    others = tuple(factor for factor in data.factors if factor is not gone)
    pattern = all_levels(model, others)
    return Eliminated(
        omega=inner_product.inner_product(data, gone, others),
        pattern=pattern,
        ratio=None if gone is None else _position(model, gone.blocks[0]),
        k=sum(b.size for b in model.blocks),
        order=tuple(_order(model, gone, others)),
    )


def _position(model: Model, number: int) -> int:
    return int(model.slices[number].start)


def _order(model: Model, gone: Factor | None, others: Sequence[Factor]) -> list[tuple[bool, int]]:
    where: dict[int, list[tuple[bool, int]]] = {}
    if gone is not None:
        where[gone.blocks[0]] = [(True, level) for level in range(gone.levels)]
    start = 0
    for factor in others:
        width, origin = len(factor.columns), start
        for number in factor.blocks:
            where[number] = [
                (False, origin + level * width + a)
                for level in range(factor.levels)
                for a in range(model.blocks[number].width)
            ]
            origin += model.blocks[number].width
        start += factor.levels * width
    return [place for number in sorted(where) for place in where[number]]
