"""Several pictures of one fit on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.plots import density, lines, quantiles, residuals
from bridge.plots.caterpillar import Caterpillar
from bridge.plots.effects import Effect, effects
from bridge.plots.prediction_lines import Lines, predict_lines
from bridge.plots.style import pyplot
from bridge.plots.typical import At, covariates
from bridge.plots.used import used_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit

_WIDTH, _LOW, _HIGH = 4.4, 3.7, 7.0
_ROW = 0.105  # inches a level, which is text of 6 points
_LEVEL, _SPAN = 0.95, 2 / 3


def draw(
    fit: Fit, chosen: tuple[str | None, str | None], covariate: str | None, at: At
) -> NDArray[Any]:
    """Return the axes; see `Plots.diagnostics`."""
    mixed = bool(fit.ranef) or any(chosen)
    found = effects(fit, *chosen)[:1] if mixed else ()
    predicted = _predict(fit, covariate, found, at)
    levels = max((len(effect.levels) for effect in found), default=0)
    height = float(np.clip(0.9 + _ROW * levels, _LOW, _HIGH))
    rows = 2 if mixed else 1
    size = (3 * _WIDTH, rows * height)
    figure, axes = pyplot().subplots(rows, 3, figsize=size, layout="constrained", squeeze=False)
    # Room between panels: each has labels of its own.
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    if found:
        quantiles.draw_effects(fit, found, _LEVEL, axes[0, 1])
        density.draw(fit, found, axes[0, 2])
    residuals.draw(fit, _SPAN, axes[-1, 0])
    quantiles.draw_residuals(fit, _LEVEL, axes[-1, 1])
    figure.draw_without_rendering()  # so that text whose size or width depends on a panel's fits
    if found:
        Caterpillar(level=_LEVEL).draw(fit, found, axes[0, 0])
    _draw_lines(fit, predicted, axes[-1, 2])
    return np.asarray(axes)


def _predict(fit: Fit, covariate: str | None, found: tuple[Effect, ...], at: At) -> Lines | None:
    """Return the predictions, or None where no covariate was asked for and none is there."""
    if covariate is None and not covariates(fit, used_data(fit)):
        return None
    return predict_lines(fit, covariate, found[0].group if found else None, at)


def _draw_lines(fit: Fit, predicted: Lines | None, ax: Axes) -> None:
    if predicted is None:
        ax.set_axis_off()
        return
    lines.draw(fit, predicted, ax, points=True)
