"""The likelihood-ratio test of two answers (its faults are planted in tests/meta)."""

from __future__ import annotations

from dataclasses import replace

from parity.lrt import likelihood_ratio
from tests.meta.answers import answer


def test_the_test_of_two_fits() -> None:
    small = replace(answer("small_ml", case="small"), conditions=("small's",))
    large = replace(answer("slope_ml", case="large"), conditions=("large's",))
    tested = likelihood_ratio("days", small, large)
    statistic = 2 * (large.values["loglik"][()] - small.values["loglik"][()])
    assert tested.values["lrt_chisq"] == {(): statistic}
    assert tested.values["lrt_df"] == {(): 1.0}
    assert (tested.case, tested.engine, tested.kind, tested.criterion) == (
        "days", "lme4", "lrt", "ML",
    )  # fmt: skip
    assert tested.conditions == ("small's", "large's")
    assert tested.versions == large.versions
    assert tested.rows == small.rows
