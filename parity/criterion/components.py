"""Which levels share rows: the parts into which a model's random effects fall.

Two levels of different factors are connected where a row has both. Rows of different components
have no random effect in common, so that V is block diagonal over components: a component is a
level of a single factor, a school with its classes where factors are nested, and the whole model
where they are crossed throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Block

    Positions = NDArray[np.intp]
    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a sum is


@dataclass(frozen=True)
class Components:
    """Components, and where their effects stand among their own.

    Attributes
    ----------
    count
        How many there are.
    of_rows
        The component of each row, ``(n,)``.
    of_levels
        By block, the component of each level, ``(levels,)``.
    firsts
        By block, the place of each level's first effect among the effects of its component,
        ``(levels,)``; its others follow.
    widths
        The number of effects of each component, ``(count,)``.
    """

    count: int
    of_rows: Positions
    of_levels: tuple[Positions, ...]
    firsts: tuple[Positions, ...]
    widths: Positions


WIDEST = 200
"""Random effects of a component up to which its covariance is inverted whole."""


def are_narrow(blocks: Sequence[Block]) -> bool:
    """Whether the model falls into components that are small enough to be inverted whole."""
    return int(connect(blocks).widths.max()) <= WIDEST


def connect(blocks: Sequence[Block]) -> Components:
    """Return the components of a model's blocks."""
    count, of_levels = _label(blocks)
    widths = np.zeros(count, dtype=np.intp)
    firsts = []
    for block, label in zip(blocks, of_levels, strict=True):
        firsts.append(widths[label] + _rank(label, count) * block.width)
        widths = widths + np.bincount(label, minlength=count) * block.width
    of_rows = blocks[0].codes
    if count < blocks[0].levels:
        of_rows = of_levels[0][of_rows]
    return Components(count, of_rows, of_levels, tuple(firsts), widths)


def _label(blocks: Sequence[Block]) -> tuple[int, tuple[Positions, ...]]:
    """Return the number of components, and that of each level of each block."""
    first = blocks[0]
    if all(np.array_equal(block.codes, first.codes) for block in blocks[1:]):
        own = np.arange(first.levels)
        return first.levels, tuple(own for _ in blocks)
    starts = np.cumsum([0, *(block.levels for block in blocks)])
    size = int(starts[-1])
    edges: Sparse = sparse.coo_array((size, size), dtype=np.int8)
    for block, start in zip(blocks[1:], starts[1:-1], strict=True):
        ones = np.ones(len(block.codes), dtype=np.int8)
        edges = edges + sparse.coo_array((ones, (first.codes, start + block.codes)), (size, size))
    count, labels = csgraph.connected_components(edges, directed=False)
    pieces = np.split(np.asarray(labels, dtype=np.intp), starts[1:-1])
    return int(count), tuple(pieces)


def _rank(labels: Positions, count: int) -> Positions:
    """Return each element's place among those of its label, ``(levels,)``."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels, minlength=count)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(labels), dtype=np.intp)
    ranks[order] = np.arange(len(labels)) - starts[labels[order]]
    return ranks
