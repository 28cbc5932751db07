"""A running R, seen from Python: named functions of ``r_scripts`` called with plain arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bridge.column import Frame
from bridge.conditions import Condition

Cells = NDArray[np.float64] | NDArray[np.int32] | NDArray[np.bool_] | tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """An atomic vector or matrix of R.

    Attributes
    ----------
    cells
        (n,) float64, int32 or bool in R's order (a matrix by columns), or a tuple of text,
        None where R has NA. A double's NA is NaN.
    names
        (n,) names, or None.
    shape
        (rows, columns) of a matrix, or None.
    rows, columns
        Names of a matrix' rows and columns, or None.
    """

    cells: Cells
    names: tuple[str, ...] | None = None
    shape: tuple[int, int] | None = None
    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None


# What comes back: NULL, a vector, a list with names, a list without.
Value = None | Vector | Mapping[str, "Value"] | Sequence["Value"]
# What is sent: numbers and text as vectors of one, lists of text, named and unnamed lists, a table.
Argument = None | bool | int | float | str | Frame | Mapping[str, "Argument"] | Sequence["Argument"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of R's: its classes, most special first, its words and the call that raised it."""

    classes: tuple[str, ...]
    text: str
    call: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gave: a value or a failure, and all that R said on the way, in order."""

    value: Value
    failure: Failure | None
    conditions: tuple[Condition, ...]


class Session(Protocol):
    """A running R that has sourced ``r_scripts``."""

    def call(self, name: str, arguments: Mapping[str, Argument]) -> Answer:
        """Call the function ``name`` of ``r_scripts`` and return what it answered."""

    def versions(self) -> dict[str, str]:
        """Return the versions that only this kind of session knows (rpy2's, for one)."""


def current() -> Session:
    """Return the session of this process, started at its first use."""
    from bridge.embedded import session  # noqa: PLC0415  (loads rpy2)

    return session()
