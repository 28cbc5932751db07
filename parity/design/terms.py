"""R's formula terms for patsy: every atom evaluated here, only names and operators handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from parity.syntax import SYNTACTIC, Node, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float64]"

_FACTOR_CALLS = frozenset({"factor", "as.factor"})
_FIRST_DOUBLE = 2**31
"""Integers from here on are doubles to R."""
_NUMBERS = (int, float, np.integer, np.floating)
_OPERATORS = {"+": "+", "-": "-", "*": "*", "/": "/", ":": ":", "%in%": ":", "^": "**"}

_FUNCTIONS: Mapping[str, Callable[[Vector], Vector]] = {
    "I": np.asarray,
    "abs": np.abs,
    "as.numeric": np.asarray,
    "cos": np.cos,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tan": np.tan,
}
_ARITHMETIC: Mapping[str, Callable[[Vector, Vector], Vector]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


class NotExpressibleError(ValueError):
    """A model that statsmodels' MixedLM cannot state, with the reason."""


class UnusableDataError(ValueError):
    """Data that the model cannot be fitted to, with the reason."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Additive terms, ready for patsy.

    Attributes
    ----------
    text
        patsy's right-hand side; its atoms are ``Q('R name')`` and nothing else.
    atoms
        R name → tree of what is to be evaluated under it, in order of appearance.
    """

    text: str
    atoms: Mapping[str, Node]


def translate(terms: Iterable[str]) -> Terms:
    """Return the terms of `ModelSpec.fixed` or `RandomTerm.columns` as patsy reads them.

    Raises
    ------
    NotExpressibleError
        Where a term calls a function that has no equal here.
    """
    atoms: dict[str, Node] = {}
    listed = list(terms)
    intercept = listed[0] if listed[0] in {"0", "1"} else "0"
    others = [term for term in listed if term not in {"0", "1"}]
    pieces = [_algebra(read(term), atoms) for term in others]
    return Terms(" + ".join([intercept, *pieces]), atoms)


def _algebra(node: Node, atoms: dict[str, Node]) -> str:
    """Return the node in patsy's formula algebra, its atoms collected."""
    if node.kind == "paren":
        return f"({_algebra(node.children[0], atoms)})"
    if node.kind == "number" and node.value in {"0", "1"}:
        return node.value
    if node.kind == "binary" and node.value in _OPERATORS:
        left = _algebra(node.children[0], atoms)
        power = node.value == "^"
        right = node.children[1].value if power else _algebra(node.children[1], atoms)
        if power and not right.isdigit():
            raise NotExpressibleError(f"the power in {node.source!r} is no whole number")
        return f"{left}{_OPERATORS[node.value]}{right}"
    if node.kind not in {"name", "call"}:
        raise NotExpressibleError(f"{node.source!r} has no equal in patsy's formulas")
    check(node)
    name = deparse(node)
    atoms.setdefault(name, node)
    return f"Q({name!r})"


def check(node: Node) -> None:
    """Refuse an expression that `evaluate` cannot compute; `NotExpressibleError` says why."""
    if node.kind == "call":
        if node.value not in _FUNCTIONS and node.value not in _FACTOR_CALLS:
            raise NotExpressibleError(f"the function {node.value}() has no equal here")
        if len(node.children) != 1 or node.children[0].kind == "argument":
            raise NotExpressibleError(f"{node.source!r} has arguments that have no equal here")
    elif node.kind == "binary" and node.value not in _ARITHMETIC:
        raise NotExpressibleError(f"the operator {node.value} in {node.source!r} has no equal here")
    elif node.kind == "string" or (node.kind == "unary" and node.value not in "+-"):
        raise NotExpressibleError(f"{node.source!r} has no equal here")
    for child in node.children:
        check(child)


def deparse(node: Node) -> str:
    """Return the expression as R spells it in the names of coefficients."""
    inner = [deparse(child) for child in node.children]
    spelled = {
        "name": node.value if SYNTACTIC.fullmatch(node.value) else f"`{node.value}`",
        "number": spell(float(node.value.rstrip("L"))) if node.kind == "number" else "",
        "call": f"{node.value}({', '.join(inner)})",
        "paren": f"({''.join(inner)})",
        "unary": f"{node.value}{''.join(inner)}",
        "binary": (f" {node.value} " if node.value in {"+", "-", "*"} else node.value).join(inner),
    }
    return spelled[node.kind]


def evaluate(node: Node, data: pd.DataFrame) -> pd.Series:
    """Return an atom's values over all rows: numbers, or a categorical of text.

    Raises
    ------
    UnusableDataError
        Where a column is not there, or is no number where one is needed.
    """
    if node.kind == "name":
        column = _column(node.value, data)
        return column if _is_number(column) else as_factor(column)
    if node.kind == "call" and node.value in _FACTOR_CALLS:
        return as_factor(evaluate(node.children[0], data))
    return pd.Series(arithmetic(node, data), index=data.index)


def arithmetic(node: Node, data: pd.DataFrame) -> Vector:
    """Return the values ``(n,)`` of a numeric expression; missing ones are nan."""
    if node.kind == "number":
        return np.full(len(data), float(node.value.rstrip("L")))
    if node.kind == "name":
        return numbers(node.value, data)
    operands = [arithmetic(child, data) for child in node.children]
    with np.errstate(all="ignore"):
        if node.kind == "binary":
            return _ARITHMETIC[node.value](*operands)
        if node.kind == "unary" and node.value == "-":
            return -operands[0]
        return _FUNCTIONS[node.value](operands[0]) if node.kind == "call" else operands[0]


def numbers(name: str, data: pd.DataFrame) -> Vector:
    """Return a column of numbers ``(n,)``, to be read only; missing ones are nan."""
    column = _column(name, data)
    if not _is_number(column):
        raise UnusableDataError(f"{name} is no number, but the formula computes with it.")
    if column.dtype == np.dtype(np.float64):
        own = column.to_numpy().view()  # no copy
        own.flags.writeable = False
        return own
    values: Vector = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def as_factor(column: pd.Series) -> pd.Series:
    """Return the column as R's factor: levels are text, ordered by number where they are numbers.

    A category that is ordered is a plain factor here, for so the bridge sends it to R.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        if all(isinstance(level, str) for level in column.cat.categories):
            return column
        return column.cat.rename_categories(_name)
    codes, known = pd.factorize(column, sort=True)
    labels = _labels(known.tolist())
    # As in R, numbers that read alike in 15 digits are one level.
    levels = list(dict.fromkeys(labels))
    place = {label: number for number, label in enumerate(levels)}
    # the last one is for what is missing, of code -1
    numbers = np.array([*(place[label] for label in labels), -1], dtype=np.intp)
    cells = pd.Categorical.from_codes(numbers[codes], pd.Index(levels))
    return pd.Series(cells, index=column.index)


def _labels(levels: Sequence[object]) -> list[str]:
    """Return the text of a column's values as R's as.character writes it.

    Integers of which one is too large for R's are doubles, all of them.
    """
    doubles = any(_is_double(level) for level in levels)
    return [
        spell(float(level)) if doubles and isinstance(level, _NUMBERS) else _name(level)
        for level in levels
    ]


def _is_double(number: object) -> bool:
    """Whether R has a double for a number."""
    if isinstance(number, (int, np.integer)):
        return abs(int(number)) >= _FIRST_DOUBLE
    return isinstance(number, (float, np.floating))


def _name(level: object) -> str:
    """Return a category's text as the bridge has it: a number's is the shortest that is exact."""
    if isinstance(level, (bool, np.bool_)):
        return str(level).upper()
    if isinstance(level, (float, np.floating)):
        return str(int(level)) if float(level).is_integer() else str(float(level))
    return str(level)


def spell(number: float) -> str:
    """Return a number as R writes it: at most 15 digits, the shorter of fixed and scientific."""
    number += 0.0  # R has no -0 in text
    mantissa, _, power = f"{number:.14e}".partition("e")
    digits, exponent = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0", int(power)
    fixed = f"{number:.{max(len(digits) - 1 - exponent, 0)}f}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    scientific = f"{'-' if number < 0 else ''}{digits[0]}{rest}e{exponent:+03d}"
    return fixed if len(fixed) <= len(scientific) else scientific


def _column(name: str, data: pd.DataFrame) -> pd.Series:
    if name not in data.columns:
        raise UnusableDataError(f"The data have no column {name!r}.")
    return data[name]


def _is_number(column: pd.Series) -> bool:
    dtype = column.dtype
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
