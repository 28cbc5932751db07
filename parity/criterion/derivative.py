"""Gradient and Hessian of a linear mixed model's profiled deviance, in closed form.

The parameter is vech(D), D the relative covariance of the random effects: nothing inverts D, so
that both hold where D is singular. With K = Z'V^-1 Z, P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1 and
e = Z'Py (Lindstrom & Bates 1988, in the form that a change of D takes)::

    d  log|V|          = tr K dD          d2 log|V|          = -tr K dD1 K dD2
    d  log|V| |X'V^-1X| = tr Z'PZ dD       d2 (the same)      = -tr Z'PZ dD1 Z'PZ dD2
    d  r^2             = -e' dD e         d2 r^2             = 2 e' dD1 Z'PZ dD2 e
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from parity.criterion.coordinates import natural
from parity.criterion.covariance import triangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.lmm import Point
    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.penalised import Structure

    Basis = Sequence[tuple[int, Matrix]]


@dataclass(frozen=True)
class Derivatives:
    """First and second derivatives at a point.

    Attributes
    ----------
    gradient, hessian
        Of the profiled deviance in vech(D), ``(m,)`` and ``(m, m)``.
    beta
        Of the fixed effects beta(theta) in vech(D), ``(p, m)``.
    """

    gradient: Vector
    hessian: Matrix
    beta: Matrix


def differentiate(point: Point) -> Derivatives:
    """Return the derivatives of `Point.deviance` in vech(D)."""
    criterion = point.criterion
    basis = directions(criterion.model)
    parts = _Parts(point, basis)
    first, second = _traces(point, basis)
    if criterion.reml:
        first = first - np.einsum("mii->m", parts.fixed)
        crossed = np.einsum("mnii->mn", parts.through[:, :, :-1, :-1])
        second = second - 2 * crossed + np.einsum("mij,nji->mn", parts.fixed, parts.fixed)
    ratio, degrees = 1.0 / point.pwrss, criterion.degrees
    squares, mixed = parts.squares * ratio, parts.mixed * np.sqrt(ratio)
    bend = 2 * (parts.through[:, :, -1, -1] * ratio - mixed @ mixed.T)
    hessian = -second + degrees * (bend - np.outer(squares, squares))
    # beta moves by -(X'V^-1 X)^-1 X'V^-1 Z dD e, and (X'V^-1 X)^-1 X'V^-1 Z is R^-1 L^-T F'
    turned = linalg.solve_triangular(point.root, parts.mixed.T, lower=True, trans="T")
    return Derivatives(
        gradient=first - degrees * squares,
        hessian=(hessian + hessian.T) / 2,
        beta=-linalg.solve_triangular(criterion.basis[1], turned),
    )


def directions(model: Model) -> Basis:
    """Return, for each element of vech(D), its block and the symmetric matrix that it moves."""
    basis = []
    for number, block in enumerate(model.blocks):
        for row, column in zip(*triangle(block.width), strict=True):
            matrix = np.zeros((block.width, block.width))
            matrix[row, column] = matrix[column, row] = 1.0
            basis.append((number, matrix))
    return basis


class _Parts:
    """The small matrices that the formulas are made of; F = Z'V^-1 Q L^-T, LL' = Q'V^-1 Q.

    Attributes
    ----------
    fixed, mixed, squares
        F'dD F ``(m, p, p)``, F'dD e ``(m, p)`` and e'dD e ``(m,)``.
    through
        [F e]'dD1 K dD2 [F e], ``(m, m, p + 1, p + 1)``.
    """

    def __init__(self, point: Point, basis: Basis) -> None:
        model, structure = point.criterion.model, point.criterion.structure
        towards = np.asarray(structure.Z.T @ (model.weights[:, None] * point.left))
        towards = linalg.solve_triangular(point.root, towards.T, lower=True).T
        error = np.asarray(structure.Z.T @ (model.weights * point.resid))
        both = np.column_stack([towards, error])
        moved = np.stack([_moved(structure, both, *direction) for direction in basis])
        width = both.shape[1]
        flat = moved.transpose(1, 0, 2).reshape(structure.q, -1)
        image = point.system.precision(flat)
        products = (flat.T @ image).reshape(len(basis), width, len(basis), width)
        self.through = products.transpose(0, 2, 1, 3)
        simple = np.einsum("qi,mqj->mij", both, moved)
        self.fixed = simple[:, :-1, :-1]
        self.mixed = simple[:, :-1, -1]
        self.squares = simple[:, -1, -1]


def _moved(structure: Structure, vectors: Matrix, number: int, matrix: Matrix) -> Matrix:
    """Return dD times vectors ``(q, k)``, dD the matrix at every level of one block."""
    result = np.zeros_like(vectors)
    part = slice(int(structure.starts[number]), int(structure.starts[number + 1]))
    pieces = vectors[part].reshape(structure.blocks[number].levels, -1, vectors.shape[1])
    result[part] = (matrix @ pieces).reshape(-1, vectors.shape[1])
    return result


def _traces(point: Point, basis: Basis) -> tuple[Vector, Matrix]:
    """Return tr K dD ``(m,)`` and tr K dD1 K dD2 ``(m, m)``."""
    structure = point.criterion.structure
    if not len(structure.others):
        return _traces_of_one_factor(point, basis)
    count = len(basis)
    first, second = np.zeros(count), np.zeros((count, count))
    for number, part in structure.chunks():
        unit = np.zeros((structure.q, part.stop - part.start))
        unit[np.arange(part.start, part.stop), np.arange(part.stop - part.start)] = 1.0
        piece = point.system.precision(unit)
        inside = [(m, matrix) for m, (block, matrix) in enumerate(basis) if block == number]
        width = structure.blocks[number].width
        diagonal = _diagonal_sum(piece[part], width)
        for m, matrix in inside:
            first[m] += float(np.sum(diagonal * matrix))
        for other in range(len(structure.blocks)):
            rows = slice(int(structure.starts[other]), int(structure.starts[other + 1]))
            shape = (-1, structure.blocks[other].width, piece.shape[1] // width, width)
            cells = piece[rows].reshape(shape)
            products = np.einsum("iajc,ibjd->abcd", cells, cells, optimize=True)
            for n, left in enumerate(basis):
                if left[0] == other:
                    for m, right in inside:
                        second[n, m] += np.einsum("ab,cd,abdc->", left[1], right, products)
    return first, second


def _diagonal_sum(square: Matrix, width: int) -> Matrix:
    """Return the sum of the diagonal blocks ``(width, width)`` of a matrix."""
    levels = len(square) // width
    blocks = square.reshape(levels, width, levels, width)
    return np.asarray(np.einsum("jajb->ab", blocks))


def _traces_of_one_factor(point: Point, basis: Basis) -> tuple[Vector, Matrix]:
    """Return the traces where K is block diagonal: (I + G D)^-1 G level by level."""
    structure, gram = point.criterion.structure, point.system.products.gram
    covariance = structure.joined([factor @ factor.T for factor in point.system.factors])
    width = len(covariance)
    precision = np.linalg.solve(np.eye(width) + gram @ covariance, gram)
    moved = []
    for number, matrix in basis:
        zeros = [np.zeros((block.width, block.width)) for block in structure.blocks]
        zeros[number] = matrix
        moved.append(precision @ structure.joined(zeros))
    stack = np.stack(moved)
    first = np.einsum("mjaa->m", stack)
    return first, np.einsum("mjab,njba->mn", stack, stack, optimize=True)


def in_theta(
    model: Model, theta: Vector, gradient: Vector, hessian: Matrix
) -> tuple[Vector, Matrix]:
    """Return gradient ``(m,)`` and Hessian ``(m, m)`` in theta of a function of vech(D)."""
    coordinates = natural(model, 1)
    slope, bend = coordinates.in_theta(theta[None], gradient[None], hessian[None])
    return slope[0], bend[0]
