"""Report → the blocks that text and Markdown lay out: what is shown, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.quantity import LAYERS, QUANTITIES
from parity.reports import numerals
from parity.reports.blocks import (
    Block,
    CaseTitle,
    Headline,
    Paragraph,
    Section,
    Table,
    counted,
    printable,
)
from parity.reports.closing import closing
from parity.reports.published import PUBLISHED, published
from parity.verdict import MEANING, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parity.finding import Comparison, Finding
    from parity.report import CaseReport, Report

_LAYERS: dict[str, str] = {letter: f"{letter} {name}" for letter, name in LAYERS.items()}
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_COLUMNS = (
    "quantity", "reference", "candidate", "error", "unit", "tolerance", "digits", "verdict",
)  # fmt: skip
_EXPLAINED = frozenset({Verdict.KNOWN, Verdict.BETTER})
_FEW = 3
_NUMBERS = frozenset({1, 2, 3, 5, 6})


def outline(report: Report, *, verbose: bool) -> Iterator[Block]:
    """Yield the report's blocks in reading order."""
    yield from _opening(report)
    for case in report.cases:
        if not case.message:
            yield from _case(case, verbose=verbose)
    yield from _left_out(report)
    yield from closing(report)


def _opening(report: Report) -> Iterator[Block]:
    yield Headline(printable(report.headline))
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report.versions.items()))
    yield Paragraph(f"Versions: {printable(versions) or 'none stated'}.")
    ran = sum(not case.message for case in report.cases)
    left = len(report.cases) - ran
    yield Paragraph(
        f"{counted(ran, 'case')} ran"
        + (f", {left} did not" if left else "")
        + f"; {counted(report.compared, 'number')} compared in "
        f"{counted(len(report.comparisons), 'pair')}; "
        f"{report.seconds:.1f} s."
    )
    rows = tuple((str(v), str(count), MEANING[v]) for v, count in report.summary.items())
    if rows:
        yield Table(("verdict", "pairs", "meaning"), rows, frozenset({1}), 2, 2, titled=False)
    yield Paragraph(
        "Each line names the number that is worst for its tolerance: reference | candidate, its "
        "error in its unit, the tolerance, and in how many digits the two agree (log relative "
        "error, at most 15.9). What a quantity and its unit are: parity explain QUANTITY."
    )
    if ran:
        yield Section("Cases")


def _case(case: CaseReport, *, verbose: bool) -> Iterator[Block]:
    rows = "" if case.nobs is None else f"{case.nobs} rows of "
    family = "" if case.family == "gaussian(identity)" else f"{case.family}, "
    details = printable(f"{family}{case.method}, {rows}{case.dataset}")
    yield CaseTitle(printable(case.case), printable(case.formula), details)
    for note in case.notes:
        yield Paragraph(printable(note), 4)
    if case.conditions and case.pairs:
        yield from _said(case.pairs[0].reference, case.conditions, verbose=verbose)
    live = [pair for pair in case.pairs if pair.reference != PUBLISHED]
    if live:
        header = ("candidate", "verdict", "found")
        yield Table(header, _lines(live), indent=2, elastic=2, titled=False)
    for pair in live:
        yield from _details(pair, verbose=verbose)
        # What the reference said has been shown.
        if verbose or pair.conditions != case.conditions:
            yield from _said(pair.candidate, pair.conditions, verbose=verbose)
    yield from published(case, verbose=verbose)


def _left_out(report: Report) -> Iterator[Block]:
    """Yield the cases that did not run, each reason once."""
    reasons: dict[str, list[str]] = {}
    for case in report.cases:
        if case.message:
            reasons.setdefault(case.message, []).append(case.case)
    if reasons:
        yield Section("Cases that did not run")
    for reason, names in reasons.items():
        yield Paragraph(f"{printable(', '.join(names))}: {printable(reason)}", 2)


def _lines(pairs: Iterable[Comparison]) -> tuple[tuple[str, ...], ...]:
    """Return candidate, verdict and sentence; candidates without numbers share a sentence."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for pair in pairs:
        words = _line(pair).removeprefix(f"{pair.candidate}: ")
        alone = pair.candidate if pair.findings else ""
        lines.setdefault((alone, str(pair.verdict), words), []).append(pair.candidate)
    return tuple((", ".join(who), verdict, words) for (_, verdict, words), who in lines.items())


def _line(pair: Comparison) -> str:
    """Return what came of a pair, in one sentence."""
    off = [finding for finding in pair.findings if finding.verdict is not Verdict.AGREE]
    if pair.verdict is Verdict.AGREE and pair.findings:
        worst = max(pair.findings, key=_badness)
        count = counted(len(pair.findings), "number")
        if all(finding.reference == finding.candidate for finding in pair.findings):
            return f"{count}, equal to the last bit{_withheld(pair)}"
        return f"{count}, worst {numerals.words(worst)}{_withheld(pair)}"
    vanished = not pair.verdict.green and all(finding.verdict.green for finding in off)
    if vanished or not off:
        return printable(pair.message)
    first = [finding for finding in off if QUANTITIES[finding.quantity].layer == pair.layer]
    worst = max(first or off, key=_badness)
    return f"{len(off)} of {len(pair.findings)} numbers off, worst {numerals.words(worst)}"


def _withheld(pair: Comparison) -> str:
    """Return what the reference gives and the candidate does not, so that green hides no gap."""
    lacking = {quantity for quantity, engine, _ in pair.absent if engine == pair.reference}
    names = [q for q, engine, _ in pair.absent if engine == pair.candidate and q not in lacking]
    return f"; not given: {', '.join(names)}" if names else ""


def _badness(finding: Finding) -> tuple[int, float, float]:
    """Return what findings are ranked by: verdict, error over tolerance, lack of digits."""
    size = abs(finding.error)
    ratio = size / finding.tolerance if finding.tolerance else size * float("inf") if size else 0.0
    return _RANK[finding.verdict], ratio, -finding.digits


def _details(pair: Comparison, *, verbose: bool) -> Iterator[Block]:
    """Yield what a reader needs beyond the line: the numbers that are off, and why."""
    shown = [max(group, key=_badness) for group in _by_quantity(pair.findings)]
    off = [finding for finding in shown if finding.verdict is not Verdict.AGREE]
    brief = off if verbose or pair.verdict not in _EXPLAINED else _one_a_layer(off)
    listed = shown if verbose else brief
    if pair.diagnosis:
        yield Paragraph(f"the criterion: {printable(pair.diagnosis)}", 4)
    if pair.layer or listed:
        layer = f"first layer that diverges: {_LAYERS[pair.layer]}" if pair.layer else "in detail"
        more = len(off) - len(brief)
        rest = f"; --verbose shows {more} more" if more else ""
        yield Paragraph(f"{pair.candidate}: {layer}{rest}", 4)
    if listed:
        yield Table(_COLUMNS, tuple(_row(finding) for finding in listed), _NUMBERS, 4)
    yield from _reasons(off, pair.layer, verbose=verbose)
    if verbose:
        for quantity, engine, reason in pair.absent:
            yield Paragraph(f"{engine} gives no {quantity}: {printable(reason)}", 4)


def _by_quantity(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.quantity, []).append(finding)
    return sorted(groups.values(), key=lambda group: QUANTITIES[group[0].quantity].layer)


def _one_a_layer(off: list[Finding]) -> list[Finding]:
    """Return the worst finding of each layer; a few findings all."""
    if len(off) <= _FEW:
        return off
    best: dict[str, Finding] = {}
    for finding in sorted(off, key=_badness):
        best[QUANTITIES[finding.quantity].layer] = finding
    return [best[layer] for layer in sorted(best)]


def _row(finding: Finding) -> tuple[str, ...]:
    one, other = numerals.both(finding)
    return (
        printable(finding.name), one, other, numerals.size(finding), finding.unit,
        numerals.limit(finding), numerals.agreement(finding.digits), str(finding.verdict),
    )  # fmt: skip


def _reasons(off: list[Finding], layer: str, *, verbose: bool) -> Iterator[Block]:
    """Yield each declared reason, and the reasons of the tolerances that were missed."""
    tolerances: dict[str, list[str]] = {}
    declared: dict[str, None] = {}
    for finding in off:
        if finding.verdict is Verdict.KNOWN:
            declared[finding.why] = None
        elif verbose or QUANTITIES[finding.quantity].layer == layer:
            tolerances.setdefault(finding.why, []).append(finding.quantity)
    for why in declared:
        told = why if verbose else f"{why.split(':')[0]}, explained at the end"
        yield Paragraph(f"known as {printable(told)}", 4)
    for why, names in tolerances.items():
        yield Paragraph(f"reason for {', '.join(names)}: {printable(why)}", 4)


def _said(engine: str, conditions: tuple[str, ...], *, verbose: bool) -> Iterator[Block]:
    """Yield an engine's messages and warnings: the first in short, or all."""
    distinct = list(dict.fromkeys(printable(condition) for condition in conditions))
    if verbose:
        for condition in distinct:
            yield Paragraph(f"{engine} said: {condition}", 4)
    elif distinct:
        more = f" ({len(distinct) - 1} more)" if len(distinct) > 1 else ""
        yield Paragraph(f"{engine} said{more}: {distinct[0]}", 4, short=True)
