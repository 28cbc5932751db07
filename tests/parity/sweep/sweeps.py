"""Sweeps of the tests: a small plan, the program in a process of its own, the rows it wrote."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pandas as pd

from tests.parity.sweep.planted_engines import install

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SMALL = {
    "schema": "1",
    "models": "12",
    "seed": "5",
    "engines": '["planted-steady", "planted-faulty"]',
    "time_limit": "60",
    "criteria": '["REML", "ML"]',
    "rows": "{ log_uniform = [20, 60] }",
    "factors": "1",
    "levels": "{ uniform = [3, 8] }",
    "nested": "0",
    "balance": "{ log_uniform = [0.1, 1] }",
    "slopes": "0",
    "uncorrelated": "0",
    "correlation": "0",
    "variance_ratio": "{ log_uniform = [1e-2, 1e1] }",
    "boundary": "0.2",
    "covariates": "[0, 1]",
    "group_covariates": "0",
    "categories": "0",
    "effect": "{ uniform = [-1, 1] }",
    "intercept": "{ uniform = [-5, 5] }",
    "sigma": "1",
}
GAUSSIAN = '[[family]]\nname = "gaussian"\nweight = 1\n'
# What differs between two sweeps of one plan.
CLOCK = ["seconds"]


def state(changes: Mapping[str, str | None] | None = None, families: str = GAUSSIAN) -> str:
    """Return the file of the small plan with other entries; None leaves one out."""
    entries = {**SMALL, **(changes or {})}
    lines = [f"{name} = {value}" for name, value in entries.items() if value is not None]
    return "\n".join([*lines, families])


def write(folder: Path, text: str | None = None) -> Path:
    file = folder / "small.toml"
    file.write_text(text or state(), encoding="utf-8")
    return file


def start(folder: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    """Start the program in a folder, with the planted engines installed."""
    return subprocess.Popen(
        [sys.executable, "-m", "parity.cli", "sweep", "small.toml", *options],
        cwd=folder,
        env={**install(folder / "site"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *options: str, **environment: str) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of the program."""
    with start(folder, *options, **environment) as program:
        out, err = program.communicate(timeout=300)
        return program.returncode, out, err


def read(path: Path) -> pd.DataFrame:
    """Return the rows of a folder, in an order of their own."""
    found = pd.read_parquet(path)
    return found.sort_values(["model", "engine"]).reset_index(drop=True)


def timeless(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows without what a clock says."""
    kept = rows.drop(columns=CLOCK)
    return [
        {
            str(name): value.tolist() if hasattr(value, "tolist") else value
            for name, value in row.items()
        }
        for row in kept.astype(object).where(kept.notna(), None).to_dict("records")
    ]


def wait_for_models(path: Path, number: int) -> None:
    """Return when so many models are on the disk."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if list(path.glob("part-*")) and pd.read_parquet(path)["model"].nunique() >= number:
            return
        time.sleep(0.01)
    raise AssertionError(f"{number} models never came")
