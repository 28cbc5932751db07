"""What data and a model have to be for a bootstrap to say something; a sentence otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parity.design.coding import independent
from parity.examination import InputError

if TYPE_CHECKING:
    from parity.criterion.model import Block, Model
    from parity.design.statement import Statement


def require_frame(data: object) -> None:
    """Refuse what is no pandas data frame, in one sentence."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"The data are a {type(data).__name__}; expected a pandas DataFrame.")


def require_determined(statement: Statement) -> None:
    """Refuse terms whose covariance any number would do for.

    It could be divided among their columns at will, or, where it is REML, the fixed effects take
    all that the random ones could say.
    """
    shared: dict[str, list[str]] = {}
    terms = zip(statement.spec.random, statement.terms, statement.model.blocks, strict=True)
    for term, columns, block in terms:
        if len(independent(block.columns)) < block.width:
            raise InputError(
                f"The columns of the term of {term.group} depend on each other "
                f"({', '.join(columns)}): their SDs and correlations are not determined."
            )
        if statement.spec.criterion == "REML" and _is_spanned(statement.model, block):
            raise InputError(
                f"The fixed effects take all that the random effects of {term.group} could say: "
                "under REML their SDs are not determined."
            )
        known = shared.setdefault(term.group, [])
        for column in columns:
            if column in known:
                raise InputError(
                    f"Two terms of {term.group} have the column {column}: how its variance is "
                    "divided between them is not determined."
                )
        known.extend(columns)


def _is_spanned(model: Model, block: Block) -> bool:
    """Whether X spans all effects of a block, and not the response, too."""
    used = np.unique(block.codes)
    if len(used) * block.width > model.p or model.n <= model.p:
        return False
    wide = (block.codes[:, None, None] == used[:, None]) * block.columns[:, None, :]
    both = np.hstack([model.X, wide.reshape(model.n, -1)])
    return len(independent(both)) == len(independent(model.X))
