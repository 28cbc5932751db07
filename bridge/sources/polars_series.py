"""Series of polars, without a step through pandas or Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import polars as pl

from bridge.cells import Place, blank, from_codes, from_real, from_truth, from_whole
from bridge.dtypes import find_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from bridge.column import Column
    from bridge.dtypes import Family


def read(place: Place, series: pl.Series) -> Column:
    """Return a Series as R takes it."""
    rule = find_rule("polars", str(series.dtype.base_type()))
    reader = _READERS.get(rule.family)
    if reader is None:
        place.refuse(series.dtype, rule)
    return reader(place, series)


def _missing(series: pl.Series) -> NDArray[np.bool_] | None:
    return series.is_null().to_numpy() if series.null_count() else None


def _codes(series: pl.Series) -> NDArray[np.int32]:
    return series.to_physical().cast(pl.Int32).fill_null(-1).to_numpy()


def _read_truth(_place: Place, series: pl.Series) -> Column:
    return from_truth(series.fill_null(value=False).to_numpy(), _missing(series))


def _read_whole(place: Place, series: pl.Series) -> Column:
    return from_whole(place, series.fill_null(0).to_numpy(), _missing(series))


def _read_enum(place: Place, series: pl.Series) -> Column:
    levels = cast("pl.Enum", series.dtype).categories
    return from_codes(place, _codes(series), levels.to_list())


def _read_text(place: Place, series: pl.Series) -> Column:
    # By bytes of UTF-8, which is by code point.
    levels = series.drop_nulls().unique().sort()
    return from_codes(place, _codes(series.cast(pl.Enum(levels))), levels.to_list())


_READERS: dict[Family, Callable[[Place, pl.Series], Column]] = {
    "truth": _read_truth,
    "whole": _read_whole,
    "real": lambda place, series: from_real(place, series.to_numpy(), _missing(series)),
    "text": _read_text,
    "labels": lambda place, series: _read_text(place, series.cast(pl.String)),
    "category": _read_enum,
    "nothing": lambda _, series: blank(len(series)),
}
