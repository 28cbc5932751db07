"""A column as it is drawn, and the groups of rows that have a colour of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.errors import ArgumentError, DataError
from bridge.plots.style import BLUE, COLOURS, DASHES, MARKERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.column import Column


@dataclass(frozen=True, slots=True)
class Variable:
    """One column.

    Attributes
    ----------
    name
        Its name.
    values
        (n,) numbers, or the 0-based positions of a category's levels; NaN where missing.
    levels
        The levels in use; empty for numbers.
    """

    name: str
    values: NDArray[np.float64]
    levels: tuple[str, ...]

    @property
    def is_category(self) -> bool:
        """Whether it has levels."""
        return len(self.levels) > 0


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The rows of one level of the hue, and how they look.

    Attributes
    ----------
    label
        The level; empty where there is no hue.
    rows
        (n,) whether a row is of the group.
    colour, marker, dashes
        Of matplotlib.
    """

    label: str
    rows: NDArray[np.bool_]
    colour: str
    marker: str
    dashes: Any

    def of(self, *variables: Variable) -> tuple[NDArray[np.float64], ...]:
        """Return the values of the variables in the group's rows that miss none of them."""
        complete = self.rows & ~np.any([np.isnan(each.values) for each in variables], axis=0)
        return tuple(each.values[complete] for each in variables)


def as_variable(name: str, column: Column, rows: NDArray[np.bool_]) -> Variable:
    """Return the column as it is drawn, the `rows` alone; missing elsewhere.

    Raises
    ------
    DataError
        When no value is left.
    """
    hidden = column.missing() | ~rows
    if hidden.all():
        raise DataError(f"Column {name!r} has no value to draw.")
    cells = np.where(hidden, np.nan, column.cells.astype(np.float64))
    if column.kind not in ("factor", "logical"):
        return Variable(name, cells, ())
    first = 1 if column.kind == "factor" else 0
    known = column.levels if column.kind == "factor" else ("FALSE", "TRUE")
    used = np.unique(cells[~hidden]).astype(np.int64)
    positions = np.full(len(cells), np.nan)
    positions[~hidden] = np.searchsorted(used, cells[~hidden])
    return Variable(name, positions, tuple(known[code - first] for code in used))


def as_groups(hue: Variable | None, count: int) -> tuple[Group, ...]:
    """Return the groups of `count` rows by the levels of `hue`; one of all rows where it is None.

    Raises
    ------
    ArgumentError
        When the hue is a number, or has more levels than there are colours.
    """
    if hue is None:
        return (Group("", np.ones(count, dtype=np.bool_), BLUE, "o", "-"),)
    if not hue.is_category:
        raise ArgumentError(
            f"hue names {hue.name!r}, a column of numbers; expected a category. If the numbers are "
            "labels, make it one: data.astype({" + repr(hue.name) + ": 'category'})."
        )
    if len(hue.levels) > len(COLOURS):
        raise ArgumentError(
            f"hue names {hue.name!r}, which has {len(hue.levels)} levels; at most {len(COLOURS)} "
            "can be told apart by colour. Join some of them."
        )
    looks = zip(COLOURS, MARKERS, DASHES, strict=True)
    return tuple(
        Group(level, hue.values == k, *look)
        for (k, level), look in zip(enumerate(hue.levels), looks, strict=False)
    )
