"""The whole suite as a user runs it: `parity run`, and `parity check` of one model.

Live asks lme4 in R; recorded holds the engines against answers that ship with the package, and
starts no R. Each figure is that of a whole process. What the suite finds is no matter here: that
something differs is no failed benchmark, that something cannot be run is.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.programs import run_program

if TYPE_CHECKING:
    from benchmarks.contest import Contest
    from benchmarks.rounds import Cost

_PARITY = str(Path(sys.executable).with_name("parity"))
_FINISHED = (0, 1)
_MODEL = ("Reaction ~ Days + (Days | Subject)", "parity/data/datasets/sleepstudy.csv")
_LIVE, _RECORDED = "parity run, live", "parity run, recorded"
_ENGINES = ("--engine", "statsmodels", "--engine", "statsmodels-polished")


def _parity(*words: str) -> Cost:
    return run_program([_PARITY, *words], _FINISHED)


def bench_suite(contest: Contest) -> None:
    """Run everything."""
    contest.run(
        "The shipped suite",
        {
            _LIVE: partial(_parity, "run", "--reference", "lme4", *_ENGINES),
            _RECORDED: partial(_parity, "run", "--reference", "lme4-recorded", *_ENGINES),
        },
        rounds=1,
        base=_LIVE,
        shown="time",
    )


def bench_check(contest: Contest) -> None:
    """Check one model."""
    check = partial(_parity, "check", *_MODEL, "--factor", "Subject")
    contest.run("parity check", {f"parity check '{_MODEL[0]}'": check}, rounds=3)
