"""A million rows in ten thousand groups, fitted by the criterion and by R's `lmer`.

Each fit has a process of its own, which has loaded its libraries and the data when the clock
starts: R a data frame with a factor, Python the same ("from a data frame": with the design, and
with theta, the fixed effects and sigma by Newton's search) or the arrays alone.
"Peak" is the memory at its highest less that after the imports (with what pandas imports for its
first table), over the bytes of the data, which count themselves: y and x (8 a row) and g (4) of a
frame, y, X and codes (32 a row) as arrays.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.baseline import start
from benchmarks.companion import Companion
from benchmarks.examples import INTERCEPT, SLOPE, simulate
from benchmarks.native import write_columns
from benchmarks.rounds import Cost
from benchmarks.spread import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Contest

_ROWS, _GROUPS = 1_000_000, 10_000
_BASE, _FRAME, _ARRAYS = "lmer in R", "criterion, from a data frame", "criterion, from arrays"
_NAMES = {INTERCEPT: "random intercept", SLOPE: "random slope"}
_BYTES_OF_ARRAYS = 8 + 16 + 8
_NATIVE = [sys.executable, str(Path(__file__).with_name("native.py"))]
_TARGETS = [
    Target(_FRAME, "speed", 10.0),
    Target(_ARRAYS, "speed", 10.0),
    Target(_FRAME, "peak", 3.0),
    Target(_ARRAYS, "peak", 3.0),
]


def _fit(open_process: Callable[[], Companion], way: str, path: Path, size: int) -> Cost:
    with open_process() as fresh:
        found = fresh.ask(way, path)
    return Cost(found.wall, found.cpu, {**found.figures, "peak": found.figures["peak"] / size})


@pytest.mark.parametrize("formula", _NAMES)
def bench_large(formula: str, contest: Contest, tmp_path: Path) -> None:
    """Fit by each."""
    data = simulate(_ROWS, _GROUPS, slope=formula == SLOPE)
    size = write_columns(tmp_path, formula, data)
    native = partial(Companion, _NATIVE)
    contest.run(
        f"{_NAMES[formula]}: {formula}, {_ROWS:,} rows in {_GROUPS:,} groups",
        {
            _BASE: partial(_fit, start, "alone", tmp_path, size),
            _FRAME: partial(_fit, native, "frame", tmp_path, size),
            _ARRAYS: partial(_fit, native, "arrays", tmp_path, _ROWS * _BYTES_OF_ARRAYS),
        },
        rounds=2 if formula == INTERCEPT else 1,  # R takes most of a minute for the other
        base=_BASE,
        targets=_TARGETS,
    )
