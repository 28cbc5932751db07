"""Many rows a few at a time: what is made of all at once would be larger than the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parity.criterion.model import Matrix

ROWS = 1 << 14
"""Rows that are looked at together."""


def portions(n: int) -> Iterator[slice]:
    """Yield slices that together are n rows, in order."""
    return (slice(start, start + ROWS) for start in range(0, n, ROWS))


def triangularize(rows: Iterable[Matrix], width: int) -> Matrix:
    """Return R of ``A = Q R``, A ``(n, width)`` given portion by portion.

    Its columns have the lengths and angles of A's; it has ``min(n, width)`` rows.
    """
    found: Matrix = np.empty((0, width))
    for portion in rows:
        found = np.asarray(np.linalg.qr(np.concatenate([found, portion]), mode="r"))
    return found
