"""What a comparison must not depend on: order, names of groups, the unit of the response."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity import unit
from parity.compare import compare
from parity.formula import parse
from parity.verdict import Verdict, worst
from tests.parity.fake_engines import Problem, solve, uniform, with_element

if TYPE_CHECKING:
    from parity.finding import Comparison
    from parity.result import FitResult, Key

ROWS, LEVELS = 18, 5
TABLE = uniform(1e-7)


def problem_of(seed: int, criterion: str, theta: float) -> Problem:
    """Return a random problem with random slopes, all its levels occupied."""
    numbers = np.random.default_rng(seed)
    x = numbers.normal(size=ROWS)
    groups = [f"g{row % LEVELS}" for row in range(ROWS)]
    effects = numbers.normal(size=LEVELS)
    y = 3 + x + effects[np.arange(ROWS) % LEVELS] + 0.3 * numbers.normal(size=ROWS)
    both = np.column_stack([np.ones(ROWS), x])
    return Problem(
        spec=parse("y ~ x + (x | g)", criterion="ML" if criterion == "ML" else "REML"),
        columns=("(Intercept)", "x"),
        terms=("(Intercept)", "x"),
        X=both,
        Z=both,
        y=y,
        groups=tuple(groups),
        rows=tuple(str(row + 1) for row in range(ROWS)),
        factor=np.array([[theta, 0.0], [0.1, theta / 2]]),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[Problem, Problem]:
    """Two answers to the same question: the second stopped at another theta."""
    seed = draw(st.integers(0, 10**6))
    criterion = draw(st.sampled_from(["ML", "REML"]))
    theta = draw(st.floats(0.2, 3.0))
    off = draw(st.floats(1e-3, 0.5))
    return problem_of(seed, criterion, theta), problem_of(seed, criterion, theta * (1 + off))


def held(one: Problem, other: Problem) -> Comparison:
    return compare(solve(one, "one", "case"), solve(other, "other", "case"), TABLE)


def errors(comparison: Comparison) -> dict[tuple[str, Key], float]:
    """Return the error of each number; of X no row is named, all being equal."""
    return {(f.quantity, f.key): f.error for f in comparison.findings if f.quantity != "design"}


def shuffled(result: FitResult, seed: int) -> FitResult:
    """Return the answer with every mapping in another order."""
    dice = random.Random(seed)  # noqa: S311 - no secret

    def mixed(numbers: dict[Key, float]) -> dict[Key, float]:
        items = list(numbers.items())
        dice.shuffle(items)
        return dict(items)

    return replace(result, values={k: mixed(dict(v)) for k, v in result.values.items()})


def reordered(problem: Problem, order: list[int]) -> Problem:
    """Return the problem with its rows in another order, each keeping its name."""
    return replace(
        problem,
        X=problem.X[order],
        Z=problem.Z[order],
        y=problem.y[order],
        groups=tuple(problem.groups[row] for row in order),
        rows=tuple(problem.rows[row] for row in order),
    )


@given(problems(), st.integers(0, 10**6))
def test_the_order_of_keys_changes_nothing(pair: tuple[Problem, Problem], seed: int) -> None:
    one, other = solve(pair[0], "one", "case"), solve(pair[1], "other", "case")
    plain = compare(one, other, TABLE)
    mixed = compare(shuffled(one, seed), shuffled(other, seed + 1), TABLE)
    assert set(mixed.findings) == set(plain.findings)
    assert (mixed.verdict, mixed.layer) == (plain.verdict, plain.layer)


@given(problems(), st.permutations(range(ROWS)))
def test_the_order_of_rows_changes_nothing(pair: tuple[Problem, Problem], order: list[int]) -> None:
    same = held(pair[0], reordered(pair[0], order))
    assert same.verdict is Verdict.AGREE, same.message
    plain, mixed = errors(held(*pair)), errors(held(pair[0], reordered(pair[1], order)))
    assert mixed.keys() == plain.keys()
    for element, error in plain.items():
        assert mixed[element] == pytest.approx(error, rel=1e-5, abs=1e-8), element


@given(problems(), st.floats(1e-4, 1e4))
def test_the_unit_of_the_response_changes_no_error(
    pair: tuple[Problem, Problem], factor: float
) -> None:
    plain = held(*pair)
    scaled = held(*(replace(problem, y=factor * problem.y) for problem in pair))
    others = errors(scaled)
    for element, error in errors(plain).items():
        assert others[element] == pytest.approx(error, rel=1e-5, abs=1e-8), element
    assert (scaled.verdict, scaled.layer) == (plain.verdict, plain.layer)


@given(problems(), st.permutations([f"school {i}" for i in range(LEVELS)]))
def test_other_names_of_the_groups_change_nothing(
    pair: tuple[Problem, Problem], names: list[str]
) -> None:
    new = {f"g{i}": name for i, name in enumerate(names)}
    renamed = [replace(p, groups=tuple(new[g] for g in p.groups)) for p in pair]
    plain, others = errors(held(*pair)), errors(held(*renamed))
    for (quantity, key), error in plain.items():
        element = (quantity, tuple(new.get(part, part) for part in key))
        assert others[element] == pytest.approx(error, rel=1e-5, abs=1e-8), element


@given(problems())
def test_other_names_on_one_side_only_are_another_question(pair: tuple[Problem, Problem]) -> None:
    other = replace(pair[0], groups=tuple(g.upper() for g in pair[0].groups))
    assert held(pair[0], other).verdict is Verdict.INCOMPARABLE


@given(problems(), st.data())
def test_no_number_can_change_unseen(pair: tuple[Problem, Problem], data: st.DataObject) -> None:
    one, own = solve(pair[0], "one", "case"), solve(pair[0], "other", "case")
    quantity = data.draw(st.sampled_from(sorted(set(own.values) - {"nobs"})))
    key = data.draw(st.sampled_from(sorted(own.values[quantity])))
    spoilt = with_element(own, quantity, key, own.values[quantity][key] + 1.0)
    comparison = compare(one, spoilt, TABLE)
    assert not comparison.verdict.green
    (red,) = [f for f in comparison.findings if not f.verdict.green]
    assert (red.quantity, red.key) == (quantity, key)


# --- digits of agreement --------------------------------------------------------------------------

numbers = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


@given(numbers, numbers)
def test_digits_lie_between_none_and_all(one: float, other: float) -> None:
    assert 0.0 <= unit.digits(one, other) <= unit.MOST_DIGITS


@given(numbers)
def test_a_number_agrees_with_itself_in_all_digits(one: float) -> None:
    assert unit.digits(one, one) == unit.MOST_DIGITS


@given(numbers, numbers)
def test_signs_turned_together_change_no_digit(one: float, other: float) -> None:
    assert unit.digits(-one, -other) == unit.digits(one, other)


@given(numbers.filter(bool), numbers, st.integers(-20, 20))
def test_a_scale_that_both_share_changes_no_digit(one: float, other: float, power: int) -> None:
    factor = 2.0**power
    assert unit.digits(factor * one, factor * other) == pytest.approx(unit.digits(one, other))


@given(st.floats(1, 10), st.floats(1e-12, 1e-1))
def test_the_sides_differ_by_the_ratio_of_the_numbers(one: float, off: float) -> None:
    other = one * (1 + off)
    difference = unit.digits(other, one) - unit.digits(one, other)
    assert difference == pytest.approx(math.log10(other / one), abs=1e-12)


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1), st.randoms())
def test_the_worst_verdict_depends_on_no_order(
    verdicts: list[Verdict], dice: random.Random
) -> None:
    mixed = list(verdicts)
    dice.shuffle(mixed)
    assert worst(mixed) is worst(verdicts)
    assert worst([worst(verdicts), *verdicts]) is worst(verdicts)
    assert worst(verdicts).green == all(verdict.green for verdict in verdicts)
