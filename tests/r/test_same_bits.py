"""One R script, two ways to run it: alone by Rscript, and inside Python. Equal to the last bit."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridge.encode import to_frame
from bridge.scripts import folder
from bridge.session import Argument, Value, Vector, current

pytestmark = pytest.mark.r
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """A fit, as it is asked for inside Python and on the command line."""

    function: str
    script: str
    formula: str
    dataset: str
    arguments: Mapping[str, Argument]
    options: tuple[str, ...] = ()


SLEEP = "Reaction ~ Days + (Days | Subject)"
HERDS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
RUNS = {
    "lm": Run("fit_lm", "lm.R", "Reaction ~ Days", "sleepstudy", {}),
    "lmer REML": Run("fit_lmer", "lmer.R", SLEEP, "sleepstudy", {}),
    "lmer ML": Run("fit_lmer", "lmer.R", SLEEP, "sleepstudy", {"REML": False}, ("--ml",)),
    "lmer cond_var": Run(
        "fit_lmer", "lmer.R", SLEEP, "sleepstudy", {"cond_var": True}, ("--cond-var",)
    ),
    "glmer": Run("fit_glmer", "glmer.R", HERDS, "cbpp", {}),
    "glmer probit": Run(
        "fit_glmer", "glmer.R", HERDS, "cbpp", {"link": "probit"}, ("--link", "probit")
    ),
}


@pytest.fixture(scope="module")
def rscript() -> str:
    found = shutil.which("Rscript")
    if found is None:
        pytest.skip("there is no Rscript here")
    return found


@pytest.fixture(scope="module")
def tables(rscript: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    place = tmp_path_factory.mktemp("tables")
    subprocess.run([rscript, str(HERE / "tables.R"), str(place)], check=True)
    text = {"Subject": "category", "herd": "category", "period": "category"}
    return {path.stem: pd.read_csv(path, dtype=text) for path in place.glob("*.csv")}


def call(name: str, arguments: Mapping[str, Argument]) -> Value:
    answer = current().call(name, arguments)
    assert answer.failure is None, answer.failure
    return answer.value


def differences(one: Value, other: Value, place: str = "") -> list[str]:
    """Name the places where two answers differ in kind, name or bit."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        return [text for key in one for text in differences(one[key], other[key], f"{place}/{key}")]
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [text for k, pair in pairs for text in differences(*pair, f"{place}/{k}")]
    if isinstance(one, Vector) and isinstance(other, Vector):
        return [] if bits(one) == bits(other) else [place]
    return [] if one is None and other is None else [place]


def bits(vector: Vector) -> tuple[object, ...]:
    cells = vector.cells
    held = cells if isinstance(cells, tuple) else (cells.dtype.str, cells.tobytes())
    return (held, vector.names, vector.shape, vector.rows, vector.columns)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_rscript_and_python_give_the_same_bits(
    run: Run, tables: dict[str, pd.DataFrame], rscript: str, tmp_path: Path
) -> None:
    table = tables[run.dataset]
    frame = to_frame(table, list(table.columns))
    data, alone, inside = (tmp_path / name for name in ("data.rds", "alone.rds", "inside.rds"))
    current().call("save_result", {"name": "data.frame", "arguments": frame, "path": str(data)})
    arguments: dict[str, Argument] = {"formula": run.formula, "data": frame, **run.arguments}
    script = str(folder() / run.script)
    command = [rscript, script, run.formula, str(data), *run.options, "--out", str(alone)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    call("save_result", {"name": run.function, "arguments": arguments, "path": str(inside)})

    compared = [rscript, str(HERE / "identical.R"), str(alone), str(inside)]
    verdict = subprocess.run(compared, check=True, capture_output=True, text=True).stdout
    assert verdict.split() == ["TRUE", "TRUE"]  # identical, and the list is not empty

    read_back = call("readRDS", {"file": str(alone)})
    answer = call(run.function, arguments)
    assert isinstance(answer, Mapping)
    assert len(answer) > 40
    assert differences(answer, read_back) == []
    assert printed.splitlines() == list(words(answer["summary"]))


def words(value: Value) -> tuple[str | None, ...]:
    assert isinstance(value, Vector)
    assert isinstance(value.cells, tuple)
    return value.cells


def test_a_single_bit_is_seen() -> None:
    one = Vector(np.array([1.0, 2.0]))
    other = Vector(np.array([1.0, np.nextafter(2.0, 3.0)]))
    assert differences({"x": one}, {"x": other}) == ["/x"]
    assert differences({"x": one}, {"x": Vector(one.cells, names=("a", "b"))}) == ["/x"]
    assert differences({"x": one}, {"z": one}) == [""]
    assert differences({"x": one}, {"x": None}) == ["/x"]
    assert differences({"x": (one,)}, {"x": (other,)}) == ["/x/0"]
    assert differences({"x": (one,)}, {"x": (one, one)}) == ["/x"]
    assert differences({"x": one, "y": (one,)}, {"x": one, "y": (one,)}) == []


def test_a_script_reads_csv_and_takes_wrong_usage_in_words(
    tables: dict[str, pd.DataFrame], rscript: str, tmp_path: Path
) -> None:
    path = tmp_path / "sleep.csv"
    tables["sleepstudy"].to_csv(path, index=False)
    script = str(folder() / "lmer.R")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [rscript, script, *words], check=False, capture_output=True, text=True
        )

    assert "REML criterion at convergence: 1743.6" in run(SLEEP, str(path)).stdout
    assert "maximum likelihood" in run(SLEEP, str(path), "--ml").stdout
    for words_, said in [
        ((SLEEP,), "a formula and a file of data are needed"),
        ((SLEEP, str(path), "--reml"), "unknown option --reml"),
        ((SLEEP, str(path), "--out"), "option --out needs a value"),
        (("Reaction ~ system('touch pwned') + (1 | Subject)", str(path)), "not allowed"),
    ]:
        done = run(*words_)
        assert done.returncode != 0
        assert said in done.stderr
