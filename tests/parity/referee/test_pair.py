"""The likelihood-ratio test of two certificates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from parity.quantity import applicable
from parity.referee.pair import PairError, certify_pair
from tests.parity.referee.shipped import PAIRS, stored

LINEAR = tuple(name for name, pair in PAIRS.items() if pair.large.spec.kind == "lmm")


@pytest.mark.parametrize("name", LINEAR)
def test_a_shipped_test_is_found_again(name: str) -> None:
    pair = PAIRS[name]
    again = certify_pair(pair, stored(pair.small.name), stored(pair.large.name))
    assert again == stored(name)
    assert set(again.values) == set(applicable("lrt"))


@pytest.mark.parametrize("name", LINEAR)
def test_statistic_and_p_value_are_those_of_double_precision(name: str) -> None:
    values = stored(name).values
    pair = PAIRS[name]
    small, large = (
        float(stored(case.name).values["loglik"][()]) for case in (pair.small, pair.large)
    )
    statistic = float(values["lrt_chisq"][()])
    # the difference of two numbers near 3000
    assert statistic == pytest.approx(2 * (large - small), abs=1e-11)
    expected = stats.chi2.sf(statistic, int(values["lrt_df"][()]))
    assert float(values["lrt_p"][()]) == pytest.approx(expected, rel=1e-11)


def test_the_wrong_certificates_are_refused() -> None:
    pair = PAIRS["jsp-gender-lrt"]
    small, large = stored(pair.small.name), stored(pair.large.name)
    with pytest.raises(PairError, match="the certificates are of"):
        certify_pair(pair, large, small)
    fewer = replace(large, values={**large.values, "npar": {(): "4"}})
    with pytest.raises(PairError, match="nothing to test"):
        certify_pair(pair, small, fewer)


def test_a_log_likelihood_that_is_checked_only_makes_a_test_that_is_checked_only() -> None:
    pair = PAIRS["jsp-gender-lrt"]
    small, large = stored(pair.small.name), stored(pair.large.name)
    checked = replace(small, proven={**small.proven, "loglik": "checked: by hand"})
    found = certify_pair(pair, checked, large)
    assert found.proven["lrt_p"] == "checked: by hand"
    assert found.proven["lrt_df"] == "proven"


def test_fewer_digits_of_the_log_likelihoods_give_fewer_of_the_test() -> None:
    pair = PAIRS["jsp-gender-lrt"]
    small, large = stored(pair.small.name), stored(pair.large.name)
    short = replace(large, values={**large.values, "loglik": {(): "-3657.9401750"}})
    assert len(certify_pair(pair, small, short).values["lrt_chisq"][()]) < 11
