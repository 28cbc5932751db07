"""Models whose optimum is hard: at a boundary, or one of two."""

from __future__ import annotations

import numpy as np

from parity.criterion.model import Block, Model

# found by a search through small random data: -2 log-likelihood (ML) rises from v = 0, falls to a
# second minimum, and rises again; which minimum is lower differs
TWO_MINIMA: dict[str, tuple[list[int], list[int]]] = {
    "inside": ([0, 1, 2, 2, 3], [-10, -12, 0, -8, 21]),
    "at 0": ([0, 1, 1, 1, 1, 1, 2], [9, -7, -7, -1, -16, -5, -8]),
}


def two_minima(which: str) -> Model:
    groups, y = TWO_MINIMA[which]
    unit = np.ones((len(y), 1))
    return Model(
        y=np.array(y, float), X=unit, blocks=(Block(np.array(groups), unit, max(groups) + 1),)
    )


def lines_through_one_point(seed: int) -> Model:
    """Return 8 groups of 5 rows whose lines all go through one point, but for noise."""
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(8), 5), np.tile(np.arange(5.0), 8)
    a = rng.integers(-9, 10, 8)
    y = np.round(a[g] * (4 - x) / 2 + rng.normal(0, 6, 40), 1)
    X = np.column_stack([np.ones(40), x])
    return Model(y=y, X=X, blocks=(Block(g, X.copy(), 8),))
