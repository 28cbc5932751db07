"""Cases × engines → report: the only loop, each (case, engine) fitted once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.compare import ComparisonError, compare, compare_published
from parity.dataset import DataMissingError
from parity.engine import Engine, EngineError, create, discover
from parity.finding import Comparison
from parity.lrt import likelihood_ratio
from parity.report import CaseReport, Report
from parity.result import FitResult, failed, unsupported
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parity.case import Case, NestedPair, Suite
    from parity.known import Known
    from parity.tolerance import Tolerances

LIVE, RECORDED = "lme4", "lme4-recorded"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Panel:
    """The engines of a run.

    Attributes
    ----------
    reference
        The engine that the others are held against.
    candidates
        The others.
    left_out
        Engine → why it does not take part.
    """

    reference: Engine
    candidates: tuple[Engine, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Reference first."""
        return (self.reference, *self.candidates)

    @property
    def versions(self) -> dict[str, str]:
        """Program → version; where two engines disagree the reference's word stands."""
        merged: dict[str, str] = {}
        for engine in reversed(self.engines):
            merged.update(engine.versions())
        return merged

    @property
    def headline(self) -> str:
        """The first line of every report: what was held against what."""
        versions = self.reference.versions()
        programs = f"lme4 {versions.get('lme4', '?')} on R {versions.get('R', '?')}"
        others = ", ".join(engine.name for engine in self.candidates)
        if self.reference.name == RECORDED:
            reason = self.left_out.get(LIVE, "it was not asked for")
            return (
                f"Reference: recorded answers of {programs}, not a live R ({reason}) - "
                f"held against it: {others}"
            )
        return f"Reference: {self.reference.name} ({programs}, live) - held against it: {others}"


def assemble(wanted: Sequence[str] = (), reference: str | None = None) -> Panel:
    """Return the engines for a run.

    Parameters
    ----------
    wanted
        Names of the candidates; all that are installed and can run for none.
    reference
        Name of the reference; live lme4 where it runs, else the recorded answers, for None.

    Raises
    ------
    EngineError
        Where an engine that was asked for is unknown or cannot run here.
    """
    names = list(discover())
    engines = {name: create(name) for name in dict.fromkeys([*names, *wanted])}
    left_out = {name: reason for name, engine in engines.items() if (reason := engine.missing())}
    chosen = reference or (RECORDED if LIVE in left_out else LIVE)
    for name in [chosen, *wanted]:
        if name not in engines:
            raise EngineError(f"No engine is called {name!r}; installed are {', '.join(names)}.")
        if name in left_out:
            raise EngineError(f"The engine {name} cannot run here: {left_out[name]}")
    candidates = [
        engine
        for name, engine in engines.items()
        if name != chosen and name not in left_out and (not wanted or name in wanted)
    ]
    if not candidates:
        raise EngineError("There is no engine to hold against the reference.")
    return Panel(engines[chosen], tuple(candidates), left_out)


def run(
    suite: Suite,
    panel: Panel,
    tolerances: Tolerances,
    register: Sequence[Known] = (),
    progress: Progress = lambda _: None,
) -> Report:
    """Fit every case with every engine and hold the answers against the reference's.

    Parameters
    ----------
    suite
        Cases and pairs of nested models.
    panel
        The engines.
    tolerances, register
        Limits, and declared differences.
    progress
        Called with the name of each fit before it starts.
    """
    started = time.perf_counter()
    bench = _Bench(panel, progress)
    cases = [_case_report(case, bench, tolerances, register) for case in suite.cases]
    cases += [_pair_report(pair, bench, tolerances, register) for pair in suite.pairs]
    return Report(
        reference=panel.reference.name,
        headline=panel.headline,
        versions=panel.versions,
        cases=tuple(cases),
        seconds=time.perf_counter() - started,
    )


def fits_of(suite: Suite, panel: Panel) -> int:
    """Return how many fits a run of the suite will make."""
    pairs = [case for pair in suite.pairs for case in (pair.small, pair.large)]
    names = {case.name for case in (*suite.cases, *pairs)}
    return len(names) * len(panel.engines)


@dataclass(slots=True)
class _Bench:
    """The answers so far: each (case, engine) is fitted once."""

    panel: Panel
    progress: Progress
    answers: dict[str, tuple[FitResult, ...]] = field(default_factory=dict)

    def fit(self, case: Case) -> tuple[FitResult, ...]:
        """Return each engine's answer, the reference's first; `DataMissingError` without data."""
        if case.name not in self.answers:
            data = case.dataset.load()
            answers = []
            for engine in self.panel.engines:
                self.progress(f"{case.name}: {engine.name}")
                answers.append(attempt(engine, case, data))
            self.answers[case.name] = tuple(answers)
        return self.answers[case.name]


def attempt(engine: Engine, case: Case, data: pd.DataFrame) -> FitResult:
    """Return an engine's answer to a case; an exception becomes an answer with its message."""
    reason = engine.unsupported(case)
    if reason is not None:
        return unsupported(engine.name, case.name, case.spec.kind, reason)
    try:
        return engine.fit(case, data.copy())
    except Exception as error:  # noqa: BLE001 - a failed fit is a finding, whatever was raised
        reason = f"{type(error).__name__}: {error}"
        return failed(engine.name, case.name, case.spec.kind, reason)


def _case_report(
    case: Case, bench: _Bench, tolerances: Tolerances, register: Sequence[Known]
) -> CaseReport:
    family = f"{case.spec.family}({case.spec.link})"
    about = (case.name, case.dataset.name, case.spec.formula, family, case.spec.criterion)
    try:
        answers = bench.fit(case)
    except DataMissingError as error:
        pairs = _not_run(case.name, bench.panel, str(error))
        return CaseReport(*about, None, pairs, str(error), case.published_in)
    pairs = judge(answers, tolerances, register)
    if case.published:
        pairs += tuple(compare_published(case.published, a, register) for a in answers)
    nobs = len(answers[0].rows) if answers[0].fitted else None
    return CaseReport(*about, nobs, pairs, published_in=case.published_in)


def _pair_report(
    pair: NestedPair, bench: _Bench, tolerances: Tolerances, register: Sequence[Known]
) -> CaseReport:
    formula = f"{pair.small.spec.formula}  against  {pair.large.spec.formula}"
    family = f"{pair.small.spec.family}({pair.small.spec.link})"
    about = (pair.name, pair.small.dataset.name, formula, family, "LRT")
    try:
        fits = zip(bench.fit(pair.small), bench.fit(pair.large), strict=True)
        answers = tuple(likelihood_ratio(pair.name, small, large) for small, large in fits)
    except DataMissingError as error:
        pairs = _not_run(pair.name, bench.panel, str(error))
        return CaseReport(*about, None, pairs, str(error), pair.published_in)
    pairs = judge(answers, tolerances, register)
    if pair.published:
        pairs += tuple(compare_published(pair.published, a, register) for a in answers)
    nobs = len(answers[0].rows) if answers[0].fitted else None
    return CaseReport(*about, nobs, pairs, published_in=pair.published_in)


def judge(
    answers: Sequence[FitResult], tolerances: Tolerances, register: Sequence[Known]
) -> tuple[Comparison, ...]:
    """Return the comparison of each answer after the first with the first."""
    reference, *candidates = answers
    comparisons = []
    for candidate in candidates:
        try:
            comparisons.append(compare(reference, candidate, tolerances, register))
        except ComparisonError as error:
            names = (candidate.case, reference.engine, candidate.engine)
            comparisons.append(Comparison(*names, Verdict.FAILED, "", str(error)))
    return tuple(comparisons)


def _not_run(case: str, panel: Panel, reason: str) -> tuple[Comparison, ...]:
    """Return a comparison for each candidate that says why there is none."""
    return tuple(
        Comparison(case, panel.reference.name, engine.name, Verdict.UNSUPPORTED, "", reason)
        for engine in panel.candidates
    )
