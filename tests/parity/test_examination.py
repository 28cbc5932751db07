"""Bad input gets one clear sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parity.examination import InputError, examine
from parity.formula import parse

FORMULA = "y ~ x + (1 | g)"


def frame(**columns: object) -> pd.DataFrame:
    """Return six rows in two groups, with some columns replaced."""
    plain: dict[str, object] = {
        "y": [1.0, 2.0, 4.0, 3.0, 5.0, 7.0],
        "x": [0, 1, 2, 0, 1, 2],
        "g": pd.Categorical(["a", "a", "a", "b", "b", "b"]),
    }
    return pd.DataFrame({**plain, **columns})


def test_a_model_that_can_be_asked_passes() -> None:
    examine(parse(FORMULA), frame())
    examine(parse("log(y) ~ x + (x | g)"), frame())
    examine(parse(FORMULA), frame(y=[1.0, np.nan, 4.0, 3.0, 5.0, 7.0]))
    examine(parse(FORMULA, family="poisson"), frame(g=list("abcdef")))
    examine(parse(FORMULA, family="binomial"), frame(y=pd.Categorical(list("nynyny"))))


@pytest.mark.parametrize(
    ("formula", "data", "message"),
    [
        (FORMULA, pd.DataFrame(), "The data are empty"),
        (FORMULA, frame().iloc[:0], "The data are empty"),
        ("y ~ speed + (1 | g)", frame(), "no column 'speed'; they have y, x, g."),
        ("y ~ xx + (1 | g)", frame(), r"no column 'xx'; .* Did you mean 'x'\?"),
        ("y ~ x", frame(), r"has no random term; expected at least one, such as \(1 \| group\)"),
        (FORMULA, frame(x=[0, 1, np.inf, 0, 1, 2]), "'x' has an infinite value in row 3"),
        (FORMULA, frame(y=[np.nan] * 6), "The response 'y' is missing in every row"),
        (FORMULA, frame(y=list("abcdef")), "The response 'y' holds text"),
        (FORMULA, frame(y=[3.0] * 6), "The response 'y' is the same in every row"),
        (FORMULA, frame(y=[np.nan, *[3.0] * 5]), "The response 'y' is the same in every row"),
        (FORMULA, frame(g=["a"] * 6), "'g' has one level; a random effect needs at least two"),
        (FORMULA, frame(g=list("abcdef")), "'g' has 6 levels for 6 rows"),
        (FORMULA, frame(x=[1, 2, 3, *[np.nan] * 3], y=[*[np.nan] * 3, 1, 2, 3]),
         "No row is complete"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_sentence(
    formula: str, data: pd.DataFrame, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        examine(parse(formula), data)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2, -3, 1, 2, 3], "The prior weight 'w' is -3 in row 3; expected a finite number, 0"),
        ([1, 2, 3, np.inf, 2, 3], "The prior weight 'w' is inf in row 4"),
        (list("abcdef"), "The prior weights 'w' are .*; expected numbers"),
    ],
)
def test_weights_that_are_none_are_one_sentence(weights: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        examine(parse(FORMULA, weights="w"), frame(w=weights))


def test_many_columns_are_not_all_shown() -> None:
    wide = frame(**{f"z{i}": range(6) for i in range(30)})
    with pytest.raises(InputError, match=r"they have y, x, g, z0, .*, z16, \.\.\."):
        examine(parse("y ~ qqq + (1 | g)"), wide)


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(InputError, match="more than one column called x"):
        examine(parse(FORMULA), frame().loc[:, ["y", "x", "x", "g"]])
