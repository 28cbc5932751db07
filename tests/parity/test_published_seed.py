"""seed.toml against plain R: neither bridge nor an engine of parity has a part in the numbers."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[2]
SEED = tomllib.loads((REPOSITORY / "parity/data/seed.toml").read_text(encoding="utf-8"))
SCRIPT = Path(__file__).with_name("published_seed.R")


class Figure(NamedTuple):
    """Where a figure stands in seed.toml."""

    case: str
    quantity: str
    key: str


PUBLISHED = {
    Figure(entry["name"], quantity, "|".join(row[:-1])): row[-1]
    for entry in [*SEED["case"], *SEED["lrt"]]
    for quantity, rows in entry.get("published", {}).items()
    for row in rows
}

# glmer's finite-difference Hessian differs between versions of lme4 in the fifth digit.
VERSION_DEPENDENT = {
    Figure("seed-fail", "se_joint", "(Intercept)"),
    Figure("seed-fail", "se_joint", "raven"),
    Figure("seed-fail", "pvalue", "(Intercept)"),
}

# The report cuts exp(-0.24086) = 0.78595 after three decimals instead of rounding it.
CUT_SHORT = {Figure("seed-fail", "odds_ratio", "raven")}


def jsp2() -> Path | None:
    """Return the seed's data where they are at hand."""
    named = os.environ.get("PARITY_DATA")
    folders = [Path(named)] if named else [REPOSITORY.parent / "shared" / "data"]
    paths = (folder / "jsp2.csv" for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def rounds_to(value: float, printed: str) -> bool:
    """Whether the value, printed to as many digits, reads as was printed."""
    if printed.startswith("<"):
        return value < float(printed[1:])
    mantissa, _, power = printed.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return f"{value:.{decimals}{'e' if power else 'f'}}" == printed


@pytest.fixture(scope="module")
def refitted() -> dict[Figure, float]:
    rscript, data = shutil.which("Rscript"), jsp2()
    if rscript is None:
        pytest.skip("Rscript is not on the PATH")
    if data is None:
        pytest.skip("jsp2.csv is not shipped: set PARITY_DATA to a folder that holds it")
    assert hashlib.sha256(data.read_bytes()).hexdigest() == SEED["dataset"]["jsp2"]["sha256"]
    answer = subprocess.run(
        [rscript, str(SCRIPT), str(data)], capture_output=True, check=True, encoding="utf-8"
    )
    rows = [line.split("\t") for line in answer.stdout.splitlines()]
    numbers = {Figure(*row[:3]): float(row[3]) for row in rows}
    assert len(numbers) == len(rows)
    return numbers


@pytest.mark.r
@pytest.mark.parametrize("figure", sorted(PUBLISHED), ids=" ".join)
def test_r_prints_the_published_figure(figure: Figure, refitted: dict[Figure, float]) -> None:
    printed, value = PUBLISHED[figure], refitted[figure]
    if figure in VERSION_DEPENDENT:
        assert value == pytest.approx(float(printed), rel=0.01)
    elif figure in CUT_SHORT:
        assert math.floor(value * 1000) / 1000 == float(printed)
    else:
        assert rounds_to(value, printed), f"R gives {value!r}, seed.toml says {printed}"


def test_the_exceptions_are_published() -> None:
    assert set(PUBLISHED) >= VERSION_DEPENDENT | CUT_SHORT


def test_no_row_of_the_seeds_data_may_be_recorded() -> None:
    assert [case["name"] for case in SEED["case"] if case.get("record_rows", True)] == []


@pytest.mark.parametrize(
    ("value", "printed", "expected"),
    [
        (-0.4012, "-0.40", True),
        (-0.4062, "-0.40", False),
        (-0.00699, "-0.0070", True),
        (8.18781, "8.188", True),
        (8.18741, "8.188", False),
        (3.6868e-20, "3.687e-20", True),
        (3.688e-20, "3.687e-20", False),
        (1e-19, "< 2e-16", True),
        (1e-15, "< 2e-16", False),
        (1151.0, "1151", True),
        (1152.0, "1151", False),
    ],
)
def test_rounding_tells_a_wrong_digit(value: float, printed: str, *, expected: bool) -> None:
    assert rounds_to(value, printed) is expected
