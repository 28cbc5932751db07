"""Quantiles against those of the normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, norm

from bridge.plots.caterpillar import z_value
from bridge.plots.effects import Effect, axis_name, conditional_sd
from bridge.plots.style import (
    ACCENT,
    BLUE,
    FAINT,
    MIDDLE,
    cloud,
    dress,
    one_axes,
    some_axes,
)
from bridge.plots.used import used_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit

_QUARTILES = (0.25, 0.75)
_SMALL = 10
_NORMAL = "normal quantile"
_NORMAL_FAMILIES = (None, "gaussian")


def plotting_positions(n: int) -> NDArray[np.float64]:
    """Return (n,) probabilities (k - a) / (n + 1 - 2 a), a = 3/8 up to ten values, else 1/2.

    They are those of R's ``ppoints``, which ``qqnorm`` takes.
    """
    a = 0.375 if n <= _SMALL else 0.5
    return np.asarray((np.arange(1, n + 1) - a) / (n + 1.0 - 2.0 * a), dtype=np.float64)


def normal_quantiles(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) standard normal quantiles."""
    return np.asarray(norm.ppf(probabilities), dtype=np.float64)


def line_through_quartiles(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return intercept and slope of the line through the quartiles, as R's ``qqline`` does."""
    low, high = (float(np.quantile(values, p)) for p in _QUARTILES)
    left, right = (float(norm.ppf(p)) for p in _QUARTILES)
    slope = (high - low) / (right - left)
    return low - slope * left, slope


def normal_band(n: int, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (n,) lower and (n,) upper quantiles of each order statistic of n normal values.

    The k-th of n uniform values has the distribution Beta(k, n + 1 - k); the band is pointwise.
    """
    k = np.arange(1, n + 1)
    low, high = (beta.ppf(p, k, n + 1 - k) for p in ((1 - level) / 2, (1 + level) / 2))
    return normal_quantiles(np.asarray(low)), normal_quantiles(np.asarray(high))


def draw_residuals(fit: Fit, level: float | None, ax: Axes | None) -> Axes:
    """Return the axes; see `Plots.qq`."""
    if level is not None:
        z_value(level)
    if fit.family not in _NORMAL_FAMILIES:
        level = None
    values = np.sort(used_values(fit, fit.scaled_resid))
    x = normal_quantiles(plotting_positions(len(values)))
    intercept, slope = line_through_quartiles(values)
    panel = one_axes(ax)
    if level is not None:
        low, high = (intercept + slope * side for side in normal_band(len(values), level))
        panel.fill_between(x, low, high, color=FAINT, linewidth=0, zorder=0.8)
    panel.axline((0.0, intercept), slope=slope, color=ACCENT, linewidth=1.0, zorder=1.5)
    panel.scatter(x, values, color=BLUE, **cloud(len(values)))
    dress(panel, _NORMAL, "scaled residual", "Normal Q-Q of scaled residuals")
    return panel


def draw_effects(
    fit: Fit, found: tuple[Effect, ...], level: float | None, ax: Axes | Iterable[Axes] | None
) -> NDArray[np.object_]:
    """Return the axes, one panel an effect; see `Plots.qq_ranef`."""
    halves = [_half_widths(fit, effect, level) for effect in found]
    panels = some_axes(ax, [effect.name for effect in found], (4.2, 3.6))
    for panel, effect, half in zip(panels, found, halves, strict=True):
        order = np.argsort(effect.modes, kind="stable")
        values = effect.modes[order]
        x = normal_quantiles(plotting_positions(len(values)))
        intercept, slope = line_through_quartiles(values)
        panel.axline((0.0, intercept), slope=slope, color=ACCENT, linewidth=1.0, zorder=0.9)
        if half is not None:
            ends = values - half[order], values + half[order]
            panel.vlines(x, *ends, color=MIDDLE, linewidth=0.7, alpha=0.8, zorder=1.2)
        panel.scatter(x, values, color=BLUE, zorder=2.0, **cloud(len(values)))
        dress(panel, _NORMAL, axis_name(fit, effect), f"Q-Q, {effect.name}")
    return panels


def _half_widths(fit: Fit, effect: Effect, level: float | None) -> NDArray[np.float64] | None:
    return None if level is None else z_value(level) * conditional_sd(fit, effect)
