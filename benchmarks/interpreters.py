"""Other packages, each in an interpreter of its own, which an environment variable names."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.companion import Companion, CompanionError

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.examples import Example

_PROGRAM = Path(__file__).with_name("rival.py")


def variable(package: str) -> str:
    """Return the name of the environment variable with a package's interpreter."""
    return f"PARITY_BENCH_{package.upper()}"


def start(package: str) -> Companion:
    """Return the package's own process.

    Raises
    ------
    CompanionError
        Where no interpreter is named, or it cannot import the package.
    """
    command = os.environ.get(variable(package))
    if not command:
        raise CompanionError(
            f"{variable(package)} names no interpreter that has {package}: "
            "benchmarks/README.md says how to make one."
        )
    return Companion([*shlex.split(command), str(_PROGRAM), package])


def write_model(folder: Path, formula: str, data: pd.DataFrame, family: str | None = None) -> Path:
    """Leave a model for another package's process, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    factors = list(data.select_dtypes("category").columns)
    model = {"formula": formula, "factors": factors, "family": family}
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    data.to_csv(folder / "data.csv", index=False)
    return folder


def write_example(folder: Path, example: Example) -> Path:
    """Leave an example for another package's process, and return the folder."""
    return write_model(
        folder, example.formula, example.read()[list(example.columns)], example.family
    )
