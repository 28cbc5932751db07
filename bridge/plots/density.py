"""The distribution of the random effects beside the normal one of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import gaussian_kde, norm

from bridge.plots.effects import Effect, axis_name, fitted_sd
from bridge.plots.style import ACCENT, BLUE, DASHES, INK, dress, legend, some_axes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit

_GRID = 201
_TAIL = 3.0  # of the SD: beyond it lies 0.3 % of a normal distribution
_RUG = 0.025  # of the height of the panel
_HEADROOM = 1.35  # for the legend, above the curves


def draw(
    fit: Fit, found: tuple[Effect, ...], ax: Axes | Iterable[Axes] | None
) -> NDArray[np.object_]:
    """Return the axes, one panel an effect; see `Plots.density`."""
    deviations = [fitted_sd(fit, effect) for effect in found]
    panels = some_axes(ax, [effect.name for effect in found], (4.4, 3.4))
    for panel, effect, sd in zip(panels, found, deviations, strict=True):
        _draw_curves(panel, effect.modes, sd)
        panel.plot(
            effect.modes,
            np.full(len(effect.modes), _RUG),
            linestyle="none",
            marker="|",
            markersize=7.0,
            markeredgewidth=0.6,
            color=INK,
            label="_modes",
            transform=panel.get_xaxis_transform(),
            clip_on=False,
        )
        dress(panel, axis_name(fit, effect), "density", f"Density, {effect.name}")
    return panels


def _draw_curves(ax: Axes, modes: NDArray[np.float64], sd: float) -> None:
    """Draw the kernel density of the modes and the normal density; each where it is defined."""
    curves = []
    x = _grid(modes, sd)
    if np.ptp(modes) > 0.0:
        curves.append(ax.plot(x, gaussian_kde(modes)(x), color=BLUE, label="random effects"))
    if sd > 0.0:
        label = f"normal, SD {sd:.3g}"
        curves.append(
            ax.plot(x, norm.pdf(x, scale=sd), color=ACCENT, linestyle=DASHES[1], label=label)
        )
    else:
        ax.plot([], [], linestyle="none", label="estimated SD is 0")
        ax.set_yticks([])
    for (line,) in curves:
        line.set_linewidth(1.4)
    ax.set_xlim(x[0], x[-1])
    highest = max((float(np.max(line.get_ydata())) for (line,) in curves), default=1.0)
    ax.set_ylim(0.0, _HEADROOM * highest)
    legend(ax, loc="upper right")


def _grid(modes: NDArray[np.float64], sd: float) -> NDArray[np.float64]:
    """Return the points at which the curves are drawn: around 0, all modes within."""
    reach = max(_TAIL * sd, 1.2 * float(np.max(np.abs(modes))))
    return np.linspace(-reach, reach, _GRID) if reach > 0.0 else np.linspace(-1.0, 1.0, _GRID)
