"""One fit through the bridge, and the same fit and extraction inside an Rscript that stays.

`bridge.lmer` and `bridge.glmer` check the formula, send the columns, fit, and bring every figure
back. The Rscript sources the same `r_scripts`, gets the very bytes that a worker gets, starts with
the same number of cells, and has lme4 where its arithmetic is that of the bridge. The pool runs the
same fits as tasks of two workers against one; Python's part of a fit is under one lock, whichever
the number of workers.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Literal

import pytest

from benchmarks.examples import EXAMPLES
from benchmarks.rounds import Cost, measure
from benchmarks.spread import Target
from bridge import Pool, Worker, connect, glmer, lmer

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from benchmarks.baseline import Baseline
    from benchmarks.contest import Contest
    from benchmarks.examples import Example
    from bridge import Fit
    from bridge.session import Session

_ALONE, _BASE, _EMBEDDED, _WORKER = (
    "Rscript: the fit alone",
    "Rscript: fit, extraction",
    "bridge, embedded",
    "bridge, worker",
)
_ROUNDS = {"sleepstudy": 9, "insteval": 3, "cbpp": 9}
_LARGEST_RATIO = {"sleepstudy": 1.20, "insteval": 1.05}
_LARGEST_EXCESS = 0.010
_FITS, _WARMING = 100, 12


def _fit(example: Example, data: pd.DataFrame, session: Session) -> Fit:
    if example.family is None:
        return lmer(example.formula, data, session=session)
    family: Literal["binomial"] = "binomial"
    return glmer(example.formula, data, family=family, session=session)


def _block(example: Example, data: pd.DataFrame, session: Session) -> Cost:
    pids = [session.pid] if isinstance(session, Worker) and session.pid is not None else []
    fits: deque[Fit] = deque(maxlen=1)
    cost = measure(lambda: fits.append(_fit(example, data, session)), example.count, pids)
    return Cost(cost.wall, cost.cpu, {"value": -2.0 * fits[0].loglik})


def _targets(name: str) -> list[Target]:
    ratio = [Target(_EMBEDDED, "time", _LARGEST_RATIO[name])] if name in _LARGEST_RATIO else []
    return [*ratio, Target(_WORKER, "excess", _LARGEST_EXCESS, against=_EMBEDDED)]


@pytest.mark.parametrize("name", _ROUNDS)
def bench_fit(name: str, contest: Contest, baseline: Baseline) -> None:
    """Fit in Rscript, in the R of this process, and in a worker."""
    example = EXAMPLES[name]
    data, embedded = example.read(), connect("embedded")
    baseline.send(name, example.formula, data[list(example.columns)], family=example.family)
    with connect("worker") as worker:
        contestants: dict[str, Callable[[], Cost]] = {
            _BASE: partial(baseline.ask, "extracted", name, example.count),
            _EMBEDDED: partial(_block, example, data, embedded),
            _WORKER: partial(_block, example, data, worker),
        }
        if example.count > 1:
            contestants[_ALONE] = partial(baseline.ask, "alone", name, example.count)
        placed = [] if baseline.placed else ["lme4 lies elsewhere in Rscript than in the bridge."]
        turns = contest.run(
            f"{name}: {example.formula}",
            contestants,
            rounds=_ROUNDS[name],
            warm=example.count > 1,
            base=_BASE,
            shown="time",
            targets=_targets(name),
            notes=placed,
        )
    deviances = {cost.figures["value"] for costs in turns.costs.values() for cost in costs}
    same = "the same to the last bit" if len(deviances) == 1 else f"they differ: {deviances}"
    contest.note(f"Log-likelihoods: {same}.")


def _run_pool(pool: Pool, example: Example, fits: int) -> Cost:
    """Return what one fit costs on the clock, and of Python's own processor time."""
    data = example.read()
    wall, cpu = time.perf_counter(), time.process_time()
    done = sum(1 for _ in pool.run([partial(_fit, example, data)] * fits))
    return Cost((time.perf_counter() - wall) / done, (time.process_time() - cpu) / done)


@pytest.mark.parametrize("name", ["jsp", "sleepstudy"])
def bench_pool(name: str, contest: Contest) -> None:
    """Run small fits on one worker, and on two."""
    example = EXAMPLES[name]
    with Pool(1) as one, Pool(2) as two:
        pools = {"1 worker": one, "2 workers": two}
        for pool in pools.values():
            _run_pool(pool, example, _WARMING)  # R compiles what runs for the second time
        contest.run(
            f"pool, {name}: {_FITS} fits of {example.formula}",
            {label: partial(_run_pool, pool, example, _FITS) for label, pool in pools.items()},
            rounds=3,
            base="1 worker",
            targets=[Target("2 workers", "speed", 1.7)],
            notes=["The CPU is Python's own, of one fit. Needs two processors nobody else uses."],
        )
