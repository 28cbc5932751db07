"""Bootstrap intervals, against R's boot.ci and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from parity.resampling.interval import interval, quantile


def test_a_rank_that_is_whole_is_the_replicate_itself() -> None:
    ordered = np.arange(1.0, 1000.0)
    assert [quantile(ordered, share) for share in (0.025, 0.5, 0.975)] == [25.0, 500.0, 975.0]


def test_between_two_replicates_it_is_interpolated_on_the_normal_scale() -> None:
    ordered = np.array([1.0, 2.0, 4.0, 8.0])
    # rank 5 * 0.3 = 1.5, between ranks 1 and 2, the quantiles 0.2 and 0.4
    z = [float(stats.norm.ppf(share)) for share in (0.3, 0.2, 0.4)]
    assert quantile(ordered, 0.3) == pytest.approx(1.0 + (z[0] - z[1]) / (z[2] - z[1]), rel=1e-14)


def test_beyond_the_extremes_it_is_the_extreme() -> None:
    ordered = np.array([1.0, 2.0, 4.0])
    assert [quantile(ordered, share) for share in (0.01, 0.99)] == [1.0, 4.0]


def test_normal_numbers_have_normal_quantiles() -> None:
    ordered = stats.norm.ppf(np.arange(1, 41) / 41)
    for share in (0.025, 0.1, 0.37, 0.6, 0.975):
        assert quantile(ordered, share) == pytest.approx(stats.norm.ppf(share), abs=1e-13)


def test_basic_mirrors_and_norm_takes_the_bias_away() -> None:
    rng = np.random.default_rng(1)
    replicates = rng.gamma(3.0, size=99)
    low, high = interval(2.5, replicates, 0.9, "perc")
    assert interval(2.5, replicates, 0.9, "basic") == pytest.approx((5.0 - high, 5.0 - low))
    centre = 2.5 - (replicates.mean() - 2.5)
    reach = stats.norm.ppf(0.95) * replicates.std(ddof=1)
    expected = (centre - reach, centre + reach)
    assert interval(2.5, replicates, 0.9, "norm") == pytest.approx(expected, rel=1e-14)
