"""A model with another response: the request that asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.column import Column, Frame
from bridge.encode import encode
from bridge.formula import inspect, update_formula

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.request import Request
    from bridge.session import Session

# The columns in which a response travels that no bare column of the formula holds.
_ONE = ".response"
_TWO = (".successes", ".failures")


def with_response(request: Request, session: Session, values: NDArray[np.float64]) -> Request:
    """Return the request for the same model of another response.

    Parameters
    ----------
    request
        The model as it was asked for.
    session
        The R that reads its formula.
    values
        (nrow,) numbers or (nrow, 2) counts, for all rows of the data; NaN leaves a row out.
    """
    allow = tuple(request.arguments.get("allow", ()))
    inspected = inspect(session, request.formula, allow)
    bare = inspected.response[0] if len(inspected.response) == 1 else None
    left, _, _ = request.formula.partition("~")
    is_bare = bare is not None and left.strip() in (bare, f"`{bare}`") and values.ndim == 1
    if is_bare and not _is_on_the_right(session, request, str(bare), allow):
        return _replaced(request, request.formula, {str(bare): values})
    if values.ndim == 1:
        formula = update_formula(session, request.formula, f"{_ONE} ~ .", allow)
        return _replaced(request, formula, {_ONE: values})
    formula = update_formula(session, request.formula, f"cbind({', '.join(_TWO)}) ~ .", allow)
    return _replaced(request, formula, dict(zip(_TWO, values.T, strict=True)))


def _is_on_the_right(session: Session, request: Request, name: str, allow: tuple[str, ...]) -> bool:
    """Return whether the response is a covariate too, which must stay as it was."""
    text = update_formula(session, request.formula, f"{_ONE} ~ .", allow)
    return name in inspect(session, text, allow).variables


def _replaced(request: Request, formula: str, columns: dict[str, NDArray[np.float64]]) -> Request:
    encoded: dict[str, Column] = {
        name: encode(name, np.asarray(values)) for name, values in columns.items()
    }
    frame = Frame({**request.frame.columns, **encoded}, request.frame.index)
    return replace(request, formula=formula, frame=frame)
