"""Scores against certified values, and the criterion's line in every report."""

from __future__ import annotations

import json
from dataclasses import replace

from parity.reports import as_json, as_markdown, as_text
from parity.verdict import Verdict
from tests.parity.reports.sample import AGREEING, DRIFTED, GREEN, case, pair, report

SAID = "other stopped 0.0123 of deviance short of the optimum (Newton decrement 0.0123)"
PROVEN = replace(
    report(
        case("calm", pair("calm", Verdict.AGREE, findings=AGREEING, reference="certified")),
        case("bare", pair("bare", Verdict.UNSUPPORTED, reference="certified")),
    ),
    reference="certified",
)


def heard() -> str:
    comparison = pair("drifted", Verdict.BETTER, findings=DRIFTED, layer="C")
    return as_text.render(report(case("drifted", replace(comparison, diagnosis=SAID))))


def test_the_criterions_word_stands_before_the_numbers() -> None:
    text = heard()
    assert f"    the criterion: {SAID}" in text
    assert text.index(SAID) < text.index("first layer that diverges: C the optimum")


def test_a_better_answer_is_green() -> None:
    assert "All green: " in heard()
    assert "(1 BETTER)" in heard()


def test_without_its_word_there_is_no_line() -> None:
    assert "the criterion:" not in as_text.render(GREEN)


def test_json_has_the_word() -> None:
    comparison = replace(pair("drifted", Verdict.BETTER, findings=DRIFTED), diagnosis=SAID)
    found = json.loads(as_json.render(report(case("drifted", comparison))))
    assert found["cases"][0]["pairs"][0]["diagnosis"] == SAID


def test_digits_are_scored_against_certified_values_only() -> None:
    text = as_text.render(PROVEN)
    title, header, row = text[text.index("── Score") :].splitlines()[1:4]
    assert title == "  other:"
    assert header.split() == ["case", "fixef"]
    assert row.split() == ["calm", "6.5"]
    assert "bare" not in text[text.index("── Score") : text.index("── Worst")]
    assert "Score" not in as_text.render(GREEN)


def test_markdown_scores_too() -> None:
    assert "| calm | 6.5 |" in as_markdown.render(PROVEN)
