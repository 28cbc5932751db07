"""Measurements as tables of Markdown. Pure: records in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.record import NOT_MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.record import Outcome, Record
    from benchmarks.spread import Spread

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SMALLEST_GAP = 1e-6
_WORTH_TELLING = 1e-3
_FIGURES = {
    "time": "time over that of {against}",
    "speed": "times as fast as {against}",
    "excess": "above {against}",
    "seconds": "a run",
    "peak": "peak memory over the data",
}


def seconds(number: float) -> str:
    """Return seconds in the unit in which they are at least 1, to three digits."""
    size = abs(number)
    scale, unit = next((pair for pair in _UNITS if size >= pair[0]), _UNITS[-1])
    return f"{digits(number / scale)} {unit}"


def digits(number: float) -> str:
    """Return a number to three digits, without an exponent where it has few zeros."""
    if number != 0 and not 1e-3 <= abs(number) < 1e6:
        return f"{number:.2e}"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def shown(found: Spread) -> str:
    """Return a figure with the quartiles of its rounds."""
    if found.rounds == 1:
        return f"{digits(found.median)} (one round)"
    return f"{digits(found.median)} ({digits(found.low)} to {digits(found.high)})"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table, its first column left and all others right."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return [_line(head), _line(marks), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def short_title(record: Record) -> str:
    """Return the part of a title that names the measurement among others."""
    return record.title.partition(": ")[0]


def ratio_name(record: Record) -> str:
    """Return what a ratio of the record says."""
    return _FIGURES[record.shown].format(against=record.base)


def one_table(record: Record) -> list[str]:
    """Return the lines of a measurement with a table of its own."""
    columns = {"": list(record.costs)}
    columns["wall"] = [seconds(record.wall(name).median) for name in record.costs]
    columns["CPU"] = [seconds(record.cpu(name).median) for name in record.costs]
    if record.base:
        columns[ratio_name(record)] = [_ratio(record, name) for name in record.costs]
    gaps = [record.above_lowest(name) for name in record.costs]
    if any(gap is not None for gap in gaps):
        columns["deviance above lowest"] = [_gap(gap) for gap in gaps]
    if any(target.way == "peak" for target in record.targets):
        columns["peak over data"] = [_peak(record, name) for name in record.costs]
    rounds = f"{record.rounds} round{'s' * (record.rounds != 1)}"
    lines = [f"**{_escaped(record.title)}** ({rounds})", ""]
    if record.costs:
        lines += grid(list(columns), zip(*columns.values(), strict=True))
    return [*lines, *below(record)]


def _escaped(text: str) -> str:
    return text.replace("*", "\\*")


def _ratio(record: Record, name: str) -> str:
    found = record.ratio(name)
    return "1" if name == record.base else ("" if found is None else shown(found))


def _gap(gap: float | None) -> str:
    if gap is None:
        return ""
    return "0" if gap < _SMALLEST_GAP else f"{gap:.1e}"


def below(record: Record) -> list[str]:
    """Return what stands below a table: who is missing and why, and notes."""
    lines = [f"* {name}: {NOT_MEASURED}: {reason}" for name, reason in record.absent.items()]
    lines += [f"* {note}" for note in record.notes]
    return ["", *lines, ""] if lines else [""]


def figure_name(outcome: Outcome, record: Record) -> str:
    """Return what a target is about."""
    against = outcome.target.against or record.base
    return _FIGURES[outcome.target.way].format(against=against)


def bound(outcome: Outcome) -> str:
    """Return the target's bound."""
    target = outcome.target
    sign = "≥" if target.at_least else "≤"
    in_seconds = target.way in {"excess", "seconds"}
    return f"{sign} {seconds(target.bound) if in_seconds else digits(target.bound)}"


def reached(outcome: Outcome) -> str:
    """Return the figure, with the quartiles of its rounds."""
    found, in_seconds = outcome.reached, outcome.target.way in {"excess", "seconds"}
    if found is None:
        return "no figure"
    if not in_seconds:
        return shown(found)
    if found.rounds == 1:
        return f"{seconds(found.median)} (one round)"
    return f"{seconds(found.median)} ({seconds(found.low)} to {seconds(found.high)})"


def shared_table(records: Sequence[Record]) -> list[str]:
    """Return the lines of measurements that share a table, a row each."""
    names = list(dict.fromkeys(name for record in records for name in record.costs))
    first = records[0]
    head = [first.growth.axis if first.growth else "", *names]
    rows = [[_label(record), *(_cell(record, name) for name in names)] for record in records]
    for name in names:
        peaks = [_peak(record, name) for record in records]
        if any(peaks):
            head.append(f"{name}: peak over data")
            rows = [[*row, peak] for row, peak in zip(rows, peaks, strict=True)]
    rounds = max(record.rounds for record in records)
    about = f"wall; in parentheses {ratio_name(first)}" if first.base else "wall"
    lines = [f"**{first.table}** ({about}; {rounds} round{'s' * (rounds != 1)})", ""]
    return [*lines, *grid(head, rows), *_under(records)]


def _label(record: Record) -> str:
    return f"{record.growth.size:,}" if record.growth else record.title


def _cell(record: Record, name: str) -> str:
    if name not in record.costs:
        return ""
    found = record.ratio(name)
    text = seconds(record.wall(name).median)
    return text if found is None else f"{text} ({digits(found.median)})"


def _peak(record: Record, name: str) -> str:
    found = record.value(name, "peak") if name in record.costs else None
    return "" if found is None else digits(found)


def _under(records: Sequence[Record]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for record in records:
        for name, reason in record.absent.items():
            reasons.setdefault(f"{name}: {NOT_MEASURED}: {reason}", []).append(_label(record))
        for name in record.costs:
            gap = record.above_lowest(name)
            if gap is not None and gap > _WORTH_TELLING:
                told = f"{name} stopped {gap:.1e} above the lowest deviance"
                reasons.setdefault(told, []).append(_label(record))
        for note in record.notes:
            reasons.setdefault(note, []).append(_label(record))
    lines = [
        f"* {reason}" + ("" if len(where) == len(records) else f" (at {', '.join(where)})")
        for reason, where in reasons.items()
    ]
    return ["", *lines, ""] if lines else [""]
