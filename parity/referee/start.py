"""Where a proof begins: the optimum in double precision, and the faces it may lie on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat

from parity.criterion.covariance import covariances
from parity.referee.chart import Chart, Face, vech

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Block, Model

_CUTS = (1e-5, 1e-8, 1e-3, 1e-2, 1e-1, 0.0)
"""Standard deviations over sigma, in units of a column's root mean square, that may stand for 0.
Double precision leaves about 1e-8, the square root of its rounding, where the truth is 0; a search
that crept along a flat boundary leaves more. Each is only a proposal: the proof decides."""


def candidates(model: Model, theta: NDArray[np.float64]) -> Iterator[tuple[Chart, list[arb]]]:
    """Yield charts that may hold the optimum, each once, with a start psi ``(h,)``."""
    tried: set[Chart] = set()
    for cut in _CUTS:
        pairs = [
            _face(D, _units(block), cut)
            for D, block in zip(covariances(model, theta), model.blocks, strict=True)
        ]
        chart = Chart(tuple(face for face, _ in pairs))
        if chart not in tried:
            tried.add(chart)
            yield chart, [entry for _, psi in pairs for entry in psi]


def scales(chart: Chart, psi: Sequence[arb]) -> list[arb]:
    """Return the size that each parameter is measured by, ``(h,)``: positive.

    An off-diagonal element of D is measured by the root of the product of its two variances, an
    element of L by the root of its row's variance.
    """
    sizes: list[arb] = []
    for face, part in zip(chart.faces, chart.split(psi), strict=True):
        D = face.covariance(part)
        for i, j in face.places:
            size = (D[i, i] * D[j, j]).sqrt() if face.interior else D[i, i].sqrt()
            sizes.append(size.mid())
    return sizes


def _face(D: NDArray[np.float64], units: NDArray[np.float64], cut: float) -> tuple[Face, list[arb]]:
    """Return the face that a covariance ``(r, r)`` is on when what is below the cut is 0."""
    width = len(D)
    scaled = D * np.outer(units, units)
    rank = int((np.linalg.eigvalsh(scaled) > cut**2).sum())
    if rank == width:
        return Face(tuple(range(width)), width), vech(arb_mat(D.tolist()))
    order, factor = _pivoted(scaled, rank)
    face = Face(order, rank)
    return face, [arb(float(factor[i, j] / units[i])) for i, j in face.places]


def _pivoted(D: NDArray[np.float64], rank: int) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Return the first columns of a Cholesky factor ``(r, rank)``, largest pivots first."""
    rest, L = D.copy(), np.zeros((len(D), rank))
    order: list[int] = []
    for j in range(rank):
        left = [i for i in range(len(D)) if i not in order]
        pivot = max(left, key=lambda i: rest[i, i])
        order.append(pivot)
        L[left, j] = rest[left, pivot] / np.sqrt(rest[pivot, pivot])
        rest = rest - np.outer(L[:, j], L[:, j])
    return (*order, *(i for i in range(len(D)) if i not in order)), L


def _units(block: Block) -> NDArray[np.float64]:
    """Return the root mean square of each of a block's columns, ``(r,)``; 1 for zeros."""
    sizes = np.sqrt(np.mean(block.columns**2, axis=0))
    return np.where(sizes > 0, sizes, 1.0)
