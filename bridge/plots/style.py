"""How pictures look: colours, sizes, and the axes that they are drawn on."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bridge.arguments import shown
from bridge.errors import ArgumentError, BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import AbstractPathEffect
    from numpy.typing import NDArray

# Of Okabe and Ito, "Color Universal Design" (2008), in an order in which neighbours differ in grey.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#000000",
    "#CC79A7",
    "#009E73",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (5, 1, 1, 1)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2)),
    (0, (8, 1, 1, 1)),
)
BLUE, ACCENT, INK, MIDDLE, FAINT = "#0072B2", "#D55E00", "#222222", "#7f7f7f", "#d9d9d9"
TITLE, LABEL, TICK = 10.0, 9.0, 8.0
_POINTS_AN_INCH = 72.0
_LONGEST_LABEL = 44
_WIDEST = 3
_MANY = 5000


def pyplot() -> ModuleType:
    """Return matplotlib's pyplot.

    Raises
    ------
    BridgeError
        Where matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt  # noqa: PLC0415  (only who draws needs it)
    except ImportError as error:
        raise BridgeError(
            "Pictures need matplotlib, which is not here: pip install 'lme4-parity[plots]'."
        ) from error
    return plt


def one_axes(ax: Axes | None, size: tuple[float, float] = (5.2, 3.8)) -> Axes:
    """Return `ax`, or the axes of a new figure of `size` inches.

    Raises
    ------
    ArgumentError
        When `ax` is no axes.
    """
    if ax is not None:
        return _as_axes(ax)
    return cast("Axes", pyplot().subplots(figsize=size, layout="constrained")[1])


def _as_axes(given: object) -> Axes:
    """Return `given`, refused unless it is matplotlib's axes."""
    pyplot()
    from matplotlib.axes import Axes  # noqa: PLC0415  (only who draws needs it)

    if not isinstance(given, Axes):
        raise ArgumentError(
            f"ax is {shown(given)}; expected axes of matplotlib, as plt.subplots() returns them."
        )
    return given


def some_axes(
    ax: Axes | Iterable[Axes] | None, names: list[str], size: tuple[float, float]
) -> NDArray[np.object_]:
    """Return (k,) axes, one a name: those given, or of a new figure with `size` inches a panel.

    Raises
    ------
    ArgumentError
        When there are not as many axes as names, or what is given is no axes.
    """
    if ax is None:
        columns = min(len(names), _WIDEST)
        rows = ceil(len(names) / columns)
        shape = (columns * size[0], rows * size[1])
        drawn = pyplot().subplots(rows, columns, figsize=shape, layout="constrained", squeeze=False)
        panels = np.ravel(drawn[1])
        for spare in panels[len(names) :]:
            spare.remove()
        return panels[: len(names)]
    given = [_as_axes(one) for one in np.ravel(np.array(ax, dtype=object))]
    if len(given) != len(names):
        raise ArgumentError(
            f"{len(names)} panels would be drawn ({', '.join(names)}), but {len(given)} axes were "
            "given. Give as many axes, or choose by group and term."
        )
    return np.array(given, dtype=object)


def dress(ax: Axes, x: str, y: str, title: str = "") -> None:
    """Leave `ax` with labels, small ticks, and without a frame on the right and on top."""
    ax.set_xlabel(short(x), fontsize=LABEL)
    ax.set_ylabel(short(y), fontsize=LABEL)
    if title:
        ax.set_title(title, fontsize=TITLE, loc="left")
    ax.tick_params(labelsize=TICK, width=0.6, length=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(0.6)


def reference_line(ax: Axes, *, x: float | None = None, y: float | None = None) -> None:
    """Draw a thin grey line across `ax` at `x` or at `y`."""
    style: dict[str, Any] = {"color": MIDDLE, "linewidth": 0.8, "zorder": 0.9}
    if x is not None:
        ax.axvline(x, **style)
    if y is not None:
        ax.axhline(y, **style)


def legend(ax: Axes, **where: Any) -> None:  # noqa: ANN401  (matplotlib's own arguments)
    """Leave `ax` with a legend without a frame, whose keys are not faint."""
    made = ax.legend(fontsize=TICK, frameon=False, **{"loc": "best"} | where)
    for handle in made.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)


def key(colour: str, marker: str, dashes: Any) -> Line2D:  # noqa: ANN401  (matplotlib's own)
    """Return what stands in a legend for a look."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  (only who draws needs it)

    return Line2D([], [], color=colour, marker=marker, linestyle=dashes, markersize=4.5)


def halo() -> list[AbstractPathEffect]:
    """Return a white rim for a line, so that it can be told from points in grey too."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415  (only who draws needs it)

    return [withStroke(linewidth=3.6, foreground="white")]


def short(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Return `text`, its middle left out where it is too long for a label."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def cloud(count: int, *, fainter: float = 1.0) -> dict[str, Any]:
    """Return matplotlib's arguments for `count` points: the more, the smaller and the fainter.

    Very many are a bitmap in a vector file, which would be slow to open otherwise.
    """
    root = np.sqrt(max(count, 1))
    return {
        "s": float(np.clip(400.0 / root, 6.0, 20.0)),
        "alpha": fainter * float(np.clip(12.0 / root, 0.06, 0.85)),
        "linewidths": 0,
        "rasterized": count > _MANY,
    }


def points_a_step(ax: Axes, steps: int, *, across: bool = False) -> float:
    """Return how many points (1/72 inch) one of `steps` equal parts of `ax` is high, or wide."""
    figure = ax.get_figure(root=True)
    if figure is None:
        return TICK
    box = ax.get_window_extent()
    length = box.width if across else box.height
    return float(length) / float(figure.dpi) * _POINTS_AN_INCH / max(steps, 1)
