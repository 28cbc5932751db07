"""The response as a family reads it: numbers, flags, labels, or successes with failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from parity.design.terms import NotExpressibleError, UnusableDataError, arithmetic, evaluate
from parity.syntax import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.spec import ModelSpec
    from parity.syntax import Node

    Vector: TypeAlias = NDArray[np.float64]

_COUNTS = 2


def respond(spec: ModelSpec, data: pd.DataFrame) -> tuple[Vector, Vector]:
    """Return the response and the prior weights that it brings with it, both ``(n,)``.

    For a binomial family the response is the share of successes, the weight its size:
    ``cbind(successes, failures)`` gives both; a factor is 0 at its first level and 1 elsewhere,
    as in R's glm. Missing values are nan.

    Raises
    ------
    NotExpressibleError, UnusableDataError
        Where the response cannot be computed here, or is no number where one is needed.
    """
    node = read(spec.response)
    if spec.family != "binomial":
        values = arithmetic(node, data)
        return values, np.broadcast_to(1.0, values.shape)
    if node.kind == "call" and node.value == "cbind":
        return _shares(node, data)
    values = _flags(evaluate(node, data))
    return values, np.ones(len(values))


def _shares(node: Node, data: pd.DataFrame) -> tuple[Vector, Vector]:
    if len(node.children) != _COUNTS or any(part.kind == "argument" for part in node.children):
        raise NotExpressibleError(f"{node.source!r} is no cbind(successes, failures)")
    successes, failures = (arithmetic(part, data) for part in node.children)
    sizes = successes + failures
    if (np.minimum(successes, failures) < 0).any():
        raise UnusableDataError(f"{node.source} has negative counts.")
    return np.divide(successes, sizes, out=np.zeros(len(sizes)), where=sizes != 0), sizes


def _flags(column: pd.Series) -> Vector:
    if isinstance(column.dtype, pd.CategoricalDtype):
        kept = column.cat.remove_unused_categories()
        first = kept.cat.categories[0]
        return np.where(kept.isna(), np.nan, (kept != first).to_numpy(dtype=np.float64))
    values: Vector = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if ((values < 0) | (values > 1)).any():
        raise UnusableDataError("A binomial response lies between 0 and 1.")
    return values
