"""Cells of NumPy as cells of R: the last step, whichever library a column came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import pandas as pd

from bridge.column import NA_INTEGER, Cells, Column
from bridge.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.dtypes import Rule

# R's NA_real_ is the NaN whose low word is 1954. Any other NaN is missing to `is.na`, but to
# `factor()` a level called "NaN".
_NA_REAL = np.array([0x7FF8_0000_0000_07A2], dtype=np.uint64).view(np.float64)[0]
_LARGEST_INTEGER = 2**31 - 1
LARGEST_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands, for what is said of it: its name, and its row labels if it has any."""

    name: str
    index: pd.Index[Any] | None = None

    def row(self, position: int) -> str:
        """Return the words for the row at a 0-based position: its label as the user wrote it."""
        if self.index is None:
            return f"row {position}"
        label = self.index[position]
        return f"row {label.item() if isinstance(label, np.generic) else label!r}"

    def refuse(self, described: object, rule: Rule) -> NoReturn:
        """Raise DataError for a type that R's models do not take."""
        raise DataError(
            f"Column {self.name!r} is of type {described}, which R's models do not take. "
            f"{rule.cure}"
        )


def _frozen(cells: Cells) -> Cells:
    cells.flags.writeable = False
    return cells


def blank(length: int) -> Column:
    """Return a column of `length` cells that are all missing: logical, as R's NA is."""
    return Column("logical", _frozen(np.full(length, NA_INTEGER, np.int32)))


def from_truth(values: NDArray[np.bool_], missing: NDArray[np.bool_] | None) -> Column:
    """Return a logical column of the (n,) `values`; what they are where missing is no matter."""
    cells = values.astype(np.int32)
    if missing is not None:
        np.copyto(cells, NA_INTEGER, where=missing)
    return Column("logical", _frozen(cells))


def from_whole(
    place: Place, values: NDArray[np.integer[Any]], missing: NDArray[np.bool_] | None
) -> Column:
    """Return an integer column of the (n,) `values`, or a double one where they need more bits.

    Where a value is missing it is 0 in `values`.

    Raises
    ------
    DataError
        For a value beyond 2**53, where doubles have gaps.
    """
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if most > LARGEST_EXACT or least < -LARGEST_EXACT:
        _refuse_inexact(place, values)
    cells: Cells
    if most > _LARGEST_INTEGER or least <= NA_INTEGER:
        cells = values.astype(np.float64)
        if missing is not None:
            np.copyto(cells, _NA_REAL, where=missing)
        return Column("double", _frozen(cells))
    cells = values.astype(np.int32)
    if missing is not None:
        np.copyto(cells, NA_INTEGER, where=missing)
    return Column("integer", _frozen(cells))


def _refuse_inexact(place: Place, values: NDArray[np.integer[Any]]) -> NoReturn:
    beyond = (values > LARGEST_EXACT) | (values < -LARGEST_EXACT)
    first = int(beyond.argmax())
    refuse_inexact(place, int(values[first]), first)


def refuse_inexact(place: Place, value: int, position: int) -> NoReturn:
    """Raise DataError for a whole number that no double holds."""
    raise DataError(
        f"Column {place.name!r} holds {value} in {place.row(position)}, which R cannot hold "
        "exactly (it can up to 2**53). If these are labels, make the column text or a category."
    )


def from_real(
    place: Place, values: NDArray[np.floating[Any]], missing: NDArray[np.bool_] | None = None
) -> Column:
    """Return a double column: a copy of the (n,) `values`, each NaN and what is missing made NA.

    Raises
    ------
    DataError
        For an infinity.
    """
    cells = np.array(values, dtype=np.float64)
    if missing is not None:
        np.copyto(cells, _NA_REAL, where=missing)
    if not np.isfinite(cells).all():
        infinite = np.isinf(cells)
        if infinite.any():
            first = int(infinite.argmax())
            raise DataError(
                f"Column {place.name!r} holds {cells[first]} in {place.row(first)} "
                f"({int(infinite.sum())} infinite in all). Remove these rows or make them missing."
            )
        np.copyto(cells, _NA_REAL, where=np.isnan(cells))
    return Column("double", _frozen(cells))


def from_codes(place: Place, codes: NDArray[np.integer[Any]], labels: Sequence[object]) -> Column:
    """Return a factor of 0-based `codes`, (n,), negative where missing, into `labels`.

    Raises
    ------
    DataError
        For labels that cannot be levels, or that read alike as text.
    """
    levels = _levels(place, labels)
    cells = codes.astype(np.int32)
    cells += 1
    if len(codes) and codes.min() < 0:
        np.copyto(cells, NA_INTEGER, where=codes < 0)
    return Column("factor", _frozen(cells), levels)


def from_found(place: Place, codes: NDArray[np.integer[Any]], found: Sequence[str]) -> Column:
    """Return a factor as `from_codes` does, with the texts `found` sorted by code point."""
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.full(len(found) + 1, -1, dtype=np.int32)
    rank[order] = np.arange(len(found))
    # The code -1 of what is missing reads the last place.
    return from_codes(place, rank[codes], [found[k] for k in order])


def _levels(place: Place, labels: Sequence[object]) -> tuple[str, ...]:
    levels = level_texts(place, labels)
    if not _can_be_text("".join(levels)):
        culprit = next(level for level in levels if not _can_be_text(level))
        raise DataError(f"Column {place.name!r} has the level {culprit!r}, which R cannot hold.")
    if len(set(levels)) < len(levels):
        raise DataError(f"Column {place.name!r} has two categories that read alike as text.")
    return levels


def level_texts(place: Place, labels: Sequence[object]) -> tuple[str, ...]:
    """Return what `level_text` makes of each label."""
    if set(map(type, labels)) <= {str}:
        return tuple(cast("Sequence[str]", labels))
    return tuple(level_text(place, label) for label in labels)


def level_text(place: Place, label: object) -> str:
    """Return the level that a label becomes: text as it is, a number by its shortest exact text.

    Raises
    ------
    DataError
        For a label that is no text, bool, number or interval.
    """
    match label:
        case str():
            return str.__str__(label)  # an Enum of text would name itself
        case bool() | np.bool_():
            return "TRUE" if label else "FALSE"
        case int() | np.integer():
            return str(int(label))
        case float() | np.floating() if np.isfinite(label):
            return str(int(label)) if float(label).is_integer() else str(float(label))
        case pd.Interval():
            return str(label)
    shown = label if isinstance(label, float) else f"{type(label).__name__} values"
    raise DataError(
        f"Column {place.name!r} is a category of {shown}; expected text, bools, numbers or "
        "intervals. Name its categories: column.cat.rename_categories(str)."
    )


def _can_be_text(text: str) -> bool:
    """Return whether R can hold the text: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def require_text(name: str) -> None:
    """Raise DataError unless R can hold a column's name."""
    if not name or not _can_be_text(name):
        raise DataError(f"A column of the data is named {name!r}, which R cannot hold. Rename it.")
