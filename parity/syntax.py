"""R's expression grammar, as far as a model formula needs it: text → tree, nothing evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 100
MAX_TOKENS = 5000


class FormulaError(ValueError):
    """A formula that cannot be read, or that asks for what no engine here can express."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a formula's tree.

    Attributes
    ----------
    kind
        ``"name"``, ``"number"``, ``"string"``, ``"call"``, ``"unary"``, ``"binary"`` or
        ``"paren"``.
    value
        The name, literal or operator.
    children
        Operands or arguments.
    source
        The text that it was read from, unedited.
    """

    kind: str
    value: str
    children: tuple[Node, ...]
    source: str

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in reading order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


SYNTACTIC = re.compile(r"(?:[^\W\d_]|\.(?!\d))[\w.]*")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
      | (?P<name>(?:[^\W\d_]|\.(?!\d))[\w.]*)
      | (?P<backtick>`(?:[^`\\]|\\.)+`)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<op>%in%|\|\||&&|<=|>=|==|!=|[-+*/^:~|()<>!&,=])
    """,
    re.VERBOSE,
)

# Precedence of R's binary operators, loosest first (R's help page ?Syntax).
_BINARY = {
    "~": 1, "||": 2, "|": 2, "&&": 3, "&": 3, "==": 5, "!=": 5, "<": 5, ">": 5, "<=": 5,
    ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7, "%in%": 8, ":": 9, "^": 11,
}  # fmt: skip
_UNARY = {"~": 1, "!": 4, "-": 10, "+": 10}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokenize(text: str) -> list[_Token]:
    """Split the text, refusing what R's formula grammar does not know."""
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(
                f"The formula {text!r} does not parse: {text[position]!r} at position "
                f"{position + 1} is no part of a formula."
            )
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match.group(), position, match.end()))
        position = match.end()
    if len(tokens) > MAX_TOKENS:
        raise FormulaError(f"The formula has {len(tokens)} symbols; at most {MAX_TOKENS} are read.")
    return tokens


class _Reader:
    """Precedence climbing over the tokens of one formula."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokenize(text)
        self.position = 0
        self.depth = 0

    def peek(self) -> str:
        """Return the text of the next token, empty at the end."""
        if self.position < len(self.tokens):
            return self.tokens[self.position].text
        return ""

    def next_kind(self) -> str:
        """Return the kind of the next token, empty at the end."""
        if self.position < len(self.tokens):
            return self.tokens[self.position].kind
        return ""

    def fail(self, expected: str) -> FormulaError:
        """Return the error that names the place."""
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            found = f"{token.text!r} at position {token.start + 1}"
        else:
            found = "the end"
        return FormulaError(
            f"The formula {self.text!r} does not parse: expected {expected}, found {found}."
        )

    def slice(self, start: int) -> str:
        """Return the source from token `start` to the last one read."""
        return self.text[self.tokens[start].start : self.tokens[self.position - 1].end]

    def expression(self, floor: int) -> Node:
        """Read an expression whose operators bind at least as tightly as `floor`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaError(f"The formula is nested deeper than {MAX_DEPTH} levels.")
        start = self.position
        left = self.prefix()
        while (
            self.next_kind() == "op"
            and self.peek() in _BINARY
            and (strength := _BINARY[self.peek()]) >= floor
        ):
            operator = self.peek()
            self.position += 1
            right = self.expression(strength if operator == "^" else strength + 1)
            left = Node("binary", operator, (left, right), self.slice(start))
        self.depth -= 1
        return left

    def prefix(self) -> Node:
        """Read an operand: a unary operator, a parenthesis, a literal, a name or a call."""
        start, kind, text = self.position, self.next_kind(), self.peek()
        if kind == "op" and text in _UNARY:
            self.position += 1
            operand = self.expression(_UNARY[text])
            return Node("unary", text, (operand,), self.slice(start))
        if text == "(":
            self.position += 1
            inner = self.expression(0)
            self.take(")")
            return Node("paren", "(", (inner,), self.slice(start))
        if kind in {"number", "string"}:
            self.position += 1
            return Node(kind, text, (), text)
        if kind in {"name", "backtick"}:
            return self.name_or_call()
        raise self.fail("a variable, a number or a parenthesis")

    def name_or_call(self) -> Node:
        """Read a name, or a call where a parenthesis follows."""
        start = self.position
        quoted = self.next_kind() == "backtick"
        name = self.peek()[1:-1] if quoted else self.peek()
        self.position += 1
        if self.peek() != "(":
            return Node("name", name, (), self.slice(start))
        self.position += 1
        arguments = []
        while self.peek() != ")":
            arguments.append(self.argument())
            if self.peek() != ",":
                break
            self.position += 1
        self.take(")")
        return Node("call", name, tuple(arguments), self.slice(start))

    def argument(self) -> Node:
        """Read one argument of a call, ``name = value`` or a value."""
        named = (
            self.next_kind() == "name"
            and self.position + 1 < len(self.tokens)
            and self.tokens[self.position + 1].text == "="
        )
        if not named:
            return self.expression(2)
        start, name = self.position, self.peek()
        self.position += 2
        value = self.expression(2)
        return Node("argument", name, (value,), self.slice(start))

    def take(self, text: str) -> None:
        """Step over a token that must be there."""
        if self.peek() != text:
            raise self.fail(repr(text))
        self.position += 1


def read(text: str) -> Node:
    """Return the tree of a formula's text; nothing is evaluated.

    Raises
    ------
    FormulaError
        With the place, where the text is no R expression of formula operators.
    """
    if not text.strip():
        raise FormulaError("The formula is empty; expected for example 'y ~ x + (1 | group)'.")
    reader = _Reader(text)
    tree = reader.expression(0)
    if reader.position < len(reader.tokens):
        raise reader.fail("an operator")
    return tree
