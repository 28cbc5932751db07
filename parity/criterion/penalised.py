"""The penalised system A = Lambda'Z'WZ Lambda + I, its largest factor eliminated in closed form.

With the effects of the largest grouping factor first, A is block diagonal there, so that only
the Schur complement of the other factors' effects needs a factorisation (the arrangement of
Bates et al. 2015, section 5.3, with the fill left to one smaller matrix).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from parity.criterion.cholesky import Cholesky, Memory, factorize
from parity.criterion.model import largest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Block, Matrix, Vector

    Sparse: TypeAlias = Any  # scipy's stubs disagree on what a product or a slice is
    Stack: TypeAlias = NDArray[np.float64]

_CHUNK = 2_000_000
"""Numbers in a dense piece of work: 16 MB."""


class Structure:
    """Where the effects of a model's blocks stand; made once, used at any weights and theta.

    Vectors of effects are ordered block by block, level by level, column by column, ``(q,)``.

    Attributes
    ----------
    blocks
        The model's.
    Z
        The raw random-effects design, ``(n, q)``.
    q
        The number of random effects.
    starts
        Where each block's effects begin, and the end, ``(blocks + 1,)``.
    lead
        Indices of the blocks of the factor with the most effects.
    leading, others
        Positions of its effects, ``(levels, r)``, and of all others.
    memory
        The symbolic analysis of the others' Schur complement, made at its first factorisation.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        """Find the factor with the most effects."""
        self.blocks = tuple(blocks)
        self.Z: Sparse = sparse.hstack([_design(block) for block in blocks], format="csr")
        self.q = int(self.Z.shape[1])
        self.starts = np.cumsum([0, *(block.levels * block.width for block in blocks)])
        self.lead = largest(self.blocks)
        self.memory = Memory()
        levels = self.blocks[self.lead[0]].levels
        spans = [
            np.arange(self.starts[i], self.starts[i + 1]).reshape(levels, -1) for i in self.lead
        ]
        self.leading: NDArray[np.intp] = np.concatenate(spans, axis=1)
        self.others: NDArray[np.intp] = np.setdiff1d(np.arange(self.q), self.leading)

    def products(self, weights: Vector) -> Products:
        """Return Z'WZ at weights ``(n,)``."""
        block = self.blocks[self.lead[0]]
        columns = np.concatenate([self.blocks[i].columns for i in self.lead], axis=1)
        width = columns.shape[1]
        gram = np.empty((block.levels, width, width))
        for a in range(width):
            for b in range(a + 1):
                cells = weights * columns[:, a] * columns[:, b]
                gram[:, a, b] = np.bincount(block.codes, cells, block.levels)
                gram[:, b, a] = gram[:, a, b]
        crossproduct = (self.Z.T @ self.Z.multiply(weights[:, None])).tocsc()
        return Products(self, crossproduct, gram)

    def spread(self, matrices: Sequence[Matrix]) -> Sparse:
        """Return the block diagonal ``(q, q)`` that repeats each block's matrix at every level."""
        parts = [
            sparse.kron(sparse.eye_array(block.levels), matrix)
            for block, matrix in zip(self.blocks, matrices, strict=True)
        ]
        return sparse.block_diag(parts, format="csc")

    def joined(self, matrices: Sequence[Matrix]) -> Matrix:
        """Return the block diagonal ``(r, r)`` of the largest factor's matrices."""
        width = self.leading.shape[1]
        whole, start = np.zeros((width, width)), 0
        for i in self.lead:
            end = start + len(matrices[i])
            whole[start:end, start:end] = matrices[i]
            start = end
        return whole

    def chunks(self) -> Iterator[tuple[int, slice]]:
        """Yield block and positions of pieces of the effects, whole levels, of a bounded size."""
        for i, block in enumerate(self.blocks):
            step = block.width * max(1, _CHUNK // (self.q * block.width))
            end = int(self.starts[i + 1])
            for start in range(int(self.starts[i]), end, step):
                yield i, slice(start, min(start + step, end))


@dataclass(frozen=True)
class Products:
    """Z'WZ at some weights.

    Attributes
    ----------
    structure
        Of the effects.
    crossproduct
        Z'WZ, ``(q, q)``.
    gram
        Its diagonal blocks for the largest factor, ``(levels, r, r)``.
    """

    structure: Structure
    crossproduct: Sparse
    gram: Stack


@dataclass(frozen=True)
class System:
    """A at some weights and theta.

    Attributes
    ----------
    products
        Z'WZ.
    factors
        The lower triangular factor ``(r, r)`` of each block.
    """

    products: Products
    factors: Sequence[Matrix]

    @cached_property
    def Lambda(self) -> Sparse:
        """The relative covariance factor, ``(q, q)``."""
        return self.products.structure.spread(self.factors)

    @cached_property
    def _diagonal(self) -> Stack:
        """The diagonal blocks of A for the largest factor, ``(levels, r, r)``."""
        factor = self.products.structure.joined(self.factors)
        inner: Stack = factor.T @ self.products.gram @ factor
        return inner + np.eye(len(factor))

    @cached_property
    def _inverses(self) -> Stack:
        return np.asarray(np.linalg.inv(self._diagonal), dtype=np.float64)

    @cached_property
    def _matrix(self) -> Sparse:
        inner = self.Lambda.T @ self.products.crossproduct @ self.Lambda
        return (inner + sparse.eye_array(self.products.structure.q)).tocsc()

    @cached_property
    def _coupling(self) -> Sparse:
        """The other factors' rows of A in the largest one's columns, level by level."""
        structure = self.products.structure
        return self._matrix[structure.others][:, structure.leading.ravel()].tocsc()

    @cached_property
    def _eliminated(self) -> Sparse:
        """The coupling times the inverses of the largest factor's diagonal blocks."""
        pointers = np.arange(len(self._inverses) + 1)
        inverses = sparse.bsr_array((self._inverses, pointers[:-1], pointers))
        return (self._coupling @ inverses).tocsc()

    @cached_property
    def _rest(self) -> Cholesky | None:
        """The Schur complement of the other factors' effects; None where there are none."""
        structure = self.products.structure
        others = structure.others
        if not len(others):
            return None
        corner = self._matrix[others][:, others]
        rest = (corner - self._eliminated @ self._coupling.T).tocsc()
        return factorize(rest, structure.memory)

    @cached_property
    def logdet(self) -> float:
        """log|A|."""
        _, pieces = np.linalg.slogdet(self._diagonal)
        return float(pieces.sum()) + (self._rest.logdet if self._rest else 0.0)

    def solve(self, right: Matrix) -> Matrix:
        """Return A^-1 times right-hand sides ``(q, k)``."""
        structure = self.products.structure
        solution = np.empty_like(right)
        first = right[structure.leading.ravel()]
        if self._rest is not None:
            inner = self._rest.solve(right[structure.others] - self._eliminated @ first)
            solution[structure.others] = inner
            first = first - self._coupling.T @ inner
        shape = (*structure.leading.shape, right.shape[1])
        # an inverse would lose digits to the blocks' condition number, a solution does not
        pieces = (
            first.reshape(shape) / self._diagonal
            if shape[1] == 1
            else np.linalg.solve(self._diagonal, first.reshape(shape))
        )
        solution[structure.leading.ravel()] = pieces.reshape(first.shape)
        return solution

    def effects(self, right: Matrix) -> Matrix:
        """Return Lambda A^-1 Lambda' times ``(q, k)``: the conditional covariance over sigma^2."""
        return np.asarray(self.Lambda @ self.solve(np.asarray(self.Lambda.T @ right)))

    def precision(self, right: Matrix) -> Matrix:
        """Return K times ``(q, k)``, with K = Z'V^-1 Z = Z'WZ - Z'WZ Lambda A^-1 Lambda' Z'WZ."""
        crossproduct = self.products.crossproduct
        image = np.asarray(crossproduct @ right)
        return np.asarray(image - crossproduct @ self.effects(image))

    @cached_property
    def variances(self) -> Vector:
        """The diagonal of Lambda A^-1 Lambda', ``(q,)``: conditional variances over sigma^2."""
        structure = self.products.structure
        diagonal = np.empty(structure.q)
        if not len(structure.others):
            factor = structure.joined(self.factors)
            inner = factor @ self._inverses @ factor.T
            diagonal[structure.leading] = np.einsum("jaa->ja", inner)
            return diagonal
        for _, part in structure.chunks():
            unit = np.zeros((structure.q, part.stop - part.start))
            unit[np.arange(part.start, part.stop), np.arange(part.stop - part.start)] = 1.0
            diagonal[part] = np.diag(self.effects(unit)[part])
        return diagonal


def _design(block: Block) -> Sparse:
    """Return a block's part of Z, ``(n, levels r)``."""
    n, width = block.columns.shape
    columns = block.codes[:, None] * width + np.arange(width)
    pointers = np.arange(0, n * width + 1, width)
    shape = (n, block.levels * width)
    return sparse.csr_array((block.columns.ravel(), columns.ravel(), pointers), shape=shape)
