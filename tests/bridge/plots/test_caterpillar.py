"""Caterpillars show the modes and intervals that the fit has, in the order that was asked for."""

import re
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.stats import norm

from bridge.errors import ArgumentError
from bridge.fit import Fit
from bridge.plots import Plots
from tests.bridge.plots.fake_fits import fake_fit, layout

Z = norm.ppf(0.975)


def drawn(ax: Axes) -> pd.DataFrame:
    """What a panel shows: by row from below, the mode and the ends of its interval."""
    points = {
        row: mode
        for line in ax.lines
        if line.get_marker() == "o"
        for mode, row in np.column_stack(line.get_data()).tolist()
    }
    ends = {
        segment[0, 1]: (segment[0, 0], segment[1, 0])
        for lines in ax.collections
        if isinstance(lines, LineCollection)
        for segment in lines.get_segments()
    }
    table = pd.DataFrame(ends, index=["low", "high"]).T.sort_index()
    table["mode"] = pd.Series(points)
    return table


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def test_points_and_intervals_are_the_modes_and_their_sd() -> None:
    fit = fake_fit()
    (panel,) = Plots(fit).caterpillar()
    shown = drawn(panel)
    assert labels(panel) == ["b", "c", "d", "a"]
    assert shown["mode"].tolist() == [-2.0, 0.25, 0.5, 1.5]
    half = Z * (np.array([2.0, 0.25, 0.5, 1.5]) / 2 + 0.125)
    # To the last bits: the ends are a sum of two doubles.
    np.testing.assert_allclose(shown["low"], shown["mode"] - half, rtol=1e-14)
    np.testing.assert_allclose(shown["high"], shown["mode"] + half, rtol=1e-14)
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("(Intercept), with 95 % interval", "g")
    assert panel.get_title(loc="left") == "g: (Intercept)"


def test_the_level_is_that_of_the_normal_distribution() -> None:
    (panel,) = Plots(fake_fit()).caterpillar(level=0.5)
    shown = drawn(panel)
    half = norm.ppf(0.75) * (np.array([2.0, 0.25, 0.5, 1.5]) / 2 + 0.125)
    np.testing.assert_allclose(shown["high"] - shown["low"], 2 * half, rtol=1e-13)
    assert "50 %" in panel.get_xlabel()


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.1, float("nan")])
def test_a_level_is_a_probability(level: float) -> None:
    with pytest.raises(ArgumentError, match="level is"):
        Plots(fake_fit()).caterpillar(level=level)


def test_only_intervals_without_zero_are_filled() -> None:
    sd = {"g": pd.DataFrame({"(Intercept)": [0.1, 0.1, 10.0, 10.0]}, index=list("abcd"))}
    (panel,) = Plots(fake_fit(ranef_sd=sd)).caterpillar()
    hollow, filled = (line for line in panel.lines if line.get_marker() == "o")
    assert hollow.get_markerfacecolor() == "white"
    assert list(hollow.get_xdata()) == [0.25, 0.5]
    assert list(filled.get_xdata()) == [-2.0, 1.5]


def test_unsorted_levels_stand_in_their_order_from_the_top() -> None:
    (panel,) = Plots(fake_fit()).caterpillar(sort=False)
    assert labels(panel)[::-1] == ["a", "b", "c", "d"]
    assert drawn(panel)["mode"].tolist()[::-1] == [1.5, -2.0, 0.25, 0.5]


def two_terms() -> Fit:
    modes = pd.DataFrame({"(Intercept)": [1.0, 2.0, 3.0], "x": [5.0, 4.0, 6.0]}, index=list("abc"))
    return fake_fit(ranef={"g": modes}, ranef_sd={"g": modes})


def test_panels_are_sorted_each_or_by_one_term() -> None:
    both = Plots(two_terms()).caterpillar()
    assert [labels(panel) for panel in both] == [["a", "b", "c"], ["b", "a", "c"]]
    by_x = Plots(two_terms()).caterpillar(sort="x")
    assert [labels(panel) for panel in by_x] == [["b", "a", "c"], ["b", "a", "c"]]
    assert drawn(by_x[0])["mode"].tolist() == [2.0, 1.0, 3.0]


def test_a_term_is_one_panel() -> None:
    (panel,) = Plots(two_terms()).caterpillar(term="x")
    assert drawn(panel)["mode"].tolist() == [4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"group": "h"}, "no grouping factor 'h'. It has 'g'"),
        ({"term": "y"}, "named 'y'. There are '(Intercept)', 'x'"),
        ({"sort": "z"}, "named 'z'"),
    ],
)
def test_a_wrong_name_is_said_with_the_right_ones(asked: dict[str, str], text: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(text)):
        Plots(two_terms()).caterpillar(**asked)  # type: ignore[arg-type]


def test_labels_can_be_other_ones_or_none() -> None:
    (panel,) = Plots(fake_fit()).caterpillar(labels={"b": "Bergen"})
    assert labels(panel) == ["Bergen", "c", "d", "a"]
    (panel,) = Plots(fake_fit()).caterpillar(labels=False)
    assert labels(panel) == []
    assert panel.get_ylabel() == "g (4 levels)"


def many_levels(count: int) -> Fit:
    names = [f"level {k}" for k in range(count)]
    modes = pd.DataFrame({"(Intercept)": np.linspace(-1, 1, count)}, index=names)
    return fake_fit(ranef={"g": modes}, ranef_sd={"g": modes.abs()})


def test_labels_of_fifty_levels_do_not_touch() -> None:
    (panel,) = Plots(many_levels(50)).caterpillar()
    layout(panel)
    boxes = [text.get_window_extent() for text in panel.get_yticklabels()]
    assert len(boxes) == 50
    gaps = [upper.y0 - lower.y1 for lower, upper in pairwise(boxes)]
    assert min(gaps) > -0.5  # pixels: extents are rounded up to whole ones
    assert all(text.get_fontsize() >= 6 for text in panel.get_yticklabels())


def test_a_thousand_levels_have_no_labels_unless_asked() -> None:
    (panel,) = Plots(many_levels(1000)).caterpillar()
    assert labels(panel) == []
    assert len(drawn(panel)) == 1000
    assert panel.figure.get_figheight() <= 13
    (panel,) = Plots(many_levels(1000)).caterpillar(labels=True)
    assert len(labels(panel)) == 1000


def test_it_draws_on_the_axes_given() -> None:
    figure = Figure()
    panels = figure.subplots(1, 2)
    got = Plots(two_terms()).caterpillar(ax=panels)
    assert list(got) == list(panels)
    assert plt.get_fignums() == []
    (one,) = Plots(fake_fit()).caterpillar(ax=panels[0])
    assert one is panels[0]


def test_too_few_axes_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"2 panels .*g: \(Intercept\), g: x.*1 axes"):
        Plots(two_terms()).caterpillar(ax=Figure().subplots())


def test_levels_of_modes_and_of_deviations_must_agree() -> None:
    sd = pd.DataFrame({"(Intercept)": [1.0, 1.0, 1.0, 1.0]}, index=list("bacd"))
    with pytest.raises(Exception, match="levels of 'g'"):
        Plots(fake_fit(ranef_sd={"g": sd})).caterpillar()


@pytest.mark.r
def test_it_shows_what_the_fit_has(sleep_fit: Fit, crossed_fit: Fit) -> None:
    for fit, names in (
        (sleep_fit, ["Subject: (Intercept)", "Subject: Days"]),
        (crossed_fit, ["plate: (Intercept)", "sample: (Intercept)"]),
    ):
        panels = Plots(fit).caterpillar()
        assert [panel.get_title(loc="left") for panel in panels] == names
        for panel, name in zip(panels, names, strict=True):
            group, term = name.split(": ")
            modes = fit.ranef[group][term].sort_values(kind="stable")  # type: ignore[index]
            half = Z * fit.ranef_sd[group][term][modes.index]
            assert labels(panel) == list(modes.index)
            assert drawn(panel)["mode"].tolist() == modes.tolist()
            np.testing.assert_allclose(drawn(panel)["low"], modes - half, rtol=1e-13)


@pytest.mark.r
def test_one_group_of_two_can_be_drawn(crossed_fit: Fit) -> None:
    (panel,) = Plots(crossed_fit).caterpillar("sample")
    assert panel.get_ylabel() == "sample"
    assert len(drawn(panel)) == 6


@pytest.mark.r
def test_a_singular_fit_has_all_at_zero(singular_fit: Fit) -> None:
    (panel,) = Plots(singular_fit).caterpillar()
    layout(panel)
    assert (drawn(panel) == 0.0).all().all()


@pytest.mark.r
def test_a_glmer_says_the_scale(cbpp_fit: Fit) -> None:
    (panel,) = Plots(cbpp_fit).caterpillar()
    assert panel.get_xlabel() == "(Intercept), logit scale, with 95 % interval"


@pytest.mark.r
@pytest.mark.parametrize("picture", ["caterpillar", "qq_ranef", "density"])
def test_an_lm_has_none(linear_fit: Fit, picture: str) -> None:
    with pytest.raises(ArgumentError, match="This lm has no random effects to draw"):
        getattr(Plots(linear_fit), picture)()
