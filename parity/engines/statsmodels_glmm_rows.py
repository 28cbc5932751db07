"""The rows that a GLMM is given: which are used, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.tools.sm_exceptions import MissingDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector
    from parity.engines.statsmodels_glmm_random import RandomEffects

_MISSING = ("none", "drop", "raise")


def two_dimensional(endog: Any) -> Matrix:  # noqa: ANN401 - array-like
    """Return a response as columns, ``(n, k)``."""
    values = np.asarray(endog, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def vector(given: Any, usual: Vector) -> Vector:  # noqa: ANN401 - array-like
    """Return the numbers given for each row, or for all, ``(n,)``; the usual ones if none are.

    Raises
    ------
    ValueError
        Where there are more or fewer.
    """
    if given is None:
        return usual
    values = np.asarray(given, dtype=np.float64)
    if values.shape not in {(), usual.shape}:
        raise ValueError(f"weights or offset have shape {values.shape}; expected {usual.shape}.")
    return np.broadcast_to(values, usual.shape)


def kept_rows(
    vectors: Mapping[str, Vector],
    exog: Any,  # noqa: ANN401 - array-like
    blocks: Sequence[RandomEffects],
    missing: str,
) -> NDArray[np.intp]:
    """Return the positions of the rows used, ``(k,)``.

    Raises
    ------
    ValueError
        Where the parts differ in length, a value is missing that must not be, or none is left.
    """
    if missing not in _MISSING:
        raise ValueError(f"missing is {missing!r}; expected one of {', '.join(_MISSING)}.")
    n = len(vectors["endog"])
    lengths = {len(exog), *(len(block.codes) for block in blocks)}
    if lengths != {n}:
        raise ValueError(f"There are {n} responses, but X and groups of {sorted(lengths)} rows.")
    complete = ~np.isnan(np.asarray(exog, dtype=np.float64)).any(axis=1)
    for values in vectors.values():
        complete &= ~np.isnan(values)
    for block in blocks:
        complete &= block.complete
    if missing != "drop" and not complete.all():
        raise MissingDataError(
            f"{int((~complete).sum())} rows have a missing value; missing='drop' leaves them out."
        )
    if not complete.any():
        raise ValueError("No row has a value in every variable.")
    return np.flatnonzero(complete)


def given(endog: Any, y: Vector, exog: Any, kept: NDArray[np.intp]) -> tuple[Any, Any]:  # noqa: ANN401 - array-like
    """Return response and X on the rows used, with the names that they came with."""
    X = exog.iloc[kept] if isinstance(exog, pd.DataFrame) else np.asarray(exog)[kept]
    if not isinstance(endog, (pd.Series, pd.DataFrame)):
        return y[kept], X
    frame = isinstance(endog, pd.DataFrame)
    name: Any = endog.columns.name or ", ".join(map(str, endog.columns)) if frame else endog.name
    return pd.Series(y[kept], index=endog.index[kept], name=name), X
