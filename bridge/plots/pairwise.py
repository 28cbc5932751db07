"""Each pair of columns in a cell of its own: counts, points, boxes and correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bridge.encode import to_frame
from bridge.errors import ArgumentError
from bridge.formula import unknown_column
from bridge.frame import as_table
from bridge.plots.cells import (
    draw_association,
    draw_bars,
    draw_boxes,
    draw_counts,
    draw_histogram,
    draw_points,
)
from bridge.plots.style import LABEL, TICK, dress, key, points_a_step, pyplot, short
from bridge.plots.variable import Group, Variable, as_groups, as_variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_CELL, _MARGIN = 2.1, 0.6
_FEWEST = 2
_LONGEST_LEVEL = 18
_SMALLEST_TEXT = 4.5


def pairs(data: object, columns: Sequence[str], *, hue: str | None = None) -> NDArray[Any]:
    """Draw each pair of columns in a cell of a square and return the axes, (k, k).

    On the diagonal a histogram, of a category bars of its counts. Below, the row's column against
    that of the cell's column: points of two numbers, boxes of a number and a category, counts of
    two categories. Above: the correlation of two numbers (Pearson), the association of two
    categories (Cramér's V), both with stars of their tests (*** p < 0.001, ** 0.01, * 0.05, . 0.1),
    boxes of a number and a category.

    A column is a category when R takes it for a factor or a truth value (:mod:`bridge.encode`); its
    levels are those in use. A cell leaves out the rows where one of its columns is missing.

    Parameters
    ----------
    data
        What `lmer` takes as data.
    columns
        Names of at least two columns, in their order on the page.
    hue
        Name of a category of at most eight levels: all is drawn by level, in the level's colour.
        Rows where it is missing are left out.

    Raises
    ------
    ArgumentError
        For fewer than two columns, a name that is none or stands twice, or a `hue` that is no
        category of few levels.
    DataError
        For a column that R's models do not take, or without a value.
    """
    names = _require_names(columns)
    table = as_table(data)
    wanted = dict.fromkeys(names if hue is None else (*names, hue))
    known = list(table.names)
    for name in wanted:
        if name not in known:
            raise ArgumentError(unknown_column(name, known))
    frame = to_frame(table, wanted)
    every = np.ones(frame.nrow, dtype=np.bool_)
    colouring = None if hue is None else as_variable(hue, frame.columns[hue], every)
    groups = as_groups(colouring, frame.nrow)
    coloured = np.logical_or.reduce([group.rows for group in groups])
    variables = [as_variable(name, frame.columns[name], coloured) for name in names]
    return _draw(variables, groups, hue)


def _require_names(columns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(columns, str):
        raise ArgumentError(f"columns is the text {columns!r}; expected a list of names.")
    names = tuple(columns)
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"columns names {name!r} twice.")
    if len(names) < _FEWEST:
        raise ArgumentError(f"columns names {len(names)} columns; pairs need at least two.")
    return names


def _draw(variables: list[Variable], groups: tuple[Group, ...], hue: str | None) -> NDArray[Any]:
    k = len(variables)
    side = _CELL * k + _MARGIN
    figure, axes = pyplot().subplots(
        k, k, figsize=(side, side), sharex="col", layout="constrained", squeeze=False
    )
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)
    for row in range(k):
        _share_heights([axes[row, column] for column in range(k) if column != row])
        for column in range(k):
            _draw_cell(axes[row, column], (row, column), variables, groups)
    for row in range(k):
        for column in range(k):
            _write_scales(axes[row, column], (row, column), variables)
    if hue is not None:
        handles = [key(group.colour, group.marker, group.dashes) for group in groups]
        names = [group.label for group in groups]
        figure.legend(
            handles,
            names,
            title=hue,
            loc="outside upper center",
            ncols=len(groups),
            fontsize=TICK,
            title_fontsize=TICK,
            frameon=False,
        )
    return np.asarray(axes)


def _share_heights(cells: list[Axes]) -> None:
    for cell in cells[1:]:
        cell.sharey(cells[0])


def _draw_cell(
    ax: Axes, place: tuple[int, int], variables: list[Variable], groups: tuple[Group, ...]
) -> None:
    row, column = place
    x, y = variables[column], variables[row]
    if row == column:
        (draw_bars if x.is_category else draw_histogram)(ax, x, groups)
    elif x.is_category != y.is_category:
        draw_boxes(ax, x, y, groups)
    elif row < column:
        draw_association(ax, x, y, groups)
    else:
        (draw_counts if x.is_category else draw_points)(ax, x, y, groups)


def _write_scales(ax: Axes, place: tuple[int, int], variables: list[Variable]) -> None:
    """Leave names and scales at the left and at the bottom; the first row's scale at its right."""
    row, column = place
    x, y = variables[column], variables[row]
    last = len(variables) - 1
    left = "count" if row == 0 else y.name
    dress(ax, x.name if row == last else "", left if column == 0 else "")
    if row != column and y.is_category:
        _write_levels(ax, y, "y")
    if x.is_category:
        _write_levels(ax, x, "x")
    ax.tick_params(labelbottom=row == last, labelleft=column == 0)
    if row == column and row > 0:
        ax.tick_params(left=False)
    if row < column and x.is_category == y.is_category:
        ax.tick_params(left=False, bottom=False)
        ax.spines[:].set_visible(False)
    mixed = [k for k in range(1, last + 1) if variables[k].is_category != variables[0].is_category]
    if row == 0 and mixed and column == mixed[-1]:
        ax.tick_params(labelright=True, right=True)
        ax.yaxis.set_label_position("right")
        ax.set_ylabel(y.name, fontsize=LABEL)


def _write_levels(ax: Axes, variable: Variable, axis: Literal["x", "y"]) -> None:
    """Write the levels at the axis, aslant where they would not fit beside each other."""
    levels = variable.levels
    places = np.arange(len(levels))
    names = [short(level, _LONGEST_LEVEL) for level in levels]
    room = points_a_step(ax, len(levels), across=axis == "x")
    if axis == "y":
        ax.set_yticks(places, names, fontsize=float(np.clip(room, _SMALLEST_TEXT, TICK)))
        ax.set_ylim(-0.6, len(levels) - 0.4)
        return
    aslant = max(map(len, names)) * 0.62 * TICK > room
    turned: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if aslant else {}
    )
    size = float(np.clip(0.8 * room, _SMALLEST_TEXT, TICK)) if aslant else TICK
    ax.set_xticks(places, names, fontsize=size, **turned)
    ax.set_xlim(-0.6, len(levels) - 0.4)
