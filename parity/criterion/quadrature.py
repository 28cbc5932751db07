"""The integral over the random effects: Laplace's approximation and Gauss-Hermite quadrature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector
    from parity.criterion.state import State

_CHUNK = 2_000_000
"""Numbers in a piece of work, rows times nodes: 16 MB."""


@dataclass(frozen=True)
class Rule:
    """Nodes and weights of Gauss-Hermite quadrature for the standard normal density.

    Attributes
    ----------
    size
        How many nodes.
    """

    size: int

    @cached_property
    def _roots(self) -> tuple[Vector, Vector]:
        nodes, weights = special.roots_hermitenorm(self.size)
        return np.asarray(nodes), np.asarray(weights / weights.sum())

    @property
    def nodes(self) -> Vector:
        """The zeros of the Hermite polynomial He of that degree, ``(size,)``."""
        return self._roots[0]

    @property
    def weights(self) -> Vector:
        """Their weights, of sum 1, ``(size,)``."""
        return self._roots[1]


@dataclass(frozen=True)
class Integral:
    """-2 log of the integral over u, and what its derivatives are made of.

    Each expectation is over the nodes of a level, by their shares in its integral; Laplace's
    approximation has the mode alone.

    Attributes
    ----------
    deviance
        -2 log, without the constants of the log-density.
    score
        The expected derivative of the log-density in eta, row by row, ``(n,)``.
    products
        The same times the row's u: what Lambda's elements multiply, ``(R, n)``.
    volume
        The derivative in log|A|, row by row; 1 for Laplace's approximation.
    pull
        The derivative in the mode with the scale held, ``(q,)``; 0 for Laplace's.
    """

    deviance: float
    score: Vector
    products: Matrix
    volume: Vector | float
    pull: Vector | float


def integrate(state: State, rule: Rule) -> Integral:
    """Return the integral at a state, which is at the conditional mode."""
    return _laplace(state) if rule.size == 1 else _quadrature(state, rule)


def _laplace(state: State) -> Integral:
    products = state.score * state.u[state.crossed.scaled.rows.positions]
    deviance = state.penalised + state.precision.logdet
    return Integral(deviance, state.score, products, 1.0, 0.0)


def _quadrature(state: State, rule: Rule) -> Integral:
    """Sum over nodes ``u + tau x``, tau = A^-1/2, level by level.

    ``-2 log sum_k w_k exp(l(u_k) - u_k^2 / 2 + x_k^2 / 2) + log A`` (Pinheiro & Chao 2006, sec.
    2.2; Bates et al., lme4's nAGQ). The terms are held against the mode's: as the log-density is
    concave, none overflows.
    """
    scaled = state.crossed.scaled
    tau = 1.0 / np.sqrt(state.precision.diagonal[:, 0, 0])
    sums = _Sums(state, tau)
    step = max(1, _CHUNK // max(1, len(state.eta)))
    for start in range(0, rule.size, step):
        sums.add(rule.nodes[start : start + step], rule.weights[start : start + step])
    level = scaled.rows.positions[0]
    volume = 1.0 + tau * sums.steep / sums.total
    deviance = state.penalised + state.precision.logdet - 2.0 * float(np.log(sums.total).sum())
    return Integral(
        deviance,
        sums.score / sums.total[level],
        (sums.product / sums.total[level])[None],
        volume[level],
        -2.0 * sums.flat / sums.total,
    )


class _Sums:
    """Sums over nodes, each node's term relative to the mode's."""

    def __init__(self, state: State, tau: Vector) -> None:
        n, q = len(state.eta), len(tau)
        self.state = state
        self.tau = tau
        self.total, self.flat, self.steep = np.zeros(q), np.zeros(q), np.zeros(q)
        self.score, self.product = np.zeros(n), np.zeros(n)

    def add(self, nodes: Vector, weights: Vector) -> None:
        """Add some nodes' terms."""
        state, problem = self.state, self.state.problem
        level = state.crossed.scaled.rows.positions[0]
        column = state.crossed.scaled.columns[0]
        u = state.u[:, None] + self.tau[:, None] * nodes
        eta = state.base[:, None] + column[:, None] * u[level]
        curve = problem.family.curve(problem.model.y[:, None], eta)
        prior = problem.model.weights[:, None]
        kernel = prior * (curve.kernel - state.unit.kernel[:, None])
        shares = self._by_level(kernel) + (state.u[:, None] ** 2 - u**2 + nodes**2) / 2.0
        share = weights * np.exp(shares)
        score = prior * curve.score
        slope = self._by_level(column[:, None] * score) - u
        self.total += share.sum(axis=1)
        self.flat += (share * slope).sum(axis=1)
        self.steep += (share * slope) @ nodes
        weighted = share[level] * score
        self.score += weighted.sum(axis=1)
        self.product += (weighted * u[level]).sum(axis=1)

    def _by_level(self, values: Matrix) -> Matrix:
        """Return sums over the rows of each level, ``(q, k)`` of ``(n, k)``."""
        return np.asarray(self.state.problem.rows.members @ values)
