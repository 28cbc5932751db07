"""The profiled deviance or REML criterion with gradient and Hessian in phi, as balls.

With S = W'V^-1 W, W = [X y], and Sxx its block of X (Bates et al. 2015, equations 35 and 41,
sigma profiled out):

    ML   d = log|V| +  n    log|S| -  n        log|Sxx| +  n    (1 + log(2 pi /  n))
    REML d = log|V| + (n-p) log|S| - (n-p-1)   log|Sxx| + (n-p) (1 + log(2 pi / (n-p)))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from parity.referee.matrices import block, trace_of_product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.referee.parts import Parts, System


@dataclass(frozen=True)
class Evaluation:
    """Derivatives of the criterion at one phi.

    Attributes
    ----------
    gradient
        ``(k,)``.
    hessian
        ``(k, k)``.
    parts
        What they were made of.
    """

    gradient: tuple[arb, ...]
    hessian: arb_mat
    parts: Parts


@dataclass(frozen=True)
class Criterion:
    """A model's criterion.

    Attributes
    ----------
    system
        Its exact statistics.
    n, p
        Numbers of observations and of fixed effects.
    reml
        Whether it is the REML criterion.
    """

    system: System
    n: int
    p: int
    reml: bool

    @property
    def freedom(self) -> int:
        """What sigma^2 divides the weighted sum of squares by: n, or n - p under REML."""
        return self.n - self.p if self.reml else self.n

    @property
    def of_X(self) -> int:
        """The coefficient of log|Sxx|."""
        return self.freedom - 1 if self.reml else self.freedom

    def value(self, phi: Sequence[arb]) -> arb:
        """Return -2 log-likelihood at parameters ``(k,)``, with all constants."""
        S = self.system.parts(phi).S
        return self.value_of(self.system.logdet(phi), S)

    def value_of(self, logdet: arb, S: arb_mat) -> arb:
        """Return -2 log-likelihood from log|V| and W'V^-1 W ``(p + 1, p + 1)``."""
        N = self.freedom
        constant = N * (1 + (2 * arb.pi() / N).log())
        Sxx = block(S, range(self.p), range(self.p))
        return logdet + N * S.det().log() - self.of_X * Sxx.det().log() + constant

    def evaluate(self, phi: Sequence[arb]) -> Evaluation:
        """Return gradient and Hessian at parameters ``(k,)``."""
        parts = self.system.parts(phi)
        k = len(parts.S_first)
        whole = _Logdet(parts, self.p + 1)
        fixed = _Logdet(parts, self.p)
        N, Nx = self.freedom, self.of_X
        gradient = tuple(
            parts.logdet_first[i] + N * whole.first(i) - Nx * fixed.first(i) for i in range(k)
        )
        hessian = [
            [
                parts.logdet_second[i][j] + N * whole.second(i, j) - Nx * fixed.second(i, j)
                for j in range(k)
            ]
            for i in range(k)
        ]
        return Evaluation(gradient, arb_mat(hessian), parts)


class _Logdet:
    """Derivatives of the log-determinant of the leading block of S."""

    def __init__(self, parts: Parts, size: int) -> None:
        lead = range(size)
        self._inverse = block(parts.S, lead, lead).inv()
        self._solved = [self._inverse * block(S, lead, lead) for S in parts.S_first]
        self._second = [[block(S, lead, lead) for S in row] for row in parts.S_second]

    def first(self, i: int) -> arb:
        return self._solved[i].trace()

    def second(self, i: int, j: int) -> arb:
        curved = trace_of_product(self._inverse, self._second[i][j])
        return curved - trace_of_product(self._solved[i], self._solved[j])
