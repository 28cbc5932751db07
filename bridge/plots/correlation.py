"""The correlations of the fixed effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.errors import ArgumentError
from bridge.plots.style import INK, LABEL, dress, one_axes, points_a_step, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit

_CELL, _MARGIN = 0.62, 1.7
_DARK = 0.6
_LONGEST_NAME = 28
_SMALLEST_TEXT = 4.5


def correlations(vcov: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (p, p) the correlations of a (p, p) covariance; NaN where a variance is 0."""
    sd = np.sqrt(np.diag(vcov))
    scale = np.where(sd > 0.0, sd, np.nan)
    return np.asarray(vcov / np.outer(scale, scale), dtype=np.float64)


def draw(fit: Fit, ax: Axes | None) -> Axes:
    """Return the axes; see `Plots.correlation`."""
    names = [str(name) for name in fit.vcov.columns]
    p = len(names)
    if p <= 1:
        raise ArgumentError(
            f"The model has {p} fixed coefficients ({', '.join(names)}); a correlation is of two."
        )
    cells = correlations(np.asarray(fit.vcov, dtype=np.float64))[1:, :-1]
    hidden = ~np.tril(np.ones_like(cells, dtype=np.bool_))
    panel = one_axes(ax, (_MARGIN + 1.0 + _CELL * p, _MARGIN + _CELL * p))
    panel.imshow(
        np.ma.masked_array(cells, mask=hidden | np.isnan(cells)),
        cmap="RdBu_r",
        vmin=-1.0,
        vmax=1.0,
        aspect="auto",
    )
    dress(panel, "", "", "Correlation of fixed effects")
    panel.spines[["left", "bottom"]].set_visible(False)
    _write_names(panel, names)
    _write_numbers(panel, cells, hidden)
    return panel


def _write_names(ax: Axes, names: list[str]) -> None:
    """Write the names of the rows and of the columns; of the columns aslant where they are long."""
    shown = [short(name, _LONGEST_NAME) for name in names]
    text = float(np.clip(0.8 * points_a_step(ax, len(names) - 1), _SMALLEST_TEXT, LABEL))
    width = points_a_step(ax, len(names) - 1, across=True)
    aslant = max(map(len, shown)) * 0.6 * text > width
    turned: dict[str, Any] = (
        {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if aslant else {}
    )
    ax.set_xticks(range(len(names) - 1), shown[:-1], fontsize=text, **turned)
    ax.set_yticks(range(len(names) - 1), shown[1:], fontsize=text)
    ax.tick_params(length=0)


def _write_numbers(ax: Axes, cells: NDArray[np.float64], hidden: NDArray[np.bool_]) -> None:
    """Write each correlation in its cell, with as many digits as there is room for."""
    room = points_a_step(ax, cells.shape[1], across=True)
    text = float(np.clip(room / 3.4, _SMALLEST_TEXT, LABEL))
    if room / 3.4 < _SMALLEST_TEXT:
        return
    for row, column in zip(*np.nonzero(~hidden), strict=True):
        value = cells[row, column]
        ax.text(
            column,
            row,
            "undefined" if np.isnan(value) else f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=text,
            color="white" if abs(value) > _DARK else INK,
        )
