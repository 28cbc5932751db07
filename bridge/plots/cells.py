"""What a cell of the pairs shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2_contingency, pearsonr

from bridge.plots.style import INK, TICK, cloud, points_a_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.plots.variable import Group, Variable

_WIDE = 0.7  # of its height is a digit with the space beside it
_SMALLEST_TEXT = 4.0
_MOST_BINS = 40
_FEWEST = 3  # two points have a correlation of 1, and no test
_SMALLER = 0.7  # a cell is smaller than a picture
_SHARE = 0.8  # of the place of a level is filled by its boxes or bars
_UNDEFINED = "n/a"
_STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "."))


def draw_histogram(ax: Axes, x: Variable, groups: Sequence[Group]) -> None:
    """Draw the counts of a number, by group, all in the same bins."""
    values = np.concatenate([group.of(x)[0] for group in groups])
    edges = bin_edges(values)
    for group in groups:
        counts = np.histogram(group.of(x)[0], edges)[0]
        ax.stairs(counts, edges, fill=True, color=group.colour, alpha=0.35)
        ax.stairs(counts, edges, color=group.colour, linestyle=group.dashes, linewidth=1.1)


def bin_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of NumPy's ``auto`` bins, at most 40; whole numbers stand inside of bins."""
    edges = np.histogram_bin_edges(values, bins="auto")
    if len(edges) > _MOST_BINS + 1:
        edges = np.histogram_bin_edges(values, bins=_MOST_BINS)
    if not np.array_equal(values, np.round(values)):
        return edges
    width = np.ceil(edges[1] - edges[0])
    return np.arange(values.min() - 0.5, values.max() + width, width)


def draw_bars(ax: Axes, x: Variable, groups: Sequence[Group]) -> None:
    """Draw the counts of a category's levels, the groups beside each other."""
    for group, places, width in _places(x, groups):
        counts = np.bincount(group.of(x)[0].astype(np.int64), minlength=len(x.levels))
        ax.bar(places, counts, width, color=group.colour, alpha=0.7)


def draw_points(ax: Axes, x: Variable, y: Variable, groups: Sequence[Group]) -> None:
    """Draw a point a row."""
    look = cloud(len(x.values))
    look["s"] *= _SMALLER
    for group in groups:
        across, up = group.of(x, y)
        ax.scatter(across, up, color=group.colour, marker=group.marker, **look)


def draw_boxes(ax: Axes, x: Variable, y: Variable, groups: Sequence[Group]) -> None:
    """Draw a box a level and group: quartiles, whiskers to the last within 1.5 of their range."""
    category, number = (x, y) if x.is_category else (y, x)
    for group, places, width in _places(category, groups):
        level, values = group.of(category, number)
        inside = [values[level == k] for k in range(len(category.levels))]
        line = {"color": group.colour, "linewidth": 0.9}
        ax.boxplot(
            inside,
            positions=places,
            widths=0.85 * width,
            orientation="vertical" if x.is_category else "horizontal",
            manage_ticks=False,
            patch_artist=True,
            boxprops={
                "facecolor": _pale(group.colour),
                "edgecolor": group.colour,
                "linewidth": 0.9,
            },
            medianprops={"color": INK, "linewidth": 1.2},
            whiskerprops=line,
            capprops=line,
            flierprops={
                "marker": group.marker,
                "markersize": 2.2,
                "markerfacecolor": group.colour,
                "markeredgewidth": 0.0,
                "alpha": 0.6,
            },
        )


def draw_counts(ax: Axes, x: Variable, y: Variable, groups: Sequence[Group]) -> None:
    """Draw how many rows have each pair of levels: a tile, darker for more, and the number."""
    table = count_pairs(x, y, groups)
    most = max(int(table.max()), 1)
    ax.pcolormesh(
        np.arange(len(x.levels) + 1) - 0.5,
        np.arange(len(y.levels) + 1) - 0.5,
        table,
        cmap="Blues",
        vmin=0.0,
        vmax=1.6 * most,
        edgecolors="white",
        linewidth=0.8,
    )
    width = points_a_step(ax, len(x.levels), across=True) / (_WIDE * len(str(most)))
    text = min(TICK, width, points_a_step(ax, len(y.levels)))
    if text < _SMALLEST_TEXT:
        return
    for (row, column), count in np.ndenumerate(table):
        ax.text(column, row, str(count), ha="center", va="center", fontsize=text, color=INK)


def count_pairs(x: Variable, y: Variable, groups: Sequence[Group]) -> NDArray[np.int64]:
    """Return how many rows have each pair of levels: those of `y` down, those of `x` across."""
    table = np.zeros((len(y.levels), len(x.levels)), dtype=np.int64)
    for group in groups:
        across, up = group.of(x, y)
        np.add.at(table, (up.astype(np.int64), across.astype(np.int64)), 1)
    return table


def draw_association(ax: Axes, x: Variable, y: Variable, groups: Sequence[Group]) -> None:
    """Write the correlation of two numbers, or Cramér's V, of all rows and of each group."""
    name = "V" if x.is_category else "Corr"
    lines = [(f"{name}: {association(x, y, groups)}", INK, "bold")]
    parts = {group: association(x, y, [group]) for group in groups if len(groups) > 1}
    if set(parts.values()) != {_UNDEFINED}:
        lines += [
            (f"{group.label}: {found}", _dark(group.colour), "normal")
            for group, found in parts.items()
        ]
    heights = 0.5 + 0.13 * (0.5 * (len(lines) - 1) - np.arange(len(lines)))
    for (text, colour, weight), height in zip(lines, heights, strict=True):
        ax.text(
            0.5,
            height,
            text,
            transform=ax.transAxes,
            ha="center",
            va="center",
            fontsize=TICK,
            color=colour,
            fontweight=weight,
        )


def association(x: Variable, y: Variable, groups: Sequence[Group]) -> str:
    """Return the measure with three digits and the stars of its test; n/a where undefined."""
    value, p = (_cramer if x.is_category else _pearson)(x, y, groups)
    if not np.isfinite(value):
        return _UNDEFINED
    stars = next((mark for bound, mark in _STARS if p < bound), "")
    return f"{value:.3f}{stars}"


def _pearson(x: Variable, y: Variable, groups: Sequence[Group]) -> tuple[float, float]:
    parts = [group.of(x, y) for group in groups]
    across, up = (np.concatenate(side) for side in zip(*parts, strict=True))
    if len(across) < _FEWEST or np.ptp(across) == 0.0 or np.ptp(up) == 0.0:
        return np.nan, np.nan
    found = pearsonr(across, up)
    return float(found.statistic), float(found.pvalue)


def _cramer(x: Variable, y: Variable, groups: Sequence[Group]) -> tuple[float, float]:
    """Return Cramér's V, the root of chi squared over n (min(rows, columns) - 1), and its test."""
    table = count_pairs(x, y, groups)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) <= 1:
        return np.nan, np.nan
    found = chi2_contingency(table, correction=False)
    largest = table.sum() * (min(table.shape) - 1)
    return float(np.sqrt(found.statistic / largest)), float(found.pvalue)


def _places(
    category: Variable, groups: Sequence[Group]
) -> list[tuple[Group, NDArray[np.float64], float]]:
    """Return for each group where its boxes or bars stand, and how wide they are.

    The groups stand beside each other, unless each level has one group alone.
    """
    levels = np.arange(len(category.levels), dtype=np.float64)
    present = np.array([np.isin(levels, group.of(category)[0]) for group in groups])
    if np.all(present.sum(axis=0) <= 1):
        return [(group, levels, _SHARE) for group in groups]
    width = _SHARE / len(groups)
    centre = 0.5 * (len(groups) - 1)
    return [(group, levels + (k - centre) * width, width) for k, group in enumerate(groups)]


def _pale(colour: str) -> str:
    """Return a matplotlib colour of `colour` that lets what lies below shine through."""
    return f"{colour}59"


def _dark(colour: str) -> str:
    """Return a colour that can be read as text on white."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    share = min(1.0, 110.0 / max(bright, 1.0))
    return "#" + "".join(f"{round(share * part):02x}" for part in (red, green, blue))
