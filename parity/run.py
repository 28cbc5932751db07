"""Cases × engines → report: the only loop, each (case, engine) fitted once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.case import Case, NestedPair
from parity.compare import ComparisonError, compare, compare_published
from parity.dataset import DataMissingError, NotShippedError
from parity.engine import Engine, EngineError, create, discover
from parity.finding import Comparison
from parity.lrt import likelihood_ratio
from parity.report import CaseReport, Report
from parity.result import FitResult, failed, unsupported
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parity.case import Suite
    from parity.dataset import Dataset
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
    engines, left_out = _gather([*wanted, *([reference] if reference else [])])
    chosen = reference or (RECORDED if LIVE in left_out else LIVE)
    for name in [chosen, *wanted]:
        if name in left_out:
            raise EngineError(f"The engine {name} cannot run here: {left_out[name]}")
    if chosen not in engines:
        raise EngineError(f"No engine is called {chosen!r}; installed are {', '.join(engines)}.")
    candidates = [
        engine
        for name, engine in engines.items()
        if name != chosen and name not in left_out and (not wanted or name in wanted)
    ]
    if not candidates:
        raise EngineError("There is no engine to hold against the reference.")
    return Panel(engines[chosen], tuple(candidates), left_out)


def _gather(asked: Sequence[str]) -> tuple[dict[str, Engine], dict[str, str]]:
    """Return name → engine of all that import, and name → why it cannot run.

    An engine that nobody asked for and that does not import is left out; one that was asked for
    raises `EngineError`.
    """
    engines: dict[str, Engine] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys([*discover(), *asked]):
        try:
            engines[name] = create(name)
            reason = engines[name].missing()
        except EngineError as error:
            if name in asked:
                raise
            reason = str(error)
        if reason is not None:
            left_out[name] = reason
    return engines, left_out


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
    bench = Bench(panel, progress)
    questions: tuple[Case | NestedPair, ...] = (*suite.cases, *suite.pairs)
    cases = [_report_on(question, bench, tolerances, register) for question in questions]
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
class Bench:
    """The answers so far: each (case, engine) is fitted once, each data set read once."""

    panel: Panel
    progress: Progress = lambda _: None
    answers: dict[tuple[str, str], FitResult] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame | DataMissingError] = field(default_factory=dict)

    def answer(self, question: Case | NestedPair, engine: Engine) -> FitResult:
        """Return an engine's answer, fitted when it is first asked for.

        Raises
        ------
        DataMissingError
            Where the case's data are not to be had.
        """
        if isinstance(question, NestedPair):
            small, large = (self.answer(c, engine) for c in (question.small, question.large))
            return likelihood_ratio(question.name, small, large)
        key = (question.name, engine.name)
        if key not in self.answers:
            data = self.frame(question.dataset)
            self.progress(f"{question.name}: {engine.name}")
            self.answers[key] = attempt(engine, question, data)
        return self.answers[key]

    def frame(self, dataset: Dataset) -> pd.DataFrame:
        """Return the data; where they are missing, `DataMissingError` at once from then on."""
        if dataset.name not in self.frames:
            try:
                self.frames[dataset.name] = dataset.load()
            except DataMissingError as error:
                self.frames[dataset.name] = error
        found = self.frames[dataset.name]
        if isinstance(found, DataMissingError):
            raise found
        return found


def attempt(engine: Engine, case: Case, data: pd.DataFrame) -> FitResult:
    """Return an engine's answer to a case; an exception becomes an answer with its message."""
    about = (engine.name, case.name, case.spec.kind)
    try:
        reason = engine.unsupported(case)
        if reason is not None:
            return unsupported(*about, reason)
        result = engine.fit(case, data.copy())
    except Exception as error:  # noqa: BLE001 - a failed fit is a finding, whatever was raised
        return failed(*about, f"{type(error).__name__}: {error}")
    return _as_asked(result, about)


def _as_asked(result: FitResult, about: tuple[str, str, str]) -> FitResult:
    """Return the answer where it answers what was asked under its own name, else a failed one."""
    if not isinstance(result, FitResult):
        return failed(*about, f"the engine returned {type(result).__name__}, no FitResult")  # type: ignore[unreachable] # an engine may come from anywhere
    asked = dict(zip(("engine", "case", "kind"), about, strict=True))
    for what, wanted in asked.items():
        given = getattr(result, what)
        if given != wanted:
            return failed(
                *about, f"the engine returned an answer of {what} {given!r}, not {wanted!r}"
            )
    return result


def _with_the_right_criterion(
    answers: tuple[FitResult, ...], question: Case | NestedPair
) -> tuple[FitResult, ...]:
    """Return the answers, the reference's a failed one where it maximised what was not asked.

    A candidate's other criterion is for the gate, which holds it against the reference's.
    """
    reference, *candidates = answers
    asked = "ML" if isinstance(question, NestedPair) else question.spec.criterion
    if reference.fitted and reference.criterion != asked:
        reason = f"the reference maximised {reference.criterion}, and {asked} was asked"
        reference = failed(reference.engine, reference.case, reference.kind, reason)
    return (reference, *candidates)


def _report_on(
    question: Case | NestedPair, bench: Bench, tolerances: Tolerances, register: Sequence[Known]
) -> CaseReport:
    """Return all comparisons on one case, or on one pair of nested models."""
    about = (question.name, *_description(question))
    try:
        asked = tuple(bench.answer(question, engine) for engine in bench.panel.engines)
    except DataMissingError as error:
        excused = isinstance(error, NotShippedError)
        verdict = Verdict.UNSUPPORTED if excused else Verdict.FAILED
        pairs = _not_run(question.name, bench.panel, verdict, str(error))
        return CaseReport(*about, None, pairs, str(error), question.published_in)
    answers = _with_the_right_criterion(asked, question)
    pairs = judge(answers, tolerances, register)
    if question.published:
        pairs += tuple(compare_published(question.published, a, register) for a in answers)
    nobs = len(answers[0].rows) if answers[0].fitted else None
    said = answers[0].conditions
    return CaseReport(*about, nobs, pairs, published_in=question.published_in, conditions=said)


def _description(question: Case | NestedPair) -> tuple[str, str, str, str]:
    """Return names of the data, the formula, the family and the method."""
    if isinstance(question, NestedPair):
        data, _, family, _ = _description(question.small)
        formula = f"{question.small.spec.formula}  against  {question.large.spec.formula}"
        return data, formula, family, "LRT"
    spec = question.spec
    return question.dataset.name, spec.formula, f"{spec.family}({spec.link})", spec.criterion


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


def _not_run(case: str, panel: Panel, verdict: Verdict, reason: str) -> tuple[Comparison, ...]:
    """Return a comparison for each candidate that says why there is none."""
    return tuple(
        Comparison(case, panel.reference.name, engine.name, verdict, "", reason)
        for engine in panel.candidates
    )
