"""What the left-hand side of a formula comes to."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from parity.design.response import respond
from parity.design.terms import NotExpressibleError, UnusableDataError
from parity.formula import parse

FRAME = pd.DataFrame(
    {
        "y": [1.0, 4.0, np.nan, 9.0],
        "flag": [0, 1, 1, 0],
        "late": [True, False, True, False],
        "answer": pd.Categorical(["N", "Y", None, "N"], categories=["N", "Y"]),
        "degree": pd.Categorical(["b", "c", "b", "d"], categories=["a", "b", "c", "d"]),
        "share": [0.0, 0.25, np.nan, 1.0],
        "hits": [0.0, 3.0, 0.0, np.nan],
        "size": [4.0, 4.0, 0.0, 2.0],
        "word": pd.Categorical(list("uvuv")),
        "g": pd.Categorical(list("pqpq")),
    }
)


def responded(response: str, family: str = "binomial") -> tuple[list[float], list[float]]:
    values, weights = respond(parse(f"{response} ~ 1 + (1 | g)", family=family), FRAME)
    return values.tolist(), weights.tolist()


def same(found: list[float], expected: list[float]) -> bool:
    return [None if math.isnan(v) else v for v in found] == [
        None if math.isnan(v) else v for v in expected
    ]


def test_a_gaussian_response_is_its_numbers_with_weights_of_one() -> None:
    values, weights = responded("y", "gaussian")
    assert same(values, [1.0, 4.0, math.nan, 9.0])
    assert weights == [1.0] * 4


def test_a_transformed_response_is_transformed() -> None:
    assert same(responded("sqrt(y)", "gaussian")[0], [1.0, 2.0, math.nan, 3.0])
    assert same(responded("I(y * 2)", "gaussian")[0], [2.0, 8.0, math.nan, 18.0])


def test_zeros_and_ones_are_flags() -> None:
    assert responded("flag") == ([0.0, 1.0, 1.0, 0.0], [1.0] * 4)


def test_true_is_a_success() -> None:
    assert responded("late")[0] == [1.0, 0.0, 1.0, 0.0]


def test_a_factors_first_level_is_a_failure() -> None:
    assert same(responded("answer")[0], [0.0, 1.0, math.nan, 0.0])


def test_a_factors_first_level_that_occurs_is_a_failure_and_all_others_successes() -> None:
    assert responded("degree")[0] == [0.0, 1.0, 0.0, 1.0]


def test_shares_are_kept() -> None:
    assert same(responded("share")[0], [0.0, 0.25, math.nan, 1.0])


def test_counts_become_shares_with_their_sizes() -> None:
    values, weights = responded("cbind(hits, size - hits)")
    assert same(values, [0.0, 0.75, 0.0, math.nan])
    assert same(weights, [4.0, 4.0, 0.0, math.nan])


def test_a_total_of_zero_has_weight_zero_and_a_share_that_is_a_number() -> None:
    values, weights = responded("cbind(hits, size - hits)")
    assert (values[2], weights[2]) == (0.0, 0.0)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(UnusableDataError, match="negative counts"):
        responded("cbind(hits, hits - size)")


@pytest.mark.parametrize("response", ["cbind(hits)", "cbind(hits, size, flag)"])
def test_a_cbind_of_other_than_two_is_refused(response: str) -> None:
    with pytest.raises(NotExpressibleError, match=r"no cbind\(successes, failures\)"):
        responded(response)


def test_a_binomial_response_beyond_one_is_refused() -> None:
    with pytest.raises(UnusableDataError, match="between 0 and 1"):
        responded("size")


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_a_factor_is_no_response_of_numbers(family: str) -> None:
    with pytest.raises((NotExpressibleError, UnusableDataError)):
        responded("word", family)
