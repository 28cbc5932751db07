"""Names of columns in a formula: which need backticks, and what is written in their place."""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from difflib import get_close_matches

_SHOWN = 12
_KEYWORDS = ("if", "else", "repeat", "while", "function", "for", "next", "break", "in")
_CONSTANTS = ("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA")
_TYPED_NA = ("NA_integer_", "NA_real_", "NA_character_")
_RESERVED = frozenset((*_KEYWORDS, *_CONSTANTS, *_TYPED_NA))
_SYNTACTIC = re.compile(r"(?:[^\W\d_]|\.(?!\d))[\w.]*")
# Text between backticks or quotes, in which a backslash takes the next character with it.
_QUOTED = re.compile(r"""`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
# What word processors and web pages put for the characters that R reads.
_LOOKALIKES = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
    "~": "\u02dc\u223c\uff5e",
    "'": "\u2018\u2019",
    '"': "\u201c\u201d",
    "*": "\u00b7\u00d7\u2217\uff0a",
    "+": "\uff0b",
    "|": "\u2223\u2502\uff5c",
    "(": "\uff08",
    ")": "\uff09",
    ",": "\uff0c",
    ":": "\uff1a",
    " ": "\u00a0\u2007\u2009\u202f\u3000",
    "": "\u200b\ufeff",
}
_MEANT = {character: meant for meant, seen in _LOOKALIKES.items() for character in seen}


def text_names(columns: Iterable[Hashable]) -> list[str]:
    """Return the names that a formula can use: those that are text."""
    return [name for name in columns if isinstance(name, str)]


def is_syntactic(name: str) -> bool:
    """Return whether R reads `name` as one name without backticks."""
    return _SYNTACTIC.fullmatch(name) is not None and name not in _RESERVED


def in_backticks(name: str) -> str:
    """Return `name` as it stands in a formula, whatever its characters."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def unquoted(formula: str, columns: Sequence[str]) -> str | None:
    """Return the longest of `columns` that the formula has but for the backticks it needs."""
    bare = _QUOTED.sub(" ` ", formula)
    for name in sorted(columns, key=len, reverse=True):
        found = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
        if name and not is_syntactic(name) and not name.isdigit() and re.search(found, bare):
            return name
    return None


def lookalike(formula: str) -> str | None:
    """Return the sentence about the first character that only looks like one of R's, or None."""
    for place, character in enumerate(formula, start=1):
        if character in _MEANT:
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            meant = _MEANT[character]
            cure = f"R reads {meant!r} there" if meant else "leave it out"
            return f"Its character {place}, {character!r}, is {name}: {cure}."
    return None


def unknown_column(name: str, known: Sequence[str]) -> str:
    """Return the sentence that says that `name` is no column, with the nearest that are."""
    near = get_close_matches(name, known, n=3)
    if near:
        return f"The data have no column {name!r}. Did you mean {' or '.join(map(repr, near))}?"
    shown = ", ".join(map(repr, known[:_SHOWN]))
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"The data have no column {name!r}. Their columns: {shown}{more}."
