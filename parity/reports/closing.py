"""The end of a report: the worst of each quantity, the declared differences, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.compare import PUBLISHED
from parity.quantity import QUANTITIES
from parity.reports import numerals
from parity.reports.blocks import Block, Paragraph, Section, Table, counted, printable
from parity.reports.scores import scores
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.finding import Comparison, Finding
    from parity.report import Report

_ENGINES_ABREAST = 4
_NAMED = 12


def closing(report: Report) -> Iterator[Block]:
    """Yield the last blocks of a report."""
    yield from scores(report)
    yield from _extremes(report)
    yield from _known(report)
    yield Section("Answer")
    yield Paragraph(conclusion(report))


def conclusion(report: Report) -> str:
    """Return the answer to "do they agree?" in one sentence."""
    if all(case.message for case in report.cases):
        return "Nothing was compared: no case ran."
    if not report.compared:
        return "Nothing was compared: no pair of engines has a number in common."
    red = [pair for pair in report.comparisons if not pair.green]
    if not red:
        counts = report.summary
        shares = ", ".join(
            f"{counts[verdict]} {verdict}" for verdict in counts if verdict is not Verdict.AGREE
        )
        rest = f" ({shares})" if shares else ""
        return (
            f"All green: {counted(report.compared, 'number')} in "
            f"{counted(counts.get(Verdict.AGREE, 0), 'agreeing pair')}{rest}."
        )
    named = ", ".join(f"{_pair(pair)} {pair.verdict}" for pair in red[:_NAMED])
    more = f", and {len(red) - _NAMED} more" if len(red) > _NAMED else ""
    verb = "pair differs" if len(red) == 1 else "pairs differ"
    return f"{len(red)} of {len(report.comparisons)} {verb}: {printable(named)}{more}."


def _pair(pair: Comparison) -> str:
    held = " (published figures)" if pair.reference == PUBLISHED else ""
    return f"{pair.case} in {pair.candidate}{held}"


def _extremes(report: Report) -> Iterator[Block]:
    """Yield, for each quantity and engine, the fewest digits and the largest error.

    Declared differences are left out: they would hide how well everything else agrees, and their
    sizes follow.
    """
    found: dict[str, dict[str, list[Finding]]] = {}
    for pair in report.comparisons:
        if pair.reference != PUBLISHED:
            for finding in pair.findings:
                if finding.verdict is not Verdict.KNOWN:
                    row = found.setdefault(finding.quantity, {})
                    row.setdefault(pair.candidate, []).append(finding)
    engines = list(dict.fromkeys(engine for row in found.values() for engine in row))
    quantities = [name for name in QUANTITIES if name in found]
    if engines:
        yield Section(
            "Worst of each quantity, known differences left out: fewest digits, largest error"
        )
    for start in range(0, len(engines), _ENGINES_ABREAST):
        abreast = engines[start : start + _ENGINES_ABREAST]
        rows = tuple(
            (
                name,
                QUANTITIES[name].unit,
                *(_extreme(found[name].get(engine, [])) for engine in abreast),
            )
            for name in quantities
        )
        header = ("quantity", "unit", *abreast)
        yield Table(header, rows, frozenset(range(2, len(header))), 2)


def _extreme(findings: list[Finding]) -> str:
    if not findings:
        return numerals.NOTHING
    fewest = min(finding.digits for finding in findings)
    largest = max(findings, key=lambda finding: abs(finding.error))
    return f"{numerals.agreement(fewest)}  {numerals.size(largest):>9}"


def _known(report: Report) -> Iterator[Block]:
    """Yield each declared difference once: its reason, where it was seen, how large it was."""
    seen: dict[str, list[tuple[Comparison, Finding]]] = {}
    for pair in report.comparisons:
        for finding in pair.findings:
            if finding.verdict is Verdict.KNOWN:
                seen.setdefault(finding.why, []).append((pair, finding))
    if seen:
        yield Section("Known differences, declared in known.toml")
    for why, places in seen.items():
        yield Paragraph(printable(why), 2)
        where = ", ".join(dict.fromkeys(_pair(pair) for pair, _ in places))
        yield Paragraph(f"seen in {printable(where)}", 4)
        largest: dict[tuple[str, str], Finding] = {}
        for _, finding in sorted(places, key=lambda place: abs(place[1].error)):
            largest[finding.quantity, finding.unit] = finding
        sizes = ", ".join(
            f"{quantity} {numerals.size(largest[quantity, unit])} ({unit})"
            for quantity, unit in sorted(largest)
        )
        yield Paragraph(f"largest: {sizes}", 4)
