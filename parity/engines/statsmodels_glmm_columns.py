"""The columns that a part of a formula gives, by statsmodels' formula manager."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.formula._manager import FormulaManager

if TYPE_CHECKING:
    from collections.abc import Mapping

_manager: Any = FormulaManager  # untyped


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns that one side of a formula gives, and what it takes to make them of other data.

    Attributes
    ----------
    text
        In the formula manager's syntax.
    data
        The rows that the formula was stated on; they settle levels and stateful transforms.
    names
        What the text may refer to besides the data's columns.
    """

    text: str
    data: pd.DataFrame = field(repr=False)
    names: Mapping[str, Any] = field(repr=False)

    @cached_property
    def _evaluated(self) -> tuple[pd.DataFrame, Any]:
        manager = _manager()
        frame = manager.get_matrices(
            self.text, self.data, eval_env=dict(self.names), pandas=True, na_action="drop"
        )
        return frame.reindex(self.data.index), manager.spec

    @property
    def frame(self) -> pd.DataFrame:
        """The columns, nan where a variable is missing, ``(n, p)``."""
        return self._evaluated[0]

    @property
    def terms(self) -> list[str]:
        """Names of the terms."""
        return list(_manager().get_term_names(self._evaluated[1]))

    def on(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the same columns of other data, ``(k, p)``."""
        plain = data.reset_index(drop=True)
        made = _manager().get_matrices(
            self._evaluated[1], plain, pandas=True, na_action="drop", prediction=True
        )
        return pd.DataFrame(made).reindex(plain.index)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the columns and the caller's names: neither can be pickled."""
        return {"text": self.text, "data": self.data}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Make the columns anew when they are asked for; of the caller's names np is left."""
        self.__dict__.update(kept, names={"np": np})


def names_above(eval_env: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as in statsmodels
    """Return the names that a formula may refer to: those of the caller's caller, or those given.

    ``eval_env`` is how many frames further up they are found, -1 for nowhere, or a mapping.
    """
    if not isinstance(eval_env, int):
        return dict(eval_env)
    frame = inspect.currentframe()
    for _ in range(2 + eval_env):
        frame = frame.f_back if frame is not None else None
    if frame is None or eval_env < 0:
        return {}
    return {**frame.f_globals, **frame.f_locals}
