"""Residuals against fitted values, and the smooth curve against statsmodels' lowess."""

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from numpy.typing import NDArray
from statsmodels.nonparametric.smoothers_lowess import lowess

from bridge.errors import ArgumentError
from bridge.fit import Fit
from bridge.plots import Plots
from bridge.plots.smooth import local_line
from tests.bridge.plots.fake_fits import fake_fit


def theirs(x: NDArray[Any], y: NDArray[Any], at: NDArray[Any], span: float) -> NDArray[np.float64]:
    found = lowess(y, x, frac=span, it=0, xvals=at)  # type: ignore[no-untyped-call]
    return np.asarray(found, dtype=np.float64)


@pytest.mark.parametrize(
    ("count", "span"),
    [(12, 0.4), (12, 1.0), (50, 0.1), (50, 2 / 3), (301, 0.1), (301, 0.4), (301, 1.0)],
)
def test_the_curve_is_lowess_without_robust_steps(count: int, span: float) -> None:
    rng = np.random.default_rng(count)
    x = np.sort(rng.gamma(2.0, size=count))
    y = np.sin(x) + rng.normal(size=count)
    at = np.linspace(x[0], x[-1], 17)
    # statsmodels leaves out weights of points at 0.999 of the reach and takes those within 0.001
    # as 1: a difference of 3e-9 in a weight.
    np.testing.assert_allclose(local_line(x, y, at, span), theirs(x, y, at, span), atol=1e-6)


def test_a_line_is_its_own_smooth() -> None:
    x = np.random.default_rng(7).normal(size=30)
    at = np.linspace(-3.0, 3.0, 7)
    # Conditioned by the spread of x in a window; far above what rounding gives.
    np.testing.assert_allclose(local_line(x, 2.0 - 3.0 * x, at, 0.5), 2.0 - 3.0 * at, atol=1e-10)


def test_ties_have_their_mean() -> None:
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 2.0])
    y = np.array([1.0, 2.0, 3.0, 4.0, 0.0, 0.0])
    assert local_line(x, y, np.array([0.0]), 0.5).tolist() == [2.5]


def test_points_that_are_equally_far_count_alike() -> None:
    x, y = np.array([-1.0, 1.0]), np.array([2.0, 6.0])
    assert local_line(x, y, np.array([0.0]), 1.0).tolist() == [4.0]


def test_points_are_fitted_values_and_residuals() -> None:
    fit = fake_fit()
    panel = Plots(fit).residuals()
    (points,) = (each for each in panel.collections if isinstance(each, PathCollection))
    np.testing.assert_array_equal(points.get_offsets(), np.column_stack([fit.fitted, fit.resid]))
    (curve,) = (each for each in panel.lines if len(np.asarray(each.get_xdata())) > 2)
    x, y = np.array(curve.get_data())
    assert (x.min(), x.max()) == (fit.fitted.min(), fit.fitted.max())
    np.testing.assert_allclose(
        y, theirs(np.array(fit.fitted), np.array(fit.resid), x, 2 / 3), atol=1e-6
    )
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("fitted y", "residual of y")


def test_the_curve_can_be_left_out() -> None:
    panel = Plots(fake_fit()).residuals(span=None)
    assert [len(np.asarray(each.get_xdata())) for each in panel.lines] == [2]


@pytest.mark.parametrize("span", [0.0, 1.5, -1.0, float("nan")])
def test_a_span_is_a_share(span: float) -> None:
    with pytest.raises(ArgumentError, match="span is"):
        Plots(fake_fit()).residuals(span=span)


@pytest.mark.r
def test_one_fitted_value_has_no_curve(singular_fit: Fit) -> None:
    panel = Plots(singular_fit).residuals()
    assert len(panel.lines) == 1


@pytest.mark.r
def test_it_shows_what_the_fit_has(cbpp_fit: Fit, linear_fit: Fit) -> None:
    for fit, label in ((cbpp_fit, "deviance residual"), (linear_fit, "residual of Reaction")):
        panel = Plots(fit).residuals()
        (points,) = (each for each in panel.collections if isinstance(each, PathCollection))
        shown = np.column_stack([fit.fitted, fit.resid])
        np.testing.assert_array_equal(points.get_offsets(), shown)
        assert panel.get_ylabel() == label
    assert panel.get_xlabel() == "fitted Reaction"
