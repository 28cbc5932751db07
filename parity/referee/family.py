"""Response families with their canonical link: cumulants, constants and bounds in the complex."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flint import arb, fmpz

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from parity.referee.glmm_cells import Cell, Response

    Table: TypeAlias = Sequence[Sequence[arb]]
    Tally: TypeAlias = tuple[list[arb], Table, Table]

# a ball times a ball is faster than a ball times an integer
_ZERO, _ONE = arb(0), arb(1)


class Family(Protocol):
    """An exponential family with canonical link: ``log f = y eta - m B(eta) + constant``.

    Everything is a function of ``q = exp(eta)``.

    Attributes
    ----------
    name, link
        As in `parity.spec.ModelSpec`.
    strip
        The likelihood is analytic and bounded for ``|Im eta| < strip pi``.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - an attribute

    @property
    def link(self) -> str: ...  # noqa: D102 - an attribute

    @property
    def strip(self) -> float: ...  # noqa: D102 - an attribute

    def cumulants(self, q: arb, order: int) -> list[arb]:
        """Return the derivatives 1 to `order` (at most 4) of B."""
        ...

    def tally(self, sizes: Sequence[int], odds: Table) -> Tally:
        """Return ``sum m B`` at each node, and B' and B'' of each cell at each node.

        Parameters
        ----------
        sizes
            m of each cell.
        odds
            Cell by cell the q at each node.
        """
        ...

    def constant(self, responses: Iterable[Response]) -> arb:
        """Return what the log-likelihood holds beside y eta - m B."""
        ...

    def log_modulus(self, cells: Sequence[Cell], turn: arb) -> arb:
        """Return an upper bound of the log modulus of the likelihood of these cells.

        It holds for all complex linear predictors with ``|Im eta| <= turn``.

        Raises
        ------
        ValueError
            Where `turn` leaves the strip on which the likelihood is analytic and bounded.
        """
        ...

    def log_tail(self, cell: Cell, edge: arb, side: int) -> arb:
        """Return the same for one cell, ``|Im eta| <= 1/8`` and the real part beyond `edge`.

        Beyond means at least `edge` for side 1, at most `edge` for side -1.
        """
        ...


TILT = arb(1) / 8
"""How far the imaginary part of a linear predictor may lie off the line where tails are bounded."""


@dataclass(frozen=True, slots=True)
class Binomial:
    """Successes of m trials with the logit link: ``B = log(1 + exp(eta))``."""

    name: str = "binomial"
    link: str = "logit"
    strip: float = 1.0

    def cumulants(self, q: arb, order: int) -> list[arb]:
        """Return p, p(1-p), p(1-p)(1-2p), p(1-p)(1-6p(1-p)), as many as asked."""
        failure = 1 / (1 + q)
        p = q * failure
        found = [p]
        if order > 1:
            variance = p * failure
            found.append(variance)
            if order > 2:  # noqa: PLR2004 - the third derivative
                found += [variance * (failure - p), variance * (1 - 6 * variance)]
        return found[:order]

    def tally(self, sizes: Sequence[int], odds: Table) -> Tally:
        """Return ``sum m log(1 + q)``, by one logarithm of a product, ``p`` and ``p (1-p)``."""
        products, means, variances = [_ONE] * len(odds[0]), [], []
        for m, row in zip(sizes, odds, strict=True):
            wholes = [_ONE + q for q in row]
            failures = [_ONE / whole for whole in wholes]
            means.append([q * f for q, f in zip(row, failures, strict=True)])
            variances.append([p * f for p, f in zip(means[-1], failures, strict=True)])
            powers = wholes if m == 1 else [whole**m for whole in wholes]
            products = [a * b for a, b in zip(products, powers, strict=True)]
        return [product.log() for product in products], means, variances

    def constant(self, responses: Iterable[Response]) -> arb:
        """Return the sum of the log binomial coefficients."""
        product = fmpz(1)
        for response in responses:
            product *= fmpz(math.comb(response.size, response.count)) ** response.times
        return arb(product).log()

    def log_modulus(self, cells: Sequence[Cell], turn: arb) -> arb:
        """Return 0 up to pi/2, since ``|1 + q e^(ic)| >= max(1, q)``; ``-m log sin c`` beyond.

        Beyond pi/2 both ``|1 + q e^(ic)|`` and ``|1/q + e^(ic)|`` are at least ``sin c``.
        """
        if turn <= arb.pi() / 2:
            return arb(0)
        if not turn < arb.pi():
            raise ValueError(f"the logistic function has poles at pi; the turn {turn} goes there")
        return -sum(cell.size for cell in cells) * turn.sin().log()

    def log_tail(self, cell: Cell, edge: arb, side: int) -> arb:
        """Return ``-(m - y) eta`` for eta > 0 on the right, ``y eta`` for eta < 0 on the left."""
        weight = cell.size - cell.count if side > 0 else cell.count
        low = (side * edge).lower()
        return -weight * low if low > 0 else arb(0)


@dataclass(frozen=True, slots=True)
class Poisson:
    """Counts with the log link: ``B = exp(eta)``."""

    name: str = "poisson"
    link: str = "log"
    strip: float = 0.5

    def cumulants(self, q: arb, order: int) -> list[arb]:
        """Return the exponential, as often as asked."""
        return [q] * order

    def tally(self, sizes: Sequence[int], odds: Table) -> Tally:
        """Return ``sum m q``, and ``q`` twice."""
        sums = [_ZERO] * len(odds[0])
        for m, row in zip(sizes, odds, strict=True):
            sums = [total + m * q for total, q in zip(sums, row, strict=True)]
        return sums, odds, odds

    def constant(self, responses: Iterable[Response]) -> arb:
        """Return minus the sum of the log factorials."""
        product = fmpz(1)
        for response in responses:
            product *= fmpz(math.factorial(response.count)) ** response.times
        return -arb(product).log()

    def log_modulus(self, cells: Sequence[Cell], turn: arb) -> arb:
        """Return the sum of ``y log(y / (m cos c)) - y``: the largest ``y a - m cos(c) e^a``."""
        if not turn < arb.pi() / 2:
            raise ValueError(
                f"exp(-exp(eta)) is unbounded from pi/2 on; the turn {turn} goes there"
            )
        return sum((self._peak(cell, turn) for cell in cells), arb(0))

    def _peak(self, cell: Cell, turn: arb) -> arb:
        if cell.count == 0:
            return arb(0)
        return cell.count * ((arb(cell.count) / (cell.size * turn.cos())).log() - 1)

    def log_tail(self, cell: Cell, edge: arb, side: int) -> arb:
        """Return ``y a - m cos(1/8) e^a`` at the edge, or at its peak where that lies beyond."""
        shrunk = cell.size * TILT.cos()
        at_edge = cell.count * edge - shrunk * edge.exp()
        slope = cell.count - shrunk * edge.exp()
        return at_edge if slope * side <= 0 else self._peak(cell, TILT)


FAMILIES: dict[tuple[str, str], Family] = {
    ("binomial", "logit"): Binomial(),
    ("poisson", "log"): Poisson(),
}
