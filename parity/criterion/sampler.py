"""Responses drawn from a model as the numbers that the criterion takes from them.

Of a response of thousands of rows the criterion takes a few numbers a component (see `reduction`),
and these have a distribution of their own, from which they are drawn: the rows are never made.
With E a component's orthonormal basis, N = L L' the covariance of its rotated numbers, ``c = E'Q``,
what of Q is orthogonal to all E being ``U T``, U'U = I, u and v standard normal numbers and x^2
chi-square with as many degrees of freedom as rows are left, a response is over the root of its
weights ``Q R beta + sigma (E L u + U v + the rest)``, and

    a                  = sum c'L u + T'v     its coefficients on Q, less R beta, over sigma
    rotated numbers    = L u - c a           over sigma
    products with Q    = T'(v - T a)         over sigma
    sum of squares     = |v - T a|^2 + x^2   over sigma^2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.reduction import Responses
from parity.criterion.stacks import apply, combine, factorize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.criterion.model import Matrix, Vector
    from parity.criterion.reduction import Bundle, Reduction
    from parity.criterion.stacks import Stack

_NUMBERS = 4_000_000
"""Numbers of a chunk of responses: 32 MB."""
_NOTHING = 1e-13
"""Share of a column of Q that rounding may leave orthogonal to the random effects."""


class Sampler:
    """A reduced model at its parameters.

    Parameters
    ----------
    reduction
        The model.
    elements
        vech(D) of the reduction's own units, over sigma^2, ``(m,)``.
    beta
        Fixed effects, ``(p,)``.
    sigma
        Residual SD.

    Attributes
    ----------
    left
        Degrees of freedom of x^2: rows less the ranks of all E and of U.
    """

    def __init__(self, reduction: Reduction, elements: Vector, beta: Vector, sigma: float) -> None:
        self._bundles = reduction.bundles
        self._roots = [_root(bundle, elements) for bundle in self._bundles]
        self._within = _within(reduction.within)
        self._centre = reduction.triangle @ beta
        self._sigma = sigma
        self._size = reduction.size
        ranks = sum(bundle.places.size for bundle in self._bundles)
        self.left = max(0, reduction.model.n - ranks - len(self._within))

    def draw(self, n: int, generator: np.random.Generator) -> Iterator[Responses]:
        """Yield n reduced responses in all, some at a time.

        The normal numbers are the generator's, the chi-square ones those of one that it spawns:
        each response takes the next of either, however they are cut into chunks.
        """
        (squares,) = generator.spawn(1)
        width = self._size + len(self._centre)
        step = max(1, _NUMBERS // width)
        for start in range(0, n, step):
            count = min(step, n - start)
            normal = generator.standard_normal((count, width))
            rest = squares.chisquare(self.left, count) if self.left else np.zeros(count)
            yield self.assemble(normal, rest)

    def assemble(self, normal: Matrix, rest: Vector) -> Responses:
        """Return the responses that u and v ``(b, K + p)`` and x^2 ``(b,)`` make.

        Of v the first numbers count, as many as U has columns.
        """
        T, count = self._within, len(normal)
        v = normal[:, self._size : self._size + len(T)]
        effects = [
            apply(root, normal[:, bundle.places])
            for bundle, root in zip(self._bundles, self._roots, strict=True)
        ]
        a = v @ T
        for bundle, effect in zip(self._bundles, effects, strict=True):
            a += np.tensordot(effect, bundle.fixed, axes=2)
        rotated = np.zeros((self._size, count))
        for bundle, effect in zip(self._bundles, effects, strict=True):
            fitted = np.tensordot(a, bundle.fixed, axes=(1, 2))
            rotated[bundle.places] = self._sigma * (effect - fitted).transpose(1, 2, 0)
        within = v - a @ T.T
        return Responses(
            turned=self._centre[:, None] + self._sigma * a.T,
            rotated=rotated,
            cross=self._sigma * (within @ T).T,
            squares=self._sigma**2 * (np.einsum("br,br->b", within, within) + rest),
            largest=np.zeros(count),
        )


def _root(bundle: Bundle, elements: Vector) -> Stack:
    """Return L ``(J, k, k)``."""
    return np.asarray(factorize(combine(elements[None], bundle.spread)[0]))


def _within(products: Matrix) -> Matrix:
    """Return T ``(r, p)``, T'T the products of what of Q is orthogonal to the random effects."""
    sizes, axes = np.linalg.eigh(products)
    kept = sizes > _NOTHING
    return np.asarray(np.sqrt(sizes[kept])[:, None] * axes[:, kept].T)
