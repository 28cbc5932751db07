"""Whole processes: a cold Python that has R with lme4 ready, against Rscript alone.

Each figure is that of a new process, its end included; "CPU" is the time on processors of the
process and of all that it started.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.programs import run_program
from benchmarks.spread import Target

if TYPE_CHECKING:
    from benchmarks.contest import Contest

_READY = "from bridge import connect; connect({!r}).call('requireNamespace', {{'package': 'lme4'}})"
_FIT = (
    "import pandas as pd; from bridge import connect, lmer; session = connect({!r}); "
    "d = pd.read_csv('parity/data/datasets/sleepstudy.csv').astype({{'Subject': 'category'}}); "
    "lmer('Reaction ~ Days + (Days | Subject)', d, session=session)"
)
_BASE = "Rscript: library(lme4)"


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


_PROGRAMS = {
    _BASE: ["Rscript", "-e", "library(lme4)"],
    "python: pass": _python("pass"),
    "python: import bridge": _python("import bridge"),
    "python: import pandas": _python("import pandas"),
    "R with lme4, embedded": _python(_READY.format("embedded")),
    "R with lme4, worker": _python(_READY.format("worker")),
    "first fit, embedded": _python(_FIT.format("embedded")),
    "first fit, worker": _python(_FIT.format("worker")),
}
_TARGETS = [
    Target("R with lme4, embedded", "seconds", 1.8),
    Target("R with lme4, worker", "seconds", 1.8),
]


def bench_start(contest: Contest) -> None:
    """Start each."""
    contest.run(
        "A new process",
        {label: partial(run_program, program) for label, program in _PROGRAMS.items()},
        rounds=4,
        warm=True,  # fills the caches of files
        base=_BASE,
        shown="time",
        targets=_TARGETS,
    )
