"""A ready R with lme4 from a cold Python, against Rscript alone.

    python benchmarks/start.py [ROUNDS]

Each figure is that of a whole new process, its end included, a median over rounds in which all take
turns. Seconds of processors are those of the process and of all that it started.
"""

# ruff: noqa: INP001  (a program, of no package)
from __future__ import annotations

import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rounds import Cost, median, ratio, run_rounds
from benchmarks.sheet import print_end, print_head, print_line

_ROUNDS = 7
_ROOT = str(Path(__file__).parents[1])
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
    "python: pass": _python("pass"),
    "python: import bridge": _python("import bridge"),
    "python: import pandas": _python("import pandas"),
    _BASE: ["Rscript", "-e", "library(lme4)"],
    "R with lme4, embedded": _python(_READY.format("embedded")),
    "R with lme4, worker": _python(_READY.format("worker")),
    "first fit, embedded": _python(_FIT.format("embedded")),
    "first fit, worker": _python(_FIT.format("worker")),
}
_TARGETS = {"R with lme4, embedded": "<= 1.8 s", "R with lme4, worker": "<= 1.8 s"}


def _run(program: list[str]) -> Cost:
    wall, cpu = time.perf_counter(), _children()
    subprocess.run(  # noqa: S603  (the programs above)
        program, check=True, cwd=_ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return Cost(time.perf_counter() - wall, _children() - cpu)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(rounds: int) -> None:
    """Print the table."""
    print_head("A new process")
    for program in _PROGRAMS.values():
        _run(program)  # fills the caches of files
    contestants = {label: partial(_run, program) for label, program in _PROGRAMS.items()}
    costs = run_rounds(contestants, rounds)
    print_line(f"{rounds} rounds", "wall s", "CPU s", "wall ratio", "CPU ratio", "target")
    for label, found in costs.items():
        cells = [f"{median(found, 'wall'):.3f}", f"{median(found, 'cpu'):.3f}"]
        cells += [f"{ratio(found, costs[_BASE], clock):.2f}" for clock in ("wall", "cpu")]
        print_line(label, *cells, _TARGETS.get(label, ""))
    print_end()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS)
