"""One table of a sweep's file, read key by key; what is amiss is said with its place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

from parity.sweep.refusal import SweepError
from parity.sweep.spread import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Collection

    from parity.sweep.spread import Scale, Spread

_ENDS = 2
_SCALES = ("uniform", "log_uniform")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number has to be: from `low` to `high`, and whole or not."""

    low: float
    high: float
    whole: bool = False

    def hold(self, value: object) -> bool:
        """Whether a value of the file is such a number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and not isinstance(value, int):
            return False
        return math.isfinite(value) and self.low <= value <= self.high

    @property
    def noun(self) -> str:
        """What is expected."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low:.12g} to {self.high:.12g}"


SHARE = Bounds(0, 1)
WHOLE = Bounds(1, 10**12, whole=True)


@dataclass(frozen=True, slots=True)
class Reader:
    """A table, and where it stands: ``"sweep.toml: family 2"``."""

    where: str
    table: dict[str, Any]

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise `SweepError` for an entry that the table cannot have."""
        if not isinstance(self.table, dict):
            raise SweepError(f"{self.where} is {self.table!r}; expected a table.")
        unknown = sorted(set(self.table) - set(known))
        if unknown:
            raise SweepError(
                f"{self.where}: unknown entry {', '.join(unknown)}; known are "
                f"{', '.join(sorted(known))}."
            )

    def number(self, name: str, bounds: Bounds) -> float:
        """Return a number within its bounds."""
        value = self._entry(name)
        if not bounds.hold(value):
            self._refuse(name, bounds.noun)
        return cast("float", value)

    def text(self, name: str, allowed: Collection[str]) -> str:
        """Return one of the words that are allowed."""
        value = self._entry(name)
        if value not in allowed:
            self._refuse(name, f"one of {', '.join(allowed)}")
        return cast("str", value)

    def texts(self, name: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
        """Return a list of words, perhaps of those that are allowed."""
        value = self._entry(name)
        listed = isinstance(value, list) and all(isinstance(word, str) for word in value)
        words = cast("list[str]", value) if listed else []
        if not words or (allowed and not set(words) <= set(allowed)):
            self._refuse(name, f"a list of {', '.join(allowed) if allowed else 'names'}")
        return tuple(words)

    def optional(self, name: str, bounds: Bounds) -> Spread | None:
        """Return what `spread` does, None where there is no such entry."""
        return self.spread(name, bounds) if name in self.table else None

    def spread(self, name: str, bounds: Bounds) -> Spread:
        """Return where the property's values come from."""
        value = self._entry(name)
        if bounds.hold(value):
            return Choice((cast("float", value),))
        if isinstance(value, list):
            if not value or not all(bounds.hold(one) for one in value):
                self._refuse(name, f"a list of {bounds.noun}")
            return Choice(tuple(value))
        if isinstance(value, dict):
            return self._range(name, value, bounds)
        return self._refuse(name, f"{bounds.noun}, a list of such, or a range")

    def _range(self, name: str, value: dict[str, Any], bounds: Bounds) -> Range:
        expected = " or ".join(f"{{ {scale} = [low, high] }}" for scale in _SCALES)
        if len(value) != 1 or not set(value) <= set(_SCALES):
            self._refuse(name, expected)
        ((scale, ends),) = value.items()
        if not isinstance(ends, list) or len(ends) != _ENDS or not all(map(bounds.hold, ends)):
            self._refuse(name, f"{expected}, each end {bounds.noun}")
        low, high = ends
        if low > high or (scale == "log_uniform" and low <= 0):
            self._refuse(name, "its low end at most the high one, and above 0 where logarithmic")
        return Range(low, high, cast("Scale", scale))

    def _entry(self, name: str) -> object:
        if name not in self.table:
            raise SweepError(f"{self.where}: {name} is missing; every property has to be stated.")
        return self.table[name]

    def _refuse(self, name: str, expected: str) -> NoReturn:
        raise SweepError(f"{self.where}: {name} is {self.table[name]!r}; expected {expected}.")
