"""How many digits each engine has right, case by case, where the reference is certified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.reports import numerals
from parity.reports.blocks import Block, Paragraph, Section, Table, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.finding import Comparison
    from parity.report import Report

REFERENCE = "certified"
QUANTITIES = ("loglik", "fixef", "se_conditional", "se_joint", "sigma", "sd", "theta")


def scores(report: Report) -> Iterator[Block]:
    """Yield, for each case, the fewest digits of each engine's main quantities.

    Unlike the comparison with an engine, this is a score: the reference is proven, so the digits
    are those that the engine has right (log relative error, the fewest over the elements).
    """
    if report.reference != REFERENCE:
        return
    engines = list(dict.fromkeys(pair.candidate for pair in report.comparisons if pair.findings))
    yield Section("Score: digits that are right, the fewest over a quantity's elements")
    for engine in engines:
        pairs = [
            pair
            for pair in report.comparisons
            if pair.candidate == engine and pair.reference == REFERENCE and pair.findings
        ]
        shown = [name for name in QUANTITIES if any(_digits(pair, name) for pair in pairs)]
        rows = tuple(
            (printable(pair.case), *(_digits(pair, name) or numerals.NOTHING for name in shown))
            for pair in pairs
            if any(_digits(pair, name) for name in shown)
        )
        if rows:
            yield Paragraph(f"{printable(engine)}:", 2)
            yield Table(("case", *shown), rows, frozenset(range(1, len(shown) + 1)), 4)


def _digits(pair: Comparison, quantity: str) -> str:
    found = [finding.digits for finding in pair.findings if finding.quantity == quantity]
    return numerals.agreement(min(found)) if found else ""
