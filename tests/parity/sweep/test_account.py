"""What a sweep's row tells of an answer is the answer's, the comparison's and the criterion's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parity.appraisal import Appraisal
from parity.finding import Comparison, Finding
from parity.result import Values, failed
from parity.sweep.account import Account
from parity.verdict import Verdict
from tests.meta.answers import answer

WORD = Appraisal("own", "sleepstudy", deviance=1750.5, optimum=1743.5, decrement=6.25)


def finding(name: str, error: float, tolerance: float, digits: float) -> Finding:
    verdict = Verdict.AGREE if abs(error) <= tolerance else Verdict.DIFFER
    return Finding(
        name, (), 2.0, 2.0 + error, error, "relative", tolerance, digits, verdict, "a band"
    )


def compared(*findings: Finding) -> Comparison:
    return Comparison("sleepstudy", "lme4", "own", Verdict.DIFFER, "D", "sigma differs", findings)


def account(comparison: Comparison | None = None, word: Appraisal = WORD) -> Account:
    given = answer("slope_reml", engine="own")
    values: Values = {**given.values, "singular": {(): 1.0}, "converged": {(): 0.0}}
    return Account(replace(given, values=values), comparison, word, 3.5, {"R": "4", "lme4": "1"})


def test_the_numbers_are_the_engines_and_the_criterions_own() -> None:
    told = account().told()
    # lme4's REML criterion of sleepstudy
    assert told.deviance == pytest.approx(1743.6283, abs=1e-3)
    assert (told.above, told.decrement) == (7.0, 6.25)
    assert (told.singular, told.converged) == (True, False)
    assert (told.seconds, told.versions) == (3.5, "R 4; lme4 1")
    assert told.reference
    assert set(told.reasons) == {"verdict", "worst", "digits"}


def test_the_worst_number_is_the_one_that_is_worst_for_its_tolerance() -> None:
    near = finding("sigma", 0.002, 0.001, 3.0)
    far = finding("loglik", -0.5, 1.0, 0.6)  # larger, and within its tolerance
    agreeing = finding("nobs", 0.0, 0.0, 15.9)
    told = account(compared(agreeing, far, near)).told()
    assert (told.worst, told.digits) == ("sigma", 3.0)
    exact = finding("npar", 1.0, 0.0, 1.0)
    told = account(compared(agreeing, far, near, exact)).told()
    assert (told.worst, told.digits) == ("npar", 1.0)


def test_the_verdict_the_layer_and_the_first_difference_are_the_comparisons() -> None:
    pair = compared(finding("nobs", 0.0, 0.0, 15.9), finding("sigma", 0.002, 0.001, 3.0))
    told = account(pair).told()
    assert (told.verdict, told.layer, told.green, told.reference) == ("DIFFER", "D", False, False)
    assert told.finding == "sigma: 2.0 in lme4, 2.002 in own (0.002 relative, tolerance 0.001)"
    assert told.message == "sigma differs"
    assert account(replace(pair, diagnosis="own is short")).told().message == "own is short"
    assert account(replace(pair, verdict=Verdict.BETTER)).told().green


def test_what_is_not_known_is_empty_with_its_reason() -> None:
    silent = replace(WORD, silence="no optimum was found")
    told = account(word=silent).told()
    assert (told.above, told.decrement) == (None, None)
    assert told.reasons["above"] == told.reasons["decrement"] == "no optimum was found"
    told = account(word=replace(WORD, decrement=float("inf"))).told()
    assert (told.above, told.decrement) == (7.0, None)
    assert told.reasons["decrement"] == "the criterion makes it inf"
    broken = Account(failed("own", "sleepstudy", "lmm", "it broke"), None, silent, 1.0, {})
    told = broken.told()
    assert (told.status, told.green, told.deviance, told.singular) == ("FAILED", False, None, None)
    assert told.reasons["deviance"] == told.reasons["converged"] == "it broke"
