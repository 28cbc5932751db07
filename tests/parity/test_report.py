"""The value behind every report."""

from __future__ import annotations

from parity.finding import Comparison, Finding
from parity.report import CaseReport, Report
from parity.verdict import Verdict


def pair(verdict: Verdict, numbers: int = 1) -> Comparison:
    finding = Finding("sigma", (), 1.0, 1.0, 0.0, "relative", 1e-3, 15.9, Verdict.AGREE, "why")
    return Comparison("case", "lme4", "own", verdict, "", "message", (finding,) * numbers)


def report(*verdicts: Verdict, numbers: int = 1) -> Report:
    pairs = tuple(pair(verdict, numbers) for verdict in verdicts)
    case = CaseReport("case", "data", "y ~ (1 | g)", "gaussian(identity)", "REML", 3, pairs)
    return Report("lme4", "lme4 against own", {"lme4": "1"}, (case, case))


def test_numbers_and_verdicts_are_counted() -> None:
    found = report(Verdict.WORSE, Verdict.AGREE, numbers=3)
    assert found.compared == 12
    assert found.summary == {Verdict.AGREE: 2, Verdict.WORSE: 2}
    assert list(found.summary) == [Verdict.AGREE, Verdict.WORSE]
    assert len(found.comparisons) == 4


def test_a_report_agrees_where_every_pair_is_green() -> None:
    assert report(Verdict.AGREE, Verdict.KNOWN, Verdict.UNSUPPORTED).agrees
    assert not report(Verdict.AGREE, Verdict.DIFFER).agrees


def test_a_report_on_nothing_does_not_agree() -> None:
    assert not report().agrees
    assert not report(Verdict.AGREE, numbers=0).agrees
    assert not report(Verdict.UNSUPPORTED, numbers=0).agrees


def test_a_report_prints_its_headline() -> None:
    assert "lme4 against own" in str(report(Verdict.AGREE))
