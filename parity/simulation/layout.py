"""Which level of each factor a row belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from parity.simulation.feasibility import rows_needed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.simulation.design import Design

    Codes: TypeAlias = NDArray[np.int64]


def lay_out(design: Design, random: np.random.Generator) -> dict[str, Codes]:
    """Return factor → the level of each row, ``(n,)``, from 0 and told apart between parents.

    Every level of every factor occurs. Crossed factors are dealt out independently of each other.
    """
    codes: dict[str, Codes] = {}
    for factor in design.factors:
        floor = rows_needed(design, factor.name)
        parents = (
            np.zeros(design.rows, dtype=np.int64)
            if factor.nested_in is None
            else codes[factor.nested_in]
        )
        found = np.empty(design.rows, dtype=np.int64)
        for parent in range(int(parents.max()) + 1):
            inside = np.flatnonzero(parents == parent)
            sizes = share(len(inside), factor.levels, design.balance, floor)
            dealt = np.repeat(random.permutation(factor.levels), sizes)
            found[inside] = parent * factor.levels + random.permutation(dealt)
        codes[factor.name] = found
    return codes


def share(rows: int, levels: int, balance: float, floor: int) -> Codes:
    """Return the sizes of some levels, ``(levels,)``, ascending, which add up to the rows.

    Parameters
    ----------
    rows, levels
        What is shared among how many.
    balance
        The first share over the last; the others lie geometrically between.
    floor
        What each level has at least; the rest goes by the shares, to the largest remainders.
    """
    weights = balance ** (np.arange(levels - 1, -1, -1) / (levels - 1))
    free = rows - levels * floor
    shares = free * weights / weights.sum()
    sizes: Codes = np.floor(shares).astype(np.int64)
    order = np.argsort(sizes - shares, kind="stable")
    sizes[order[: free - int(sizes.sum())]] += 1
    sizes += floor
    sizes.sort()
    return sizes
