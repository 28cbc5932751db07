"""A model stated on data: the arrays of its criterion, with a name for each of their parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.model import Block, Model
from parity.design.coding import code, independent
from parity.design.frame import model_frame, row_names
from parity.design.terms import UnusableDataError, translate
from parity.result import Design

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from parity.design.frame import Frame
    from parity.result import Key
    from parity.spec import ModelSpec, RandomTerm


@dataclass(frozen=True)
class Statement:
    """What a model and data come to.

    Attributes
    ----------
    spec
        The question.
    complete
        Whether each row of the data is used: it has all that the model needs.
    coefficients
        R's names of the columns of X, ``(p,)``.
    terms
        R's names of each block's columns.
    levels
        Names of each block's levels.
    model
        The arrays.
    """

    spec: ModelSpec
    complete: NDArray[np.bool_]
    coefficients: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    levels: tuple[tuple[str, ...], ...]
    model: Model

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows used, their positions from 1, ``(n,)``."""
        return row_names(self.complete)

    @property
    def theta_keys(self) -> tuple[Key, ...]:
        """(group, row, column) of each element of theta, in the order of the model's arrays."""
        return tuple(
            (term.group, names[row], names[column])
            for term, names in zip(self.spec.random, self.terms, strict=True)
            for column in range(len(names))
            for row in range(column, len(names))
        )

    @property
    def effects(self) -> Iterator[Key]:
        """(group, level, term) of each random effect: block by block, level by level."""
        return (
            (term.group, level, name)
            for term, names, levels in zip(self.spec.random, self.terms, self.levels, strict=True)
            for level in levels
            for name in names
        )


def state(spec: ModelSpec, data: pd.DataFrame) -> Statement:
    """Return the arrays of a mixed model on these data, columns that R drops left out.

    Raises
    ------
    NotExpressibleError, UnusableDataError
        With the reason.
    """
    frame = model_frame(spec, data)
    coded = code(translate(spec.fixed), frame.table).design
    kept = independent(coded.matrix)
    if not kept:
        raise UnusableDataError("The model has no fixed effect that could be estimated.")
    known = {spec.fixed: coded}
    for term in spec.random:
        if term.columns not in known:
            known[term.columns] = _columns(term, frame)
    designs = [known[term.columns] for term in spec.random]
    groupings = [frame.groupings[term.group] for term in spec.random]
    blocks = tuple(
        Block(np.asarray(grouping.codes, dtype=np.intp), design.matrix, len(grouping.levels))
        for grouping, design in zip(groupings, designs, strict=True)
    )
    return Statement(
        spec=spec,
        complete=frame.complete,
        coefficients=tuple(coded.columns[j] for j in kept),
        terms=tuple(design.columns for design in designs),
        levels=tuple(grouping.levels for grouping in groupings),
        model=Model(
            y=frame.response,
            X=_of(coded, kept),
            blocks=blocks,
            weights=frame.weights,
            family=spec.family,
            link=spec.link,
        ),
    )


def _of(design: Design, kept: tuple[int, ...]) -> NDArray[np.float64]:
    """Return some columns of a design; itself where they are all."""
    if len(kept) == len(design.columns):
        return design.matrix
    return np.ascontiguousarray(design.matrix[:, list(kept)])


def _columns(term: RandomTerm, frame: Frame) -> Design:
    """Return the design of a block; an intercept's is one number, seen n times."""
    if term.intercept_only:
        return Design(("(Intercept)",), np.broadcast_to(1.0, (len(frame.response), 1)))
    return code(translate(term.columns), frame.table).design
