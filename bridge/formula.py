"""What a formula uses, and whether it may: R parses and checks it before it evaluates any of it.

A formula is code to R. Two layers keep it from being more than a formula: a walk over the parsed
text lets through operators, columns, literals and the functions listed here; and what passed is
evaluated where R finds nothing but the data and these functions.

Functions that a formula may call:
I, abs, acos, acosh, addNA, as.character, as.factor, as.integer, as.logical, as.numeric,
as.ordered, as.vector, asin, asinh, atan, atan2, atanh, bs, c, cbind, ceiling, cos, cosh, cospi,
cut, dnorm, droplevels, dummy, exp, expm1, factor, findInterval, floor, ifelse, interaction,
is.finite, is.na, length, levels, log, log10, log1p, log2, max, mean, median, min, ns, offset,
ordered, paste, paste0, plogis, pmax, pmin, pnorm, poly, polym, qlogis, qnorm, quantile, range,
rank, relevel, rep, rev, round, rowMeans, rowSums, scale, sd, seq, sign, signif, sin, sinh, sinpi,
sqrt, sum, tan, tanh, tanpi, trunc, var, xor.

Around a random term, with lme4 2.0 and later: us, diag, cs, ar1.
"""

import re
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal, Protocol

from bridge.arguments import as_names
from bridge.column_names import (
    in_backticks,
    lookalike,
    text_names,
    unknown_column,
    unquoted,
)
from bridge.errors import ArgumentError, BridgeError, FormulaError
from bridge.session import Answer, Argument, Session, Value, Vector, current

__all__ = [
    "Inspected",
    "check_formula",
    "check_terms",
    "columns_used",
    "inspect",
    "require_random_terms",
    "unknown_column",
    "update_formula",
]

_LONGEST = 100_000
_SHOWN = 200
_KEPT = 256
_PLAIN = ("lm", "glm")
_DOTS = re.compile(r"\.(\.(\.|\d+))?")


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a formula holds, by R's own parser.

    Attributes
    ----------
    text
        The formula itself.
    variables
        Names used as data.
    response
        Those of them left of the ``~``.
    bars
        Random terms as written, without their parentheses: ``1 | school``.
    inner_bars
        Each ``|`` inside a function or the response, where it is a logical or: ``a | b``.
    dot
        Whether ``.`` (all other columns) is used.
    constants
        Names that mean a constant (``pi``, ``T``, ``F``) unless a column has them.
    functions
        Functions called.
    words
        Literals that look like names, but for those given by name as in ``raw = TRUE``: ``NULL``.
    word_terms
        Those of them that stand as terms, outside of any function.
    """

    text: str
    variables: tuple[str, ...]
    response: tuple[str, ...]
    bars: tuple[str, ...]
    inner_bars: tuple[str, ...]
    dot: bool
    constants: tuple[str, ...]
    functions: tuple[str, ...]
    words: tuple[str, ...]
    word_terms: tuple[str, ...]


class HasColumns(Protocol):
    """Data whose columns have names."""

    @property
    def columns(self) -> Iterable[Hashable]:
        """The names, in order."""


def inspect(
    session: Session,
    formula: object,
    allow: Sequence[str] = (),
    *,
    columns: Iterable[Hashable] = (),
) -> Inspected:
    """Return what `formula` uses, nothing of it evaluated.

    Parameters
    ----------
    session
        The R that parses.
    formula
        Text as ``"math ~ raven + (1 | school)"``.
    allow
        Names of functions that the formula may call beside the usual ones; see `check_formula`.
    columns
        Names that the data have: an error can then say which of them needs backticks.

    Raises
    ------
    FormulaError
        When it does not parse, is no formula, or holds what no formula may.
    ArgumentError
        When `allow` names what R does not find, or what no formula may call.
    """
    return _inspect(session, "formula", formula, allow, columns)


def check_terms(session: Session, text: object, allow: Sequence[str] = ()) -> Inspected:
    """Return what one-sided terms as ``"~ (1 | school)"`` use, nothing of it evaluated.

    Raises
    ------
    FormulaError, ArgumentError
        As of `inspect`; and when there is a response.
    """
    return _inspect(session, "terms", text, allow, ())


def check_formula(formula: str, *, allow: Sequence[str] = ()) -> None:
    """Return where R would be let evaluate the formula; starts R, evaluates nothing.

    Parameters
    ----------
    formula
        Text as ``"math ~ raven + (1 | school)"``. The functions that it may call stand in
        :mod:`bridge.formula`.
    allow
        Names of further functions: ``"mad"`` for one of R's base, stats, utils, splines or lme4,
        ``"car::logit"`` for one of another package, which the formula calls by its plain name,
        ``logit(p)``. Whether such a function is safe is for you to say: do not allow one for a
        formula that comes from strangers. Functions known to run code, to look up by name or to
        reach files are refused all the same.

    Raises
    ------
    FormulaError
        When it does not parse, is no formula, or holds what no formula may.
    ArgumentError
        When `allow` names what R does not find, or what no formula may call.
    """
    inspect(current(), formula, allow)


def update_formula(session: Session, old: object, new: object, allow: Sequence[str] = ()) -> str:
    """Return the formula that R's ``update`` makes: `new` is as ``". ~ . - x"``.

    The dots of `new` stand for the sides of `old`; random terms are added and taken away in
    parentheses, ``". ~ . + (1 | class)"``. The text is R's, as R writes the new formula.

    Raises
    ------
    FormulaError, ArgumentError
        As of `inspect`, for both formulas and for the new one; and when `old` has a ``.``.
    """
    texts = {"old": _as_text(old), "new": _as_text(new)}
    names = as_names("allow", allow)
    answer = session.call("updated_formula", {**texts, "allow": names or None})
    _require_success(answer, texts["new"], ())
    return _words(answer.value)[0]


class _Recent:
    """The answers about the last formulas: parsing is pure, whatever R did it."""

    def __init__(self) -> None:
        self._found: OrderedDict[Hashable, Inspected] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Inspected | None:
        """Return the answer, if it is remembered."""
        with self._lock:
            return self._found.get(key)

    def keep(self, key: Hashable, found: Inspected) -> None:
        """Remember an answer, and forget the oldest where there are too many."""
        with self._lock:
            self._found[key] = found
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)


_recent = _Recent()


def _inspect(
    session: Session,
    kind: Literal["formula", "terms"],
    given: object,
    allow: Sequence[str],
    columns: Iterable[Hashable],
) -> Inspected:
    text = _as_text(given)
    names = as_names("allow", allow)
    key = (kind, text, *names)
    found = _recent.get(key)
    if found is None:
        sent: dict[str, Argument] = {kind: text, "allow": names or None}
        answer = session.call(f"inspect_{kind}", sent)
        _require_success(answer, text, columns)
        found = _to_inspected(text, answer.value)
        _recent.keep(key, found)
    return found


def _as_text(formula: object) -> str:
    if not isinstance(formula, str):
        raise FormulaError(
            f"The formula is {_with_article(type(formula).__name__)}; expected text as "
            "'math ~ raven + (1 | school)'."
        )
    if len(formula) > _LONGEST:
        raise FormulaError(
            f"The formula has {len(formula)} characters; at most {_LONGEST} are read. Use `.` for "
            "all columns of the data."
        )
    if "\0" in formula or any("\ud800" <= character <= "\udfff" for character in formula):
        raise FormulaError("The formula holds a NUL or half a surrogate pair, which R cannot read.")
    return formula


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _require_success(answer: Answer, text: str, columns: Iterable[Hashable]) -> None:
    failure = answer.failure
    if failure is None:
        return
    if "bridge_argument" in failure.classes:
        raise ArgumentError(failure.text)
    sentences = [failure.text]
    if "does not parse" in failure.text:
        bare = unquoted(text, text_names(columns))
        sentences += [] if bare is None else [_needs_backticks(bare)]
        sentences += [lookalike(text) or ""]
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    raise FormulaError(" ".join([*filter(None, sentences), f"The formula: {shown}"]))


def _needs_backticks(name: str) -> str:
    return f"The column {name!r} stands in a formula in backticks: {in_backticks(name)}."


def _to_inspected(text: str, found: Value) -> Inspected:
    if not isinstance(found, Mapping):
        raise BridgeError("R described the formula in a way that cannot be read.")
    words = {key: _words(value) for key, value in found.items() if key != "dot"}
    dot = found["dot"]
    return Inspected(text=text, dot=isinstance(dot, Vector) and bool(dot.cells[0]), **words)


def _words(value: Value) -> tuple[str, ...]:
    if not isinstance(value, Vector) or not isinstance(value.cells, tuple):
        raise BridgeError("R described the formula in a way that cannot be read.")
    return tuple(str(cell) for cell in value.cells)


def require_random_terms(inspected: Inspected, function: str) -> None:
    """Raise FormulaError unless the formula has random terms, or none for lm and glm.

    lme4 takes every ``|`` for a random term, one inside a function or the response too.
    """
    if function in _PLAIN:
        if inspected.bars:
            raise FormulaError(
                f"The formula has the random term ({inspected.bars[0]}), which {function} does not "
                "fit: use lmer or glmer. A logical or stands inside I()."
            )
        return
    if inspected.inner_bars:
        raise FormulaError(
            f"lme4 would take `{inspected.inner_bars[0]}` for a random term: compute this logical "
            "or as a column of the data."
        )
    if not inspected.bars:
        plain = "lm" if function == "lmer" else "glm"
        raise FormulaError(
            f"The formula has no random term, as (1 | group), and {function} fits none without: "
            f"use {plain} for a model without random terms."
        )


def columns_used(inspected: Inspected, table: HasColumns) -> tuple[str, ...]:
    """Return the columns of `table` that the formula uses, in the order of the table.

    Raises
    ------
    FormulaError
        When the formula names what is no column, or what is a constant to R while a column has
        that name, and when it has a constant for a term; the text names the nearest ones, or the
        backticks.
    """
    known = text_names(table.columns)
    names = set(known)
    for word in inspected.words:
        if word in names:
            raise FormulaError(
                f"`{word}` in the formula is R's constant, and the data have a column named so. "
                f"{_needs_backticks(word)}"
            )
    for word in inspected.word_terms:
        raise FormulaError(
            f"`{word}` is no column but R's constant, which makes no term: leave it out. The "
            "intercept is 1, or 0 for none."
        )
    for name in inspected.variables:
        if name not in names and name not in inspected.constants:
            bare = unquoted(inspected.text, known)
            missing = unknown_column(name, known) if bare is None else _needs_backticks(bare)
            raise FormulaError(missing)
    if inspected.dot:
        _require_plain_dot(known)
        return tuple(known)
    used = set(inspected.variables)
    return tuple(name for name in known if name in used)


def _require_plain_dot(known: Iterable[str]) -> None:
    """Raise FormulaError where `.` would take a column that R cannot name."""
    for name in known:
        if _DOTS.fullmatch(name):
            raise FormulaError(
                f"The formula has `.`, all columns of the data, and one of them is named {name!r}, "
                "which means something else to R. Rename it, or name the columns in the formula."
            )
