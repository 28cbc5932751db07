"""Charts of the covariances that are allowed: the interior, and the faces of the boundary.

A block's D ``(r, r)`` of full rank has the chart psi = vech(D). The matrices of rank s < r have the
chart D = L L' with L lower trapezoidal of positive diagonal, ``(r, s)``, its rows taken in an
order such that the first s of them are independent. A point that is stationary in such a chart has
(dd/dD) D = 0: every direction along the face is among its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from parity.referee.matrices import identity, total

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Face:
    """One block's part of a chart.

    Attributes
    ----------
    order
        The effects, those first whose rows of L come first; ``range(r)`` in the interior.
    rank
        Of D; r in the interior.
    """

    order: tuple[int, ...]
    rank: int

    @property
    def width(self) -> int:
        """The number r of effects."""
        return len(self.order)

    @property
    def size(self) -> int:
        """The number of elements of vech(D)."""
        return self.width * (self.width + 1) // 2

    @property
    def interior(self) -> bool:
        """Whether D is of full rank."""
        return self.rank == self.width

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """(row, column) of each psi: of D in the interior, of L on a face."""
        return tuple((i, j) for j in range(self.rank) for i in self.order[j:])

    def covariance(self, psi: Sequence[arb]) -> arb_mat:
        """Return D, ``(r, r)``."""
        if self.interior:
            D = arb_mat(self.width, self.width)
            for (i, j), value in zip(self.places, psi, strict=True):
                D[i, j] = value
                D[j, i] = value
            return D
        L = self.factor(psi)
        return L * L.transpose()

    def factor(self, psi: Sequence[arb]) -> arb_mat:
        """Return L of a face, ``(r, rank)``."""
        L = arb_mat(self.width, self.rank)
        for (i, j), value in zip(self.places, psi, strict=True):
            L[i, j] = value
        return L

    def derivative(self, psi: Sequence[arb], number: int) -> arb_mat:
        """Return dD / dpsi of one of the parameters."""
        unit = [arb(int(i == number)) for i in range(len(psi))]
        if self.interior:
            return self.covariance(unit)
        half = self.factor(unit) * self.factor(psi).transpose()
        return half + half.transpose()

    def bend(self, one: int, other: int) -> arb_mat:
        """Return d^2D / dpsi dpsi, a constant."""
        if self.interior:
            return arb_mat(self.width, self.width)
        count = len(self.places)
        first, second = ([arb(int(i == k)) for i in range(count)] for k in (one, other))
        half = self.factor(first) * self.factor(second).transpose()
        return half + half.transpose()

    def null_space(self, psi: Sequence[arb]) -> arb_mat:
        """Return a basis of the vectors that D maps to 0, ``(r, r - rank)``."""
        if not self.rank:
            return identity(self.width)
        L = self.factor(psi)
        lead, below = self.order[: self.rank], self.order[self.rank :]
        upper, lower = (
            arb_mat([[L[i, j] for j in range(self.rank)] for i in rows]) for rows in (lead, below)
        )
        shares = lower * upper.inv()
        null = arb_mat(self.width, len(below))
        for column, row in enumerate(below):
            null[row, column] = 1
            for position, i in enumerate(lead):
                null[i, column] = -shares[column, position]
        return null


@dataclass(frozen=True)
class Chart:
    """A face for each block; psi is the faces' parameters one after the other, ``(h,)``."""

    faces: tuple[Face, ...]

    @property
    def interior(self) -> bool:
        """Whether every block is of full rank."""
        return all(face.interior for face in self.faces)

    def split(self, psi: Sequence[arb]) -> list[Sequence[arb]]:
        """Return each face's part of psi."""
        parts = []
        start = 0
        for face in self.faces:
            parts.append(psi[start : start + len(face.places)])
            start += len(face.places)
        return parts

    def phi(self, psi: Sequence[arb]) -> list[arb]:
        """Return vech(D) of all blocks, ``(k,)``."""
        parts = zip(self.faces, self.split(psi), strict=True)
        return [entry for face, part in parts for entry in vech(face.covariance(part))]

    def pulled_back(
        self, psi: Sequence[arb], gradient: Sequence[arb], hessian: arb_mat
    ) -> tuple[list[arb], arb_mat]:
        """Return gradient and Hessian in psi from those in phi, by the chain rule."""
        J = self._jacobian(psi)
        pulled = [total(J[i, a] * g for i, g in enumerate(gradient)) for a in range(J.ncols())]
        curved = J.transpose() * hessian * J
        slot = start = 0
        for face in self.faces:
            count = len(face.places)
            for a in range(count):
                for b in range(count):
                    bend = vech(face.bend(a, b))
                    local = gradient[start : start + face.size]
                    curved[slot + a, slot + b] += total(
                        g * x for g, x in zip(local, bend, strict=True)
                    )
            slot, start = slot + count, start + face.size
        return pulled, curved

    def _jacobian(self, psi: Sequence[arb]) -> arb_mat:
        """Return dphi / dpsi, ``(k, h)``."""
        J = arb_mat(sum(face.size for face in self.faces), len(psi))
        slot = start = 0
        for face, part in zip(self.faces, self.split(psi), strict=True):
            for a in range(len(part)):
                for i, entry in enumerate(vech(face.derivative(part, a))):
                    J[start + i, slot + a] = entry
            slot, start = slot + len(part), start + face.size
        return J


def vech(D: arb_mat) -> list[arb]:
    """Return the lower triangle, column by column."""
    size = D.nrows()
    return [D[i, j] for j in range(size) for i in range(j, size)]


def unvech(entries: Sequence[arb], width: int) -> arb_mat:
    """Return the symmetric matrix of a lower triangle."""
    return Face(tuple(range(width)), width).covariance(entries)
