"""The random effects of each level with their intervals, sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from bridge.errors import ArgumentError
from bridge.plots.effects import Effect, axis_name, conditional_sd, effects
from bridge.plots.style import (
    BLUE,
    MIDDLE,
    TICK,
    dress,
    points_a_step,
    reference_line,
    short,
    some_axes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit

Labels = Mapping[str, str] | bool | None
_ROW, _SHORTEST, _TALLEST, _WIDTH = 0.15, 2.6, 13.0, 4.4
_SMALLEST_TEXT = 4.5
_LONGEST_LEVEL = 24


@dataclass(frozen=True, slots=True)
class Caterpillar:
    """What is drawn: the intervals' level, the order of the levels, what is written beside them."""

    level: float = 0.95
    sort: bool | str = True
    labels: Labels = None

    def draw(
        self, fit: Fit, found: tuple[Effect, ...], ax: Axes | Iterable[Axes] | None
    ) -> NDArray[np.object_]:
        """Return the axes, one panel an effect; see `Plots.caterpillar`."""
        z = z_value(self.level)
        rows = [_order(fit, effect, self.sort) for effect in found]
        deviations = [conditional_sd(fit, effect) for effect in found]
        most = max(len(effect.levels) for effect in found)
        height = float(np.clip(1.0 + _ROW * most, _SHORTEST, _TALLEST))
        panels = some_axes(ax, [effect.name for effect in found], (_WIDTH, height))
        for panel, effect, row, sd in zip(panels, found, rows, deviations, strict=True):
            _draw_intervals(panel, effect.modes[row], z * sd[row])
            label = f"{axis_name(fit, effect)}, with {100 * self.level:.4g} % interval"
            dress(panel, label, effect.group, effect.name)
            _write_levels(panel, [effect.levels[k] for k in row], self.labels)
        return panels


def z_value(level: float) -> float:
    """Return the quantile of the normal distribution that bounds a central interval.

    Raises
    ------
    ArgumentError
        Unless 0 < level < 1.
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError(f"level is {level!r}; expected a probability, as 0.95.")
    return float(norm.ppf(0.5 + level / 2.0))


def _order(fit: Fit, effect: Effect, sort: bool | str) -> NDArray[np.intp]:  # noqa: FBT001
    """Return (k,) positions of the levels from the lowest row to the top one."""
    if sort is False:
        return np.arange(len(effect.levels))[::-1]
    by = effect if sort is True else effects(fit, effect.group, sort)[0]
    return np.argsort(by.modes, kind="stable")


def _draw_intervals(ax: Axes, modes: NDArray[np.float64], half: NDArray[np.float64]) -> None:
    """Draw from below; an interval without 0 has a filled marker, one with 0 is grey and hollow."""
    rows = np.arange(len(modes))
    clear = np.abs(modes) > half
    size = float(np.clip(0.35 * points_a_step(ax, len(modes)), 1.2, 4.0))
    reference_line(ax, x=0.0)
    for which, colour, fill in ((~clear, MIDDLE, "white"), (clear, BLUE, BLUE)):
        ends = modes[which] - half[which], modes[which] + half[which]
        ax.hlines(rows[which], *ends, colors=colour, linewidth=min(1.0, size / 2.5))
        ax.plot(
            modes[which],
            rows[which],
            linestyle="none",
            marker="o",
            markersize=size,
            markeredgewidth=0.7,
            color=colour,
            markerfacecolor=fill,
        )
    ax.set_ylim(-0.8, len(modes) - 0.2)


def _write_levels(ax: Axes, levels: list[str], labels: Labels) -> None:
    """Write the levels in the size that fits, and none where they would be too small to read."""
    text = min(TICK, 0.85 * points_a_step(ax, len(levels)))
    if labels is False or (labels is None and text < _SMALLEST_TEXT):
        ax.set_yticks([])
        ax.set_ylabel(f"{ax.get_ylabel()} ({len(levels)} levels)")
        return
    shown = [labels.get(name, name) for name in levels] if isinstance(labels, Mapping) else levels
    names = [short(str(name), _LONGEST_LEVEL) for name in shown]
    ax.set_yticks(range(len(levels)), names, fontsize=max(text, _SMALLEST_TEXT))
    ax.tick_params(axis="y", length=0)
