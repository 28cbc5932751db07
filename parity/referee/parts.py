"""What the criterion is made of: log|V| and W'V^-1W with their derivatives in phi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flint import arb, arb_mat

_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Parts:
    """Derivatives at one phi, over k parameters, w = p + 1 columns of W = [X y].

    Attributes
    ----------
    logdet_first, logdet_second
        Of log|V|: ``(k,)`` and ``(k, k)``.
    S
        W'V^-1 W, ``(w, w)``.
    S_first, S_second
        Its derivatives: one ``(w, w)`` matrix per parameter, and per pair of parameters.
    """

    logdet_first: tuple[arb, ...]
    logdet_second: tuple[tuple[arb, ...], ...]
    S: arb_mat
    S_first: tuple[arb_mat, ...]
    S_second: tuple[tuple[arb_mat, ...], ...]


@dataclass(frozen=True)
class Effects:
    """Predictions of the random effects, block by block, level by level, term by term.

    Attributes
    ----------
    modes
        Conditional modes, in units of the response.
    variances
        Conditional variances over sigma^2, fixed effects taken as known.
    """

    modes: tuple[arb, ...]
    variances: tuple[arb, ...]


class System(Protocol):
    """A model's exact statistics, ready to be evaluated."""

    def logdet(self, phi: Sequence[arb]) -> arb:
        """Return log|V| at parameters ``(k,)``."""
        ...

    def parts(self, phi: Sequence[arb]) -> Parts:
        """Return W'V^-1W and all derivatives at parameters ``(k,)``."""
        ...

    def effects(self, phi: Sequence[arb], beta: Sequence[arb]) -> Effects:
        """Return the predictions at parameters ``(k,)`` and fixed effects ``(p,)``."""
        ...


def mirrored(size: int, entry: Callable[[int, int], _Entry]) -> tuple[tuple[_Entry, ...], ...]:
    """Return a symmetric table from its lower triangle: ``entry(row, column)``, row >= column."""
    return tuple(tuple(entry(max(k, m), min(k, m)) for m in range(size)) for k in range(size))
