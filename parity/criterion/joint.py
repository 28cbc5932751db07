"""The criterion of one model at many responses, each at a covariance of its own.

The formulas are those of `lmm` and `derivative` in the coordinates of `rotation`. With
``N = I + sum_m d_m B_m``, c and s the rotated columns of Q and response, e = s - c beta::

    S   = Q'V^-1 Q   = within + sum c'N^-1 c
    r^2 = y'Py       = what is left within + sum e'N^-1 e

so that K = Z'V^-1 Z comes in as N^-1 only, and ``Z'PZ dD`` as N^-1 B_m.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.bundle import Prepared
from parity.criterion.covariance import triangle
from parity.criterion.stacks import factorize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from parity.criterion.bundle import At
    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.reduction import Reduction, Responses
    from parity.criterion.stacks import Stack

    Positions = NDArray[np.intp]

_CHUNK = 1 << 16
"""Numbers in a stack that is worked on at once: half a MB, which stays in the cache."""


class Joint:
    """The profiled deviance of one model at b responses.

    Attributes
    ----------
    reduction, responses
        The model and the responses, reduced.
    reml
        Whether it is the restricted one.
    """

    def __init__(self, reduction: Reduction, responses: Responses, *, reml: bool) -> None:
        """Lay the rotated responses out."""
        self.reduction = reduction
        self.responses = responses
        self.reml = reml
        self.prepared = [Prepared(b, responses.rotated) for b in reduction.bundles]

    @property
    def model(self) -> Model:
        """The model, whose response does not count."""
        return self.reduction.model

    @property
    def degrees(self) -> int:
        """N for ML, n - p for REML."""
        return self.model.n - self.model.p if self.reml else self.model.n

    def heights(self, factors: Sequence[Stack], which: Positions) -> Vector:
        """Return the deviances at factors of D, ``(b, r, r)`` a block, of some responses ``(b,)``.

        NaN where it is not defined.
        """
        return np.concatenate([point.deviance for point in self._points(factors, which)])

    def derivatives(
        self, factors: Sequence[Stack], which: Positions
    ) -> tuple[Vector, Matrix, Stack]:
        """Return the same, gradients ``(b, m)`` and Hessians ``(b, m, m)`` in vech(D)."""
        found = [(p.deviance, *p.derivatives) for p in self._points(factors, which)]
        heights, gradients, hessians = zip(*found, strict=True)
        return np.concatenate(heights), np.concatenate(gradients), np.concatenate(hessians)

    def estimates(self, factors: Sequence[Stack], which: Positions) -> tuple[Matrix, Vector]:
        """Return the fixed effects ``(b, p)`` and the residual SDs ``(b,)``."""
        found = [(point.turned, point.sigma) for point in self._points(factors, which)]
        turned, sigma = (np.concatenate(parts) for parts in zip(*found, strict=True))
        turned = turned + self.responses.turned[:, which].T
        return np.linalg.solve(self.reduction.triangle, turned.T).T, sigma

    def _points(self, factors: Sequence[Stack], which: Positions) -> Iterator[_Point]:
        with np.errstate(all="ignore"):
            elements = _elements(factors)
        each = sum(bundle.numbers for bundle in self.prepared)
        step = max(1, _CHUNK // max(each, 1))
        for start in range(0, len(which), step):
            part = slice(start, start + step)
            with np.errstate(all="ignore"):
                yield _Point(self, elements[part], which[part])


def _elements(factors: Sequence[Stack]) -> Matrix:
    """Return vech(D), D = F F' of each block, ``(b, m)``."""
    pieces = []
    for factor in factors:
        rows, columns = triangle(factor.shape[-1])
        pieces.append((factor @ factor.transpose(0, 2, 1))[:, rows, columns])
    return np.concatenate(pieces, axis=1)


class _Point:
    """Some responses, each at its vech(D), ``(b, m)``."""

    def __init__(self, joint: Joint, elements: Matrix, which: Positions) -> None:
        self.joint = joint
        self.bundles: list[At] = [bundle.at(elements, which) for bundle in joint.prepared]
        self.cross = joint.responses.cross[:, which].T
        self.squares = joint.responses.squares[which]
        self.within = joint.reduction.within
        self.count = elements.shape[1]

    @cached_property
    def root(self) -> Stack:
        """Lower Cholesky factors of S, ``(b, p, p)``."""
        information: Stack = np.tile(self.within, (len(self.squares), 1, 1))
        for bundle in self.bundles:
            information += bundle.information
        return factorize(information)

    @cached_property
    def inverse(self) -> Stack:
        """S^-1, ``(b, p, p)``."""
        back = np.linalg.inv(self.root)
        return np.asarray(back.transpose(0, 2, 1) @ back)

    @cached_property
    def turned(self) -> Matrix:
        """R beta, less what least squares gives, ``(b, p)``."""
        gain = self.cross.copy()
        for bundle in self.bundles:
            gain += bundle.gain
        return np.asarray(np.einsum("bpq,bq->bp", self.inverse, gain))

    @cached_property
    def pwrss(self) -> Vector:
        """r^2, ``(b,)``."""
        turned = self.turned
        fitted = turned @ self.within - 2.0 * self.cross
        squares: Vector = self.squares + np.einsum("bp,bp->b", fitted, turned)
        for bundle in self.bundles:
            squares += bundle.misfit(turned)
        return squares

    @property
    def sigma(self) -> Vector:
        """Residual SDs, ``(b,)``."""
        return np.sqrt(self.pwrss / self.joint.degrees)

    @cached_property
    def deviance(self) -> Vector:
        """`parity.criterion.lmm.Point.deviance` of each, ``(b,)``."""
        degrees, reduction = self.joint.degrees, self.joint.reduction
        volume: Vector = np.full(len(self.squares), reduction.model.volume)
        if self.joint.reml:
            volume += 2.0 * np.log(np.abs(np.diag(reduction.triangle))).sum()
            volume += 2.0 * np.log(np.einsum("bpp->bp", self.root)).sum(axis=1)
        for bundle in self.bundles:
            volume += bundle.logdet
        return np.asarray(volume + degrees * (1.0 + np.log(2.0 * np.pi * self.pwrss / degrees)))

    @cached_property
    def derivatives(self) -> tuple[Matrix, Stack]:
        """Gradient and Hessian in vech(D): see `parity.criterion.derivative`."""
        degrees = self.joint.degrees
        first, second = self._traces()
        squares, mixed, through = _summed([b.pulls(self.turned) for b in self.bundles])
        ratio = 1.0 / self.pwrss
        squares = squares * ratio[:, None]
        bend = through - np.einsum("bmp,bpq,bnq->bmn", mixed, self.inverse, mixed)
        outer = squares[:, :, None] * squares[:, None, :]
        hessian = degrees * (2.0 * ratio[:, None, None] * bend - outer) - second
        return first - degrees * squares, (hessian + hessian.transpose(0, 2, 1)) / 2.0

    def _traces(self) -> tuple[Matrix, Stack]:
        """Tr K dD and tr K dD1 K dD2, with Z'PZ for K where it is REML."""
        first, second = _summed([(bundle.traces, bundle.pairs) for bundle in self.bundles])
        if not self.joint.reml:
            return first, second
        fixed, crossed = _summed([bundle.restricted(self.inverse) for bundle in self.bundles])
        scaled = np.einsum("bpq,bmqr->bmpr", self.inverse, fixed)
        again = np.einsum("bmpq,bnqp->bmn", scaled, scaled)
        return first - np.einsum("bmpp->bm", scaled), second - 2.0 * crossed + again


def _summed(parts: Sequence[tuple[Stack, ...]]) -> list[Stack]:
    """Return the sums over bundles, kind by kind."""
    return [np.sum(np.stack(kind), axis=0) for kind in zip(*parts, strict=True)]
