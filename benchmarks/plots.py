"""The page's pictures: figures against their targets, cases, and growth on two log scales."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from benchmarks.tables import short_title
from bridge.plots.style import (
    ACCENT,
    BLUE,
    COLOURS,
    DASHES,
    FAINT,
    MARKERS,
    TICK,
    dress,
    key,
    pyplot,
    reference_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.record import Group, Outcome, Record

_DPI, _PALETTE = 110, 255
_WIDE, _ABREAST, _MOST = 1e3, 5, 100.0
_LINE, _PANEL = 0.24, (4.4, 3.3)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a small PNG."""
    from PIL import Image  # noqa: PLC0415  (comes with matplotlib)

    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=_DPI)
    pyplot().close(figure)
    picture = Image.open(drawn).convert("RGB").quantize(_PALETTE, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)


def draw_targets(named: Sequence[tuple[str, Outcome]]) -> Figure | None:
    """Return figures as multiples of their targets, quartiles as bars; None where there is none."""
    measured = [(name, one) for name, one in named if one.reached is not None]
    measured = [(name, one) for name, one in measured if min(_margins(one)) > 0]
    if not measured:
        return None
    height = 1.0 + _LINE * len(measured)
    figure, ax = pyplot().subplots(figsize=(8.2, height), layout="constrained")
    for place, (_, outcome) in enumerate(measured):
        low, middle, high = _margins(outcome)
        good = middle >= 1.0
        colour, marker = (BLUE, "o") if good else (ACCENT, "X")
        ax.plot([low, high], [place, place], color=colour, linewidth=2.0, alpha=0.5)
        ax.plot(middle, place, marker, color=colour, markersize=5.5)
    ax.set_yticks(range(len(measured)), [name for name, _ in measured])
    ax.set_ylim(len(measured) - 0.4, -0.6)
    ax.set_xscale("log")
    _plain_numbers(ax)
    reference_line(ax, x=1.0)
    dress(ax, f"times as good as the target ({_MOST:g} for more)", "")
    handles = [key(BLUE, "o", ""), key(ACCENT, "X", "")]
    ax.legend(
        handles, ["reached", "missed"], fontsize=TICK, frameon=False, ncols=2,
        loc="lower right", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    return cast("Figure", figure)


def _margins(outcome: Outcome) -> tuple[float, float, float]:
    """Return by how many times the figure beats the bound: at its quartiles, in order."""
    found, bound = outcome.reached, outcome.target.bound
    assert found is not None
    quartiles = np.array([found.low, found.median, found.high])
    # an excess below 0 is as good as none
    beats = quartiles / bound if outcome.target.at_least else bound / np.maximum(quartiles, 1e-9)
    low, middle, high = sorted(np.minimum(beats, _MOST).tolist())
    return low, middle, high


def draw_cases(records: Sequence[Record]) -> Figure:
    """Return the seconds of each contestant in each measurement, a line a measurement."""
    looks = _looks([name for record in records for name in record.costs])
    height = 1.3 + 0.42 * len(records)
    figure, ax = pyplot().subplots(figsize=(8.2, height), layout="constrained")
    for place, record in enumerate(records):
        ax.axhline(place, color=FAINT, linewidth=0.8, zorder=0.9)
        for name in record.costs:
            found, (colour, marker, _) = record.wall(name), looks[name]
            ax.plot([found.low, found.high], [place, place], color=colour, alpha=0.5, linewidth=2)
            ax.plot(found.median, place, marker, color=colour, markersize=6)
    ax.set_yticks(range(len(records)), [short_title(record) for record in records])
    ax.set_ylim(len(records) - 0.5, -0.5)
    ax.set_xscale("log")
    _plain_numbers(ax)
    dress(ax, "seconds on the clock", "")
    _legend_above(figure, looks, lines=False)
    return cast("Figure", figure)


def draw_growth(groups: Mapping[str, Sequence[Record]]) -> Figure:
    """Return seconds over a growing size, a panel a series, on two log scales."""
    looks = _looks([name for records in groups.values() for one in records for name in one.costs])
    size = (len(groups) * _PANEL[0], _PANEL[1] + 0.5)
    figure, drawn = pyplot().subplots(
        1, len(groups), figsize=size, layout="constrained", squeeze=False, sharey=True
    )
    for ax, (series, records) in zip(drawn[0], groups.items(), strict=True):
        for name, look in looks.items():
            _draw_line(ax, name, look, records)
        ax.set_xscale("log")
        ax.set_yscale("log")
        first = records[0].growth
        assert first is not None
        dress(ax, first.axis, "seconds on the clock" if ax is drawn[0][0] else "", series)
    _legend_above(figure, looks)
    return cast("Figure", figure)


def _draw_line(ax: Axes, name: str, look: tuple[Any, ...], records: Sequence[Record]) -> None:
    known = [record for record in records if name in record.costs and record.growth]
    sizes = [record.growth.size for record in known if record.growth]
    found = [record.wall(name) for record in known]
    colour, marker, dashes = look
    ax.fill_between(
        sizes, [one.low for one in found], [one.high for one in found], color=colour, alpha=0.15,
        linewidth=0,
    )  # fmt: skip
    ax.plot(
        sizes, [one.median for one in found], color=colour, marker=marker, linestyle=dashes,
        markersize=4.5, linewidth=1.4,
    )  # fmt: skip


def _looks(names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return colour, marker and dashes of each contestant, in the order of their first showing."""
    once = list(dict.fromkeys(names))
    return {
        name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(once)
    }


def _legend_above(
    figure: Figure, looks: Mapping[str, tuple[Any, ...]], *, lines: bool = True
) -> None:
    handles = [
        key(colour, mark, dashes if lines else "") for colour, mark, dashes in looks.values()
    ]
    figure.legend(
        handles, list(looks), fontsize=TICK, frameon=False, loc="outside upper left",
        ncols=len(looks) if len(looks) <= _ABREAST else _ABREAST - 1,
    )  # fmt: skip


def _plain_numbers(ax: Axes) -> None:
    """Write 0.1, 1, 10 rather than powers along x; 2 and 5 too where there is room."""
    from matplotlib.ticker import (  # noqa: PLC0415  (only who draws needs it)
        FuncFormatter,
        LogLocator,
        NullFormatter,
    )

    low, high = ax.get_xlim()
    subs = (1.0, 2.0, 5.0) if high / low < _WIDE else (1.0,)
    ax.xaxis.set_major_locator(LogLocator(subs=subs))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def draw_group(group: Group) -> dict[str, Figure]:
    """Return the pictures of one group by name: its cases, and its series."""
    pictures = {}
    cases = [record for record in group.records if not record.table and record.costs]
    if len(cases) > 1 and group.name in {"bootstrap", "engines", "large"}:
        pictures[f"{group.name}-cases"] = draw_cases(cases)
    series: dict[str, list[Record]] = {}
    for record in group.records:
        if record.growth and record.costs:
            series.setdefault(record.growth.series, []).append(record)
    if series:
        pictures[f"{group.name}-growth"] = draw_growth(series)
    return pictures
