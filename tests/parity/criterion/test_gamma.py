"""Gamma and inverse Gaussian families: derivatives, unit deviances, densities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from tests.parity.criterion.dispersed import GAMMA_LOG, LINKS, Named, dispersed, log_density
from tests.parity.criterion.generalised import differences

every = pytest.mark.parametrize("named", LINKS, ids="-".join)
ETA = np.array([0.3, 0.7, 1.0, 1.6, 2.5])
Y = np.array([0.2, 3.0, 1.0, 0.5, 1.7])


@every
def test_score_and_weight_are_the_kernels_derivatives(named: Named) -> None:
    family = dispersed(named)
    curve = family.curve(Y, ETA)
    score = differences(lambda eta: family.curve(Y, eta).kernel.sum(), ETA)
    observed = -differences(lambda eta: family.curve(Y, eta).score.sum(), ETA)
    slope = differences(lambda eta: family.curve(Y, eta).fisher.sum(), ETA)
    # fourth-order differences of width 1e-3: h^4 times a fifth derivative, near 0.3 of 1e4
    np.testing.assert_allclose(curve.score, score, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(curve.observed, observed, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(family.slope(ETA), slope, rtol=1e-8, atol=1e-9)


@every
def test_the_fisher_weight_is_the_observed_one_where_the_response_is_its_mean(named: Named) -> None:
    """It is linear in y, so that the expected one is that at the mean."""
    family = dispersed(named)
    curve = family.curve(family.mean(ETA), ETA)
    np.testing.assert_allclose(curve.fisher, curve.observed, rtol=1e-15)


@every
def test_the_kernel_is_linear_in_the_response(named: Named) -> None:
    family = dispersed(named)
    kernels = [family.curve(y * np.ones(5), ETA).kernel for y in (1.0, 2.0, 3.0)]
    np.testing.assert_allclose(kernels[0] + kernels[2], 2 * kernels[1], rtol=1e-14)


@every
def test_the_deviance_is_twice_the_kernels_distance_from_the_best(named: Named) -> None:
    family = dispersed(named)
    best = family.curve(Y, family.guess(Y, np.ones(5))).kernel
    expected = 2 * (best - family.curve(Y, ETA).kernel)
    np.testing.assert_allclose(family.excess(Y, ETA), expected, rtol=1e-12)  # rounding


def test_the_deviance_of_a_near_perfect_fit_keeps_its_digits() -> None:
    family, eta = dispersed(GAMMA_LOG), np.array([0.3])
    near = family.mean(eta) * (1.0 + 1e-9)
    apart = near / family.mean(eta) - 1.0
    # to first order the square, to 7 digits the same; a difference of logarithms has none
    assert family.excess(near, eta)[0] == pytest.approx(float(apart[0] ** 2), rel=1e-6, abs=0)


@every
@pytest.mark.parametrize("dispersion", [1e-6, 0.0333, 0.0334, 0.25, 1.0, 6.0])
def test_the_level_is_scipys_density_at_the_mean_deviance(named: Named, dispersion: float) -> None:
    family = dispersed(named)
    y = np.ones(1)

    def apart(log_mu: float) -> float:
        eta = family.guess(np.exp([log_mu]), y)
        return float(family.excess(y, eta)[0]) - dispersion

    # the response 1, whose own term is 0, at the mean below it whose unit deviance is phi
    mu = np.exp([optimize.brentq(apart, -5.0, 0.0, xtol=1e-15)])
    expected = -2.0 * float(log_density(named, y, mu, dispersion)[0])
    # SciPy's density of a large shape loses digits as its logarithm of Gamma, 1e6 of them
    assert family.level(dispersion) == pytest.approx(expected, rel=0, abs=1e-8)


@every
@pytest.mark.parametrize("dispersion", [1e-4, 0.0333, 0.0334, 0.25, 1.0, 6.0])
def test_the_rise_is_the_levels_derivative(named: Named, dispersion: float) -> None:
    family, step = dispersed(named), 1e-3 * dispersion
    near = family.level(dispersion + step) - family.level(dispersion - step)
    far = family.level(dispersion + 2 * step) - family.level(dispersion - 2 * step)
    # fourth order: 1e-12 relative, and the levels' rounding over the step
    assert family.rise(dispersion) == pytest.approx((8 * near - far) / (12 * step), rel=1e-9)
