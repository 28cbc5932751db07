"""The products of the rows of Z Lambda that A is the weighted sum of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Vector
    from parity.criterion.pattern import Pattern
    from parity.criterion.rows import Scaled

    Stack: TypeAlias = NDArray[np.float64]


class Crossed:
    """The products of the rows of Z Lambda that A is the weighted sum of.

    Attributes
    ----------
    pattern
        Where they go.
    scaled
        The rows.
    own, between, within
        Products within the largest factor ``(r, r, n)``, of it with the others ``(r, R - r, n)``,
        and within the others ``(R - r, R - r, n)``.
    """

    def __init__(self, pattern: Pattern, scaled: Scaled) -> None:
        """Multiply."""
        self.pattern = pattern
        self.scaled = scaled
        first, second = scaled.columns[: pattern.rows.width], scaled.columns[pattern.rows.width :]
        self.own: Stack = first[None] * first[:, None]
        if pattern.rows.others:
            self.between: Stack = second[None] * first[:, None]
            self.within: Stack = second[None] * second[:, None]

    def blocks(self, weights: Vector) -> Stack:
        """Return the diagonal blocks D of A for the largest factor, ``(levels, r, r)``."""
        rows, own = self.pattern.rows, self.own
        if rows.width == 1:
            sums = np.bincount(rows.lead, weights * own[0, 0], rows.levels)
            return np.asarray(1.0 + sums)[:, None, None]
        blocks = np.empty((rows.levels, rows.width, rows.width))
        for a in range(rows.width):
            for b in range(a + 1):
                sums = np.bincount(rows.lead, weights * own[a, b], rows.levels)
                blocks[:, a, b] = blocks[:, b, a] = sums
        blocks += np.eye(rows.width)
        return blocks
