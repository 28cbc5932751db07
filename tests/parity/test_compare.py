"""Comparison: what the planted faults of tests/meta do not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parity.compare import ComparisonError, compare, compare_published
from parity.known import Known
from parity.result import Design, failed, unsupported
from parity.verdict import Verdict
from tests.meta.answers import answer
from tests.parity.fake_engines import printed, uniform, with_element, without

REFERENCE = answer("slope_reml")
OWN = answer("slope_reml", engine="own")
TABLE = uniform(1e-6)


def test_an_agreement_counts_its_numbers() -> None:
    comparison = compare(REFERENCE, OWN, TABLE)
    elements = sum(len(numbers) for numbers in REFERENCE.values.values())
    columns = 2
    assert comparison.verdict is Verdict.AGREE
    assert comparison.message == f"{elements + columns} numbers agree"
    assert len(comparison.findings) == elements + columns
    assert set(comparison.quantities) == {*REFERENCE.values, "design"}
    assert comparison.layer == ""


def test_a_finding_shows_both_numbers_and_the_reason() -> None:
    finding = compare(REFERENCE, OWN, TABLE).worst("fixef")
    assert finding.name == "fixef[(Intercept)]"
    assert finding.reference == finding.candidate == REFERENCE.values["fixef"]["(Intercept)",]
    assert (finding.error, finding.unit, finding.tolerance) == (0.0, "se", 1e-6)
    assert (finding.digits, finding.verdict, finding.why) == (15.9, Verdict.AGREE, "for tests")
    assert compare(REFERENCE, OWN, TABLE).worst("sigma").name == "sigma"


def test_the_candidate_s_conditions_are_kept() -> None:
    own = replace(OWN, conditions=("it complained",))
    assert compare(REFERENCE, own, TABLE).conditions == ("it complained",)
    closed = compare(REFERENCE, replace(own, criterion="ML"), TABLE)
    assert (closed.conditions, closed.layer) == (("it complained",), "A")


@pytest.mark.parametrize("answer_of", [failed, unsupported])
def test_no_fit_is_no_layer(answer_of: object) -> None:
    assert callable(answer_of)
    none = answer_of("own", "sleepstudy", "lmm", "no luck")
    comparison = compare(REFERENCE, none, TABLE)
    assert (comparison.verdict, comparison.layer) == (none.status.value, "")


def test_what_either_side_does_not_give_is_listed() -> None:
    own = without(OWN, "theta", "not its way")
    comparison = compare(without(REFERENCE, "aic", "undefined"), own, TABLE)
    assert comparison.verdict is Verdict.AGREE
    assert ("theta", "own", "not its way") in comparison.absent
    assert ("aic", "lme4", "undefined") in comparison.absent
    assert not {"theta", "aic"} & set(comparison.quantities)


@pytest.mark.parametrize("side", [0, 1])
def test_a_design_that_is_not_shown_is_not_compared(side: int) -> None:
    pair = [REFERENCE, OWN]
    pair[side] = replace(pair[side], design="too large to keep")
    assert "design" not in compare(pair[0], pair[1], TABLE).quantities


def test_the_first_layer_that_diverges_is_named() -> None:
    own = with_element(OWN, "fitted", ("1",), 0.0)
    own = with_element(own, "se_conditional", ("Days",), 9.0)
    comparison = compare(REFERENCE, own, TABLE)
    assert comparison.layer == "E"
    assert comparison.message.startswith("standard errors: se_conditional[Days] is 1.5457")
    assert "fitted" not in comparison.message
    assert "(2 numbers in all)" in comparison.message


def gap(loglik: float, deviance: float | None = None) -> tuple[Verdict, str]:
    own = with_element(OWN, "loglik", (), REFERENCE.values["loglik"][()] + loglik)
    if deviance is None:
        own = without(own, "deviance", "not given")
    else:
        own = with_element(own, "deviance", (), REFERENCE.values["deviance"][()] + deviance)
    comparison = compare(REFERENCE, own, TABLE)
    assert comparison.layer in {"", "C"}
    return comparison.verdict, comparison.message


@pytest.mark.parametrize("deviance", [-0.5, None])
def test_a_lower_deviance_is_the_candidates_own_word(deviance: float | None) -> None:
    verdict, message = gap(0.25, deviance)
    assert verdict is Verdict.DIFFER
    assert message.startswith("lme4 reports 0.5 of deviance more than own; the optimum: loglik is ")


@pytest.mark.parametrize("deviance", [0.5, None])
def test_a_higher_deviance_is_a_difference(deviance: float | None) -> None:
    verdict, message = gap(-0.25, deviance)
    assert verdict is Verdict.DIFFER
    assert message.startswith("own reports 0.5 of deviance more than lme4; the optimum: loglik is ")


@pytest.mark.parametrize("deviance", [0.0, 0.5, -0.4])
def test_a_gap_of_which_the_two_measures_disagree_is_a_difference(deviance: float) -> None:
    verdict, message = gap(0.25, deviance)
    assert verdict is Verdict.DIFFER
    assert message.startswith("deviance and loglik contradict each other: ")


def test_a_gap_may_bring_other_differences_along() -> None:
    own = with_element(OWN, "loglik", (), REFERENCE.values["loglik"][()] - 1)
    own = with_element(own, "deviance", (), REFERENCE.values["deviance"][()] + 2)
    own = with_element(own, "sigma", (), 26.0)
    comparison = compare(REFERENCE, own, TABLE)
    assert comparison.verdict is Verdict.DIFFER
    assert "; estimates: sigma is 25.59179572167535 in lme4 and 26.0 in own" in comparison.message


def test_numbers_that_differ_in_the_last_digit_are_shown_in_full() -> None:
    number = REFERENCE.values["loglik"][()]
    own = with_element(OWN, "loglik", (), number + 1e-9)
    message = compare(REFERENCE, own, uniform(1e-12)).message
    assert f"{number!r} in lme4 and {number + 1e-9!r} in own" in message


def known(name: str, **sizes: float) -> Known:
    return Known(name, "own", "*", sizes, "as declared", "here")


def test_the_first_of_two_declared_differences_that_fits_is_named() -> None:
    own = with_element(OWN, "sigma", (), 26.0)
    small, large = known("small", sigma=1e-5), known("large", sigma=0.02)
    comparison = compare(REFERENCE, own, TABLE, (large,))
    assert comparison.verdict is Verdict.KNOWN
    comparison = compare(REFERENCE, own, TABLE, (small, large))
    assert comparison.worst("sigma").why == "large: as declared"
    assert "small has vanished" in comparison.message


def test_a_comparison_of_counts_and_flags_alone_is_refused() -> None:
    own = OWN
    for name in OWN.values:
        if name not in {"nobs", "ngroups", "converged"}:
            own = without(own, name, "not asked for")
    with pytest.raises(ComparisonError, match="own on sleepstudy: not one number"):
        compare(REFERENCE, own, TABLE)


def test_published_counts_alone_are_a_comparison() -> None:
    comparison = compare_published(printed("nobs", "180"), REFERENCE)
    assert comparison.verdict is Verdict.AGREE
    assert comparison.message == "1 numbers agree"


def test_nothing_published_is_an_error() -> None:
    with pytest.raises(ComparisonError, match="Nothing was published about sleepstudy"):
        compare_published({}, REFERENCE)


@pytest.mark.parametrize("answer_of", [failed, unsupported])
def test_published_figures_need_a_fit(answer_of: object) -> None:
    assert callable(answer_of)
    none = answer_of("own", "sleepstudy", "lmm", "no luck")
    comparison = compare_published(printed("nobs", "180"), none)
    assert (comparison.verdict, comparison.message) == (none.status.value, "own: no luck")


def test_a_published_quantity_that_is_absent_is_listed() -> None:
    published = {**printed("nobs", "180"), **printed("aic", "1755.6")}
    comparison = compare_published(published, without(REFERENCE, "aic", "undefined"))
    assert comparison.verdict is Verdict.AGREE
    assert comparison.absent == (("aic", "lme4", "undefined"),)


def test_an_upper_bound_is_met_or_not() -> None:
    published = printed("wald_p", "< 2e-16", ("Days",))
    number = REFERENCE.values["wald_p"]["Days",]
    assert (compare_published(published, REFERENCE).verdict is Verdict.AGREE) == (number < 2e-16)
    own = with_element(REFERENCE, "wald_p", ("Days",), 3e-16)
    assert compare_published(published, own).verdict is Verdict.DIFFER


def test_published_likelihoods_are_no_gap_between_engines() -> None:
    published = printed("loglik", "-871.9")
    assert compare_published(published, REFERENCE).verdict is Verdict.DIFFER


@pytest.mark.parametrize("more", [True, False])
def test_another_set_of_columns_of_x_is_another_question(more: bool) -> None:  # noqa: FBT001 - a parameter
    design = REFERENCE.design
    assert isinstance(design, Design)
    columns, matrix = (*design.columns, "w"), np.column_stack([design.matrix, design.matrix[:, 0]])
    if not more:
        columns, matrix = design.columns[:-1], design.matrix[:, :-1]
    own = replace(REFERENCE, engine="own", design=Design(columns, matrix))
    comparison = compare(REFERENCE, own, TABLE)
    assert comparison.verdict is Verdict.INCOMPARABLE
    assert "another set of columns of X" in comparison.message


def test_counts_alone_are_no_agreement() -> None:
    kept = {name: REFERENCE.values[name] for name in ("nobs", "npar", "df_resid", "converged")}
    reasons = {
        name: "withheld" for name in (*REFERENCE.values, *REFERENCE.absent) if name not in kept
    }
    own = replace(REFERENCE, engine="own", values=kept, absent=reasons, design="withheld")
    with pytest.raises(ComparisonError, match="not one number"):
        compare(REFERENCE, own, TABLE)


def test_a_design_that_is_withheld_is_said() -> None:
    own = replace(REFERENCE, engine="own", design="too large to show")
    assert ("design", "own", "too large to show") in compare(REFERENCE, own, TABLE).absent


def test_a_correlation_with_an_effect_of_no_variance_is_not_compared_and_said() -> None:
    slope, both = ("Subject", "Days"), ("Subject", "Days", "(Intercept)")
    at = with_element(with_element(REFERENCE, "sd", slope, 0.0), "variance", slope, 0.0)
    own = replace(with_element(at, "correlation", both, 0.9), engine="own")
    comparison = compare(at, own, TABLE)
    assert comparison.verdict is Verdict.AGREE
    assert ("correlation", "lme4") in {
        (quantity, engine) for quantity, engine, _ in comparison.absent
    }
    assert "Days, (Intercept)" in comparison.absent[-1][2]
    inside = replace(with_element(REFERENCE, "correlation", both, 0.9), engine="own")
    assert compare(REFERENCE, inside, TABLE).verdict is Verdict.DIFFER
