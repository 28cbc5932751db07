"""Verdicts and how many become one."""

from __future__ import annotations

import pytest

from parity.verdict import MEANING, Verdict, worst


def test_green_is_agreement_what_is_declared_and_what_the_criterion_found_right() -> None:
    assert {v for v in Verdict if v.green} == {
        Verdict.AGREE,
        Verdict.BETTER,
        Verdict.KNOWN,
        Verdict.UNSUPPORTED,
    }


def test_every_verdict_has_a_meaning() -> None:
    assert set(MEANING) == set(Verdict)


def test_the_worst_of_some() -> None:
    assert worst([Verdict.AGREE, Verdict.WORSE, Verdict.KNOWN]) is Verdict.WORSE
    assert worst(reversed(Verdict)) is Verdict.FAILED


def test_every_red_verdict_is_worse_than_every_green_one() -> None:
    for red in (v for v in Verdict if not v.green):
        for green in (v for v in Verdict if v.green):
            assert worst([red, green]) is red


def test_a_verdict_on_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="a verdict on nothing"):
        worst([])
