"""Where a property's values come from: a range, or a list."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Number: TypeAlias = float | int

Scale = Literal["uniform", "log_uniform"]


@dataclass(frozen=True, slots=True)
class Range:
    """Values from `low` to `high`, evenly spread on their own or on the logarithmic scale."""

    low: float
    high: float
    scale: Scale = "uniform"

    def draw(self, random: np.random.Generator) -> float:
        """Return a number of the range."""
        if self.scale == "uniform":
            return float(random.uniform(self.low, self.high))
        exponent = random.uniform(math.log(self.low), math.log(self.high))
        return min(max(math.exp(exponent), self.low), self.high)

    def whole(self, random: np.random.Generator) -> int:
        """Return a whole number of the range, both ends among them."""
        widened = Range(self.low, math.nextafter(self.high + 1.0, 0.0), self.scale)
        return math.floor(widened.draw(random))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values, each as likely; one that is listed twice is twice as likely."""

    values: tuple[float, ...]

    def draw(self, random: np.random.Generator) -> float:
        """Return one of the numbers."""
        return self.values[int(random.integers(len(self.values)))]

    def whole(self, random: np.random.Generator) -> int:
        """Return one of the numbers, which are whole."""
        return int(self.draw(random))


Spread: TypeAlias = Range | Choice
