"""lmer through the bridge against the same lmer and the same extraction inside Rscript.

    python benchmarks/fits.py [ROUNDS] [EXAMPLE ...]

A round is a block of fits in Rscript, in the R of this process, and in a worker. Seconds are those
of one fit, medians of the rounds; a ratio is the median of the rounds' own ratios. All three get
the same columns, and lme4 at a place in memory where it does the same arithmetic.
"""

# ruff: noqa: INP001, T201  (a program that prints, of no package)
from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.baseline import Baseline
from benchmarks.examples import EXAMPLES
from benchmarks.rounds import Cost, excess, measure, median, ratio, run_rounds
from benchmarks.sheet import print_end, print_head, print_line
from bridge import Worker, connect, lmer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from benchmarks.baseline import Way
    from benchmarks.examples import Example
    from benchmarks.rounds import Costs
    from bridge.session import Session

_ROUNDS = {"sleepstudy": 9, "InstEval": 5}
_TARGETS = {"sleepstudy": "<= 1.20", "InstEval": "<= 1.05"}
_ALONE, _BASE, _EMBEDDED, _WORKER = (
    "Rscript: lmer alone",
    "Rscript: lmer, extraction",
    "bridge.lmer, embedded",
    "bridge.lmer, worker",
)
_HEAD = ("wall ms", "CPU ms", "wall ratio", "CPU ratio", "target")


def _fit_bridge(session: Session, example: Example, data: pd.DataFrame) -> Cost:
    pids = [session.pid] if isinstance(session, Worker) and session.pid is not None else []
    return measure(
        lambda: lmer(example.formula, data, session=session), count=example.count, pids=pids
    )


def _fit_r(baseline: Baseline, way: Way, example: Example, data: pd.DataFrame) -> Cost:
    return baseline.fit(way, example, data)[0]


def _print_table(name: str, costs: Mapping[str, Costs]) -> None:
    base = costs[_BASE]
    for label, found in costs.items():
        cells = [f"{1e3 * median(found, 'wall'):.2f}", f"{1e3 * median(found, 'cpu'):.2f}"]
        cells += [f"{ratio(found, base, 'wall'):.3f}", f"{ratio(found, base, 'cpu'):.3f}"]
        print_line(label, *cells, _TARGETS.get(name, "") if label == _EMBEDDED else "")
    more = [excess(costs[_WORKER], costs[_EMBEDDED], clock) for clock in ("wall", "cpu")]
    print_line("worker - embedded", *(f"{1e3 * one:+.2f}" for one in more), "", "", "<= 10 ms")


def _run(name: str, rounds: int, baseline: Baseline, worker: Session) -> None:
    example = EXAMPLES[name]
    data, embedded = example.read(), connect("embedded")
    logliks = {
        "Rscript": baseline.fit("extracted", example, data)[1],
        "embedded": lmer(example.formula, data, session=embedded).loglik,
        "worker": lmer(example.formula, data, session=worker).loglik,
    }
    contestants = {
        _ALONE: partial(_fit_r, baseline, "lmer", example, data),
        _BASE: partial(_fit_r, baseline, "extracted", example, data),
        _EMBEDDED: partial(_fit_bridge, embedded, example, data),
        _WORKER: partial(_fit_bridge, worker, example, data),
    }
    print(f"\n{name}: {example.formula}, {rounds} rounds of {example.count}")
    print_line("", *_HEAD)
    _print_table(name, run_rounds(contestants, rounds))
    same = len(set(logliks.values())) == 1
    print("log-likelihoods: " + ("the same to the last bit" if same else f"they differ: {logliks}"))


def main(rounds: int | None, names: list[str]) -> None:
    """Print the tables."""
    print_head("lmer through the bridge, against Rscript")
    with Baseline() as baseline, connect("worker") as worker:
        if not baseline.placed:
            print("lme4 lies elsewhere in Rscript: crossed models take another way there")
        for name in names:
            _run(name, _ROUNDS.get(name, 9) if rounds is None else rounds, baseline, worker)
    print_end()


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else None
    main(asked, sys.argv[2:] or list(_ROUNDS))
