"""Levels of factors: which of them comes first, and new data under the levels of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.cells import Place, from_codes, level_text
from bridge.column import KINDS, Column
from bridge.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SHOWN_LEVELS = 12


def relevel(name: str, column: Column, reference: object) -> Column:
    """Return the factor with the level `reference` first and the others as they were.

    This is R's ``relevel``: treatment contrasts then compare with that level.

    Raises
    ------
    DataError
        When the column is no factor or has no such level, or when no row has it: R would drop it,
        and compare with another one.
    """
    if column.kind != "factor":
        raise DataError(
            f"Column {name!r} holds {KINDS[column.kind]}, which have no reference level. Make it "
            "text or a category first."
        )
    level = level_text(Place(name), reference)
    if level not in column.levels:
        raise DataError(f"Column {name!r} has no level {level!r}. Its levels: {_shown(column)}.")
    first = column.levels.index(level)
    if not (column.cells == first + 1).any():
        raise DataError(
            f"No row of column {name!r} has the level {level!r}, so it cannot be the reference."
        )
    others = [k for k in range(len(column.levels)) if k != first]
    levels = [column.levels[k] for k in (first, *others)]
    return _recoded(name, _codes(column), column.levels, levels)


def relabel(name: str, given: Column, like: Column) -> Column:
    """Return a column as a factor with the levels of `like`, then new ones that a row has.

    A number or a bool is the label that :func:`bridge.cells.level_text` makes of it: 308 is "308".
    """
    codes, labels = _labels(name, given)
    used = np.zeros(len(labels), dtype=np.bool_)
    used[codes[codes >= 0]] = True
    known = set(like.levels)
    new = [
        label for label, is_used in zip(labels, used, strict=True) if is_used and label not in known
    ]
    return _recoded(name, codes, labels, [*like.levels, *new])


def _labels(name: str, given: Column) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return (n,) 0-based codes, -1 where missing, and what they stand for as text."""
    if given.kind == "factor":
        return _codes(given), given.levels
    missing = given.missing()
    values, inverse = np.unique(given.cells[~missing], return_inverse=True)
    codes = np.full(len(missing), -1, dtype=np.int32)
    codes[~missing] = inverse
    held = values.astype(np.bool_) if given.kind == "logical" else values
    return codes, tuple(level_text(Place(name), value) for value in held)


def _codes(column: Column) -> NDArray[np.int32]:
    return np.where(column.missing(), -1, column.cells.astype(np.int32) - 1)


def _recoded(
    name: str, codes: NDArray[np.int32], labels: Sequence[str], levels: Sequence[str]
) -> Column:
    """Return the factor of `levels` for codes into `labels`; a label that is no level is unused."""
    position = {level: k for k, level in enumerate(levels)}
    # The code -1 of what is missing reads the last place.
    code_of = np.array([*(position.get(label, -1) for label in labels), -1], dtype=np.int32)
    return from_codes(Place(name), code_of[codes], levels)


def _shown(column: Column) -> str:
    shown = ", ".join(map(repr, column.levels[:_SHOWN_LEVELS]))
    more = len(column.levels) - _SHOWN_LEVELS
    return f"{shown} and {more} more" if more > 0 else shown
