"""Cases × engines → report: the only loop, each (case, engine) fitted once."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from parity.bench import Bench, Progress
from parity.case import Case, NestedPair
from parity.compare import ComparisonError, compare, compare_published
from parity.court import Court
from parity.dataset import DataMissingError, NotShippedError
from parity.division import cases_of, divide, pays, usable_cores
from parity.finding import Comparison
from parity.office import Office, settle_together
from parity.report import CaseReport, Report
from parity.result import FitResult, failed
from parity.verdict import Verdict
from parity.workers import Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.case import Suite
    from parity.division import Question
    from parity.known import Known
    from parity.panel import Panel
    from parity.tolerance import Tolerances


def run(
    suite: Suite,
    panel: Panel,
    tolerances: Tolerances,
    register: Sequence[Known] = (),
    progress: Progress = lambda _: None,
    jobs: int | None = 1,
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
        Called with the name of each fit before it starts; after it, where another process fits.
    jobs
        How many processes fit, each case in one of them; 1 is this process alone, None as many as
        there are cores, where that is sooner done. The report is the same. Engines that are not
        `Panel.by_name` stay in this process.

    Raises
    ------
    EngineError
        Where an engine has other versions in another process.
    """
    started = time.perf_counter()
    questions: tuple[Question, ...] = (*suite.cases, *suite.pairs)
    report = partial(_report_on, tolerances=tolerances, register=register)
    shares = divide(questions, len(panel.engines)) if panel.by_name else ()
    if jobs is None:
        jobs = usable_cores() if pays(shares, usable_cores()) else 1
    if min(jobs, len(shares)) > 1:
        names = tuple(engine.name for engine in panel.engines)
        office = Office(names, panel.versions, tolerances, report)
        found = dict(settle_together(shares, office, progress, jobs))
    else:
        court = Court(Bench(panel, progress), tolerances)
        found = {place: report(question, court) for place, question in enumerate(questions)}
    return Report(
        reference=panel.reference.name,
        headline=panel.headline,
        versions=panel.versions,
        cases=tuple(
            _lost(question, panel, told) if isinstance(told := found[place], Lost) else told
            for place, question in enumerate(questions)
        ),
        seconds=time.perf_counter() - started,
    )


def fits_of(suite: Suite, panel: Panel) -> int:
    """Return how many fits a run of the suite will make."""
    questions: tuple[Question, ...] = (*suite.cases, *suite.pairs)
    names = {case.name for question in questions for case in cases_of(question)}
    return len(names) * len(panel.engines)


def _lost(question: Question, panel: Panel, lost: Lost) -> CaseReport:
    """Return the report on a question whose process died: it has failed, and nothing else."""
    told = (
        f"{lost.reason} while it had this case; `parity run {question.name} --jobs 1` tries it "
        "alone"
    )
    pairs = _not_run(question.name, panel, Verdict.FAILED, told)
    about = (question.name, *_description(question))
    return CaseReport(*about, None, pairs, told, question.published_in)


def with_the_right_criterion(
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
    question: Case | NestedPair, court: Court, tolerances: Tolerances, register: Sequence[Known]
) -> CaseReport:
    """Return all comparisons on one case, or on one pair of nested models."""
    bench = court.bench
    about = (question.name, *_description(question))
    try:
        asked = tuple(bench.answer(question, engine) for engine in bench.panel.engines)
    except DataMissingError as error:
        excused = isinstance(error, NotShippedError)
        verdict = Verdict.UNSUPPORTED if excused else Verdict.FAILED
        pairs = _not_run(question.name, bench.panel, verdict, str(error))
        return CaseReport(*about, None, pairs, str(error), question.published_in)
    answers = with_the_right_criterion(asked, question)
    pairs = tuple(
        court.hear(question, pair, (bench.panel.reference, engine))
        for pair, engine in zip(
            judge(answers, tolerances, register), bench.panel.candidates, strict=True
        )
    )
    if question.published:
        pairs += tuple(compare_published(question.published, a, register) for a in answers)
    nobs = len(answers[0].rows) if answers[0].fitted else None
    said = answers[0].conditions
    return CaseReport(
        *about,
        nobs,
        pairs,
        published_in=question.published_in,
        conditions=said,
        notes=court.notes(question),
    )


def _description(question: Case | NestedPair) -> tuple[str, str, str, str]:
    """Return names of the data, the formula, the family and the method."""
    if isinstance(question, NestedPair):
        data, _, family, _ = _description(question.small)
        formula = f"{question.small.spec.formula}  against  {question.large.spec.formula}"
        return data, formula, family, "LRT"
    spec = question.spec
    family = f"{spec.family}({spec.link})"
    family += f", nAGQ {spec.nagq}" if spec.nagq > 1 else ""
    family += f", weights {spec.weights}" if spec.weights else ""
    return question.dataset.name, spec.formula, family, spec.criterion


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
