"""Gates: was the same question answered?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from parity.gate import closed
from parity.result import FitResult, Key, failed, unsupported
from parity.verdict import Verdict
from tests.meta.answers import answer
from tests.parity.fake_engines import with_numbers, without

ONE = answer("slope_reml", engine="one")
OTHER = answer("slope_reml", engine="other")


def test_the_same_question_leaves_all_gates_open() -> None:
    assert closed(ONE, OTHER) is None


def test_a_failed_side_comes_before_an_unsupported_one() -> None:
    broken = failed("other", "sleepstudy", "lmm", "no luck")
    refused = unsupported("one", "sleepstudy", "lmm", "no way")
    assert closed(refused, broken) == (Verdict.FAILED, "other failed: no luck")
    assert closed(broken, refused) == (Verdict.FAILED, "other failed: no luck")


@pytest.mark.parametrize("swap", [False, True])
def test_an_unsupported_side_is_said(swap: bool) -> None:  # noqa: FBT001 - a parameter
    refused = unsupported("other", "sleepstudy", "lmm", "no way")
    pair = (refused, ONE) if swap else (ONE, refused)
    assert closed(*pair) == (Verdict.UNSUPPORTED, "other: no way")


def lrt_like() -> FitResult:
    numbers: dict[str, dict[Key, float]] = {
        "lrt_chisq": {(): 1.0},
        "lrt_df": {(): 1.0},
        "lrt_p": {(): 0.3},
    }
    return FitResult("other", "sleepstudy", "lrt", criterion="REML", rows=ONE.rows, values=numbers)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lrt_like(), "another kind: lmm in one, lrt in other"),
        (replace(OTHER, criterion="ML"), "another criterion: REML in one, ML in other"),
        (
            replace(OTHER, rows=tuple(f"r{row}" for row in OTHER.rows)),
            (
                "another set of rows: 180 in one, 180 in other; only in one: 1, 10, 100, 101, "
                "102 and 175 more; only in other: r1, r10, r100, r101, r102 and 175 more"
            ),
        ),
        (
            replace(OTHER, groups={}),
            "another set of grouping factors: 1 in one, 0 in other; only in one: Subject",
        ),
        (
            replace(OTHER, groups={"Subject": (*OTHER.groups["Subject"], "308", "309")}),
            "another set of levels of Subject: 18 in one, 20 in other; repeated: 308, 309",
        ),
        (
            with_numbers(OTHER, "fixef", {("Days",): 1.0}),
            "another set of coefficients: 2 in one, 1 in other; only in one: (Intercept)",
        ),
        (
            with_numbers(OTHER, "variance", {("Subject", "Days"): 1.0, ("Item", "Days"): 1.0}),
            (
                "another set of random effects: 2 in one, 2 in other; only in one: Subject "
                "(Intercept); only in other: Item Days"
            ),
        ),
    ],
)
def test_a_closed_gate_gives_one_sentence(other: FitResult, message: str) -> None:
    assert closed(ONE, other) == (Verdict.INCOMPARABLE, message)


def test_the_first_closed_gate_speaks_alone() -> None:
    other = replace(OTHER, criterion="ML", groups={})
    assert closed(ONE, other) == (
        Verdict.INCOMPARABLE,
        "another criterion: REML in one, ML in other",
    )


@pytest.mark.parametrize("quantity", ["fixef", "variance"])
def test_names_that_one_side_does_not_give_close_nothing(quantity: str) -> None:
    assert closed(ONE, without(OTHER, quantity, "not given")) is None


def test_the_order_of_rows_levels_and_names_closes_nothing() -> None:
    other = replace(
        OTHER,
        rows=OTHER.rows[::-1],
        groups={"Subject": OTHER.groups["Subject"][::-1]},
        values={name: dict(list(v.items())[::-1]) for name, v in OTHER.values.items()},
    )
    assert closed(ONE, other) is None
