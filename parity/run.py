"""Cases × engines → report: the only loop, each (case, engine) fitted once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from parity.bench import Bench, Progress
from parity.case import Case, NestedPair
from parity.compare import ComparisonError, compare, compare_published
from parity.court import Court
from parity.dataset import DataMissingError, NotShippedError
from parity.finding import Comparison
from parity.report import CaseReport, Report
from parity.result import FitResult, failed
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.case import Suite
    from parity.known import Known
    from parity.panel import Panel
    from parity.tolerance import Tolerances


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
    court = Court(Bench(panel, progress), tolerances)
    questions: tuple[Case | NestedPair, ...] = (*suite.cases, *suite.pairs)
    cases = [_report_on(question, court, tolerances, register) for question in questions]
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
    answers = _with_the_right_criterion(asked, question)
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
