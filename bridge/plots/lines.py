"""Prediction lines of each group, and of the population, over a covariate."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.plots.names import response_name
from bridge.plots.style import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    MIDDLE,
    TICK,
    TITLE,
    cloud,
    dress,
    legend,
    one_axes,
    points_a_step,
)
from bridge.plots.used import used_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit
    from bridge.plots.prediction_lines import Lines

_LETTER = 5.8  # points of a title
_NARROWEST = 24
_GLUE = "\u00a0=\u00a0"  # a name stays beside its value where the title breaks


def draw(fit: Fit, lines: Lines, ax: Axes | None, *, points: bool) -> Axes:
    """Return the axes; see `Plots.lines`."""
    panel = one_axes(ax, (6.0, 4.2))
    x = np.arange(len(lines.x)) if _is_text(lines) else np.asarray(lines.x, dtype=np.float64)
    if points:
        y = used_values(fit, fit.response)
        panel.scatter(lines.seen, y, color=MIDDLE, **cloud(len(y), fainter=0.7))
    _draw_levels(panel, x, lines)
    panel.plot(
        x, lines.population, color=INK, linestyle=DASHES[1], linewidth=2.0, label="population"
    )
    dress(panel, lines.covariate, response_name(fit.formula))
    if _is_text(lines):
        panel.set_xticks(x, [str(level) for level in lines.x], fontsize=TICK)
    _write_title(panel, lines)
    return panel


def _is_text(lines: Lines) -> bool:
    return isinstance(lines.x[0], str)


def _draw_levels(ax: Axes, x: NDArray[Any], lines: Lines) -> None:
    """Draw a line a level: of few levels each in its own look, of many all in one."""
    many = len(lines.levels)
    few = many <= len(COLOURS)
    marks = _is_text(lines)
    for k, y in enumerate(lines.by_level):
        own = {"color": COLOURS[k], "linestyle": DASHES[k]} if few else {"color": BLUE}
        label = lines.levels[k] if few else f"each {lines.group} ({many})" if k == 0 else "_"
        ax.plot(
            x,
            y,
            label=label,
            linewidth=1.2 if few else 0.8,
            alpha=1.0 if few else float(np.clip(4.0 / np.sqrt(many), 0.05, 0.7)),
            marker=MARKERS[k] if few and marks else "",
            markersize=4.0,
            **own,
        )


def _write_title(ax: Axes, lines: Lines) -> None:
    """Write what was predicted and where the rest is held, and the legend out of the lines' way."""
    width = max(_NARROWEST, int(points_a_step(ax, 1, across=True) / _LETTER))
    many = len(lines.levels) > len(COLOURS)
    ax.set_title(_title(lines, width), fontsize=TITLE, loc="left", pad=20.0 if many else 6.0)
    if many:
        legend(ax, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, borderaxespad=0.0)
    elif lines.group is not None:
        where = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
        legend(ax, **where, title=lines.group, title_fontsize=TICK)


def _title(lines: Lines, width: int) -> str:
    what = f"Predictions, each {lines.group}," if lines.group else "Predictions"
    held = ", ".join(f"{name}{_GLUE}{_number(value)}" for name, value in lines.held.items())
    whole = f"{what} at {held}" if held else what.rstrip(",")
    return textwrap.fill(whole, width, break_long_words=False).replace(_GLUE, " = ")


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
