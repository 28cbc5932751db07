"""What data and a model have to be for a bootstrap to say something; a sentence otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from parity.design.coding import independent
from parity.examination import InputError

if TYPE_CHECKING:
    from parity.design.statement import Statement


def require_frame(data: object) -> None:
    """Refuse what is no pandas data frame, in one sentence."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"The data are a {type(data).__name__}; expected a pandas DataFrame.")


def require_determined(statement: Statement) -> None:
    """Refuse terms among whose columns a covariance could be divided at will."""
    shared: dict[str, list[str]] = {}
    terms = zip(statement.spec.random, statement.terms, statement.model.blocks, strict=True)
    for term, columns, block in terms:
        if len(independent(block.columns)) < block.width:
            raise InputError(
                f"The columns of the term of {term.group} depend on each other "
                f"({', '.join(columns)}): their SDs and correlations are not determined."
            )
        known = shared.setdefault(term.group, [])
        for column in columns:
            if column in known:
                raise InputError(
                    f"Two terms of {term.group} have the column {column}: how its variance is "
                    "divided between them is not determined."
                )
        known.extend(columns)
