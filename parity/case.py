"""Cases: a model on a data set, and pairs of nested models, with their published figures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.dataset import Dataset
    from parity.result import Key
    from parity.spec import ModelSpec

_PRINTED = re.compile(
    r"^(?P<below><\s*)?(?P<mantissa>-?\d+(?:\.(?P<decimals>\d+))?)(?:e(?P<power>[-+]?\d+))?$"
)


class CaseError(ValueError):
    """A case file that cannot be used, with the place and what was expected."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A published figure as it was printed.

    Attributes
    ----------
    text
        The characters on the page: ``"-1.26915"``, ``"6.98e-16"``, ``"< 2e-16"``.
    value
        Its number.
    half_unit
        Half a unit of its last printed digit.
    below
        Whether only an upper bound was printed (``"< 2e-16"``).
    """

    text: str
    value: float
    half_unit: float
    below: bool

    @classmethod
    def read(cls, text: str) -> Printed:
        """Return the figure that these characters print; `CaseError` where they print none."""
        match = _PRINTED.match(text.strip())
        power = int(match["power"] or 0) if match else 0
        value = float(match["mantissa"] + f"e{power}") if match else math.inf
        if match is None or not math.isfinite(value):
            raise CaseError(f"{text!r} is no printed figure; expected e.g. '0.162' or '< 2e-16'.")
        places = len(match["decimals"] or "") - power
        return cls(text.strip(), value, float(f"5e{-places - 1}"), match["below"] is not None)

    def error(self, number: float) -> float:
        """Return how far a number is from the figure, in half units of its last digit.

        At most 1 rounds to what was printed. A figure printed as an upper bound is met (0) or
        not (infinity).
        """
        if self.below:
            return 0.0 if number < self.value else math.inf
        return abs(number - self.value) / self.half_unit


Published = Mapping[str, Mapping["Key", Printed]]


@dataclass(frozen=True, slots=True)
class Case:
    """One model on one data set, with what was published about it."""

    name: str
    dataset: Dataset
    spec: ModelSpec
    published: Published = field(default_factory=dict)
    published_in: str = ""
    record_rows: bool = True


@dataclass(frozen=True, slots=True)
class NestedPair:
    """Two ML cases on the same data, the small model nested in the large one."""

    name: str
    small: Case
    large: Case
    published: Published = field(default_factory=dict)
    published_in: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """What a case file holds."""

    cases: tuple[Case, ...]
    pairs: tuple[NestedPair, ...]

    def select(self, patterns: tuple[str, ...]) -> Suite:
        """Return the cases and pairs whose names match one of the shell patterns; all for none.

        Raises
        ------
        CaseError
            Where a pattern matches nothing.
        """
        if not patterns:
            return self
        names = [*(case.name for case in self.cases), *(pair.name for pair in self.pairs)]
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise CaseError(f"No case is called {pattern!r}; `parity list` shows their names.")

        def chosen(name: str) -> bool:
            return any(fnmatchcase(name, pattern) for pattern in patterns)

        return Suite(
            tuple(case for case in self.cases if chosen(case.name)),
            tuple(pair for pair in self.pairs if chosen(pair.name)),
        )
