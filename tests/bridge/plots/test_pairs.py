"""Pairs of columns: what each cell shows, against counts and correlations got in other ways."""

import re
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.patches import PathPatch, Rectangle, StepPatch
from scipy.stats import pearsonr
from scipy.stats import t as student

from bridge.errors import ArgumentError, DataError
from bridge.plots import pairs
from bridge.plots.style import COLOURS

ROWS = 120


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    x = rng.normal(size=ROWS)
    return pd.DataFrame(
        {
            "x": x,
            "y": 0.6 * x + rng.normal(size=ROWS),
            "n": rng.integers(0, 9, ROWS),
            "who": rng.choice(["ann", "bob"], ROWS),
            "class": pd.Categorical(
                rng.choice(["S1", "S2", "S3"], ROWS), list(map("S{}".format, range(5)))
            ),
        }
    )


def histograms(ax: Axes) -> list[StepPatch]:
    return [patch for patch in ax.patches if isinstance(patch, StepPatch) and patch.get_fill()]


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def boxes(ax: Axes) -> list[PathPatch]:
    return [patch for patch in ax.patches if isinstance(patch, PathPatch)]


def test_the_axes_form_a_square_with_the_names_at_its_edges(table: pd.DataFrame) -> None:
    axes = pairs(table, ["class", "x", "y"])
    assert axes.shape == (3, 3)
    assert [ax.get_xlabel() for ax in axes[2]] == ["class", "x", "y"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["count", "x", "y"]
    assert axes[0, 2].get_ylabel() == "class"
    assert len(plt.get_fignums()) == 1


def test_a_histogram_has_the_counts_of_each_hue(table: pd.DataFrame) -> None:
    axes = pairs(table, ["x", "y"], hue="who")
    ann, bob = histograms(axes[0, 0])
    for patch, name in ((ann, "ann"), (bob, "bob")):
        counts, edges, _ = patch.get_data()
        values = table.loc[table["who"] == name, "x"]
        below = [(values < edge).sum() for edge in edges[:-1]]
        assert counts.tolist() == np.diff([*below, len(values)]).tolist()
        assert counts.sum() == len(values)
    assert ann.get_data()[1].tolist() == bob.get_data()[1].tolist()


def test_whole_numbers_stand_inside_their_bins(table: pd.DataFrame) -> None:
    (patch,) = histograms(pairs(table, ["n", "x"])[0, 0])
    counts, edges, _ = patch.get_data()
    assert np.all(np.mod(edges, 1.0) == 0.5)
    if np.all(np.diff(edges) == 1.0):
        assert counts.tolist() == table["n"].value_counts().sort_index().tolist()
    assert counts.sum() == ROWS


def test_bars_have_the_counts_of_the_levels_in_use(table: pd.DataFrame) -> None:
    ax, below = pairs(table, ["class", "x"], hue="who")[:, 0]
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    expected = pd.crosstab(table["who"], table["class"].astype(str))
    assert [bar.get_height() for bar in found] == [float(v) for v in expected.to_numpy().ravel()]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in found]
    np.testing.assert_allclose(centres, [-0.2, 0.8, 1.8, 0.2, 1.2, 2.2], atol=1e-12)
    assert [text.get_text() for text in below.get_xticklabels()] == ["S1", "S2", "S3"]


def test_levels_of_the_hue_itself_stand_in_their_places(table: pd.DataFrame) -> None:
    axes = pairs(table, ["who", "x"], hue="who")
    bars = [patch for patch in axes[0, 0].patches if isinstance(patch, Rectangle)]
    shown = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in bars]
    counts = table["who"].value_counts()
    places = [place for place, height in shown if height > 0]
    np.testing.assert_allclose(places, [0.0, 1.0], atol=1e-12)
    assert [height for _, height in shown if height > 0] == [counts["ann"], counts["bob"]]


def test_points_are_the_rows(table: pd.DataFrame) -> None:
    axes = pairs(table, ["x", "y"], hue="who")
    clouds = [each for each in axes[1, 0].collections if isinstance(each, PathCollection)]
    for cloud, name in zip(clouds, ("ann", "bob"), strict=True):
        rows = table.loc[table["who"] == name, ["x", "y"]]
        np.testing.assert_array_equal(cloud.get_offsets(), rows)
    markers = {str(cloud.get_paths()[0].vertices) for cloud in clouds}
    assert len(markers) == 2


def test_correlations_are_numpys_with_the_stars_of_their_test(table: pd.DataFrame) -> None:
    found = texts(pairs(table, ["x", "n", "y"], hue="who")[0, 2])
    whole = [("Corr", table), *((str(name), part) for name, part in table.groupby("who"))]
    for text, (name, part) in zip(found, whole, strict=True):
        shown = re.fullmatch(r"(\w+): (-?\d\.\d{3})(\**|\.)", text)
        assert shown is not None
        assert shown[1] == name
        expected = np.corrcoef(part["x"], part["y"])[0, 1]
        assert shown[2] == f"{expected:.3f}"
        p = pearsonr(part["x"], part["y"]).pvalue
        assert len(shown[3]) == sum(p < bound for bound in (0.05, 0.01, 0.001))


@pytest.mark.parametrize(
    ("p", "stars"),
    [
        (0.00099, "***"),
        (0.00101, "**"),
        (0.0099, "**"),
        (0.0101, "*"),
        (0.049, "*"),
        (0.051, "."),
        (0.099, "."),
        (0.101, ""),
    ],
)
def test_stars_have_the_usual_bounds(p: float, stars: str) -> None:
    """n pairs with correlation r have p by Student's t = r sqrt(n - 2) / sqrt(1 - r^2)."""
    t = student.isf(p / 2, 28)
    r = t / np.sqrt(28 + t**2)
    drawn = np.random.default_rng(0).normal(size=(30, 2))
    basis = np.linalg.qr(np.column_stack([np.ones(30), drawn]))[0]
    x, noise = basis[:, 1:].T  # of mean 0, of one length, orthogonal
    y = r * x + np.sqrt(1 - r**2) * noise
    assert texts(pairs({"x": x, "y": y}, ["x", "y"])[0, 1]) == [f"Corr: {r:.3f}{stars}"]


def test_boxes_are_the_quartiles_of_each_level(table: pd.DataFrame) -> None:
    axes = pairs(table, ["class", "x"], hue="who")
    upright, lying = boxes(axes[1, 0]), boxes(axes[0, 1])
    assert len(upright) == len(lying) == 6
    order = [(who, level) for who in ("ann", "bob") for level in ("S1", "S2", "S3")]
    for high, wide, (who, level) in zip(upright, lying, order, strict=True):
        values = table.loc[(table["who"] == who) & (table["class"] == level), "x"]
        quartiles = np.quantile(values, [0.25, 0.75])
        corners = np.asarray(high.get_path().vertices)[:, 1]
        np.testing.assert_allclose([corners.min(), corners.max()], quartiles, rtol=1e-12)
        corners = np.asarray(wide.get_path().vertices)[:, 0]
        np.testing.assert_allclose([corners.min(), corners.max()], quartiles, rtol=1e-12)


def test_counts_of_two_categories_are_a_table(table: pd.DataFrame) -> None:
    axes = pairs(table, ["class", "who"])
    expected = pd.crosstab(table["who"], table["class"].astype(str)).to_numpy()
    assert texts(axes[1, 0]) == [str(count) for count in expected.ravel()]
    (tiles,) = (each for each in axes[1, 0].collections if isinstance(each, QuadMesh))
    assert np.asarray(tiles.get_array()).ravel().tolist() == expected.ravel().tolist()
    assert [text.get_text() for text in axes[1, 0].get_yticklabels()] == ["ann", "bob"]


def test_cramers_v_of_a_known_table() -> None:
    # chi squared of [[30, 10], [10, 30]] is 80 * (900 - 100)^2 / 40^4 = 20, so V = sqrt(20 / 80).
    data = {"a": ["p"] * 40 + ["q"] * 40, "b": ["r"] * 30 + ["s"] * 10 + ["r"] * 10 + ["s"] * 30}
    assert texts(pairs(data, ["a", "b"])[0, 1]) == ["V: 0.500***"]
    # Of [[20, 10, 0], [0, 10, 20]] it is 4 * 10^2 / 10 = 40 with 60 rows, so V = sqrt(40 / 60).
    data = {"a": ["p"] * 30 + ["q"] * 30, "b": [*"r" * 20, *"s" * 20, *"t" * 20]}
    assert texts(pairs(data, ["a", "b"])[0, 1]) == ["V: 0.816***"]


def test_what_has_no_correlation_is_said() -> None:
    data = {"x": [1.0, 2.0, 3.0], "same": [5.0, 5.0, 5.0], "one": ["k"] * 3, "two": list("aab")}
    axes = pairs(data, ["x", "same", "one", "two"])
    assert texts(axes[0, 1]) == ["Corr: n/a"]
    assert texts(axes[2, 3]) == ["V: n/a"]


def test_missing_values_are_left_out_cell_by_cell(table: pd.DataFrame) -> None:
    gaps = table.copy()
    gaps.loc[:9, "x"] = np.nan
    gaps.loc[5:29, "y"] = np.nan
    gaps.loc[100:, "who"] = None
    axes = pairs(gaps, ["x", "y"], hue="who")
    complete = gaps.loc[30:99]
    expected = np.corrcoef(complete["x"], complete["y"])[0, 1]
    assert texts(axes[0, 1])[0].startswith(f"Corr: {expected:.3f}")
    counts = sum(patch.get_data()[0].sum() for patch in histograms(axes[0, 0]))
    assert counts == 90
    plain = pairs(gaps, ["x", "y"])
    assert sum(patch.get_data()[0].sum() for patch in histograms(plain[0, 0])) == 110


def test_a_level_that_only_rows_without_hue_have_is_not_drawn() -> None:
    data = {"k": ["a", "b", "c", "a"], "x": [1.0, 2.0, 3.0, 4.0], "h": ["u", "v", None, "u"]}
    ax = pairs(data, ["k", "x"], hue="h")[1, 0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b"]


def test_cells_of_a_row_and_of_a_column_share_their_scale(table: pd.DataFrame) -> None:
    axes = pairs(table, ["class", "x", "y", "who"])
    for k in range(4):
        assert len({ax.get_xlim() for ax in axes[:, k]}) == 1
        off_diagonal = [ax for column, ax in enumerate(axes[k]) if column != k]
        assert len({ax.get_ylim() for ax in off_diagonal}) == 1


def test_the_legend_names_the_hue(table: pd.DataFrame) -> None:
    figure = pairs(table, ["x", "y"], hue="who")[0, 0].figure
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "who"
    assert [text.get_text() for text in legend.get_texts()] == ["ann", "bob"]
    assert [handle.get_color() for handle in legend.legend_handles] == list(COLOURS[:2])
    figure.draw_without_rendering()
    box = legend.get_window_extent()
    assert not any(box.overlaps(ax.get_window_extent()) for ax in figure.axes)


@pytest.mark.parametrize("made", [pl.DataFrame, dict])
def test_other_data_frames_are_taken(table: pd.DataFrame, made: Callable[[Any], object]) -> None:
    plain = {name: table[name].to_numpy() for name in ("x", "y")} | {"who": table["who"].tolist()}
    found = texts(pairs(made(plain), ["x", "y"], hue="who")[0, 1])
    assert found == texts(pairs(table, ["x", "y"], hue="who")[0, 1])


@pytest.mark.parametrize(
    ("columns", "hue", "error", "text"),
    [
        ("x", None, ArgumentError, "the text 'x'"),
        (["x"], None, ArgumentError, "at least two"),
        (["x", "x"], None, ArgumentError, "'x' twice"),
        (["x", "yy"], None, ArgumentError, "'yy'. Did you mean 'y'"),
        (["x", "y"], "n", ArgumentError, r"hue names 'n', a column of numbers.*'category'"),
        (["x", "y"], "wo", ArgumentError, "Did you mean 'who'"),
        (["x", "id"], "id", ArgumentError, "120 levels; at most 8"),
        (["x", "when"], None, DataError, "'when'"),
        (["x", "empty"], None, DataError, "'empty' has no value"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    table: pd.DataFrame, columns: list[str], hue: str | None, error: type[Exception], text: str
) -> None:
    data = table.assign(
        id=[f"k{k}" for k in range(ROWS)],
        when=pd.Timestamp("2020-01-01"),
        empty=np.full(ROWS, np.nan),
    )
    with pytest.raises(error, match=text):
        pairs(data, columns, hue=hue)
    assert plt.get_fignums() == []
