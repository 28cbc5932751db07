"""A question and its answer, and companions that fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.companion import Companion, CompanionError
from benchmarks.interpreters import start

_ANSWERS = """
import pathlib, sys, time
sys.path.insert(0, {root!r})
from benchmarks.serve import serve
def fail(path):
    raise ValueError("no such\\n\\tmodel")
def chat(path):
    return lambda: print("not an answer") or float(path.name)
def sleep(path):
    return lambda: time.sleep(60) or 0.0
def leave(path):
    sys.exit(3)
serve(dict(fail=fail, chat=chat, sleep=sleep, leave=leave), "here")
"""
_ROOT = str(Path(__file__).parents[2])


def _companion() -> Companion:
    return Companion([sys.executable, "-c", _ANSWERS.format(root=_ROOT)])


def test_an_answer_is_the_cost_of_one_repetition() -> None:
    with _companion() as companion:
        assert companion.greeting == "here"
        cost = companion.ask("chat", Path("17"), count=3)
    assert cost.wall > 0
    assert cost.figures["value"] == 17.0
    assert cost.figures["peak"] >= 0


def test_an_error_is_told_in_one_line_and_the_companion_goes_on() -> None:
    with _companion() as companion:
        with pytest.raises(CompanionError, match=r"^ValueError: no such model$"):
            companion.ask("fail", Path("x"))
        assert companion.ask("chat", Path("1")).figures["value"] == 1.0


def test_one_that_takes_too_long_is_ended() -> None:
    with _companion() as companion:
        with pytest.raises(CompanionError, match="not ready after 1 s"):
            companion.ask("sleep", Path("x"), patience=1.0)
        with pytest.raises(CompanionError, match="ended"):
            companion.ask("chat", Path("1"))


def test_one_that_ends_says_so() -> None:
    with _companion() as companion, pytest.raises(CompanionError, match="ended before"):
        companion.ask("leave", Path("x"))


def test_a_package_without_an_interpreter_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PARITY_BENCH_GLMM", raising=False)
    with pytest.raises(CompanionError, match="PARITY_BENCH_GLMM names no interpreter"):
        start("glmm")


def test_an_interpreter_without_the_package_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARITY_BENCH_MIXEDLM", sys.executable)
    with pytest.raises(CompanionError, match=r"mixedlm cannot be imported .*ModuleNotFoundError"):
        start("mixedlm")
