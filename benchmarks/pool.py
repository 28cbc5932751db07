"""Small fits on two workers of a pool against one.

    python benchmarks/pool.py [FITS] [ROUNDS]

The fits are tasks of `Pool.run`, each of them `bridge.lmer` with its checks, its columns and its
figures. Python's part of a fit is under one lock for all threads: beside the rate of fits stands
how much of its processor it takes, since two workers cannot be faster than it lets them.
"""

# ruff: noqa: INP001, T201  (a program that prints, of no package)
from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.examples import EXAMPLES
from benchmarks.rounds import Cost, median, ratio, run_rounds
from benchmarks.sheet import print_end, print_head, print_line
from bridge import Pool, lmer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.rounds import Costs
    from bridge import Fit
    from bridge.session import Session

_FITS, _ROUNDS = 200, 5
_WARMING = 12
_HEAD = ("fits / s", "ms a fit", "Python ms", "rate ratio", "target")


def _run(pool: Pool, name: str, fits: int) -> Cost:
    """Return what one fit costs on the clock, and of Python's own processor time."""
    example = EXAMPLES[name]
    data = example.read()

    def fit(session: Session) -> Fit:
        return lmer(example.formula, data, session=session)

    wall, cpu = time.perf_counter(), time.process_time()
    done = sum(1 for _ in pool.run([fit] * fits))
    return Cost((time.perf_counter() - wall) / done, (time.process_time() - cpu) / done)


def _print_table(name: str, costs: Mapping[int, Costs]) -> None:
    print_line(name, *_HEAD)
    for workers, found in costs.items():
        wall = median(found, "wall")
        cells = [f"{1 / wall:.1f}", f"{1e3 * wall:.2f}", f"{1e3 * median(found, 'cpu'):.2f}"]
        cells += [f"{ratio(costs[1], found, 'wall'):.2f}", ">= 1.7" if workers > 1 else ""]
        print_line(f"{workers} worker{'s' * (workers > 1)}", *cells)


def main(fits: int, rounds: int) -> None:
    """Print the tables."""
    print_head("Small fits on two workers against one")
    with Pool(1) as one, Pool(2) as two:
        for name in ("jsp", "sleepstudy"):
            for pool in (one, two):
                _run(pool, name, _WARMING)  # R compiles what runs for the second time
            contestants = {
                "1": partial(_run, one, name, fits),
                "2": partial(_run, two, name, fits),
            }
            print(f"\n{EXAMPLES[name].formula}, {rounds} rounds of {fits} fits")
            found = run_rounds(contestants, rounds)
            _print_table(name, {int(workers): costs for workers, costs in found.items()})
    print_end()


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else _FITS, given[1] if len(given) > 1 else _ROUNDS)
