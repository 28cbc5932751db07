"""The same criterion by the textbook: V as a dense matrix, no factor eliminated, no Lambda."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from parity.criterion.covariance import theta_of
from parity.criterion.model import Block, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]
    Numbers: TypeAlias = "NDArray[np.inexact]"

LAYOUTS: dict[str, tuple[tuple[str, int], ...]] = {
    "scalar": (("a", 1),),
    "vector": (("a", 2),),
    "wide": (("a", 3),),
    "two terms of one factor": (("a", 1), ("a", 2)),
    "nested": (("a", 1), ("inner", 1)),
    "crossed": (("a", 1), ("b", 1)),
    "vector and crossed": (("a", 2), ("b", 1)),
    "two terms and crossed vector": (("b", 1), ("a", 2), ("b", 2)),
}
"""Blocks of a layout: factor and number of columns."""

THETAS = ("random", "negative", "singular", "zero")


def example(layout: str, *, dressed: bool = False, seed: int = 1) -> Model:
    """Return a random model of 40 rows; dressed has weights and an offset, and a level unseen."""
    rng = np.random.default_rng(seed)
    n = 40
    codes = {"a": rng.integers(0, 6, n), "b": rng.integers(0, 4, n)}
    codes["inner"] = codes["a"] * 3 + rng.integers(0, 3, n)
    levels = {"a": 6, "b": 4, "inner": 18}
    blocks = tuple(
        Block(codes[factor], _columns(rng, n, width), levels[factor] + dressed)
        for factor, width in LAYOUTS[layout]
    )
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = X @ [2.0, -1.0] + rng.normal(size=n) + rng.normal(size=6)[codes["a"]]
    if not dressed:
        return Model(y, X, blocks)
    return Model(y, X, blocks, weights=rng.uniform(0.2, 5.0, n), offset=rng.normal(size=n))


def _columns(rng: np.random.Generator, n: int, width: int) -> Matrix:
    return np.column_stack([np.ones(n), rng.normal(size=(n, width - 1))])


def theta(model: Model, kind: str, seed: int = 2) -> Vector:
    """Return some theta ``(m,)``: any sign off the diagonal, or a last column of 0 a block."""
    rng = np.random.default_rng(seed)
    if kind == "zero":
        return np.zeros(model.slices[-1].stop)
    covariances = []
    for block in model.blocks:
        root = rng.normal(size=(block.width, block.width)) + np.eye(block.width)
        if kind == "singular":
            root[:, -1] = 0.0
            root = np.ones((1, 1)) * 0.0 if block.width == 1 and len(model.blocks) > 1 else root
        covariances.append(root @ root.T)
    found = theta_of(covariances)
    return -found if kind == "negative" else found


@dataclass(frozen=True)
class Textbook:
    """V and what follows from it, at relative covariances ``(r, r)`` that may be complex."""

    model: Model
    reml: bool
    covariances: Sequence[Numbers]

    @cached_property
    def Z(self) -> Matrix:
        """The random-effects design, ``(n, q)``."""
        return design(self.model)

    @cached_property
    def D(self) -> Numbers:
        """Covariance of the random effects over sigma^2, ``(q, q)``."""
        q = sum(block.levels * block.width for block in self.model.blocks)
        whole, start = np.zeros((q, q), dtype=self.covariances[0].dtype), 0
        for block, covariance in zip(self.model.blocks, self.covariances, strict=True):
            for _ in range(block.levels):
                end = start + block.width
                whole[start:end, start:end] = covariance
                start = end
        return whole

    @cached_property
    def V(self) -> Numbers:
        """Covariance of y over sigma^2, ``(n, n)``."""
        return np.diag(1.0 / self.model.weights) + self.Z @ self.D @ self.Z.T

    @cached_property
    def information(self) -> Numbers:
        """X'V^-1 X, ``(p, p)``."""
        return self.model.X.T @ np.linalg.solve(self.V, self.model.X)

    @cached_property
    def beta(self) -> Numbers:
        """Generalised least squares, ``(p,)``."""
        right = self.model.X.T @ np.linalg.solve(self.V, self.model.y - self.model.offset)
        return np.linalg.solve(self.information, right)

    def squares(self, beta: Numbers) -> complex:
        """Return the squared distance of y from X beta in the metric of V."""
        apart = self.model.y - self.model.offset - self.model.X @ beta
        return complex(apart @ np.linalg.solve(self.V, apart))

    @cached_property
    def b(self) -> Numbers:
        """Best linear unbiased predictions, ``(q,)``: D Z'V^-1 (y - X beta)."""
        apart = self.model.y - self.model.offset - self.model.X @ self.beta
        return self.D @ self.Z.T @ np.linalg.solve(self.V, apart)

    @cached_property
    def degrees(self) -> int:
        """N, or n - p."""
        return self.model.n - self.model.p * self.reml

    @cached_property
    def volume(self) -> complex:
        """log|V|, for REML with log|X'V^-1 X|."""
        restricted = logdet(self.information) if self.reml else 0.0
        return logdet(self.V) + restricted

    @cached_property
    def deviance(self) -> complex:
        """-2 log-likelihood at the best beta and sigma."""
        mean = self.squares(self.beta) / self.degrees
        return complex(self.volume + self.degrees * (1 + np.log(2 * np.pi * mean)))

    def deviance_at(self, beta: Vector, sigma: float) -> complex:
        """Return -2 log-likelihood at given beta and sigma."""
        constant = self.degrees * float(np.log(2 * np.pi * sigma**2))
        return self.volume + constant + self.squares(beta) / sigma**2


def design(model: Model) -> Matrix:
    """Return Z ``(n, q)``: a row's columns stand at its level."""
    blocks = []
    for block in model.blocks:
        part = np.zeros((model.n, block.levels, block.width))
        part[np.arange(model.n), block.codes] = block.columns
        blocks.append(part.reshape(model.n, -1))
    return np.concatenate(blocks, axis=1)


def logdet(matrix: Numbers) -> complex:
    """Return the logarithm of a determinant, of a complex matrix too."""
    sign, size = np.linalg.slogdet(matrix)
    return complex(np.log(sign) + size)


def slope(function: Callable[[Vector], Vector | float], way: Vector, step: float) -> Vector:
    """Return the derivative along a way from 0 by central differences of fourth order."""
    inner = function(step * way) - function(-step * way)
    outer = function(2 * step * way) - function(-2 * step * way)
    return np.asarray((8 * inner - outer) / (12 * step))
