"""Arrays of NumPy, and arrays of Python objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from bridge.cells import (
    LARGEST_EXACT,
    Place,
    blank,
    from_found,
    from_real,
    from_truth,
    from_whole,
    level_texts,
    refuse_inexact,
)
from bridge.dtypes import Family, Rule, find_rule
from bridge.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.column import Column

_NAMES = {"O": "object", "U": "str", "T": "str", "S": "bytes", "V": "void"}
_CELLS_CURE = "Make each cell of one type: numbers, bools or text."


def read(place: Place, values: NDArray[Any]) -> Column:
    """Return an array of one dimension as R takes it; masked cells are missing."""
    if values.ndim != 1:
        raise DataError(
            f"Column {place.name!r} has {values.ndim} dimensions; expected one value a row."
        )
    name = _NAMES.get(values.dtype.kind, values.dtype.name.partition("[")[0])
    rule = find_rule("pandas", name)
    if isinstance(values, np.ma.MaskedArray):
        return _read_masked(place, values, rule)
    if rule.family in ("text", "objects"):
        return read_objects(place, values.astype(object, copy=False))
    return _read_plain(place, values, rule)


def _read_masked(place: Place, values: np.ma.MaskedArray[Any, Any], rule: Rule) -> Column:
    missing = np.ma.getmaskarray(values)
    if rule.family in ("text", "objects"):
        cells = values.data.astype(object)
        cells[missing] = None
        return read_objects(place, cells)
    harmless = np.where(missing, np.zeros(1, values.dtype), values.data)
    return _read_plain(place, harmless, rule, missing)


def _read_plain(
    place: Place, values: NDArray[Any], rule: Rule, missing: NDArray[np.bool_] | None = None
) -> Column:
    if rule.family == "truth":
        return from_truth(values, missing)
    if rule.family == "whole":
        return from_whole(place, values, missing)
    if rule.family != "real":
        place.refuse(values.dtype, rule)
    return from_real(place, values, missing)


def read_objects(place: Place, cells: NDArray[np.object_]) -> Column:
    """Return Python objects as R takes them: all text, all bools or all numbers, but no mixture."""
    if isinstance(next((cell for cell in cells if not _is_missing(cell)), None), str):
        return _read_text(place, cells)
    held = [None if _is_missing(cell) else cell for cell in cells]
    missing = np.array([cell is None for cell in held], dtype=np.bool_)
    kinds = set(map(type, held)) - {type(None)}
    families = {_family(kind) for kind in kinds}
    if not families:
        return blank(len(held))
    if families == {"truth"}:
        return from_truth(np.array([bool(cell) for cell in held]), missing)
    if not families <= {"whole", "real"}:
        _refuse(place, kinds)
    _require_exact(place, held)
    if families == {"whole"}:
        return from_whole(place, np.array([int(cell or 0) for cell in held], np.int64), missing)
    return from_real(place, np.array([np.nan if cell is None else float(cell) for cell in held]))


def _read_text(place: Place, cells: NDArray[np.object_]) -> Column:
    codes, found = pd.factorize(cells, use_na_sentinel=True)
    labels = found.tolist()
    if not all(issubclass(kind, str) for kind in set(map(type, labels))):
        _refuse(place, {type(cell) for cell in cells if not _is_missing(cell)})
    return from_found(place, codes, level_texts(place, labels))


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float | np.floating) and cell != cell)  # noqa: PLR0124  (only NaN differs from itself)


def _family(kind: type) -> Family:
    """Return what all cells of this type could become."""
    if issubclass(kind, bool | np.bool_):
        return "truth"
    if issubclass(kind, int | np.integer):
        return "whole"
    if issubclass(kind, float | np.floating) and not issubclass(kind, np.longdouble):
        return "real"
    return "refused"


def _require_exact(place: Place, held: list[Any]) -> None:
    for position, cell in enumerate(held):
        if isinstance(cell, int | np.integer) and abs(int(cell)) > LARGEST_EXACT:
            refuse_inexact(place, int(cell), position)


def _refuse(place: Place, kinds: set[type]) -> NoReturn:
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    place.refuse(f"object (holding {names})", Rule("refused", "refused", cure=_CELLS_CURE))
