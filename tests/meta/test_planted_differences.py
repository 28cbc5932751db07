"""Faults in what is declared and in what was published, and of tests on pairs of models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity.case import Printed
from parity.compare import ComparisonError, compare, compare_published
from parity.known import Known
from parity.lrt import likelihood_ratio
from parity.result import FitResult, failed, unsupported
from parity.run import judge
from parity.verdict import Verdict
from tests.meta.answers import answer
from tests.meta.bands import BANDS
from tests.parity.fake_engines import printed, with_element, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.finding import Comparison

DAYS = ("Days",)
REFERENCE = answer("slope_reml")
SLOPE = REFERENCE.values["fixef"][DAYS]
ERROR = REFERENCE.values["se_conditional"][DAYS]


def off_by(errors: float) -> FitResult:
    """Return the answer of a candidate whose slope is off by so many standard errors."""
    own = answer("slope_reml", engine="candidate")
    return with_element(own, "fixef", DAYS, SLOPE + errors * ERROR)


def declared(**more: object) -> Known:
    entry: dict[str, object] = {
        "name": "early-stop",
        "candidate": "candidate",
        "case": "sleep*",
        "sizes": {"fixef": 0.01},
        "reason": "it stops early",
        "see": "upstream",
    }
    return Known(**{**entry, **more})  # type: ignore[arg-type] # the entries are right by hand


def verdict_on(errors: float, *register: Known) -> Comparison:
    return compare(REFERENCE, off_by(errors), BANDS, register)


def test_a_declared_difference_is_known_and_says_so() -> None:
    comparison = verdict_on(0.01, declared())
    assert comparison.verdict is Verdict.KNOWN
    assert comparison.layer == "D"
    assert "fixef[Days]" in comparison.message
    assert "declared as early-stop" in comparison.message
    assert comparison.worst("fixef").why == "early-stop: it stops early"


def test_up_to_twice_its_size_it_is_the_same_difference() -> None:
    assert verdict_on(0.0199, declared()).verdict is Verdict.KNOWN


def test_a_difference_that_has_grown_is_red_and_named() -> None:
    comparison = verdict_on(0.0201, declared())
    assert comparison.verdict is Verdict.DIFFER
    assert repr(SLOPE) in comparison.message
    assert "early-stop: has grown beyond the declared size 0.01" in comparison.message


def test_a_difference_that_has_vanished_is_red_and_named() -> None:
    comparison = verdict_on(0.0, declared())
    assert comparison.verdict is Verdict.DIFFER
    assert "the declared difference early-stop has vanished: no fixef" in comparison.message


def test_half_of_a_difference_that_has_vanished_is_red() -> None:
    comparison = verdict_on(0.01, declared(sizes={"fixef": 0.01, "sigma": 0.1}))
    assert comparison.verdict is Verdict.DIFFER
    assert "no sigma is beyond" in comparison.message


def test_what_wavers_between_machines_cannot_vanish() -> None:
    entry = declared(sizes={"fixef": 0.01, "sigma": 0.1}, wavering=("sigma",))
    assert verdict_on(0.01, entry).verdict is Verdict.KNOWN


def test_what_was_not_looked_at_cannot_have_vanished() -> None:
    reasons = {**REFERENCE.absent, "sigma": "not recorded"}
    numbers = {name: part for name, part in REFERENCE.values.items() if name != "sigma"}
    reference = replace(REFERENCE, values=numbers, absent=reasons)
    entry = declared(sizes={"fixef": 0.01, "sigma": 0.1})
    assert compare(reference, off_by(0.01), BANDS, (entry,)).verdict is Verdict.KNOWN


def test_another_fault_is_not_covered_by_a_declared_one() -> None:
    own = with_element(off_by(0.01), "sigma", (), 26.5)
    comparison = compare(REFERENCE, own, BANDS, (declared(),))
    assert comparison.verdict is Verdict.DIFFER
    assert "sigma is 25.59179572167535 in lme4 and 26.5 in candidate" in comparison.message


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"versions": {"lme4": ">=2"}},
        {"versions": {"no such program": ">=1"}},
        {"candidate": "another"},
        {"case": "dyestuff"},
        {"reference": "lme4-recorded"},
    ],
)
def test_a_difference_declared_for_something_else_covers_nothing(
    elsewhere: dict[str, object],
) -> None:
    comparison = verdict_on(0.01, declared(**elsewhere))
    assert comparison.verdict is Verdict.DIFFER
    assert repr(SLOPE) in comparison.message
    assert verdict_on(0.0, declared(**elsewhere)).verdict is Verdict.AGREE


def test_a_declared_gap_of_the_other_sign_is_red() -> None:
    own = answer("slope_reml", engine="candidate")
    for quantity, shift in (("loglik", 0.01), ("deviance", -0.02)):
        own = with_element(own, quantity, (), REFERENCE.values[quantity][()] + shift)
    short = declared(sizes={"loglik": 0.02, "deviance": 0.02})
    comparison = compare(REFERENCE, own, BANDS, (short,))
    assert comparison.verdict is Verdict.DIFFER
    far = declared(sizes={"loglik": -0.02, "deviance": -0.02})
    assert compare(REFERENCE, own, BANDS, (far,)).verdict is Verdict.KNOWN


def test_a_missing_element_is_never_a_known_difference() -> None:
    own = answer("slope_reml", engine="candidate")
    numbers = {k: v for k, v in own.values["ranef"].items() if k[1] != "308"}
    own = replace(own, values={**own.values, "ranef": numbers})
    entry = declared(sizes={"ranef": 1e300})
    comparison = compare(REFERENCE, own, BANDS, (entry,))
    assert comparison.verdict is Verdict.DIFFER
    assert "ranef[Subject, 308, (Intercept)] is missing in candidate" in comparison.message


def test_a_result_is_not_compared_with_itself() -> None:
    with pytest.raises(ComparisonError, match="lme4 would be compared with itself"):
        compare(REFERENCE, REFERENCE, BANDS)
    with pytest.raises(ComparisonError, match="lme4 would be compared with itself"):
        compare(REFERENCE, answer("slope_reml"), BANDS)
    (comparison,) = judge((REFERENCE, REFERENCE), BANDS, ())
    assert comparison.verdict is Verdict.FAILED


def test_a_result_of_another_case_is_refused() -> None:
    other = answer("slope_reml", engine="candidate", case="another")
    with pytest.raises(ComparisonError, match="sleepstudy would be compared with another"):
        compare(REFERENCE, other, BANDS)


# --- published figures: lme4's summary prints 10.467 for Days ------------------------------------


@pytest.mark.parametrize("figure", ["10.467", "10.47", "1.0467e1", "10"])
def test_a_figure_that_the_number_rounds_to_agrees(figure: str) -> None:
    published = printed("fixef", figure, DAYS)
    assert compare_published(published, REFERENCE).verdict is Verdict.AGREE


@pytest.mark.parametrize("figure", ["10.468", "10.466", "10.48", "-10.467", "11", "< 2e-16"])
def test_a_published_digit_off_by_one_in_the_last_place_is_red(figure: str) -> None:
    published = printed("fixef", figure, DAYS)
    comparison = compare_published(published, REFERENCE)
    assert comparison.verdict is Verdict.DIFFER
    assert f"fixef[Days] is {Printed.read(figure).value!r} in published" in comparison.message
    assert f"{SLOPE!r} in lme4" in comparison.message


def test_a_published_element_that_the_engine_lacks_is_red() -> None:
    published = printed("fixef", "1.5", ("Weeks",))
    comparison = compare_published(published, REFERENCE)
    assert comparison.verdict is Verdict.DIFFER
    assert "fixef[Weeks] is missing in lme4" in comparison.message


def test_published_figures_of_which_none_is_given_are_unsupported_with_the_reason() -> None:
    own = without(REFERENCE, "theta", "not asked for")
    published = printed("theta", "0.23", ("Subject", "Days", "Days"))
    comparison = compare_published(published, own)
    assert comparison.verdict is Verdict.UNSUPPORTED
    assert "theta: not asked for" in comparison.message


# --- likelihood-ratio tests ---------------------------------------------------------------------


def lrt(engine: str = "lme4") -> FitResult:
    """Return the test of Days: anova(small, large) prints Chisq 23.537, Df 1, 1.226e-06."""
    small, large = (answer(n, engine=engine, case=n) for n in ("small_ml", "slope_ml"))
    return likelihood_ratio("days", small, large)


def test_the_test_is_r_s() -> None:
    published = {
        **printed("lrt_chisq", "23.537"),
        **printed("lrt_df", "1"),
        **printed("lrt_p", "1.226e-06"),
    }
    assert compare_published(published, lrt()).verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("quantity", "number"), [("lrt_df", 2.0), ("lrt_p", 0.0013), ("lrt_chisq", 11.77)]
)
def test_a_wrong_test_is_red(quantity: str, number: float) -> None:
    own = with_element(lrt("candidate"), quantity, (), number)
    comparison = compare(lrt(), own, BANDS)
    assert comparison.verdict is Verdict.DIFFER
    assert f"{quantity} is " in comparison.message
    assert f" and {number!r} in candidate" in comparison.message


def test_a_test_of_reml_fits_is_refused() -> None:
    small, large = answer("slope_reml", case="small"), answer("slope_ml", case="large")
    assert "not ML fits of the same rows" in likelihood_ratio("pair", small, large).message


def test_a_test_of_other_rows_is_refused() -> None:
    small = answer("small_ml")
    fewer = replace(
        small, rows=tuple(f"{row}a" for row in small.rows), design="not shown", case="fewer"
    )
    tested = likelihood_ratio("pair", fewer, answer("slope_ml"))
    assert "not ML fits of the same rows" in tested.message


def test_a_test_of_the_wrong_way_round_is_refused() -> None:
    tested = likelihood_ratio("pair", answer("slope_ml"), answer("small_ml"))
    assert "no more parameters" in tested.message


@pytest.mark.parametrize(("make", "verdict"), [(failed, "FAILED"), (unsupported, "UNSUPPORTED")])
def test_a_test_of_a_fit_that_is_none_says_which(
    make: Callable[[str, str, str, str], FitResult], verdict: str
) -> None:
    none = make("c", "small", "lmm", "no luck")
    tested = likelihood_ratio("pair", none, answer("slope_ml", engine="c"))
    assert (tested.status, tested.message) == (verdict, "small: no luck")


@pytest.mark.parametrize("quantity", ["loglik", "npar"])
def test_a_test_without_a_likelihood_is_unsupported(quantity: str) -> None:
    own = without(answer("slope_ml", case="large"), quantity, "not given here")
    tested = likelihood_ratio("pair", answer("small_ml"), own)
    assert (tested.status, tested.message) == ("UNSUPPORTED", "large: not given here")
