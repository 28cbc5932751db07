"""Trimming: what is left is as small as what is asked of it."""

from __future__ import annotations

import pandas as pd

from parity.formula import parse
from parity.hunt.prey import Prey, settle
from parity.hunt.trim import trim

DATA = settle(
    pd.DataFrame(
        {
            "y": [0.123456, 2.5, 3.75, -4.125, 5.0625, 9.87654321],
            "count": [7, 3, 2, 5, 4, 6],
            "g": pd.Categorical(list("aabbcc")),
        }
    )
)
PREY = Prey(parse("y ~ count + (1 | g)"), DATA, "made")


def test_rows_and_digits_that_do_not_matter_are_left_out() -> None:
    smaller = trim(PREY, lambda prey: len(set(prey.data["g"])) == 2 and len(prey.data) >= 3)
    assert len(smaller.data) == 3
    assert set(smaller.data["y"]) == {0}
    assert set(smaller.data["count"]) == {0}
    assert list(smaller.data["g"].cat.categories) == sorted(set(smaller.data["g"]))


def test_what_matters_is_kept() -> None:
    smaller = trim(PREY, lambda prey: bool((prey.data["y"].round(6) == 9.876543).any()))
    assert smaller.data["y"].tolist() == [9.87654321]


def test_nothing_is_changed_where_everything_matters() -> None:
    assert trim(PREY, lambda _: False) is PREY


def test_each_step_is_smaller() -> None:
    sizes = []

    def keeps(prey: Prey) -> bool:
        sizes.append(prey.size)
        return len(prey.data) >= 4

    trim(PREY, keeps)
    assert max(sizes) <= PREY.size
