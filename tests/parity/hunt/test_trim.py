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


def test_a_column_keeps_as_few_decimals_as_matter() -> None:
    expected = PREY.data["y"].round(2).tolist()
    smaller = trim(PREY, lambda prey: prey.data["y"].round(2).tolist() == expected)
    assert smaller.data["y"].tolist() == expected


def test_rows_that_plainer_numbers_can_do_without_go_too() -> None:
    def keeps(prey: Prey) -> bool:
        whole = bool((prey.data["y"] % 1 == 0).all())
        return len(prey.data) >= (2 if whole else 6)

    assert len(trim(PREY, keeps).data) == 2


def test_nothing_is_changed_where_everything_matters() -> None:
    assert trim(PREY, lambda _: False) is PREY


def test_each_step_is_smaller() -> None:
    sizes = []

    def keeps(prey: Prey) -> bool:
        sizes.append(prey.size)
        return len(prey.data) >= 4

    trim(PREY, keeps)
    assert max(sizes) <= PREY.size


LARGE = Prey(
    parse("y ~ x + f + (x | g) + (1 | h)", criterion="ML"),
    settle(
        pd.DataFrame(
            {
                "y": [1.5, 2.5, 0.5, 3.5], "x": [1.0, 2.0, 3.0, 4.0],
                "f": pd.Categorical(list("uvuv")), "g": pd.Categorical(list("aabb")),
                "h": pd.Categorical(list("cdcd")),
            }
        )
    ),
    "made",
)  # fmt: skip


def test_terms_that_do_not_matter_are_left_out_with_their_columns() -> None:
    smaller = trim(LARGE, lambda _: True)
    assert smaller.spec == parse("y ~ 1 + (1 | h)", criterion="ML")
    assert list(smaller.data.columns) == ["y", "h"]
    assert len(smaller.data) == 1  # never none
    sloped = trim(LARGE, lambda prey: any("x" in term.columns for term in prey.spec.random))
    assert sloped.spec == parse("y ~ 1 + (0 + x | g)", criterion="ML")
    assert list(sloped.data.columns) == ["y", "x", "g"]
    fixed = trim(LARGE, lambda prey: "f" in prey.spec.fixed)
    assert fixed.spec == parse("y ~ 1 + f + (1 | h)", criterion="ML")


def test_a_model_keeps_its_family_its_sizes_and_one_fixed_effect() -> None:
    data = LARGE.data.assign(y=[0.5, 0.25, 0.75, 1.0], n=[4, 4, 4, 4])
    spec = parse("y ~ 0 + x + f + (1 | g)", family="binomial", link="probit", nagq=3, weights="n")
    smaller = trim(Prey(spec, data, "made"), lambda _: True)
    assert smaller.spec.fixed == ("0", "f")
    for part in ("family", "link", "nagq", "weights", "criterion", "response"):
        assert getattr(smaller.spec, part) == getattr(spec, part)
    assert set(smaller.data.columns) == {"y", "f", "g", "n"}


def test_a_term_less_makes_a_prey_smaller_though_its_column_stays() -> None:
    plain = Prey(parse("y ~ x + f + (1 | g) + (1 | h)", criterion="ML"), LARGE.data, "made")
    assert plain.data is LARGE.data
    split = Prey(parse("y ~ x + f + (x || g) + (1 | h)", criterion="ML"), LARGE.data, "made")
    assert plain.size < LARGE.size < split.size
