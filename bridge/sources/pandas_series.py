"""Series of pandas, of every kind: NumPy's, nullable, Arrow's, categories, text, objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.cells import Place, from_codes, from_real, from_truth, from_whole
from bridge.dtypes import find_rule
from bridge.sources import numpy_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.column import Column
    from bridge.dtypes import Family

    Series = pd.Series[Any]


def read(place: Place, series: Series) -> Column:
    """Return a Series as R takes it."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return numpy_array.read(place, series.to_numpy())
    if isinstance(dtype, pd.ArrowDtype):
        return _read_arrow(place, series)
    name = str(dtype).partition("[")[0]
    # A dtype of a plugin may bear the name of one of pandas' own.
    is_theirs = type(dtype).__module__.partition(".")[0] == "pandas"
    rule = find_rule("pandas", name if is_theirs else "")
    reader = _READERS.get(rule.family)
    if reader is None:
        place.refuse(dtype, rule)
    return reader(place, series)


def _read_truth(_place: Place, series: Series) -> Column:
    return from_truth(series.to_numpy(np.bool_, na_value=False), _missing(series))


def _read_whole(place: Place, series: Series) -> Column:
    whole = np.uint64 if series.dtype.kind == "u" else np.int64
    return from_whole(place, series.to_numpy(whole, na_value=0), _missing(series))


def _read_real(place: Place, series: Series) -> Column:
    return from_real(place, series.to_numpy(np.float64, na_value=np.nan))


def _read_category(place: Place, series: Series) -> Column:
    return from_codes(place, series.cat.codes.to_numpy(), series.cat.categories.tolist())


def _missing(series: Series) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    return series.isna().to_numpy(np.bool_) if series.hasnans else None


def _read_text(place: Place, series: Series) -> Column:
    if getattr(series.dtype, "storage", "") == "pyarrow":
        return _read_arrow(place, series)
    return numpy_array.read_objects(place, series.to_numpy(object))


def _read_arrow(place: Place, series: Series) -> Column:
    from bridge.sources import arrow_array  # noqa: PLC0415  (pyarrow is there only where it is used)

    return arrow_array.read(place, series.array)


_READERS: dict[Family, Callable[[Place, Series], Column]] = {
    "truth": _read_truth,
    "whole": _read_whole,
    "real": _read_real,
    "text": _read_text,
    "category": _read_category,
}
