"""Coordinates in which V is small: an orthonormal basis of Z's columns, component by component.

With ``W^1/2 Z = E R`` in each component, E'E = I, the covariance of the rotated response E'W^1/2 y
is ``N = I + sum_m d_m B_m`` over sigma^2, d the elements of vech(D) and ``B_m = R (dD / dd_m) R'``;
what is orthogonal to E has covariance sigma^2 I and its sum of squares is all that counts of it.
So a response of thousands of rows comes down to a few numbers a component, and nothing cancels:
a part within the components and a part between them add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from parity.criterion.components import connect
from parity.criterion.covariance import triangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.components import Components
    from parity.criterion.model import Matrix, Model

    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is
    Stack: TypeAlias = NDArray[np.float64]
    Positions = NDArray[np.intp]

DEPENDENT = 1e-12
"""Share of a column's norm that rounding may leave of it where it depends on others."""
_PIECE = 1 << 15
"""Numbers in a piece of work: a quarter of a MB."""
_PIECES = 64
"""How many pieces there may be: the rows of each are looked for among all."""


@dataclass(frozen=True)
class Piece:
    """Some components, all of their rows.

    Attributes
    ----------
    rows
        Positions in the model of the n rows.
    basis
        E, ``(n, J w)``: w columns a component, those that depend on others are 0.
    spread
        B_m, ``(m, J, w, w)``.
    kept
        Which columns are not 0, ``(J, w)``.
    """

    rows: Positions | slice
    basis: Sparse
    spread: Stack
    kept: NDArray[np.bool_]


def rotate(model: Model) -> Iterator[Piece]:
    """Yield the rotation piece by piece, each of a bounded size or a single component."""
    found = connect(model.blocks)
    labels = found.of_rows
    sizes = np.bincount(labels, minlength=found.count)
    ends = np.cumsum(sizes)
    in_order = bool((labels[1:] >= labels[:-1]).all())
    for first, last in _spans(sizes, found.widths):
        if in_order:
            begin = int(ends[first - 1]) if first else 0
            yield _piece(model, found, slice(begin, int(ends[last - 1])), (first, last))
        else:
            inside = labels >= first
            inside &= labels < last
            yield _piece(model, found, np.flatnonzero(inside), (first, last))


def _spans(sizes: Positions, widths: Positions) -> Iterator[tuple[int, int]]:
    """Yield first and last component, exclusive, of each piece; none is without rows."""
    present = np.flatnonzero(sizes)
    filled = np.cumsum(sizes[present] * widths[present])
    part = (filled - 1) // max(_PIECE, filled[-1] // _PIECES)
    cuts = np.flatnonzero(np.diff(part, prepend=-1))
    for cut, end in zip(cuts, [*cuts[1:], len(present)], strict=True):
        yield int(present[cut]), int(present[end - 1]) + 1


def _piece(
    model: Model, found: Components, rows: Positions | slice, span: tuple[int, int]
) -> Piece:
    label = found.of_rows[rows] - span[0]
    count, width = span[1] - span[0], int(found.widths[span[0] : span[1]].max())
    columns = np.zeros((len(label), width))
    places = np.arange(len(label))
    for block, first in zip(model.blocks, found.firsts, strict=True):
        start = first[block.codes[rows]]
        for column in range(block.width):
            columns[places, start + column] = block.columns[rows, column]
    columns *= np.sqrt(model.weights[rows])[:, None]
    triangles = _orthonormalize(columns, label, count)
    pointers = np.arange(0, columns.size + 1, width)
    indices = (label[:, None] * width + np.arange(width)).ravel()
    shape = (len(label), count * width)
    basis = sparse.csr_array((columns.ravel(), indices, pointers), shape=shape)
    if width > 1:
        basis.eliminate_zeros()
    kept = np.einsum("jaa->ja", triangles) > 0
    return Piece(rows, basis.tocsc(), _spread(model, found, triangles, span), kept)


def _orthonormalize(columns: Matrix, label: Positions, count: int) -> Stack:
    """Turn columns ``(n, w)`` into E in place, and return R ``(count, w, w)``.

    Gram and Schmidt's way, each column twice, which leaves E orthonormal to rounding.
    """
    width = columns.shape[1]
    triangles = np.zeros((count, width, width))
    for a in range(width):
        column = columns[:, a]
        norm = np.sqrt(np.bincount(label, column**2, count))
        for _ in range(2 if a else 0):
            before = columns[:, :a]
            share = np.stack(
                [np.bincount(label, before[:, c] * column, count) for c in range(a)], axis=1
            )
            column -= np.einsum("nc,nc->n", before, share[label])
            triangles[:, :a, a] += share
        left = np.sqrt(np.bincount(label, column**2, count))
        left[left <= DEPENDENT * norm] = 0.0
        triangles[:, a, a] = left
        scale = np.divide(1.0, left, out=np.zeros(count), where=left > 0)
        column *= scale[label]
    return triangles


def _spread(model: Model, found: Components, triangles: Stack, span: tuple[int, int]) -> Stack:
    """Return B_m, ``(m, J, w, w)``, for R ``(J, w, w)``."""
    count, width = triangles.shape[:2]
    pieces = []
    for block, label, first in zip(model.blocks, found.of_levels, found.firsts, strict=True):
        inside = np.flatnonzero((label >= span[0]) & (label < span[1]))
        component, start = label[inside] - span[0], first[inside]
        for row, column in zip(*triangle(block.width), strict=True):
            left, right = (triangles[component, :, start + place] for place in (row, column))
            cells = np.zeros((count, width, width))
            np.add.at(cells, component, left[:, :, None] * right[:, None, :])
            pieces.append(cells if row == column else cells + cells.transpose(0, 2, 1))
    return np.stack(pieces)
