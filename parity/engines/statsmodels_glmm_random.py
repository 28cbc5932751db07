"""The random effects of a GLMM as its user gives them: a grouping and the columns that vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parity.criterion.model import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector

_INTERCEPT = "Intercept"


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """One block of correlated random effects: columns that vary over the levels of a factor.

    Attributes
    ----------
    group
        The grouping factor's name.
    codes
        Each row's level, ``(n,)``; -1 where it is not known.
    levels
        The levels' labels, in order; a MultiIndex for an interaction.
    exog
        The columns, ``(n, r)``.
    names
        Their names, ``(r,)``.
    """

    group: str
    codes: NDArray[np.intp]
    levels: pd.Index[Any]
    exog: Matrix
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        groups: Any,  # noqa: ANN401 - labels of any kind
        exog_re: Any = None,  # noqa: ANN401 - an array or a data frame
        *,
        group: str | None = None,
        names: Sequence[str] | None = None,
    ) -> RandomEffects:
        """Return the block of these labels ``(n,)`` and columns ``(n, r)``; an intercept if none.

        Parameters
        ----------
        groups
            One label a row, or a data frame whose columns together are the factor.
        exog_re
            Random-effects columns.
        group
            The factor's name; by default that of the series or the frame's columns, ``"Group"``
            otherwise.
        names
            The columns' names; by default the frame's, ``"x_re1"`` and so on otherwise.

        Raises
        ------
        ValueError
            Where names and columns differ in number.
        """
        codes, levels, found = _coded(groups)
        columns = np.ones((len(codes), 1)) if exog_re is None else _columns(exog_re)
        given = _names(exog_re, columns.shape[1]) if names is None else tuple(names)
        if len(given) != columns.shape[1] or len(columns) != len(codes):
            raise ValueError(
                f"exog_re has shape {columns.shape} for {len(given)} names and {len(codes)} labels."
            )
        return cls(group or found, codes, levels, columns, given)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which rows have a level and all columns, ``(n,)``."""
        known: NDArray[np.bool_] = (self.codes >= 0) & ~np.isnan(self.exog).any(axis=1)
        return known

    def take(self, rows: NDArray[np.intp]) -> RandomEffects:
        """Return the block on these rows, levels that do not occur left out."""
        occurring, codes = np.unique(self.codes[rows], return_inverse=True)
        levels = self.levels[occurring]
        return RandomEffects(self.group, codes.astype(np.intp), levels, self.exog[rows], self.names)

    def block(self) -> Block:
        """Return the criterion's block.

        Raises
        ------
        ValueError
            Where there is one level only: its variance has nothing to be estimated from.
        """
        if len(self.levels) < 2:  # noqa: PLR2004 - a variance needs two
            raise ValueError(
                f"The grouping factor {self.group} has {len(self.levels)} level; expected two or "
                "more. lme4 stops there too ('grouping factors must have > 1 sampled level')."
            )
        return Block(self.codes, self.exog, len(self.levels))

    def theta_names(self) -> list[str]:
        """Return names of the block's elements of theta: an SD, or those of a Cholesky factor.

        ``"school SD"`` for a random intercept, ``"school raven SD"`` for another lone column; in a
        correlated block ``"school Chol[raven, Intercept]"``, row before column, in lme4's order.
        """
        if len(self.names) == 1:
            lone = "" if self.names[0] == _INTERCEPT else f" {self.names[0]}"
            return [f"{self.group}{lone} SD"]
        return [
            f"{self.group} Chol[{row}, {column}]"
            for j, column in enumerate(self.names)
            for row in self.names[j:]
        ]

    def effects(self, b: Vector) -> pd.DataFrame:
        """Return the block's effects ``(levels * r,)`` as a table, a level a row."""
        table = b.reshape(len(self.levels), len(self.names))
        return pd.DataFrame(table, index=self.levels, columns=list(self.names))

    def contribution(self, b: Vector, other: RandomEffects) -> Vector:
        """Return Zb on other rows of the same columns, ``(n,)``; 0 where the level is new."""
        places = self.levels.get_indexer(other.levels)[other.codes]
        known = (places >= 0) & (other.codes >= 0)
        table = b.reshape(len(self.levels), len(self.names))
        return np.asarray(known * (other.exog * table[places]).sum(axis=1))


def _coded(groups: Any) -> tuple[NDArray[np.intp], pd.Index[Any], str]:  # noqa: ANN401 - labels of any kind
    if isinstance(groups, pd.DataFrame) and groups.shape[1] > 1:
        parts = [_coded(groups[name]) for name in groups.columns]
        pairs = np.column_stack([codes for codes, _, _ in parts])
        found, inverse = np.unique(pairs, axis=0, return_inverse=True)
        usable = np.flatnonzero((found >= 0).all(axis=1))
        place = np.full(len(found), -1, dtype=np.intp)
        place[usable] = np.arange(len(usable))
        labels = [level[found[usable, j]] for j, (_, level, _) in enumerate(parts)]
        index = pd.MultiIndex.from_arrays(labels, names=list(groups.columns))
        return place[inverse.reshape(-1)], index, ":".join(map(str, groups.columns))
    series = groups.iloc[:, 0] if isinstance(groups, pd.DataFrame) else pd.Series(groups)
    codes, levels = pd.factorize(series, sort=True)
    named = isinstance(groups, (pd.Series, pd.DataFrame)) and series.name is not None
    name = str(series.name) if named else "Group"
    return np.asarray(codes, dtype=np.intp), pd.Index(np.asarray(levels)), name


def _columns(exog_re: Any) -> Matrix:  # noqa: ANN401 - an array or a data frame
    columns = np.asarray(exog_re, dtype=np.float64)
    return columns[:, None] if columns.ndim == 1 else columns


def _names(exog_re: Any, width: int) -> tuple[str, ...]:  # noqa: ANN401 - an array or a data frame
    if exog_re is None:
        return (_INTERCEPT,)
    if isinstance(exog_re, pd.DataFrame):
        return tuple(map(str, exog_re.columns))
    if isinstance(exog_re, pd.Series) and exog_re.name is not None:
        return (str(exog_re.name),)
    return tuple(f"x_re{j + 1}" for j in range(width))
