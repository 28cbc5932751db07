"""Shares: no case in two of them, the costliest first, and whether processes are worth it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity import casefile
from parity.case import NestedPair
from parity.division import cases_of, divide, pays, usable_cores
from tests.parity.fake_engines import make_case, write_toy

if TYPE_CHECKING:
    from pathlib import Path

    from parity.case import Case
    from parity.division import Question


def case(name: str) -> Case:
    return make_case(name=name, criterion="ML")


A, B, C, D = (case(name) for name in "abcd")


def names(questions: tuple[Question, ...]) -> list[list[str]]:
    return sorted([q.name for q in share.questions] for share in divide(questions, 2))


def test_questions_with_a_case_in_common_are_in_one_share() -> None:
    assert names((A, B, C, D)) == [["a"], ["b"], ["c"], ["d"]]
    assert names((A, B, C, NestedPair("ab", A, B))) == [["a", "b", "ab"], ["c"]]
    chain = (NestedPair("ab", A, B), NestedPair("cd", C, D), NestedPair("bc", B, C))
    assert names(chain) == [["ab", "cd", "bc"]]
    assert names((D, *chain[:2], A)) == [["ab", "a"], ["d", "cd"]]


def test_a_share_keeps_the_run_s_order_and_says_where_its_questions_stand() -> None:
    questions = (C, NestedPair("ab", A, B), D, A)
    for share in divide(questions, 2):
        assert share.questions == tuple(questions[place] for place in share.places)
        assert list(share.places) == sorted(share.places)
    assert sorted(p for share in divide(questions, 2) for p in share.places) == [0, 1, 2, 3]


def test_a_case_costs_once_however_often_it_is_asked_about() -> None:
    (alone,) = divide((NestedPair("ab", A, B),), 2)
    (often,) = divide((A, B, NestedPair("ab", A, B), NestedPair("ba", B, A)), 2)
    assert often.cost == pytest.approx(alone.cost)
    (more,) = divide((NestedPair("ab", A, B),), 4)
    assert more.cost == pytest.approx(2 * alone.cost)


def test_the_largest_cases_are_begun_first() -> None:
    suite = casefile.load_suite()
    questions: tuple[Question, ...] = (*suite.cases, *suite.pairs)
    shares = divide(questions, 4)
    assert {share.questions[0].name for share in shares[:2]} == {"insteval-reml", "verbagg"}
    held = [case.name for share in shares for case in _cases(share.questions)]
    assert sorted(held) == sorted({case.name for q in questions for case in cases_of(q)})
    assert pays(shares, 2)
    assert not pays(shares, 1)


def _cases(questions: tuple[Question, ...]) -> list[Case]:
    return list({case.name: case for q in questions for case in cases_of(q)}.values())


def test_processes_are_not_worth_their_start_for_a_few_small_cases(tmp_path: Path) -> None:
    suite = casefile.load_suite().select(("sleepstudy*",))
    assert not pays(divide((*suite.cases, *suite.pairs), 4), 64)
    assert not pays((), 2)
    (one,) = divide((A,), 2)
    assert not pays((replace(one, cost=1e6),), 64)
    assert pays((replace(one, cost=60.0), replace(one, cost=60.0)), 2)
    toy = replace(A, dataset=replace(A.dataset, file=write_toy(tmp_path)))
    assert divide((toy,), 2)[0].cost > one.cost


def test_there_is_a_core_to_run_on() -> None:
    assert usable_cores() >= 1
