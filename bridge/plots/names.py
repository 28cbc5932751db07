"""Names in R's text: the response of a formula, its random terms, the columns it mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Quoted text and backticked names are read whole, so that no sign within them counts.
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|`(?P<tick>(?:\\.|[^`\\])*)`"""
    r"""|(?P<name>(?:[^\W\d_]|\.)[\w.]*)|(?P<number>\d[\w.]*)|(?P<sign>\S)"""
)
_FACTOR_MAKERS = ("factor", "as.factor", "ordered")


def response_name(formula: str) -> str:
    """Return what stands left of the ``~``, without the backticks of a single name."""
    left = formula[: _tilde(formula)].strip()
    whole = _TOKEN.fullmatch(left)
    if whole is not None and whole["tick"] is not None:
        return str(whole["tick"])
    return left


def right_side(formula: str) -> str:
    """Return what stands right of the ``~``."""
    return formula[_tilde(formula) + 1 :]


def _tilde(formula: str) -> int:
    for token in _TOKEN.finditer(formula):
        if token["sign"] == "~":
            return token.start()
    return -1


def names_in(text: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Return those of `columns` that stand in R's `text` as names, in the order of the text."""
    known = set(columns)
    found = (token["tick"] or token["name"] for token in _TOKEN.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name in known))


def made_factors(formula: str) -> tuple[str, ...]:
    """Return the names that the formula turns into factors, as school in ``factor(school)``."""
    tokens = [token["tick"] or token[0] for token in _TOKEN.finditer(formula)]
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return tuple(name for maker, sign, name in triples if maker in _FACTOR_MAKERS and sign == "(")


@dataclass(frozen=True, slots=True)
class Bar:
    """A random term as written: ``Days || Subject`` has terms Days, sign || and group Subject."""

    terms: str
    sign: str
    group: str

    def of(self, group: str) -> str:
        """Return the same terms, of `group`, as a formula holds them."""
        return f"({self.terms} {self.sign} {group})"


def bars(formula: str) -> tuple[Bar, ...]:
    """Return the random terms of a formula that R accepted: what stands in parentheses with a bar.

    A parenthesis after a name is a call, as ``I(a | b)``, and no random term.
    """
    found = []
    opened: list[tuple[int, bool, int | None]] = []  # where, whether a call, where its bar is
    before = None
    for token in _TOKEN.finditer(formula):
        sign = token["sign"]
        if sign == "(":
            is_call = before is not None and (before["name"] or before["tick"]) is not None
            opened.append((token.end(), is_call, None))
        elif sign == "|" and opened and opened[-1][2] is None:
            opened[-1] = (*opened[-1][:2], token.start())
        elif sign == ")" and opened:
            start, is_call, bar = opened.pop()
            if bar is not None and not is_call:
                found.append(_bar(formula, start, bar, token.start()))
        before = token
    return tuple(found)


def _bar(formula: str, start: int, bar: int, end: int) -> Bar:
    sign = "||" if formula[bar : bar + 2] == "||" else "|"
    group = formula[bar + len(sign) : end]
    return Bar(formula[start:bar].strip(), sign, group.strip())


def factors(group: str) -> tuple[str, ...]:
    """Return the texts of the factors of a bar's group: of ``a/b`` they are ``a`` and ``a:b``."""
    depth, cuts = 0, [0]
    for token in _TOKEN.finditer(group):
        depth += {"(": 1, ")": -1}.get(token["sign"] or "", 0)
        if token["sign"] == "/" and depth == 0:
            cuts.append(token.end())
    ends = [*(cut - 1 for cut in cuts[1:]), len(group)]
    parts = [group[cut:end].strip() for cut, end in zip(cuts, ends, strict=True)]
    return tuple(":".join(parts[: k + 1]) for k in range(len(parts)))


def quoted(name: str) -> str:
    """Return a column's name as R's code has it, in backticks where it needs them."""
    plain = re.fullmatch(r"(?:[^\W\d_]|\.(?!\d))[\w.]*", name)
    return name if plain else f"`{name.replace('`', chr(92) + '`')}`"
