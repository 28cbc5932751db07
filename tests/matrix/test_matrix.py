"""The shipped cases on the real engines, as a whole.

The matrix itself, case × engine × quantity, is collected from parity/data/cases.toml by our own
pytest plugin (the ini option ``parity_cases``). These tests look at all of it at once, and share
its fits: each (case, engine) is fitted once in a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parity.bench import Bench
from parity.casefile import SHIPPED
from parity.compare import PUBLISHED, compare_published
from parity.court import Court
from parity.dataset import DataMissingError
from parity.engine import EngineError, create
from parity.finding import Comparison, Finding
from parity.panel import CERTIFIED, LIVE, TIGHT, Panel
from parity.pytest_items import Sheet, required, sheet_of
from parity.run import judge
from parity.tolerance import Tolerance
from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.case import Case, NestedPair
    from parity.engine import Engine
    from parity.known import Known

SLACK = 1000.0
KNOWN_SLACK = 4.0  # twice for the machine, twice for the version
ROUNDING = 1e-8  # a limit this small is at the level of rounding: nobody is asked to tighten it


@pytest.fixture(scope="module")
def sheet(request: pytest.FixtureRequest) -> Sheet:
    """Return the shipped cases with their engines."""
    if request.config.getoption("--parity-engine"):
        pytest.skip("only some of the engines were asked for")
    try:
        return sheet_of(request.config, SHIPPED)
    except EngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def comparisons(sheet: Sheet) -> list[Comparison]:
    """Return every comparison with live lme4."""
    if sheet.panel.reference.name != LIVE:
        pytest.skip(f"the reference is not live: {sheet.panel.left_out.get(LIVE)}")
    try:
        return [
            sheet.comparison(question, engine)
            for question in sheet.questions
            for engine in sheet.panel.candidates
        ]
    except DataMissingError as error:
        pytest.skip(str(error))


def test_every_required_engine_runs(sheet: Sheet) -> None:
    running = {engine.name for engine in sheet.panel.engines}
    assert required() <= running, sheet.panel.left_out


def test_the_matrix_holds_thousands_of_numbers(comparisons: list[Comparison]) -> None:
    assert sum(len(comparison.findings) for comparison in comparisons) > 10_000
    assert all(comparison.message for comparison in comparisons)


def test_no_tolerance_and_no_override_is_stale(sheet: Sheet) -> None:
    engines = [engine.name for engine in sheet.panel.engines]
    names = [question.name for question in sheet.questions]
    sheet.tolerances.refuse_stale([*engines, *sheet.panel.left_out], names)


def slack(rule: Tolerance, worst: Finding | None) -> str:
    """Return a sentence where a limit is more than 1000 times what was ever seen, else nothing."""
    seen = max(abs(worst.error) if worst else 0.0, rule.seen)
    general = (rule.candidate, rule.case) == ("*", "*")
    if general and not seen:
        return ""  # a band for engines that are not ours: every quantity must have one
    if rule.limit <= max(SLACK * seen, ROUNDING):
        return ""
    where = f"{rule.quantity} (candidate {rule.candidate}, case {rule.case})"
    return (
        f"{where}: the limit is {rule.limit:g}, the worst error seen {seen:g}"
        f"{f' ({worst.name})' if worst else ', for no number fell under the rule'}; "
        f"tighten it to at most {SLACK * seen:.1g}, or state in `seen` what was seen elsewhere"
    )


def test_no_tolerance_is_slack(sheet: Sheet, comparisons: list[Comparison]) -> None:
    worst: dict[Tolerance, Finding] = {}
    for comparison in comparisons:
        about = (comparison.candidate, comparison.case)
        rules = {q: sheet.tolerances.resolve(q, *about) for q in comparison.quantities}
        for finding in comparison.findings:
            rule = rules[finding.quantity]
            known = worst.get(rule)
            agrees = finding.verdict is Verdict.AGREE
            if agrees and (known is None or abs(finding.error) > abs(known.error)):
                worst[rule] = finding
    complaints = [slack(rule, worst.get(rule)) for rule in sheet.tolerances.rules]
    assert not any(complaints), "\n".join(filter(None, complaints))


def test_the_ratchet_bites() -> None:
    rule = Tolerance("sigma", 1e-3, "why", candidate="statsmodels")
    finding = Finding("sigma", (), 1.0, 1.0, 1e-7, "relative", 1e-3, 7.0, Verdict.AGREE, "why")
    assert "tighten it to at most 0.0001" in slack(rule, finding)
    assert "no number fell under the rule" in slack(rule, None)
    assert not slack(Tolerance("sigma", 1e-5, "why"), finding)
    assert not slack(Tolerance("sigma", 1e-3, "a band for others"), None)
    assert not slack(Tolerance("sigma", 1e-3, "why", seen=2e-6), finding)
    assert not slack(Tolerance("sigma", ROUNDING, "rounding"), None)


def test_every_declared_difference_speaks_of_a_pair_of_the_matrix(sheet: Sheet) -> None:
    if sheet.panel.left_out:
        pytest.skip(f"not every engine runs: {sheet.panel.left_out}")
    running = [engine.name for engine in sheet.panel.engines]
    references = [sheet.panel.reference.name, CERTIFIED, TIGHT]

    def spoken_of(known: Known) -> bool:
        return any(
            known.covers(reference, candidate, question.name)
            for question in sheet.questions
            for reference in [*references, *([PUBLISHED] if question.published else [])]
            for candidate in [*running, CERTIFIED, TIGHT]
        )

    stale = [f"{known.name} on {known.case}" for known in sheet.register if not spoken_of(known)]
    assert not stale, f"declared differences that no test exercises: {', '.join(stale)}"


def against(sheet: Sheet, reference: Engine, question: Case | NestedPair) -> list[Comparison]:
    """Return what comes of holding the matrix's answers against another reference."""
    court = Court(Bench(Panel(reference, sheet.panel.engines)), sheet.tolerances)
    court.bench.answers.update(sheet.bench.answers)
    court.bench.frames.update(sheet.bench.frames)
    answers = [court.bench.answer(question, engine) for engine in court.bench.panel.engines]
    pairs = judge(answers, sheet.tolerances, sheet.register)
    heard = [
        court.hear(question, pair, (reference, engine))
        for pair, engine in zip(pairs, sheet.panel.engines, strict=True)
    ]
    if question.published:
        heard.append(compare_published(question.published, answers[0], sheet.register))
    return heard


@pytest.mark.slow
def test_every_engine_is_green_against_the_certified_values(
    comparisons: list[Comparison], sheet: Sheet
) -> None:
    assert comparisons
    reference = create(CERTIFIED)
    red, judged = [], 0
    for question in sheet.questions:
        for pair in against(sheet, reference, question):
            judged += bool(pair.findings)
            # what is proven cannot be bettered: that would be a fault of the criterion's
            if not pair.verdict.green or pair.verdict is Verdict.BETTER:
                red.append(f"{pair.candidate} on {pair.case}: {pair.verdict}: {pair.message}")
    assert judged > 250
    assert not red, "\n".join(red)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["jsp-slope-reml", "jsp-slope-ml", "orthodont-slope-reml", "cbpp", "seed-fail"]
)
def test_lme4s_own_default_is_green_against_tight_lme4(
    comparisons: list[Comparison], sheet: Sheet, name: str
) -> None:
    assert comparisons
    (question,) = (question for question in sheet.questions if question.name == name)
    pairs = against(sheet, create(TIGHT), question)
    assert [pair.message for pair in pairs if not pair.verdict.green] == []
    assert pairs[0].verdict is Verdict.KNOWN


def test_no_declared_difference_is_slack(comparisons: list[Comparison], sheet: Sheet) -> None:
    worst: dict[tuple[str, str, str, str], float] = {}
    for comparison in comparisons:
        for finding in comparison.findings:
            if finding.verdict is Verdict.KNOWN:
                where = (comparison.reference, comparison.candidate, comparison.case)
                key = (*where, finding.quantity)
                worst[key] = max(worst.get(key, 0.0), abs(finding.error))
    slack = [
        f"{known.name} on {known.case}: {quantity} is declared {known.sizes[quantity]:g}, "
        f"seen {seen:g}"
        for known in sheet.register
        for (reference, candidate, case, quantity), seen in worst.items()
        if known.covers(reference, candidate, case)
        and abs(known.sizes.get(quantity, 0.0)) > KNOWN_SLACK * seen
    ]
    assert worst, "not one declared difference was seen"
    assert not slack, "\n".join(slack)
