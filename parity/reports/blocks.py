"""The pieces of a printed report, before they are laid out as text or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Headline:
    """The report's first line."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The title of a part."""

    text: str


@dataclass(frozen=True, slots=True)
class CaseTitle:
    """What was asked: the case's name, its formula, and the rest in a few words."""

    name: str
    formula: str
    details: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two.

    Attributes
    ----------
    text
        One line, however long.
    indent
        Columns from the left, in text.
    short
        Whether text shows its first line only.
    """

    text: str
    indent: int = 0
    short: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    Attributes
    ----------
    header
        Column titles, ``(k,)``.
    rows
        Cells, each row ``(k,)``.
    right
        Columns that are set flush right.
    indent
        Columns from the left, in text.
    elastic
        The column that gives way where a line is too long: it is shortened, and folded where it
        is the last one.
    titled
        Whether text shows the titles; Markdown always does.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    indent: int = 0
    elastic: int = 0
    titled: bool = True


Block: TypeAlias = Headline | Section | CaseTitle | Paragraph | Table


def counted(count: int, noun: str) -> str:
    """Return a count with its noun in the right number."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """Return the text in one line, with what a terminal would obey written as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in " ".join(text.split())
    )
