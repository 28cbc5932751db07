"""The suite's linear mixed models as the criterion takes them, beside lme4's recorded answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

from parity.answer import theta_vector
from parity.archive import from_json
from parity.casefile import SHIPPED, load_suite
from parity.criterion.lmm import Criterion
from parity.dataset import DATA_FOLDER_VARIABLE
from parity.design.statement import Statement, state

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from parity.case import Case
    from parity.result import FitResult

LARGE = "insteval-reml"
CASES = {case.name: case for case in load_suite().cases if case.spec.kind == "lmm"}
SMALL = tuple(name for name in CASES if name != LARGE)


@dataclass(frozen=True)
class Stated:
    """A case, its data, its criterion, and what lme4 answered to it."""

    case: Case
    data: pd.DataFrame
    statement: Statement
    criterion: Criterion
    recorded: FitResult

    @property
    def theta(self) -> NDArray[np.float64]:
        """lme4's theta, ``(m,)``."""
        return theta_vector(self.statement, self.recorded.values["theta"])


@cache
def stated(name: str) -> Stated:
    """Return a case of the suite; skip where its data are not shipped and not at hand."""
    case = CASES[name]
    if case.dataset.url and DATA_FOLDER_VARIABLE not in os.environ:
        pytest.skip(f"{name}: set {DATA_FOLDER_VARIABLE} to a folder that holds its data")
    data = case.dataset.load()
    statement = state(case.spec, data)
    text = (SHIPPED.parent / "references" / f"{name}.json").read_text(encoding="utf-8")
    return Stated(
        case,
        data,
        statement,
        Criterion(statement.model, case.spec.criterion == "REML"),
        from_json(text, case, "lme4-recorded"),
    )
