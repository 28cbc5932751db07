"""Omega(v) = U'V1^-1 U with V1 = I + v Z1 Z1' and one effect per level: a sum over the levels.

V1^-1 = I - sum m_j z_j z_j' with m_j = v / (1 + v n_j), n_j = z_j'z_j; hence
Omega = U'U - sum m_j u_j'u_j with u_j = z_j'U. Its derivatives in v are those of m_j:
m' = 1 / (1 + v n)^2, m'' = -2 n / (1 + v n)^3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat, fmpq

from parity.referee import exact
from parity.referee.matrices import total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flint import fmpq_mat

    from parity.referee.exact import Data, Factor

    Row = Mapping[int, fmpq]
    Table = Mapping[tuple[int, int], fmpq]


@dataclass(frozen=True)
class InnerProduct:
    """The exact statistics behind Omega.

    Attributes
    ----------
    size
        Omega is ``(size, size)``: effects that stay, then the columns of W.
    products
        The nonzero elements of U'U.
    norms
        n_j of each eliminated level.
    rows
        The nonzero elements of u_j of each eliminated level.
    weights
        Element of Omega → n → the sum of u_j'u_j over the levels with n_j = n.
    """

    size: int
    products: Table
    norms: tuple[fmpq, ...]
    rows: tuple[Row, ...]
    weights: Mapping[tuple[int, int], Mapping[fmpq, fmpq]]

    def value(self, v: arb) -> arb_mat:
        """Return Omega."""
        omega = self._sum(lambda n: v / (1 + v * n))
        for (i, j), product in self.products.items():
            omega[i, j] += product
        return omega

    def first(self, v: arb) -> arb_mat:
        """Return its derivative in v."""
        return self._sum(lambda n: 1 / (1 + v * n) ** 2)

    def second(self, v: arb) -> arb_mat:
        """Return its second derivative in v."""
        return self._sum(lambda n: -2 * n / (1 + v * n) ** 3)

    def logdet(self, v: arb) -> arb:
        """Return log|V1|."""
        return total((1 + v * n).log() * count for n, count in self._counts().items())

    def logdet_derivatives(self, v: arb) -> tuple[arb, arb]:
        """Return the first and second derivative of log|V1| in v."""
        counts = self._counts().items()
        first = total(n / (1 + v * n) * count for n, count in counts)
        return first, -total((n / (1 + v * n)) ** 2 * count for n, count in counts)

    def eliminated(
        self, v: arb, contrast: Sequence[arb], M: arb_mat
    ) -> tuple[list[arb], list[arb]]:
        """Return modes and variances over sigma^2 of the eliminated effects.

        Parameters
        ----------
        v
            Their variance over sigma^2.
        contrast
            Minus the other effects' modes, minus the fixed effects, 1: ``(size,)``.
        M
            The other effects' conditional covariance over sigma^2, ``(q, q)``.
        """
        q = M.nrows()
        modes, variances = [], []
        for n, row in zip(self.norms, self.rows, strict=True):
            m = v / (1 + v * n)
            modes.append(m * total(contrast[i] * x for i, x in row.items()))
            inside = [(i, x) for i, x in row.items() if i < q]
            spread = total(M[i, j] * (x * z) for i, x in inside for j, z in inside)
            variances.append(m + m * m * spread)
        return modes, variances

    def _sum(self, weight: Callable[[fmpq], arb]) -> arb_mat:
        """Return minus the sum of weight(n_j) u_j'u_j."""
        factors = {n: -weight(n) for n in set(self.norms)}
        result = arb_mat(self.size, self.size)
        for (i, j), sums in self.weights.items():
            entry = total(factors[n] * x for n, x in sums.items())
            result[i, j] = entry
            result[j, i] = entry
        return result

    def _counts(self) -> dict[fmpq, int]:
        counts: dict[fmpq, int] = {}
        for n in self.norms:
            counts[n] = counts.get(n, 0) + 1
        return counts


def inner_product(data: Data, gone: Factor | None, others: Sequence[Factor]) -> InnerProduct:
    """Return Omega's statistics for an eliminated factor (perhaps none) and the other factors."""
    starts = _starts(others)
    products = dict(_products(data, others, starts))
    size = starts[-1] + len(data.W)
    if gone is None:
        return InnerProduct(size, products, (), (), {})
    norms = tuple(G[0, 0] for G in exact.level_products(gone, gone.columns))
    rows: list[dict[int, fmpq]] = [{} for _ in norms]
    for factor, start in zip(others, starts, strict=False):  # the last start is that of W
        for (level, other), block in exact.crossed(gone, factor).items():
            for b, x in enumerate(block.entries()):
                rows[level][start + other * len(factor.columns) + b] = x
    for row, block in zip(rows, exact.level_products(gone, data.W), strict=True):
        row.update({starts[-1] + j: x for j, x in enumerate(block.entries()) if x != 0})
    return InnerProduct(size, products, norms, tuple(rows), _weights(norms, rows))


def _starts(others: Sequence[Factor]) -> list[int]:
    starts = [0]
    for factor in others:
        starts.append(starts[-1] + factor.levels * len(factor.columns))
    return starts


def _products(
    data: Data, others: Sequence[Factor], starts: Sequence[int]
) -> Iterator[tuple[tuple[int, int], fmpq]]:
    """Yield the nonzero elements of U'U, both triangles."""
    end = starts[-1]
    for one, first in zip(others, starts, strict=False):  # the last start is that of W
        for other, second in zip(others, starts, strict=False):  # as above
            for (i, j), products in exact.crossed(one, other).items():
                corner = (first + i * len(one.columns), second + j * len(other.columns))
                yield from _placed(products, corner)
        for level, products in enumerate(exact.level_products(one, data.W)):
            row = first + level * len(one.columns)
            yield from _placed(products, (row, end))
            yield from _placed(products.transpose(), (end, row))
    yield from _placed(exact.gram(data.W), (end, end))


def _placed(matrix: fmpq_mat, corner: tuple[int, int]) -> Iterator[tuple[tuple[int, int], fmpq]]:
    """Yield the elements of a matrix with their places in a larger one."""
    for a, row in enumerate(matrix.tolist()):
        for b, x in enumerate(row):
            yield (corner[0] + a, corner[1] + b), x


def _weights(norms: Sequence[fmpq], rows: Sequence[Row]) -> dict[tuple[int, int], dict[fmpq, fmpq]]:
    """Return the upper triangle of the sums of u_j'u_j, by n_j."""
    weights: dict[tuple[int, int], dict[fmpq, fmpq]] = {}
    for n, row in zip(norms, rows, strict=True):
        entries = sorted(row.items())
        for place, (i, x) in enumerate(entries):
            for j, z in entries[place:]:
                sums = weights.setdefault((i, j), {})
                sums[n] = sums.get(n, fmpq(0)) + x * z
    return weights
