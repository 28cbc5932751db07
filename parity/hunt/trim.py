"""Trimming: fewer terms, fewer rows and plainer numbers, as long as the loss stays.

hypothesis shrinks what it drew, the design; the data that come of it have no smaller form there,
and each design with a term less has other data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from parity.formula import parse, render
from parity.hunt.prey import Prey, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from parity.spec import ModelSpec

    Keeps = Callable[[Prey], bool]

T = TypeVar("T")
_DECIMALS = (0, 1, 2, 3)


def trim(prey: Prey, keeps: Keeps) -> Prey:
    """Return a prey with fewer terms and rows, or plainer numbers, that `keeps` what it is about.

    Terms of the model are left out, and columns that none uses; levels of factors, each with its
    rows; then rows by halves, quarters and so on, one by one last (Zeller and Hildebrandt 2002);
    then columns are rounded, and cells set to 0 or 1.
    """
    for simpler in _PASSES:
        prey = simpler(prey, keeps)
    return prey


def _with(prey: Prey, data: pd.DataFrame) -> Prey:
    return replace(prey, data=settle(data))


def _with_fewer_terms(prey: Prey, keeps: Keeps) -> Prey:
    for spec in _with_a_term_less(prey.spec):
        used = [*spec.variables, *([spec.weights] if spec.weights else [])]
        smaller = replace(prey, spec=spec, data=prey.data[list(dict.fromkeys(used))])
        if keeps(smaller):
            return _with_fewer_terms(smaller, keeps)
    return prey


def _with_a_term_less(spec: ModelSpec) -> Iterator[ModelSpec]:
    """Yield the models without one of the terms, or of the columns of a term."""
    terms = spec.random
    for place, term in enumerate(terms):
        if len(terms) > 1:
            yield _stated(replace(spec, random=_without(terms, place)))
        for column in range(len(term.columns)):
            if len(term.columns) > 1:
                less = replace(term, columns=_without(term.columns, column))
                yield _stated(replace(spec, random=(*terms[:place], less, *terms[place + 1 :])))
    for place in range(1, len(spec.fixed)):
        if spec.fixed[0] == "1" or len(spec.fixed) > 2:  # noqa: PLR2004 - the 0, and one that is left
            yield _stated(replace(spec, fixed=_without(spec.fixed, place)))


def _without(parts: tuple[T, ...], place: int) -> tuple[T, ...]:
    return (*parts[:place], *parts[place + 1 :])


def _stated(spec: ModelSpec) -> ModelSpec:
    """Return a model with the formula and the variables that its terms make."""
    return parse(
        render(spec), criterion=spec.criterion, family=spec.family, link=spec.link,
        nagq=spec.nagq, weights=spec.weights,
    )  # fmt: skip


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
    _with_fewer_terms, _with_fewer_levels, _with_fewer_rows, _with_rounder_columns,
    _with_plainer_cells, _with_fewer_rows,
)  # fmt: skip


def _plainer(number: float) -> Iterator[float]:
    """Yield the numbers that are plainer than one, the plainest first."""
    for plain in (0.0, 1.0, float(np.round(number)), float(np.round(number, 1))):
        if plain == number:
            return
        yield plain
