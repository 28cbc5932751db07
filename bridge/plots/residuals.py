"""Residuals against fitted values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import ArgumentError
from bridge.plots.names import response_name
from bridge.plots.smooth import local_line
from bridge.plots.style import (
    ACCENT,
    BLUE,
    cloud,
    dress,
    halo,
    one_axes,
    reference_line,
)
from bridge.plots.used import used_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bridge.fit import Fit

_GRID = 80
_FEWEST = 5
_LONGEST_RESPONSE = 24


def draw(fit: Fit, span: float | None, ax: Axes | None) -> Axes:
    """Return the axes; see `Plots.residuals`."""
    if span is not None and not 0.0 < span <= 1.0:
        raise ArgumentError(f"span is {span!r}; expected a share of the points, as 0.67, or None.")
    x, y = used_values(fit, fit.fitted), used_values(fit, fit.resid)
    panel = one_axes(ax)
    reference_line(panel, y=0.0)
    panel.scatter(x, y, color=BLUE, **cloud(len(x)))
    if span is not None and len(np.unique(x)) >= _FEWEST:
        at = np.linspace(x.min(), x.max(), _GRID)
        smooth = local_line(x, y, at, span)
        panel.plot(at, smooth, color=ACCENT, linewidth=1.8, path_effects=halo())
    response = response_name(fit.formula)
    kind = "residual" if fit.family is None else "deviance residual"
    shown = f"{kind} of {response}" if len(response) <= _LONGEST_RESPONSE else kind
    dress(panel, f"fitted {response}", shown, "Residuals and fitted values")
    return panel
