"""Published figures: each as it was printed, beside every engine's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.compare import PUBLISHED
from parity.reports import numerals
from parity.reports.blocks import Block, Paragraph, Table, printable
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parity.finding import Comparison, Finding
    from parity.report import CaseReport

__all__ = ["PUBLISHED", "published"]

_ENGINES_ABREAST = 4


def published(case: CaseReport, *, verbose: bool) -> Iterator[Block]:
    """Yield the source, a row for each figure, and a line for each that an engine misses."""
    pairs = [pair for pair in case.pairs if pair.reference == PUBLISHED]
    if not pairs:
        return
    met = ", ".join(_met(pair) for pair in pairs)
    yield Paragraph(f"Published in {printable(case.published_in)}: {met}", 2)
    with_numbers = [pair for pair in pairs if pair.findings]
    for start in range(0, len(with_numbers), _ENGINES_ABREAST):
        yield _table(with_numbers[start : start + _ENGINES_ABREAST])
    for pair in pairs:
        yield from _misses(pair)
        for quantity, engine, reason in pair.absent:
            text = f"{engine} gives no {quantity}: {printable(reason)}"
            yield Paragraph(text, 4, short=not verbose)


def _met(pair: Comparison) -> str:
    if not pair.findings:
        return f"{pair.candidate} {pair.verdict}"
    met = sum(finding.verdict is Verdict.AGREE for finding in pair.findings)
    return f"{pair.candidate} {pair.verdict}, {met} of {len(pair.findings)} figures"


def _table(pairs: Sequence[Comparison]) -> Table:
    found = [{(f.quantity, f.key): f for f in pair.findings} for pair in pairs]
    elements = dict.fromkeys(element for findings in found for element in findings)
    rows = []
    for element in elements:
        cells = [findings.get(element) for findings in found]
        first = next(finding for finding in cells if finding is not None)
        rows.append((printable(first.name), _text(first), *_beside(cells)))
    header = ("figure", "printed", *(pair.candidate for pair in pairs))
    return Table(header, tuple(rows), frozenset(range(1, len(header))), 4)


def _text(finding: Finding) -> str:
    return finding.printed or f"{finding.reference:g}"


def _beside(cells: Sequence[Finding | None]) -> list[str]:
    """Return each engine's number and whether it rounds to the figure."""
    return [
        f"{numerals.NOTHING}  "
        if finding is None
        else f"{numerals.beside(_text(finding), finding.candidate)} {_mark(finding.verdict)}"
        for finding in cells
    ]


def _mark(verdict: Verdict) -> str:
    if verdict is Verdict.KNOWN:
        return "known"
    return "✓" if verdict is Verdict.AGREE else "✗"


def _misses(pair: Comparison) -> Iterator[Block]:
    """Yield how far each number is from a figure that it does not round to, and why."""
    if pair.findings and not pair.verdict.green and _all_met(pair):
        yield Paragraph(f"{pair.candidate} {pair.verdict}: {printable(pair.message)}", 4)
    for finding in pair.findings:
        if finding.verdict is Verdict.AGREE:
            continue
        known = finding.verdict is Verdict.KNOWN
        reason = f": {printable(finding.why.split(':')[0])}" if known else ""
        yield Paragraph(f"{_mark(finding.verdict)}: {pair.candidate} {_miss(finding)}{reason}", 4)


def _all_met(pair: Comparison) -> bool:
    """Whether no figure explains the verdict: a declared difference has vanished."""
    return all(finding.verdict.green for finding in pair.findings)


def _miss(finding: Finding) -> str:
    name, text = printable(finding.name), _text(finding)
    if finding.candidate is None or finding.reference is None:
        return f"gives no {name}, printed as {text}"
    number = numerals.beside(text, finding.candidate)
    return f"{name} {number} for {text}, off by {finding.error:.3g} half units of the last digit"
