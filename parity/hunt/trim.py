"""Trimming: fewer rows and plainer numbers, as long as the loss stays.

hypothesis shrinks what it drew, the design; the data that come of it have no smaller form there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from parity.hunt.prey import Prey, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    Keeps = Callable[[Prey], bool]

_DECIMALS = (0, 1, 2, 3)


def trim(prey: Prey, keeps: Keeps) -> Prey:
    """Return a prey with fewer rows, or plainer numbers, that still `keeps` what it is about.

    Levels of factors are left out, each with its rows; then rows by halves, quarters and so on, one
    by one last (Zeller and Hildebrandt 2002); then columns are rounded, and cells set to 0 or 1.
    """
    for simpler in _PASSES:
        prey = simpler(prey, keeps)
    return prey


def _with(prey: Prey, data: pd.DataFrame) -> Prey:
    return replace(prey, data=settle(data))


def _with_fewer_levels(prey: Prey, keeps: Keeps) -> Prey:
    for name in prey.factors:
        for level in list(prey.data[name].cat.categories):
            rest = prey.data[prey.data[name] != level]
            smaller = _with(prey, rest)
            if len(rest) and keeps(smaller):
                prey = smaller
    return prey


def _with_fewer_rows(prey: Prey, keeps: Keeps) -> Prey:
    chunk = len(prey.data) // 2
    while chunk:
        start = 0
        while start < len(prey.data) and chunk < len(prey.data):
            rest = prey.data.drop(index=range(start, min(start + chunk, len(prey.data))))
            smaller = _with(prey, rest)
            if keeps(smaller):
                prey = smaller
            else:
                start += chunk
        chunk //= 2
    return prey


def _with_rounder_columns(prey: Prey, keeps: Keeps) -> Prey:
    for name in map(str, prey.data.select_dtypes("float64")):
        for decimals in _DECIMALS:
            plainer = _with(prey, prey.data.assign(**{name: np.round(prey.data[name], decimals)}))
            if keeps(plainer):
                prey = plainer
                break
    return prey


def _with_plainer_cells(prey: Prey, keeps: Keeps) -> Prey:
    for name in map(str, prey.data.select_dtypes("number")):
        for row in range(len(prey.data)):
            for plain in _plainer(float(prey.data[name].iloc[row])):
                cells = prey.data[name].to_numpy("float64").copy()
                cells[row] = plain
                simpler = _with(prey, prey.data.assign(**{name: cells}))
                if keeps(simpler):
                    prey = simpler
                    break
    return prey


_PASSES = (
    _with_fewer_levels, _with_fewer_rows, _with_rounder_columns, _with_plainer_cells,
    _with_fewer_rows,
)  # fmt: skip


def _plainer(number: float) -> Iterator[float]:
    """Yield the numbers that are plainer than one, the plainest first."""
    for plain in (0.0, 1.0, float(np.round(number)), float(np.round(number, 1))):
        if plain == number:
            return
        yield plain
