"""A report as GitHub-flavoured Markdown; no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parity.reports.blocks import Block, CaseTitle, Headline, Paragraph, Section, Table
from parity.reports.outline import outline

if TYPE_CHECKING:
    from parity.report import Report

# An underscore within a word, as in se_joint, is one to Markdown too.
_SPECIAL = re.compile(r"([\\`*{}\[\]<>&#|~]|(?<![^\W_])_|_(?![^\W_]))")


def render(report: Report, *, verbose: bool = False) -> str:
    """Return the report as Markdown.

    Parameters
    ----------
    report
        What a run found.
    verbose
        Every quantity of every pair, what is absent and why, and all that the engines said.
    """
    blocks = [_marked_up(block) for block in outline(report, verbose=verbose)]
    return "\n\n".join(blocks) + "\n"


def _marked_up(block: Block) -> str:
    match block:
        case Headline(text):
            return f"# Parity report\n\n{_escaped(text)}"
        case Section(text):
            return f"## {_escaped(text)}"
        case CaseTitle(name, formula, details):
            return f"### {_escaped(name)}\n\n{_code(formula)}, {_escaped(details)}"
        case Paragraph(text):
            return _escaped(text)
        case Table():
            return _table(block)


def _table(block: Table) -> str:
    rule = ["---:" if column in block.right else ":---" for column, _ in enumerate(block.header)]
    rows = [[_escaped(cell) for cell in row] for row in (block.header, *block.rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], rule, *rows[1:]))


def _escaped(text: str) -> str:
    """Return the text so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text.strip())


def _code(text: str) -> str:
    """Return the text as code, fenced by more backticks than it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
