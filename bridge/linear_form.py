"""Sums of coefficients read from text: ``"x1 - x2 = 0, x3 = 1"``. Nothing is evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_QUOTED = re.compile(r"`([^`]*)`")
_UNKNOWN = re.compile(r"[^\s+\-*/=,]+")
_SYMBOLS = "+-*/()=,"
# Deeper nesting than any hypothesis has, and far from where Python's own recursion ends.
_DEEPEST = 50


@dataclass(frozen=True, slots=True, eq=False)
class LinearForm:
    """A sum of coefficients: (p,) their weights, and a constant."""

    weights: NDArray[np.float64]
    constant: float

    def is_number(self) -> bool:
        """Return whether no coefficient is in it."""
        return not self.weights.any()

    def plus(self, other: LinearForm, sign: float = 1.0) -> LinearForm:
        """Return the sum with (sign = -1: the difference from) another."""
        return LinearForm(
            self.weights + sign * other.weights, self.constant + sign * other.constant
        )

    def times(self, factor: float) -> LinearForm:
        """Return its multiple."""
        return LinearForm(self.weights * factor, self.constant * factor)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "._"


def _name_at(text: str, at: int, names: Sequence[str]) -> str | None:
    """Return the longest name that stands here and ends where a word may end."""
    for name in names:
        end = at + len(name)
        if not name or not text.startswith(name, at):
            continue
        if end == len(text) or not (_is_word(name[-1]) and _is_word(text[end])):
            return name
    return None


def _quoted_name(quoted: str, names: Sequence[str]) -> str:
    # R itself writes the coefficient of a column `my x` with its backticks.
    for candidate in (quoted, f"`{quoted}`"):
        if candidate in names:
            return candidate
    raise ArgumentError(_no_coefficient(quoted, names))


def _no_coefficient(word: str, names: Sequence[str]) -> str:
    near = get_close_matches(word, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(map(repr, sorted(names)[:20]))
    return f"There is no coefficient {word!r}.{hint} The coefficients are {shown}."


def _tokens(text: str, names: Sequence[str]) -> Iterator[_Token]:
    longest_first = sorted(names, key=len, reverse=True)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, length = _next_token(text, at, longest_first)
        yield token
        at += length


def _next_token(text: str, at: int, names: Sequence[str]) -> tuple[_Token, int]:
    if name := _name_at(text, at, names):
        return _Token("name", name), len(name)
    if quoted := _QUOTED.match(text, at):
        return _Token("name", _quoted_name(quoted[1], names)), len(quoted[0])
    number = _NUMBER.match(text, at)
    if number and not _is_word(text[number.end() : number.end() + 1] or " "):
        return _Token("number", number[0]), len(number[0])
    if text[at] in _SYMBOLS:
        return _Token(text[at], text[at]), 1
    word = _UNKNOWN.match(text, at)
    raise ArgumentError(_no_coefficient(word[0] if word else text[at], names))


class _Parser:
    """Reads constraints from left to right; `names` are the p coefficients in their order."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self._text = text
        self._names = list(names)
        self._tokens = list(_tokens(text, names))
        self._at = 0
        self._depth = 0

    def _peek(self) -> str:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else "end"

    def _take(self) -> _Token:
        if self._at == len(self._tokens):
            raise ArgumentError(f"The hypothesis {self._text!r} ends where a coefficient belongs.")
        self._at += 1
        return self._tokens[self._at - 1]

    def constraints(self) -> list[LinearForm]:
        """Return each constraint as a linear form that is 0 under the hypothesis."""
        found = self._constraint()
        while self._peek() == ",":
            self._take()
            found += self._constraint()
        if self._peek() != "end":
            raise ArgumentError(
                f"The hypothesis {self._text!r} cannot be read at {self._take().text!r}. Write it "
                "as 'x1 - x2 = 0, 2 * x3 = 1'."
            )
        return found

    def _constraint(self) -> list[LinearForm]:
        sides = [self._sum()]
        while self._peek() == "=":
            self._take()
            sides.append(self._sum())
        if len(sides) == 1:
            return sides
        return [left.plus(right, -1.0) for left, right in pairwise(sides)]

    def _sum(self) -> LinearForm:
        total = self._product()
        while self._peek() in {"+", "-"}:
            sign = 1.0 if self._take().kind == "+" else -1.0
            total = total.plus(self._product(), sign)
        return total

    def _product(self) -> LinearForm:
        product = self._factor()
        while self._peek() in {"*", "/"}:
            product = self._combine(product, self._take().kind, self._factor())
        return product

    def _combine(self, left: LinearForm, operator: str, right: LinearForm) -> LinearForm:
        if operator == "*" and left.is_number():
            return right.times(left.constant)
        if not right.is_number():
            raise ArgumentError(
                f"The hypothesis {self._text!r} is not linear: a coefficient is multiplied or "
                "divided by a coefficient."
            )
        if operator == "/" and right.constant == 0:
            raise ArgumentError(f"The hypothesis {self._text!r} divides by 0.")
        return left.times(1.0 / right.constant if operator == "/" else right.constant)

    def _factor(self) -> LinearForm:
        token = self._take()
        sign = 1.0
        while token.kind in {"+", "-"}:
            sign = -sign if token.kind == "-" else sign
            token = self._take()
        return self._atom(token).times(sign)

    def _atom(self, token: _Token) -> LinearForm:
        weights = np.zeros(len(self._names))
        match token.kind:
            case "number":
                return LinearForm(weights, float(token.text))
            case "name":
                weights[self._names.index(token.text)] = 1.0
                return LinearForm(weights, 0.0)
            case "(":
                return self._inside()
        raise ArgumentError(
            f"The hypothesis {self._text!r} has {token.text!r} where a coefficient belongs."
        )

    def _inside(self) -> LinearForm:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ArgumentError(f"The hypothesis nests more than {_DEEPEST} parentheses.")
        inside = self._sum()
        if self._take().kind != ")":
            raise ArgumentError(f"The hypothesis {self._text!r} lacks a closing parenthesis.")
        self._depth -= 1
        return inside


def read_forms(text: str, names: Sequence[str]) -> list[LinearForm]:
    """Return each constraint of `text` as a sum that is 0 under it.

    Raises
    ------
    ArgumentError
        For what cannot be read, a name that is no coefficient, and products of coefficients.
    """
    return _Parser(text, names).constraints()
