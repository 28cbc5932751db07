"""Is a question fair? Engines cannot be blamed for an optimum that the data do not have."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.model import Block, Model

    Matrix = NDArray[np.float64]

_RANK = 1e-10
"""Share of the largest singular value, of columns made orthonormal before, that counts as none."""
_CONDITION = 1e-5
"""Smallest singular value of X, its columns of length 1, that leaves 6 digits to a solution: the
normal equations lose twice as many digits as X does."""
_EXACT = 1e-7
"""Share of the response's spread below which a residual is its rounding."""
_SEPARATED = 1e-6


def unfair(model: Model) -> str:
    """Return why a model has no unique finite optimum on its data; nothing where it may have one.

    Asked is whether a block has as many random effects as there are rows, which lme4 refuses, and
    what no engine can mend: whether the covariance parameters can be told from each other, whether
    the response lies in the span of X and Z (a gaussian one: its likelihood has no bound), and
    whether some direction of X, or of X and Z together, separates the response (another one).
    """
    return next(_doubts(model), "")


def _doubts(model: Model) -> Iterator[str]:
    spare = 1 if model.family == "gaussian" else 0
    if np.all(model.y == model.y[0]):
        yield "the response is the same in every row"
    if any(block.levels * block.width + spare > model.n for block in model.blocks):
        yield "a block has as many random effects as there are rows"
    if _condition(model.X) < _CONDITION:
        yield "the columns of X are as good as dependent in double precision"
    if not _told_apart(model):
        yield "the covariance parameters cannot be told from each other"
    yield from _exact(model) if model.family == "gaussian" else _separated(model)


def _exact(model: Model) -> Iterator[str]:
    if _fits_exactly(model):
        yield "X and Z fit the response exactly"


def _separated(model: Model) -> Iterator[str]:
    if _is_separated(model, model.X, completely=False):
        yield "a combination of fixed effects separates the response"
    if _is_separated(model, np.hstack([model.X, *map(spread, model.blocks)]), completely=True):
        yield "fixed and random effects separate the response completely"


def spread(block: Block) -> Matrix:
    """Return a block's part of Z, dense, ``(n, levels * r)``."""
    n, r = block.columns.shape
    Z = np.zeros((n, block.levels, r))
    Z[np.arange(n), block.codes] = block.columns
    return Z.reshape(n, -1)


def _condition(X: Matrix) -> float:
    """Return the smallest singular value of X, its columns brought to length 1."""
    return float(np.linalg.svd(X / np.linalg.norm(X, axis=0), compute_uv=False)[-1])


def _told_apart(model: Model) -> bool:
    """Whether the derivatives of V, less what X explains, are linearly independent.

    They are M (Z_a Z_b' + Z_b Z_a') M of each pair of a block's columns, with M the projection
    from X, and M itself where there is a residual variance, or where a response of single trials
    has none to give to an effect of its own for each row. A change of basis within a block spans
    the same matrices, so the columns are made orthonormal first.
    """
    basis, _ = np.linalg.qr(model.X)
    M = np.eye(model.n) - basis @ basis.T
    binary = model.family == "binomial" and bool(np.all(model.weights == 1.0))
    directions = [M] if model.family == "gaussian" or binary else []
    for block in model.blocks:
        columns, triangle = np.linalg.qr(block.columns)
        sizes = np.abs(np.diag(triangle))
        if len(block.columns) < block.width or sizes.min() <= _RANK * sizes.max():
            return False
        parts = spread(type(block)(block.codes, columns, block.levels)).reshape(model.n, -1)
        wide = (M @ parts).reshape(model.n, block.levels, block.width)
        for a, b in combinations_with_replacement(range(block.width), 2):
            product = wide[:, :, a] @ wide[:, :, b].T
            directions.append(product + product.T)
    norms = [np.linalg.norm(one) for one in directions]
    if min(norms) <= _RANK:
        return False
    stacked = np.array([one.ravel() / norm for one, norm in zip(directions, norms, strict=True)])
    singular = np.linalg.svd(stacked, compute_uv=False)
    return len(stacked) <= stacked.shape[1] and bool(singular[-1] > _RANK * singular[0])


def _fits_exactly(model: Model) -> bool:
    design = np.hstack([model.X, *map(spread, model.blocks)])
    sizes = np.linalg.norm(design, axis=0)
    scaled = design[:, sizes > 0] / sizes[sizes > 0]
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    basis = left[:, singular > _RANK * singular[0]]
    centred = model.y - model.y.mean()
    rest = centred - basis @ (basis.T @ centred)
    return bool(np.linalg.norm(rest) <= _EXACT * np.linalg.norm(centred))


def _is_separated(model: Model, design: Matrix, *, completely: bool) -> bool:
    """Whether a direction raises no row's likelihood to its bound and lowers none.

    That is d with x'd >= 0 where the response is at its greatest, <= 0 where it is 0 and = 0 in
    between (Albert and Anderson 1984), not 0 everywhere; completely: beyond 0 in every row.
    """
    sizes = np.linalg.norm(design, axis=0)
    X = design[:, sizes > 0] / sizes[sizes > 0]
    low = model.y == 0.0
    high = (model.y == 1.0) if model.family == "binomial" else np.zeros(model.n, dtype=bool)
    signed = np.where(low[:, np.newaxis], -X, X)
    inside = ~(low | high)
    if completely and inside.any():
        return False
    outer = signed[~inside]
    if not len(outer):
        return False
    width = X.shape[1]
    limits = [(-1.0, 1.0)] * width
    if completely:  # the least margin, as large as it can be
        found = linprog(
            np.r_[np.zeros(width), -1.0],
            A_ub=np.hstack([-outer, np.ones((len(outer), 1))]),
            b_ub=np.zeros(len(outer)),
            bounds=[*limits, (None, 1.0)],
        )
    else:
        equal = {"A_eq": X[inside], "b_eq": np.zeros(int(inside.sum()))} if inside.any() else {}
        found = linprog(
            -outer.sum(axis=0), A_ub=-outer, b_ub=np.zeros(len(outer)), bounds=limits, **equal
        )
    return found.fun is not None and -float(found.fun) > _SEPARATED
