"""The models that are timed: shipped data, the seed's, and data of any size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

_DATASETS = Path(__file__).parents[1] / "parity" / "data" / "datasets"
_SEED = 20240501


@dataclass(frozen=True, slots=True)
class Example:
    """A model and its data.

    Attributes
    ----------
    formula
        Of lme4.
    file
        A shipped data set, or one in the folder of ``PARITY_DATA``.
    factors
        Its columns that hold labels.
    columns
        Those that the formula uses.
    count
        Fits in a block, so that a block takes half a second or so.
    family
        Of the response; none for a linear mixed model.
    below
        A column ``fail`` that is 1 where ``math`` is below this, as the seed's report makes it.
    """

    formula: str
    file: str
    factors: tuple[str, ...]
    columns: tuple[str, ...]
    count: int = 1
    family: str | None = None
    below: float | None = None

    def read(self) -> pd.DataFrame:
        """Return its data, the factors as categories.

        Raises
        ------
        FileNotFoundError
            With a sentence, where the file is not here.
        """
        places = [_DATASETS, Path(os.environ.get("PARITY_DATA", _DATASETS))]
        for place in places:
            if (place / self.file).exists():
                table = pd.read_csv(place / self.file)
                if self.below is not None:
                    table["fail"] = (table["math"] < self.below).astype(int)
                return table.astype(dict.fromkeys(self.factors, "category"))
        raise FileNotFoundError(
            f"{self.file} is neither among the shipped data sets nor in the folder that the "
            "environment variable PARITY_DATA names; parity/data/PROVENANCE.md says where it is."
        )


def _nights(formula: str) -> Example:
    return Example(formula, "sleepstudy.csv", ("Subject",), ("Reaction", "Days", "Subject"), 25)


def _seed(formula: str, *columns: str) -> Example:
    return Example(formula, "jsp2.csv", ("school", "gender", "social"), ("math", *columns), 25)


EXAMPLES = {
    "sleepstudy": _nights("Reaction ~ Days + (Days | Subject)"),
    "seed-gender": _seed("math ~ raven + gender + (1 | school)", "raven", "gender", "school"),
    "seed-slope": _seed("math ~ raven + (1 + raven | school)", "raven", "school"),
    "seed-fail": Example(
        "fail ~ raven + (1 | school)",
        "jsp2.csv",
        ("school",),
        ("fail", "raven", "school"),
        2,
        "binomial",
        below=-10.0,
    ),
    "jsp": Example(
        "math ~ raven + gender + (1 | school)",
        "jsp.csv",
        ("school",),
        ("math", "raven", "gender", "school"),
        25,
    ),
    "jsp-class": Example(
        "math ~ raven + (1 | school/class)",
        "jsp.csv",
        ("school", "class"),
        ("math", "raven", "school", "class"),
        10,
    ),
    "penicillin": Example(
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        "penicillin.csv",
        ("plate", "sample"),
        ("diameter", "plate", "sample"),
        10,
    ),
    "insteval": Example(
        "y ~ 1 + (1 | s) + (1 | d)", "insteval.csv.gz", ("s", "d"), ("y", "s", "d")
    ),
    "cbpp": Example(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        "cbpp.csv",
        ("herd", "period"),
        ("incidence", "size", "period", "herd"),
        5,
        "binomial",
    ),
}

INTERCEPT, SLOPE = "y ~ x + (1 | g)", "y ~ x + (1 + x | g)"


@cache
def simulate(rows: int, groups: int, *, slope: bool = False) -> pd.DataFrame:
    """Return data of a model with random intercepts, and slopes if asked: columns y, x, g.

    Effects, residuals and x are standard normal, slopes have an SD of one half, and groups are of
    equal size, in random order.
    """
    draw = np.random.default_rng(_SEED)
    codes = draw.permutation(np.arange(rows, dtype=np.int32) % groups)
    x, intercepts = draw.normal(size=rows), draw.normal(size=groups)
    y = 1.0 + 0.5 * x + intercepts[codes] + draw.normal(size=rows)
    if slope:
        y += 0.5 * draw.normal(size=groups)[codes] * x
    return pd.DataFrame({"y": y, "x": x, "g": codes})


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Return simulated data with the grouping factor as a category."""
    return table.astype({"g": "category"})
