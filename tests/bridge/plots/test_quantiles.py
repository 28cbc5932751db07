"""Quantile plots: places of the points, the line, the band, against other ways to get them."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.lines import AxLine
from numpy.typing import NDArray
from scipy.stats import norm

from bridge.errors import ArgumentError, BridgeError
from bridge.fit import Fit
from bridge.plots import Plots
from bridge.plots.quantiles import line_through_quartiles, normal_band, plotting_positions
from tests.bridge.plots.fake_fits import fake_fit, layout


def points(ax: Axes) -> NDArray[Any]:
    (found,) = (each for each in ax.collections if isinstance(each, PathCollection))
    return np.asarray(found.get_offsets())


def test_plotting_positions_are_those_of_r() -> None:
    # R: ppoints(4), ppoints(10)[1], ppoints(11)[1:2], to the digits that it prints.
    np.testing.assert_allclose(
        plotting_positions(4), [0.1470588, 0.3823529, 0.6176471, 0.8529412], atol=5e-8
    )
    np.testing.assert_allclose(plotting_positions(10)[0], 0.06097561, atol=5e-9)
    np.testing.assert_allclose(plotting_positions(11)[:2], [0.04545455, 0.13636364], atol=5e-9)


def test_the_line_goes_through_the_quartiles() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, 101)
    intercept, slope = line_through_quartiles(values)
    for p in (0.25, 0.75):
        # A few roundings of numbers near 5.
        np.testing.assert_allclose(
            intercept + slope * norm.ppf(p), np.quantile(values, p), rtol=1e-13
        )


def test_the_band_holds_each_order_statistic_with_its_probability() -> None:
    low, high = normal_band(7, 0.9)
    drawn = np.sort(np.random.default_rng(4).normal(size=(20_000, 7)), axis=1)
    inside = ((drawn >= low) & (drawn <= high)).mean(axis=0)
    # Six standard errors of a share of 20000: sqrt(0.9 * 0.1 / 20000) = 0.0021.
    np.testing.assert_allclose(inside, 0.9, atol=0.0127)


def test_residuals_stand_at_normal_quantiles() -> None:
    fit = fake_fit()
    panel = Plots(fit).qq()
    x, y = points(panel).T
    assert y.tolist() == sorted(fit.scaled_resid)
    np.testing.assert_array_equal(x, norm.ppf((np.arange(1, 41) - 0.5) / 40))
    (line,) = (each for each in panel.lines if isinstance(each, AxLine))
    assert (line.get_xy1(), line.get_slope()) == (
        (0.0, line_through_quartiles(y)[0]),
        line_through_quartiles(y)[1],
    )
    (band,) = (each for each in panel.collections if isinstance(each, PolyCollection))
    corners = band.get_paths()[0].vertices
    low, high = normal_band(40, 0.95)
    intercept, slope = line_through_quartiles(y)
    found = np.asarray(corners)[:, 1]
    # The band's lowest and highest corner, a sum and a product of doubles.
    np.testing.assert_allclose(
        [found.min(), found.max()], [intercept + slope * low[0], intercept + slope * high[-1]]
    )
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("normal quantile", "scaled residual")


@pytest.mark.parametrize("asked", [{"level": None}, {}])
def test_there_is_no_band_where_residuals_are_not_normal(asked: dict[str, None]) -> None:
    fit = fake_fit(family="binomial", link="logit") if not asked else fake_fit()
    panel = Plots(fit).qq(**asked)
    assert not any(isinstance(each, PolyCollection) for each in panel.collections)


def test_gaps_of_excluded_rows_are_left_out_and_others_refused() -> None:
    values = pd.Series([np.nan, *np.random.default_rng(5).normal(size=40)])
    assert len(points(Plots(fake_fit(scaled_resid=values)).qq())) == 40
    with pytest.raises(BridgeError, match="Of the 40 rows used, 39"):
        Plots(fake_fit(scaled_resid=values[:40])).qq()


def test_a_level_of_a_band_is_a_probability() -> None:
    with pytest.raises(ArgumentError, match="level is 95"):
        Plots(fake_fit()).qq(level=95)


def test_random_effects_stand_at_normal_quantiles_with_their_intervals() -> None:
    (panel,) = Plots(fake_fit()).qq_ranef()
    x, y = points(panel).T
    assert y.tolist() == [-2.0, 0.25, 0.5, 1.5]
    np.testing.assert_array_equal(x, norm.ppf((np.arange(1, 5) - 0.375) / 4.25))
    (intervals,) = (each for each in panel.collections if isinstance(each, LineCollection))
    ends = np.array(intervals.get_segments())
    half = norm.ppf(0.975) * (np.abs(y) / 2 + 0.125)
    np.testing.assert_array_equal(ends[:, :, 0], np.column_stack([x, x]))
    np.testing.assert_allclose(ends[:, :, 1], np.column_stack([y - half, y + half]), rtol=1e-13)


def test_without_intervals_no_deviation_is_asked_for() -> None:
    fit = fake_fit()
    del fit.ranef_sd
    (panel,) = Plots(fit).qq_ranef(level=None)
    assert not any(isinstance(each, LineCollection) for each in panel.collections)
    with pytest.raises(AttributeError):
        Plots(fit).qq_ranef()
    assert len(plt.get_fignums()) == 1  # what fails leaves no figure behind


@pytest.mark.r
def test_it_shows_what_the_fit_has(crossed_fit: Fit, singular_fit: Fit) -> None:
    panels = Plots(crossed_fit).qq_ranef()
    for panel, group in zip(panels, ("plate", "sample"), strict=True):
        modes = crossed_fit.ranef[group]["(Intercept)"]  # type: ignore[index]
        assert points(panel)[:, 1].tolist() == sorted(modes)
        assert panel.get_title(loc="left") == f"Q-Q, {group}: (Intercept)"
    assert points(Plots(crossed_fit).qq())[:, 1].tolist() == sorted(crossed_fit.scaled_resid)
    (panel,) = Plots(singular_fit).qq_ranef()
    layout(panel)
    assert points(panel)[:, 1].tolist() == [0.0] * 6
