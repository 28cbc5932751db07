"""A report as text for a terminal; UTF-8, no colour, no I/O."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from parity.reports.blocks import Block, CaseTitle, Headline, Paragraph, Section, Table
from parity.reports.outline import outline

if TYPE_CHECKING:
    from parity.report import Report

WIDTH = 120
_GAP = "  "
_NARROWEST = 16
_CUT = "…"


def render(report: Report, *, verbose: bool = False, width: int = WIDTH) -> str:
    """Return the report as text.

    Parameters
    ----------
    report
        What a run found.
    verbose
        Every quantity of every pair, what is absent and why, and all that the engines said.
    width
        Columns that a line should not exceed.
    """
    lines: list[str] = []
    for block in outline(report, verbose=verbose):
        lines += _laid_out(block, width)
    return "\n".join(lines) + "\n"


def _laid_out(block: Block, width: int) -> list[str]:
    match block:
        case Headline(text):
            return [text]
        case Section(text):
            return ["", f"── {text} ".ljust(width, "─")]
        case CaseTitle(name, formula, details):
            return ["", *_wrapped(f"{name}: {formula}; {details}", "", width)]
        case Paragraph():
            return _paragraph(block, width)
        case Table():
            return table(block, width)


def _paragraph(paragraph: Paragraph, width: int) -> list[str]:
    margin = " " * paragraph.indent
    if paragraph.short:
        return [margin + _cut(paragraph.text, width - paragraph.indent)]
    return _wrapped(paragraph.text, margin, width)


def _wrapped(text: str, margin: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin + "    ",
        break_on_hyphens=False,
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + _CUT


def table(block: Table, width: int = WIDTH) -> list[str]:
    """Return a table's lines: columns two blanks apart, the elastic one made to fit."""
    columns = len(block.header)
    rows = [block.header, *block.rows] if block.titled else list(block.rows)
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    spare = width - block.indent - sum(widths) - len(_GAP) * (columns - 1)
    elastic = block.elastic
    if spare < 0:
        widths[elastic] = max(widths[elastic] + spare, min(widths[elastic], _NARROWEST))
    folding = elastic == columns - 1
    margin = " " * block.indent
    lines = []
    for row in rows:
        cells = list(row)
        folded = textwrap.wrap(cells[-1], widths[-1], break_on_hyphens=False) if folding else []
        if folding:
            cells[-1] = folded[0] if folded else ""
        else:
            cells[elastic] = _cut(cells[elastic], widths[elastic])
        lines.append((margin + _GAP.join(_justified(cells, widths, block.right))).rstrip())
        hang = margin + " " * (sum(widths[:-1]) + len(_GAP) * (columns - 1))
        lines += [hang + part for part in folded[1:]]
    return lines


def _justified(cells: list[str], widths: list[int], right: frozenset[int]) -> list[str]:
    return [
        cell.rjust(size) if column in right else cell.ljust(size)
        for column, (cell, size) in enumerate(zip(cells, widths, strict=True))
    ]
