"""One model of a sweep, in a worker: drawn, simulated, fitted by every engine, judged."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from parity.appraisal import Appraisal
from parity.bench import Bench, Restartable
from parity.case import Case
from parity.checkup import FrameDataset
from parity.court import Court
from parity.engine import EngineError, Isolable, create
from parity.finding import Comparison
from parity.panel import Panel
from parity.run import judge, with_the_right_criterion
from parity.simulation import simulate
from parity.sweep.account import Account
from parity.sweep.lottery import draw
from parity.sweep.row import ask, lost
from parity.tolerance import load_tolerances
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.engine import Engine
    from parity.result import FitResult
    from parity.sweep.plan import Plan
    from parity.sweep.row import Outcome, Row
    from parity.tolerance import Tolerances

Versions = dict[str, dict[str, str]]
JUDGE = "parity"
"""What draws and judges, among the engines whose versions are told."""
# A worker of a cluster may have several threads; engines that catch warnings and the one R of a
# process are for one at a time.
_ALONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a worker sends back.

    Attributes
    ----------
    index
        Of the model.
    rows
        One for each engine.
    versions
        Engine → program → version, where the worker is.
    """

    index: int
    rows: tuple[Row, ...]
    versions: Versions


def muster(plan: Plan) -> Versions:
    """Return the versions of the engines in this worker, and of what draws and judges.

    Raises
    ------
    EngineError
        Where one that the plan names is not there or cannot run here.
    """
    with _ALONE:
        return _post(plan.engines, plan.time_limit)[1]


def fit(plan: Plan, index: int) -> Shipment:
    """Return the rows of a model.

    Whatever an engine, the simulation or the arbiter raises becomes a row with the reason.
    """
    with _ALONE:
        panel, versions = _post(plan.engines, plan.time_limit)
        design = draw(plan, index)
        try:
            dataset = FrameDataset("data", Path(), None, frame=simulate(design))
            outcomes = _outcomes(panel, Case(f"model-{index}", dataset, design.spec), versions)
        except Exception as error:  # noqa: BLE001 - one model must not end a sweep
            reason = f"{type(error).__name__}: {error}"
            outcomes = tuple(
                lost(name, reason, reference=name == plan.reference, versions=versions[name])
                for name in plan.engines
            )
        question = ask(design, index)
        return Shipment(index, tuple((question, one) for one in outcomes), versions)


@lru_cache(maxsize=1)
def _post(names: tuple[str, ...], time_limit: float) -> tuple[Panel, Versions]:
    """Return the engines with their versions; no other is touched, so that R starts only for one.

    They are asked once: an R that has just been ended would have to start to tell them.
    """
    engines = [create(name) for name in names]
    told = {JUDGE: {program: version(program) for program in ("lme4-parity", "numpy", "scipy")}}
    for engine in engines:
        try:
            if isinstance(engine, Isolable):
                engine.isolate(time_limit)
            reason = engine.missing()
            told[engine.name] = {} if reason else dict(engine.versions())
        except Exception as error:
            raise EngineError(f"The engine {engine.name} cannot run here: {error}") from error
        if reason:
            raise EngineError(f"The engine {engine.name} cannot run here: {reason}")
    return Panel(engines[0], tuple(engines[1:])), told


@lru_cache(maxsize=1)
def _tolerances() -> Tolerances:
    return load_tolerances()


def _outcomes(panel: Panel, case: Case, versions: Versions) -> tuple[Outcome, ...]:
    court = Court(Bench(panel), _tolerances())
    seconds = _fit_all(court.bench, case)
    answers = with_the_right_criterion(
        tuple(court.bench.answer(case, engine) for engine in panel.engines), case
    )
    comparisons = [None, *_hear_all(court, case, answers)]
    return tuple(
        Account(
            answer=answer,
            comparison=found,
            word=_word(court, case, answer, engine),
            seconds=seconds[engine.name],
            versions=answer.versions or versions[engine.name],
        ).told()
        for answer, found, engine in zip(answers, comparisons, panel.engines, strict=True)
    )


def _fit_all(bench: Bench, case: Case) -> Mapping[str, float]:
    """Return the seconds that each engine took; one that starts from the others' comes last."""
    seconds = {}
    for engine in sorted(bench.panel.engines, key=lambda one: isinstance(one, Restartable)):
        started = time.perf_counter()
        bench.answer(case, engine)
        seconds[engine.name] = time.perf_counter() - started
    return seconds


def _hear_all(court: Court, case: Case, answers: tuple[FitResult, ...]) -> list[Comparison]:
    panel = court.bench.panel
    heard = []
    found = judge(answers, court.tolerances, ())
    for comparison, engine in zip(found, panel.candidates, strict=True):
        try:
            heard.append(court.hear(case, comparison, (panel.reference, engine)))
        except Exception as error:  # noqa: BLE001 - one model must not end a sweep
            names = (case.name, panel.reference.name, engine.name)
            sentence = f"the arbiter raised {type(error).__name__}: {error}"
            heard.append(Comparison(*names, Verdict.FAILED, "", sentence))
    return heard


def _word(court: Court, case: Case, answer: FitResult, engine: Engine) -> Appraisal:
    if not answer.fitted:
        return Appraisal(engine.name, case.name, silence=answer.message)
    try:
        return court.appraise(case, engine)
    except Exception as error:  # noqa: BLE001 - one model must not end a sweep
        sentence = f"the criterion raised {type(error).__name__}: {error}"
        return Appraisal(engine.name, case.name, silence=sentence)
