"""A linear mixed model and its responses, brought down to what the criterion takes from them.

In the coordinates of `rotation` a component has k numbers of each response and of each column of X,
and beyond these only sums of squares and products count, of what is orthogonal to the random
effects. X is made orthonormal first, and the responses are what least squares leaves of them:
neither large means nor collinear columns cost digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.covariance import triangle
from parity.criterion.portions import portions, triangularize
from parity.criterion.rotation import rotate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.rotation import Piece, Positions, Stack

_KEPT = 400_000
"""Numbers of a basis, rows times effects, up to which it is kept and not made anew at each use."""
_BLOCK = 1 << 17
"""Numbers of responses that are reduced together: 1 MB."""


@dataclass(frozen=True)
class Bundle:
    """The components of one rank k, J of them.

    Attributes
    ----------
    spread
        B_m, ``(m, J, k, k)``.
    fixed
        The rotated columns of Q, ``(J, k, p)``.
    places
        Where their rotated numbers stand among all, ``(J, k)``.
    """

    spread: Stack
    fixed: Stack
    places: Positions


@dataclass(frozen=True)
class Responses:
    """Responses of one model, b of them, less what least squares takes from each.

    Attributes
    ----------
    turned
        Their coefficients by least squares on Q, ``(p, b)``.
    rotated
        Their rotated numbers, component by component, ``(K, b)``.
    cross
        Products with Q of what is orthogonal to the random effects, ``(p, b)``.
    squares
        Its sums of squares, ``(b,)``.
    largest
        The largest number of each response, whose last digit is how exact it is, ``(b,)``.
    """

    turned: Matrix
    rotated: Matrix
    cross: Matrix
    squares: Vector
    largest: Vector


class Reduction:
    """A model without its response, reduced; responses are reduced by it.

    Attributes
    ----------
    model
        The model.
    units
        What the random effects' columns are divided by, ``(r,)`` a block: D is that of the effects
        of the columns divided.
    """

    def __init__(self, model: Model, units: Sequence[Vector] | None = None) -> None:
        """Refuse another family's model and one that leaves no residual."""
        if model.family != "gaussian":
            message = f"a linear mixed model is gaussian, not {model.family}"
            raise ValueError(message)
        if model.n <= model.p or not (model.weights > 0).all():
            message = "a linear mixed model needs more rows than coefficients, of positive weight"
            raise ValueError(message)
        self.model = model
        self.units = units or [np.ones(block.width) for block in model.blocks]

    @cached_property
    def triangle(self) -> Matrix:
        """R of ``W^1/2 X = Q R``, ``(p, p)``."""
        scaled = (self._scaled(rows) for rows in portions(self.model.n))
        return triangularize(scaled, self.model.p)

    @property
    def pieces(self) -> Iterable[Piece]:
        """The rotation, kept where it is small."""
        effects = sum(block.width for block in self.model.blocks)
        if len(self.model.blocks) > 1:
            effects = sum(block.width * block.levels for block in self.model.blocks)
        return self._kept if self.model.n * effects <= _KEPT else rotate(self.model)

    @cached_property
    def _kept(self) -> tuple[Piece, ...]:
        return tuple(rotate(self.model))

    def basis(self, rows: Positions | slice) -> Matrix:
        """Return Q at some rows, ``(n, p)``."""
        scaled = self._scaled(rows)
        return np.asarray(np.linalg.solve(self.triangle.T, scaled.T), dtype=np.float64).T

    def _scaled(self, rows: Positions | slice) -> Matrix:
        """Return W^1/2 X at some rows, ``(n, p)``."""
        return np.asarray(np.sqrt(self.model.weights[rows])[:, None] * self.model.X[rows])

    @cached_property
    def _reduced(self) -> tuple[tuple[Bundle, ...], Matrix, int]:
        """The bundles, Q'Q ``(p, p)`` of what is orthogonal to the random effects, and K."""
        within = np.zeros((self.model.p, self.model.p))
        scale = np.concatenate([_products(unit) for unit in self.units])[:, None, None, None]
        parts: dict[int, list[Bundle]] = {}
        start = 0
        for piece in self.pieces:
            Q = self.basis(piece.rows)
            rotated = np.asarray(piece.basis.T @ Q)
            rest = Q - piece.basis @ rotated
            within += rest.T @ rest
            for k, bundle in _bundles(piece, rotated, start):
                bundle.spread[...] /= scale
                parts.setdefault(k, []).append(bundle)
            start += piece.kept.size
        return tuple(_joined(parts[k]) for k in sorted(parts)), within, start

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """The components by their rank."""
        return self._reduced[0]

    @property
    def within(self) -> Matrix:
        """Q'Q of what is orthogonal to the random effects, ``(p, p)``."""
        return self._reduced[1]

    @property
    def size(self) -> int:
        """K, how many rotated numbers a response has."""
        return self._reduced[2]

    def reduce(self, responses: Matrix) -> Responses:
        """Return responses ``(n, b)`` reduced.

        Raises
        ------
        ValueError
            Where they have another number of rows, or are not finite.
        """
        require_matrix(responses, self.model.n)
        step = max(1, _BLOCK // self.model.n)
        parts = [
            self._reduce(responses[:, start : start + step])
            for start in range(0, responses.shape[1], step)
        ]
        return Responses(
            np.concatenate([part.turned for part in parts], axis=1),
            np.concatenate([part.rotated for part in parts], axis=1),
            np.concatenate([part.cross for part in parts], axis=1),
            np.concatenate([part.squares for part in parts]),
            np.concatenate([part.largest for part in parts]),
        )

    @np.errstate(over="ignore", invalid="ignore")
    def _reduce(self, responses: Matrix) -> Responses:
        """Return a few responses reduced: so few that what is made of them stays in the cache."""
        turned = np.zeros((self.model.p, responses.shape[1]))
        for part in portions(self.model.n):
            turned += self.basis(part).T @ self._weighted(responses, part)
        if not np.isfinite(turned).all():
            message = "a response is not finite everywhere"
            raise ValueError(message)
        rotated, cross, squares = [], np.zeros_like(turned), np.zeros(responses.shape[1])
        for piece in self.pieces:
            Q = self.basis(piece.rows)
            left = self._weighted(responses, piece.rows) - Q @ turned
            between = np.asarray(piece.basis.T @ left)
            left -= piece.basis @ between
            rotated.append(between)
            cross += Q.T @ left
            squares += np.einsum("nb,nb->b", left, left)
        largest = largest_of(responses)
        return Responses(turned, np.concatenate(rotated), cross, squares, largest)

    def _weighted(self, responses: Matrix, rows: Positions | slice) -> Matrix:
        """Return the responses less the offset, times the root of the weights."""
        model = self.model
        scaled: Matrix = responses[rows] - model.offset[rows, None]
        scaled *= np.sqrt(model.weights[rows])[:, None]
        return scaled


def _products(unit: Vector) -> Vector:
    """Return what each element of vech(D) is multiplied by where columns are divided by a unit."""
    rows, columns = triangle(len(unit))
    return np.asarray(unit[list(rows)] * unit[list(columns)])


def _bundles(piece: Piece, rotated: Matrix, start: int) -> list[tuple[int, Bundle]]:
    """Return the components of a piece by their rank."""
    ranks = piece.kept.sum(axis=1)
    width = piece.kept.shape[1]
    found = []
    for k in np.unique(ranks[ranks > 0]).tolist():
        own = np.flatnonzero(ranks == k)
        columns = np.nonzero(piece.kept[own])[1].reshape(len(own), k)
        places = own[:, None] * width + columns
        spread = piece.spread[:, own[:, None, None], columns[:, :, None], columns[:, None, :]]
        found.append((k, Bundle(spread, rotated[places], start + places)))
    return found


def _joined(parts: list[Bundle]) -> Bundle:
    return Bundle(
        np.concatenate([part.spread for part in parts], axis=1),
        np.concatenate([part.fixed for part in parts]),
        np.concatenate([part.places for part in parts]),
    )


def largest_of(responses: Matrix) -> Vector:
    """Return the largest number of each response ``(n, b)``, whatever its sign."""
    return np.asarray(np.maximum(responses.max(axis=0), -responses.min(axis=0)))


def require_matrix(responses: Matrix, n: int) -> None:
    """Refuse what is no matrix ``(n, b)`` of one response or more."""
    if responses.ndim != 2 or len(responses) != n or not responses.size:  # noqa: PLR2004 - a matrix has two axes
        message = f"responses of shape {responses.shape}; expected ({n}, b), b at least 1"
        raise ValueError(message)
