"""What the tests of the statsmodels engines ask, and of which data."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parity.case import Case
from parity.casefile import load_suite
from parity.dataset import DATA_FOLDER_VARIABLE, DataMissingError, Dataset
from parity.formula import parse

if TYPE_CHECKING:
    import pandas as pd

    from parity.engine import Engine
    from parity.result import FitResult
    from parity.spec import Criterion

BESIDE_CHECKOUT = Path(__file__).parents[4] / "shared" / "data"


@cache
def _datasets() -> dict[str, Dataset]:
    return {case.dataset.name: case.dataset for case in load_suite().cases}


def data(name: str) -> pd.DataFrame:
    """Return a shipped data set."""
    return _datasets()[name].load()


def jsp2() -> pd.DataFrame:
    """Return the seed's data, or skip with the reason."""
    with pytest.MonkeyPatch.context() as patch:
        if DATA_FOLDER_VARIABLE not in os.environ and BESIDE_CHECKOUT.is_dir():
            patch.setenv(DATA_FOLDER_VARIABLE, str(BESIDE_CHECKOUT))
        try:
            return _datasets()["jsp2"].load()
        except DataMissingError as error:
            pytest.skip(str(error))


def case(formula: str, criterion: Criterion = "REML", family: str = "gaussian") -> Case:
    spec = parse(formula, criterion=criterion, family=family)
    return Case(name="asked", dataset=Dataset("inline", Path("none.csv"), None), spec=spec)


def ask(
    engine: Engine, formula: str, frame: pd.DataFrame, criterion: Criterion = "REML"
) -> FitResult:
    """Return the answer of an engine that must fit."""
    result = engine.fit(case(formula, criterion), frame)
    assert result.fitted, result.message
    return result
