"""Families: densities that sum to 1, derivatives, and digits in the tails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special, stats

from parity.criterion.family import family_of
from tests.parity.criterion.generalised import LINKS, differences

if TYPE_CHECKING:
    from parity.criterion.model import Vector

ETA = np.array([-3.0, -1.1, -0.2, 0.0, 0.4, 1.3, 2.1])
# Beyond any eta of an estimate: exp(-800) is 0, exp(800) no number.
FAR = np.array([-1e6, -800.0, -40.0, 40.0, 800.0, 1e6])
every = pytest.mark.parametrize("named", LINKS, ids="-".join)


def responses(named: tuple[str, str]) -> Vector:
    if named[0] == "poisson":
        return np.array([0.0, 3.0, 1.0, 0.0, 2.0, 9.0, 4.0])
    return np.array([0.0, 0.25, 1.0, 0.5, 0.0, 1.0, 0.75])


@every
def test_the_density_sums_to_one(named: tuple[str, str]) -> None:
    family = family_of(*named)
    size = 7.0
    counts = np.arange(8.0) if named[0] == "binomial" else np.arange(150.0)
    weights = np.full(len(counts), size if named[0] == "binomial" else 1.0)
    y = counts / size if named[0] == "binomial" else counts
    for eta in ETA:
        kernel = family.curve(y, np.full(len(y), eta)).kernel
        density = np.exp(weights * kernel + family.constant(y, weights))
        assert abs(density.sum() - 1.0) < 1e-13  # rounding of 150 terms


@every
def test_the_density_is_scipys(named: tuple[str, str]) -> None:
    family, size = family_of(*named), 4.0
    y = responses(named)
    weights = np.full(len(y), size if named[0] == "binomial" else 1.0)
    mu = family.mean(ETA)
    ours = weights * family.curve(y, ETA).kernel + family.constant(y, weights)
    if named[0] == "poisson":
        theirs = stats.poisson.logpmf(y, mu)
    else:
        theirs = stats.binom.logpmf(size * y, size, mu)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)  # SciPy's rounding


@every
def test_score_and_observed_weight_are_the_kernels_derivatives(named: tuple[str, str]) -> None:
    family, y = family_of(*named), responses(named)
    curve = family.curve(y, ETA)
    score = differences(lambda eta: family.curve(y, eta).kernel.sum(), ETA)
    observed = -differences(lambda eta: family.curve(y, eta).score.sum(), ETA)
    # fourth-order differences of width 1e-3: rounding 1e-13 and truncation 1e-12
    np.testing.assert_allclose(curve.score, score, rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve.observed, observed, rtol=0, atol=1e-10)


@every
def test_the_fisher_weight_is_the_expected_observed_one(named: tuple[str, str]) -> None:
    family = family_of(*named)
    if named[0] == "poisson":
        y, chances = np.arange(150.0), stats.poisson.pmf(np.arange(150)[:, None], np.exp(ETA))
    else:
        mu = family.mean(ETA)
        y, chances = np.array([0.0, 1.0]), np.stack([1.0 - mu, mu])
    observed = family.curve(y[:, None], ETA[None] + 0.0 * y[:, None]).observed
    expected = (chances * observed).sum(axis=0)
    fisher = family.curve(responses(named), ETA).fisher
    np.testing.assert_allclose(fisher, expected, rtol=1e-12)  # rounding of the sum


@every
def test_the_slope_is_the_fisher_weights_derivative(named: tuple[str, str]) -> None:
    family, y = family_of(*named), responses(named)
    slope = differences(lambda eta: family.curve(y, eta).fisher.sum(), ETA)
    # as above
    np.testing.assert_allclose(family.slope(ETA), slope, rtol=0, atol=1e-9)


@every
def test_nothing_overflows_however_far_out(named: tuple[str, str]) -> None:
    family = family_of(*named)
    for y in (np.zeros(6), np.ones(6)):
        curve = family.curve(y, FAR)
        for numbers in (*curve, family.slope(FAR), family.mean(FAR), family.excess(y, FAR)):
            assert np.isfinite(numbers).all()
        assert (curve.fisher >= 0.0).all()
        assert (curve.observed >= 0.0).all()
        assert np.isfinite(family.standardised(y, FAR)).all()


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_certain_success_keeps_the_digits_of_its_failure(link: str) -> None:
    family = family_of("binomial", link)
    eta = {"logit": 40.0, "probit": 9.0, "cloglog": 4.0}[link]
    failure = {
        "logit": special.expit(-40.0),
        "probit": stats.norm.sf(9.0),
        "cloglog": np.exp(-np.exp(4.0)),
    }[link]
    one, at = np.ones(1), np.array([eta])
    # 1 - mu is below 1e-17: as a difference it would be 0
    assert family.curve(one, at).kernel[0] == pytest.approx(np.log1p(-failure), rel=1e-13, abs=0)
    assert family.residual(one, at)[0] == pytest.approx(failure, rel=1e-13, abs=0)
    assert family.excess(one, at)[0] == pytest.approx(2.0 * failure, rel=1e-13, abs=0)


def test_the_probits_observed_weight_has_its_limit_in_the_tail() -> None:
    curve = family_of("binomial", "probit").curve(np.zeros(2), np.array([99.999, 1e5]))
    # hazard (hazard - eta) = 1 - 1 / eta^2 + 6 / eta^4 - ...; the difference alone has 12 digits
    np.testing.assert_allclose(curve.observed, 1.0 - np.array([99.999, 1e5]) ** -2.0, rtol=1e-7)


def test_the_cloglogs_observed_weight_of_a_rare_event_keeps_its_digits() -> None:
    t = np.array([1e-9, 1e-4, 9e-3, 1.1e-2])
    curve = family_of("binomial", "cloglog").curve(np.ones(4), np.log(t))
    # r (t + r - 1) = t / 2 - t^2 / 6 + t^4 / 180 - ... with r = t / (exp(t) - 1)
    expected = t / 2 - t**2 / 6 + t**4 / 180
    np.testing.assert_allclose(curve.observed, expected, rtol=1e-10)  # t^6, and rounding at 0.011


@every
def test_the_deviance_is_twice_the_kernels_distance_from_the_best(named: tuple[str, str]) -> None:
    family, y = family_of(*named), responses(named)
    grid = np.linspace(-12.0, 12.0, 48001)  # to 5e-4 of the best: 1e-7 of its kernel
    best = np.array([family.curve(np.full(len(grid), one), grid).kernel.max() for one in y])
    excess = family.excess(y, ETA)
    np.testing.assert_allclose(excess, 2.0 * (best - family.curve(y, ETA).kernel), atol=2e-5)
    assert (excess >= 0.0).all()


@pytest.mark.parametrize("named", [("binomial", "logit"), ("poisson", "log")], ids="-".join)
def test_the_deviance_of_a_near_perfect_fit_keeps_its_digits(named: tuple[str, str]) -> None:
    family = family_of(*named)
    eta = np.array([0.3])
    near = family.mean(eta) * (1.0 + 1e-9)
    apart = family.residual(near, eta)
    # to first order (y - mu)^2 / V; a difference of kernels would be rounding alone
    assert family.excess(near, eta)[0] == pytest.approx(
        float(apart[0] ** 2 / family.variance(eta)[0]), rel=1e-7, abs=0
    )


@every
def test_the_guess_is_finite_for_the_extremes(named: tuple[str, str]) -> None:
    family = family_of(*named)
    assert np.isfinite(family.guess(np.array([0.0, 1.0]), np.ones(2))).all()


def test_a_weight_of_zero_has_no_constant() -> None:
    for named in LINKS:
        assert family_of(*named).constant(np.array([1.0]), np.zeros(1))[0] == 0.0


@pytest.mark.parametrize(
    "named",
    [("gaussian", "identity"), ("binomial", "log"), ("Gamma", "sqrt"), ("inverse.gaussian", "log")],
)
def test_an_unknown_family_is_refused_by_name(named: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=rf"{named[0]}\({named[1]}\); there are binomial\(logit\)"):
        family_of(*named)
