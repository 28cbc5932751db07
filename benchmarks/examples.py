"""The models that are timed."""

# ruff: noqa: INP001  (programs, of no package)
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

_DATASETS = Path(__file__).parents[1] / "parity" / "data" / "datasets"


@dataclass(frozen=True, slots=True)
class Example:
    """A model and its data.

    Attributes
    ----------
    formula
        Of lme4's ``lmer``.
    columns
        Those that the formula uses.
    read
        Returns the data.
    count
        Fits in a block, so that a block takes half a second at least.
    """

    formula: str
    columns: tuple[str, ...]
    read: Callable[[], pd.DataFrame]
    count: int


def _read(file: str, *factors: str) -> pd.DataFrame:
    return pd.read_csv(_DATASETS / file).astype(dict.fromkeys(factors, "category"))


EXAMPLES = {
    "sleepstudy": Example(
        "Reaction ~ Days + (Days | Subject)",
        ("Reaction", "Days", "Subject"),
        lambda: _read("sleepstudy.csv", "Subject"),
        25,
    ),
    "InstEval": Example(
        "y ~ 1 + (1 | s) + (1 | d)", ("y", "s", "d"), lambda: _read("insteval.csv.gz", "s", "d"), 1
    ),
    "jsp": Example(
        "math ~ raven + gender + (1 | school)",
        ("math", "raven", "gender", "school"),
        lambda: _read("jsp.csv", "school"),
        25,
    ),
}
