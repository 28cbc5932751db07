"""How costs compare over rounds, and whether a target was reached."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    Way = Literal["time", "speed", "excess", "seconds", "peak"]

_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the rounds.

    Attributes
    ----------
    low, median, high
        Quartiles; all the same after one round.
    rounds
        How many there were.
    """

    low: float
    median: float
    high: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to reach.

    Attributes
    ----------
    contestant
        Whose figure.
    way
        Which one: ``time`` over the base's, ``speed`` (the base's time over its own), ``excess``
        in seconds over `against`, ``seconds``, or ``peak`` of memory over the bytes of the data.
    bound
        Speed is to be at least this, all else at most.
    against
        Another contestant than the base.
    """

    contestant: str
    way: Way
    bound: float
    against: str = ""

    @property
    def at_least(self) -> bool:
        """Whether more is better."""
        return self.way == "speed"

    def verdict(self, reached: float) -> str:
        """Return whether a figure reaches the target, and by how much it misses."""
        good = reached >= self.bound if self.at_least else reached <= self.bound
        if good:
            return "reached"
        return f"missed by {abs(reached / self.bound - 1.0):.1%}"


def spread(values: Sequence[float]) -> Spread:
    """Return the quartiles of a figure.

    Raises
    ------
    ValueError
        For no value, and for one that is not finite.
    """
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(f"A spread needs numbers, one a round, and was given {list(values)}.")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    low, middle, high = statistics.quantiles(values, n=_QUARTERS, method="inclusive")
    return Spread(low, middle, high, len(values))


def ratios(numbers: Sequence[float], base: Sequence[float]) -> Spread:
    """Return the spread of the rounds' own ratios: each compares what ran at nearly one time."""
    return spread([one / other for one, other in zip(numbers, base, strict=True)])


def excesses(numbers: Sequence[float], base: Sequence[float]) -> Spread:
    """Return the spread of the rounds' own differences."""
    return spread([one - other for one, other in zip(numbers, base, strict=True)])
