"""Arrays of Arrow, chunked or not. Their text is sorted and numbered without becoming Python's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bridge.cells import Place, blank, from_codes, from_real, from_truth, from_whole
from bridge.dtypes import find_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.column import Column
    from bridge.dtypes import Family

# pyarrow has no types.
Array = Any


def read(place: Place, array: Array) -> Column:
    """Return an array, or one that calls itself Arrow's, as R takes it."""
    whole = array if isinstance(array, pa.Array | pa.ChunkedArray) else pa.array(array)
    column = whole if isinstance(whole, pa.ChunkedArray) else pa.chunked_array([whole])
    rule = find_rule("arrow", re.split(r"[\[(<]", str(column.type))[0])
    reader = _READERS.get(rule.family)
    if reader is None:
        place.refuse(column.type, rule)
    return reader(place, column)


def _filled(column: Array, *, value: object) -> NDArray[Any]:
    cells: NDArray[Any] = (column.fill_null(value) if column.null_count else column).to_numpy()
    return cells


def _missing(column: Array) -> NDArray[np.bool_] | None:
    return np.asarray(column.is_null()) if column.null_count else None


def _numbered(column: Array) -> tuple[NDArray[np.int32], Array]:
    """Return the codes of a dictionary, -1 where there is none, and its values."""
    whole = column.combine_chunks()
    codes = whole.indices.cast(pa.int32())
    return _filled(codes, value=-1), whole.dictionary


def _read_text(place: Place, column: Array) -> Column:
    # Not every version numbers views.
    codes, found = _numbered(column.cast(pa.large_string()).dictionary_encode())
    # By bytes of UTF-8, which is by code point.
    order = pc.call_function("array_sort_indices", [found])
    rank = np.full(len(found) + 1, -1, dtype=np.int32)
    rank[np.asarray(order)] = np.arange(len(found))
    # The code -1 of what is missing reads the last place.
    return from_codes(place, rank[codes], found.take(order).to_pylist())


def _read_dictionary(place: Place, column: Array) -> Column:
    codes, values = _numbered(column)
    if values.null_count:
        kept = np.asarray(values.is_valid())
        place_of = np.where(kept, kept.cumsum() - 1, -1)
        codes = np.where(codes < 0, -1, place_of[codes])
        values = values.drop_null()
    return from_codes(place, codes, values.to_pylist())


_READERS: dict[Family, Callable[[Place, Array], Column]] = {
    "truth": lambda _, column: from_truth(_filled(column, value=False), _missing(column)),
    "whole": lambda place, column: from_whole(place, _filled(column, value=0), _missing(column)),
    "real": lambda place, column: from_real(place, column.to_numpy(), _missing(column)),
    "text": _read_text,
    "category": _read_dictionary,
    "nothing": lambda _, column: blank(len(column)),
}
