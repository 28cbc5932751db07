"""Fair questions have one finite optimum; what has none blames nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parity.design.statement import state
from parity.formula import parse
from parity.hunt.fairness import unfair

SMALL = pd.DataFrame(
    {
        "y": [1, 0, 0, 2, 5, 3, 2, 4],
        "hit": [1, 0, 0, 1, 1, 0, 1, 0],
        "low": [0, 0, 0, 0, 1, 1, 1, 1],
        "x": [0.0, 1, 2, 3, 4, 5, 6, 7],
        "double": [0.0, 2, 4, 6, 8, 10, 12, 14],
        "flat": [1.0, 1, 2, 2, 3, 3, 4, 4],
        "two": [2, 2, 2, 2, 2, 2, 2, 2],
        "g": pd.Categorical(list("aabbccdd")),
        "same": pd.Categorical(list("eeffgghh")),
        "row": pd.Categorical(list("abcdefgh")),
        "h": pd.Categorical(list("abababab")),
    }
)


def said(formula: str, family: str = "gaussian", data: pd.DataFrame = SMALL) -> str:
    return unfair(state(parse(formula, family=family), data).model)


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("y ~ 1 + (1 | g)", "gaussian"),
        ("y ~ x + (1 | g) + (1 | h)", "gaussian"),
        ("y ~ 1 + x + (1 + x | h)", "gaussian"),
        ("y ~ 1 + x + (1 + x || h)", "gaussian"),
        ("hit ~ x + (1 | g)", "binomial"),
        ("y ~ x + (1 | row)", "poisson"),
    ],
)
def test_a_question_with_an_optimum_is_fair(formula: str, family: str) -> None:
    assert said(formula, family) == ""


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_a_covariate_far_from_zero_is_fair(shift: float) -> None:
    data = SMALL.assign(x=SMALL["x"] + shift)
    assert said("y ~ 1 + x + (1 + x | h)", data=data) == ""


def test_slopes_of_a_covariate_very_far_from_zero_are_told_from_intercepts() -> None:
    """The columns are made orthonormal first: 1e6 squared beside 1 leaves no digit of a slope's."""
    data = SMALL.assign(x=SMALL["x"] + 1e6)
    assert said("y ~ 1 + (1 + x | h)", data=data) == ""


def test_a_response_far_from_zero_is_fair() -> None:
    """What X and Z leave of it is held against its spread, not against its mean."""
    assert said("y ~ 1 + x + (1 | h)", data=SMALL.assign(y=SMALL["y"] + 1e9)) == ""


@pytest.mark.parametrize(
    ("trials", "reason"), [(1, "the covariance parameters cannot be told from each other"), (4, "")]
)
def test_an_effect_of_each_row_is_told_where_a_row_has_several_trials(
    trials: int, reason: str
) -> None:
    data = SMALL.assign(share=SMALL["hit"] * 0.75 if trials > 1 else SMALL["hit"], n=trials)
    spec = parse("share ~ 1 + (1 | row)", family="binomial", weights="n")
    assert unfair(state(spec, data).model) == reason


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("y ~ 1 + (1 | g) + (1 | same)", "gaussian", "cannot be told from each other"),
        ("y ~ 1 + (1 | row)", "gaussian", "as many random effects as there are rows"),
        ("y ~ 1 + x + (1 + x | row)", "poisson", "as many random effects as there are rows"),
        ("hit ~ 1 + (1 | row)", "binomial", "cannot be told from each other"),
        ("y ~ 1 + g + (1 | g)", "gaussian", "cannot be told from each other"),
        ("y ~ 1 + (0 + x + double | h)", "gaussian", "cannot be told from each other"),
        ("two ~ 1 + (1 | g)", "poisson", "the response is the same in every row"),
        ("flat ~ 1 + (1 | g)", "gaussian", "fit the response exactly"),
        ("x ~ 1 + x + (1 | g)", "gaussian", "fit the response exactly"),
        ("low ~ 1 + x + (1 | h)", "binomial", "fixed effects separates"),
        ("low ~ 1 + (1 | g)", "binomial", "fixed and random effects separate"),
    ],
)
def test_a_question_without_one_optimum_is_not(formula: str, family: str, reason: str) -> None:
    assert reason in said(formula, family)


def test_a_covariate_that_is_as_good_as_constant_is_not() -> None:
    data = SMALL.assign(x=2000.0 + 1e-3 * SMALL["x"])
    assert "in double precision" in said("y ~ 1 + x + (1 | h)", data=data)


def test_counts_that_are_all_zero_in_a_category_separate() -> None:
    data = SMALL.assign(y=np.where(SMALL["h"] == "a", 0, SMALL["y"]))
    assert "fixed effects separates" in said("y ~ h + (1 | g)", "poisson", data)
    assert said("y ~ 1 + (1 | g)", "poisson", data) == ""
