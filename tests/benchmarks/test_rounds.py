"""Contestants take turns, and one that fails is a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.rounds import Cost, Turns
from benchmarks.spread import Target, excesses, ratios, spread

if TYPE_CHECKING:
    from collections.abc import Callable


def _writing(name: str, said: list[str]) -> Callable[[], Cost]:
    def work() -> Cost:
        said.append(name)
        return Cost(float(len(said)), 0.0)

    return work


def test_the_first_of_one_round_is_last_in_the_next() -> None:
    said: list[str] = []
    turns = Turns({name: _writing(name, said) for name in "abc"})
    for _ in range(3):
        turns.take()
    assert "".join(said) == "abcbcacab"
    assert [cost.wall for cost in turns.costs["a"]] == [1.0, 6.0, 8.0]


def test_one_that_fails_in_a_later_round_leaves_its_reason_and_no_figure() -> None:
    answers = iter([Cost(1.0, 1.0)])
    turns = Turns({"a": lambda: next(answers), "b": lambda: Cost(2.0, 2.0)})
    for _ in range(3):
        turns.take()
    assert turns.lost == {"a": "StopIteration: "}
    assert list(turns.costs) == ["b"]
    assert len(turns.costs["b"]) == 3


def test_the_warming_round_counts_for_nothing() -> None:
    turns = Turns({"a": lambda: Cost(1.0, 1.0)})
    turns.take()
    turns.forget()
    assert turns.costs == {"a": []}


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    found = ratios([10.0, 20.0, 90.0], [1.0, 4.0, 3.0])
    # 10, 5 and 30: the ratio of the medians would be 20 / 3
    assert (found.low, found.median, found.high, found.rounds) == (7.5, 10.0, 20.0, 3)


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="zip"):
        excesses([1.0, 2.0], [1.0])


@pytest.mark.parametrize("values", [[], [float("nan")], [1.0, float("inf")]])
def test_a_spread_of_nothing_or_of_no_number_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="needs numbers"):
        spread(values)


def test_a_target_says_by_how_much_it_is_missed() -> None:
    fast, lean = Target("a", "speed", 150.0), Target("a", "peak", 3.0)
    assert fast.verdict(150.0) == lean.verdict(3.0) == "reached"
    assert fast.verdict(120.0) == "missed by 20.0%"
    assert lean.verdict(3.6) == "missed by 20.0%"
