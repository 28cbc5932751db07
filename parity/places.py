"""Where a population is looked at: rows that X could have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector
    from parity.design.statement import Statement

QUARTILES = (0.25, 0.5, 0.75)
FEW = 8
"""Distinct rows of X that are shown one by one."""


class Place(NamedTuple):
    """Values of X's columns, with a name.

    Attributes
    ----------
    name
        What they are.
    x
        ``(p,)``.
    """

    name: str
    x: Vector


def centre(statement: Statement, beta: Vector) -> Place:
    """Return the median of each column of X, a column of two values at the lower one.

    Where X has products of columns that may be no place at all: then the middle row in X beta.
    """
    if _bound(statement):
        return _rows(statement, beta, (0.5,))[0]
    return Place("X's medians, factors at their reference", _middle(statement.model.X))


def places(statement: Statement, beta: Vector) -> tuple[Place, ...]:
    """Return where a population is looked at, each a place where a row could be.

    The distinct rows of X where they are at most eight. Else from `centre` each column in turn at
    its quartiles, or at both of its values where it has two; where X has products of columns, the
    rows at the quartiles of X beta.
    """
    X, names = statement.model.X, statement.coefficients
    distinct = np.unique(X, axis=0)
    if len(distinct) <= FEW:
        order = np.argsort(distinct @ beta, kind="stable")
        return tuple(Place(_name(names, row), row) for row in distinct[order])
    if _bound(statement):
        return _rows(statement, beta, QUARTILES)
    found = []
    for j, name in enumerate(names):
        values = np.unique(X[:, j])
        if len(values) > 2:  # noqa: PLR2004 - two values are a factor's
            values = np.unique(np.quantile(X[:, j], QUARTILES))
        if len(values) == 1:
            continue
        for value in values:
            x = _middle(X)
            x[j] = value
            found.append(Place(f"{name} = {value:g}", x))
    return tuple(found)


def _middle(X: Matrix) -> Vector:
    two = np.array([len(np.unique(column)) <= 2 for column in X.T])  # noqa: PLR2004 - as above
    return np.where(two, X.min(axis=0), np.median(X, axis=0))


def _bound(statement: Statement) -> bool:
    """Return whether columns of X are functions of others, so that none moves alone."""
    return any(mark in name for name in statement.coefficients for mark in (":", "^", "poly("))


def _rows(statement: Statement, beta: Vector, shares: tuple[float, ...]) -> tuple[Place, ...]:
    order = np.argsort(statement.model.X @ beta, kind="stable")
    at = [int(order[round(share * (len(order) - 1))]) for share in shares]
    return tuple(Place(f"row {statement.rows[i]}", statement.model.X[i]) for i in at)


def _name(names: tuple[str, ...], row: Vector) -> str:
    said = [
        f"{name} = {value:g}"
        for name, value in zip(names, row, strict=True)
        if name != "(Intercept)" and value != 0.0
    ]
    return ", ".join(said) or "every covariate 0"
