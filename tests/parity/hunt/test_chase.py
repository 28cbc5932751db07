"""A hunt finds what is planted, shrinks it, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parity.hunt.chase import Plan, hunt
from parity.hunt.tally import Tally
from parity.hunt.trial import CRASH, HARNESS, SHORT, Ground
from parity.verdict import Verdict
from tests.parity.hunt.planted import (
    Fault,
    Planted,
    ground,
    none,
    raises_on_many_levels,
    short,
    sizes,
    wrong_errors_of_slopes,
    wrong_on_single_rows,
)

if TYPE_CHECKING:
    import pandas as pd

    from parity.case import Case
    from parity.hunt.prey import Prey
    from parity.hunt.signature import Signature
    from parity.hunt.tally import Capture
    from parity.result import FitResult


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw one or two factors and few rows: the tests are about the hunt."""
    monkeypatch.setattr("parity.hunt.strategy._SHAPES", ((None,), (None, None)))
    monkeypatch.setattr("parity.hunt.strategy._MOST_ROWS", 24)


def hunted(place: Ground, models: int = 15, seed: int = 1, effort: int = 60) -> Tally:
    tally = Tally()
    hunt(place, Plan(models, seed, ("gaussian",), effort), tally)
    return tally


def found(fault: Fault, **how: int) -> dict[Signature, Capture]:
    return hunted(ground(Planted("own", fault)), **how).captures


def test_where_nobody_errs_nothing_is_lost() -> None:
    tally = hunted(ground(Planted("own", none)))
    assert tally.models == 15
    assert tally.fair > 7
    assert tally.fair + tally.refused.total() + tally.unfair.total() == 15
    assert not tally.losses
    assert tally.verdicts == {("own", "AGREE"): tally.fair}


@pytest.mark.slow
def test_a_fault_of_levels_with_one_row_is_shrunk_to_a_few_rows() -> None:
    captures = found(wrong_on_single_rows, models=12, effort=120)
    assert captures
    for signature, capture in captures.items():
        assert (signature.engine, signature.verdict, signature.layer, signature.what) == (
            "own", Verdict.DIFFER, "D", "fixef",
        )  # fmt: skip
        assert capture.shrunk
        assert len(capture.prey.data) <= 6
        assert 1 in sizes(capture.prey.data)
        assert len(capture.prey.spec.random) == 1


@pytest.mark.slow
def test_a_fault_of_slopes_is_shrunk_to_one_slope() -> None:
    for signature, capture in found(wrong_errors_of_slopes, models=12, effort=160).items():
        assert (signature.layer, signature.what) == ("E", "vcov_conditional")
        assert [term.columns == ("1",) for term in capture.prey.spec.random].count(False) == 1
        assert len(capture.prey.data) <= 8
        numbers = capture.prey.data.select_dtypes("number").to_numpy("float64").ravel()
        assert abs(numbers).max() <= 10


def test_what_raises_is_told_apart_by_its_message_without_numbers_and_names() -> None:
    captures = found(raises_on_many_levels, models=8)
    assert {signature.what for signature in captures} == {
        "ZeroDivisionError: # levels of '...' are too many"
    }
    assert all(signature.verdict == Verdict.FAILED for signature in captures)
    assert all(len(sizes(capture.prey.data)) == 4 for capture in captures.values())
    assert any(len(capture.prey.data) <= 8 for capture in captures.values())


def test_a_reference_that_stops_short_is_what_loses() -> None:
    place = ground(Planted("own"), reference=Planted("lme4", short))
    captures = hunted(place, models=5).captures
    assert {signature.engine for signature in captures} == {"lme4"}
    assert "optimum missed by over 0.001" in {signature.what for signature in captures}
    assert all(signature.verdict == Verdict.BETTER for signature in captures)


def test_two_that_are_short_together_lose_both() -> None:
    place = ground(Planted("own", short), reference=Planted("lme4", short))
    captures = hunted(place, models=5).captures
    assert {(signature.engine, signature.verdict) for signature in captures} >= {
        ("lme4", SHORT), ("own", SHORT),
    }  # fmt: skip


def test_a_fault_of_the_harness_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ArithmeticError("the judge has 3 opinions")

    monkeypatch.setattr("parity.court.Court.hear", break_down)
    (signature,) = {s for s in found(none, models=3) if s.criterion == "REML"}
    assert (signature.engine, signature.verdict) == (HARNESS, CRASH)
    assert signature.what == "break_down: ArithmeticError: the judge has # opinions"


def state_of(tally: Tally) -> str:
    written = {
        str(signature): (capture.prey.data.to_csv(), capture.prey.spec, capture.told)
        for signature, capture in tally.captures.items()
    }
    return f"{tally.to_json()} {written}"


@pytest.mark.slow
def test_the_same_seed_finds_the_same_and_another_draws_others() -> None:
    place = ground(Planted("own", wrong_on_single_rows))
    one, again, other = (hunted(place, models=6, seed=s, effort=10) for s in (3, 3, 4))
    assert state_of(one) == state_of(again)
    assert state_of(one) != state_of(other)


@pytest.mark.slow
def test_a_loss_is_shrunk_once_and_counted_each_time() -> None:
    kept: list[Signature | None] = []
    tally = Tally()
    place = ground(Planted("own", wrong_errors_of_slopes))
    hunt(place, Plan(40, 5, ("gaussian",), 20), tally, kept.append)
    finished = [signature for signature in kept if signature is not None]
    assert kept.count(None) == 2  # every twenty models
    assert sorted(finished) == sorted(tally.captures)
    assert max(tally.losses.values()) > 1
    differ = tally.verdicts["own", "DIFFER"]
    assert differ == sum(tally.losses.values())
    assert tally.fair == differ + tally.verdicts["own", "AGREE"]
    assert 0 < tally.trials <= 20 * len(finished)


def test_an_interruption_keeps_what_was_found() -> None:
    fits = 0

    def interrupted(result: FitResult, case: Case, data: pd.DataFrame) -> FitResult:
        nonlocal fits
        fits += 1
        if fits == 25:
            raise KeyboardInterrupt
        return wrong_on_single_rows(result, case, data)

    tally = hunted(ground(Planted("own", interrupted)), models=500)
    assert tally.interrupted
    assert 0 < tally.models < 25
    assert tally.captures
    assert tally.to_json().count('"interrupted": true') == 1


def test_an_effort_of_one_ends() -> None:
    tally = hunted(ground(Planted("own", wrong_on_single_rows)), models=10, effort=1)
    assert tally.models == 10
    assert all(capture.shrunk for capture in tally.captures.values())


@pytest.mark.slow
def test_shrinking_never_leaves_the_fair_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parity.hunt.trial.unfair", lambda model: "odd" if model.n < 9 else "")

    def smallest(prey: Prey) -> int:
        return len(prey.data)

    captures = found(wrong_errors_of_slopes, models=20, effort=30)
    assert captures
    assert all(smallest(capture.prey) >= 9 for capture in captures.values())
