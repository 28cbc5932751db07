"""The rows and columns that a model uses: R's model frame, made in Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parity.design.response import respond
from parity.design.terms import UnusableDataError, as_factor, evaluate, numbers, translate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from parity.spec import ModelSpec, RandomTerm


_COUNTED = 8
"""Cells of an interaction, as a multiple of the rows, up to which they are counted."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """One grouping factor.

    Attributes
    ----------
    codes
        The level of each row as a number, ``(n,)``.
    levels
        Names of the levels that occur, as lme4 prints them; ordered by the factor's variables.
    """

    codes: NDArray[np.int64]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is left of the data when R's na.omit has gone over the model's variables.

    Attributes
    ----------
    complete
        Whether each row of the data is used: it has all that the model needs.
    response, weights
        y and its prior weights (the size of a binomial response), ``(n,)``.
    table
        R name of an atom → its values, ``(n,)``; levels that do not occur are gone.
    groupings
        Name of a grouping factor → its levels by row.
    """

    complete: NDArray[np.bool_]
    response: NDArray[np.float64]
    weights: NDArray[np.float64]
    table: pd.DataFrame
    groupings: Mapping[str, Grouping]

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows' names: their positions from 1, ``(n,)``."""
        return row_names(self.complete)


def row_names(complete: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the names of the rows used: their positions in the data from 1, ``(n,)``."""
    return tuple(str(row + 1) for row in np.flatnonzero(complete).tolist())


def model_frame(spec: ModelSpec, data: pd.DataFrame) -> Frame:
    """Return the rows that R would use, with every atom of the formula evaluated.

    Atoms are evaluated on all rows and rows with a missing value dropped afterwards, as R's
    model.frame does.

    Raises
    ------
    UnusableDataError
        Where a column is missing or infinite, a prior weight is negative, or no row is complete.
    """
    data = data.reset_index(drop=True)
    response, weights = respond(spec, data)
    if spec.weights is not None:
        weights = weights * _prior(spec.weights, data)
    columns = [translate(spec.fixed), *(translate(term.columns) for term in spec.random)]
    atoms = {name: node for terms in columns for name, node in terms.atoms.items()}
    table = pd.DataFrame(
        {name: evaluate(node, data) for name, node in atoms.items()}, index=data.index, copy=False
    )
    parts = {name: as_factor(_present(name, data)) for name in _grouping_variables(spec)}
    complete = ~np.isnan(response) & ~np.isnan(weights) & table.notna().all(axis=1).to_numpy()
    for part in parts.values():
        complete &= part.notna().to_numpy()
    if not complete.all():
        response, weights = response[complete], weights[complete]
        table = table[complete].reset_index(drop=True)
        parts = {name: part[complete] for name, part in parts.items()}
    _refuse_empty_or_infinite(spec, response, table)
    return Frame(
        complete=complete,
        response=response,
        weights=weights,
        table=_without_unused_levels(table),
        groupings={term.group: _grouping(term, parts) for term in spec.random},
    )


def _prior(name: str, data: pd.DataFrame) -> NDArray[np.float64]:
    """Return the prior weights, nan where they are missing."""
    weights = numbers(name, data)
    wrong = np.flatnonzero((weights < 0) | np.isinf(weights))
    if wrong.size:
        raise UnusableDataError(
            f"The prior weight {name} is {weights[wrong[0]]:g} in row {wrong[0] + 1}; expected a "
            "finite number, 0 or more."
        )
    return weights


def _grouping_variables(spec: ModelSpec) -> dict[str, None]:
    return dict.fromkeys(name for term in spec.random for name in term.factors)


def _present(name: str, data: pd.DataFrame) -> pd.Series:
    if name not in data.columns:
        raise UnusableDataError(f"The data have no column {name!r}.")
    return data[name]


def _refuse_empty_or_infinite(
    spec: ModelSpec, response: NDArray[np.float64], table: pd.DataFrame
) -> None:
    if not response.size:
        raise UnusableDataError("No row has a value in every variable of the formula.")
    numbers = {spec.response: response} | {
        name: table[name].to_numpy(dtype=np.float64)
        for name in table.columns
        if not isinstance(table[name].dtype, pd.CategoricalDtype)
    }
    for name, column in numbers.items():
        if np.isinf(column).any():
            raise UnusableDataError(f"{name} has infinite values.")


def _without_unused_levels(table: pd.DataFrame) -> pd.DataFrame:
    for name in table.columns:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table[name] = table[name].cat.remove_unused_categories()
            if len(table[name].cat.categories) == 1:
                raise UnusableDataError(f"{name} has one level only: it cannot be contrasted.")
    return table


def _grouping(term: RandomTerm, parts: Mapping[str, pd.Series]) -> Grouping:
    """Return the interaction of the variables, levels ordered by the first, then the second."""
    names = [parts[name].cat.categories.tolist() for name in term.factors]
    sizes = tuple(len(levels) for levels in names)
    codes = [parts[name].cat.codes.to_numpy() for name in term.factors]
    present: Sequence[NDArray[np.intp]]
    if math.prod(sizes) > np.iinfo(np.intp).max:
        rows, inverse = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
        present = list(rows.T)
    else:
        cells = _cells(codes, sizes)
        found, inverse = _occurring(cells, math.prod(sizes))
        present = np.unravel_index(found, sizes)
    levels = tuple(
        ":".join(names[j][code] for j, code in enumerate(cell))
        for cell in zip(*present, strict=True)
    )
    return Grouping(np.asarray(inverse, dtype=np.int64).reshape(-1), levels)


def _cells(codes: Sequence[NDArray[Any]], sizes: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the number of each row's cell among all cells of the factors."""
    if len(codes) == 1:
        return codes[0].astype(np.intp)
    return np.asarray(np.ravel_multi_index(codes, sizes))


def _occurring(cells: NDArray[np.intp], size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the numbers below size that occur, in order, and each row's place among them."""
    if size > _COUNTED * len(cells):
        found, inverse = np.unique(cells, return_inverse=True)
        return found, inverse
    # counted, not sorted
    found = np.flatnonzero(np.bincount(cells))
    if len(found) == size:
        return found, cells
    places = np.empty(size, dtype=np.intp)
    places[found] = np.arange(len(found))
    return found, places[cells]
