"""What the tests stand on: R's own data sets and R's own answers, got without the bridge."""

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from bridge import lmer
from bridge.fit import Fit

HERE = Path(__file__).parent
Answers = dict[str, dict[str, dict[str, float]]]


def pupils_path() -> Path:
    folder = os.environ.get("PARITY_DATA") or HERE.parents[2] / "shared" / "data"
    return Path(folder) / "jsp2.csv"


@pytest.fixture(scope="session")
def reference_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where plain R, without the bridge, left its data sets (csv) and its answers."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("there is no Rscript here")
    folder = tmp_path_factory.mktemp("reference")
    pupils = [str(pupils_path())] if pupils_path().is_file() else []
    subprocess.run([rscript, str(HERE / "reference.R"), str(folder), *pupils], check=True)
    return folder


@pytest.fixture(scope="session")
def answers(reference_folder: Path) -> Answers:
    """R's answers: model -> quantity -> name -> number, exact (R wrote them in hexadecimal)."""
    found: Answers = {}
    for line in (reference_folder / "answers.txt").read_text(encoding="utf-8").splitlines():
        model, quantity, name, number = line.split("\t")
        found.setdefault(model, {}).setdefault(quantity, {})[name] = float.fromhex(number)
    return found


@pytest.fixture(scope="session")
def sleepstudy(reference_folder: Path) -> pd.DataFrame:
    return pd.read_csv(reference_folder / "sleepstudy.csv", dtype={"Subject": "category"})


@pytest.fixture(scope="session")
def cbpp(reference_folder: Path) -> pd.DataFrame:
    # Integer categories, so that the levels stand in R's order and not in that of their text.
    table = pd.read_csv(reference_folder / "cbpp.csv")
    return table.astype({"herd": "category", "period": "category"})


@pytest.fixture(scope="session")
def pupils() -> pd.DataFrame:
    if not pupils_path().is_file():
        pytest.skip("jsp2.csv is not here; PARITY_DATA names its folder")
    return pd.read_csv(pupils_path())


@pytest.fixture(scope="session")
def sleep_fit(sleepstudy: pd.DataFrame) -> Fit:
    return lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, cond_var=True)
