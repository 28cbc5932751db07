"""Arguments beside formula and data: names, numbers and columns, never code."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from bridge.cells import Place, level_texts
from bridge.errors import ArgumentError
from bridge.session import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.session import Argument, Session

# One value a row, or the name of the column that has them.
PerRow: TypeAlias = "str | Sequence[float] | NDArray[Any] | pd.Series[Any]"
Contrasts: TypeAlias = "Mapping[str, str | NDArray[Any] | pd.DataFrame]"
Start: TypeAlias = "Sequence[float] | NDArray[Any] | Mapping[str, Sequence[float]]"
Control: TypeAlias = "Mapping[str, Any]"

# R processes at once: each takes 200 MB, and more than there are processors gain nothing.
MOST_WORKERS = 256
_LARGEST_INTEGER = 2**31 - 1
_NA_ACTIONS = ("omit", "exclude", "fail")
_MATRIX = 2
_SHOWN = 80
# Of a number drawn: R's own, its copy, and those of Python.
_BYTES_A_DRAW = 32
_DESCRIBED = reprlib.Repr()
_DESCRIBED.maxstring = _DESCRIBED.maxother = _DESCRIBED.maxlong = _SHOWN
# R's own limit of a name.
_LONGEST = 10_000
# A mapping of settings holds mappings, and these none.
_DEEPEST = 2
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Options:
    """What every kind of model takes beside its own arguments; see :func:`bridge.lm`."""

    weights: PerRow | None
    offset: PerRow | None
    subset: PerRow | None
    na_action: str
    contrasts: Contrasts | None
    reference: Mapping[str, object] | None
    allow: tuple[str, ...]
    session: Session | None

    def __post_init__(self) -> None:
        """Refuse a session that is none, and references that are not by column."""
        has_call = callable(getattr(self.session, "call", None))
        if self.session is not None and (isinstance(self.session, type) or not has_call):
            raise ArgumentError(
                f"session is {shown(self.session)}; expected what bridge.connect() returns, or "
                "None for the R of this process."
            )
        if self.reference is not None and not isinstance(self.reference, Mapping):
            raise ArgumentError(
                f"reference is {shown(self.reference)}; expected a mapping of columns to levels, "
                "as {'social': '1'}."
            )

    def sent(self) -> dict[str, Argument]:
        """Return those that R takes as they are, defaults left out."""
        if self.na_action not in _NA_ACTIONS:
            raise ArgumentError(
                f"na_action is {self.na_action!r}; expected 'omit' (rows with a missing value are "
                "dropped), 'exclude' (dropped, and NaN in fitted and resid) or 'fail'."
            )
        given: dict[str, Argument] = {}
        if self.na_action != "omit":
            given["na_action"] = self.na_action
        if self.contrasts is not None:
            given["contrasts"] = as_contrasts(self.contrasts)
        if self.allow:
            given["allow"] = as_names("allow", self.allow)
        return given


def shown(value: object) -> str:
    """Return `value` in one short line, for what is said of it, however deep or long it is."""
    text = " ".join(_DESCRIBED.repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _is_text(value: object) -> bool:
    """Return whether R can hold the value as a name: short, no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and len(value) <= _LONGEST and not _UNREADABLE.search(value)


def as_truth(name: str, value: object) -> bool:
    """Return `value`, refused unless it is a bool."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"{name} is {shown(value)}; expected True or False.")
    return bool(value)


def as_name(name: str, value: object, known: Sequence[str] = ()) -> str:
    """Return `value`, refused unless it is text, and one of `known` where these are given."""
    if not isinstance(value, str) or not _is_text(value) or (known and value not in known):
        wanted = f"one of {', '.join(map(repr, known))}" if known else "its name as text"
        raise ArgumentError(f"{name} is {shown(value)}; expected {wanted}.")
    return value


def as_names(name: str, values: object) -> list[str]:
    """Return a list of texts; one text counts as a list of one."""
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, Sequence) or not all(map(_is_text, values)):
        raise ArgumentError(f"{name} is {shown(values)}; expected text, or a list of texts.")
    return list(values)


def as_whole(name: str, value: object, least: int = 0, most: int = _LARGEST_INTEGER) -> int:
    """Return `value`, refused unless a whole number from `least` to `most`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not least <= int(value) <= most:  # type: ignore[call-overload]
        raise ArgumentError(
            f"{name} is {shown(value)}; expected a whole number, {least} or more and at most "
            f"{most}."
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def as_draws(name: str, value: object, rows: int) -> int:
    """Return a number of responses of `rows` numbers each, refused where memory holds them not.

    A process that asks for more than there is can be ended by the system.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    most = min(_LARGEST_INTEGER, memory // _BYTES_A_DRAW) // max(rows, 1)
    return as_whole(name, value, least=1, most=max(most, 1))


def as_number(name: str, value: object, *, low: float = -np.inf, high: float = np.inf) -> float:
    """Return `value`, refused unless a number strictly between `low` and `high`."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not low < float(value) < high:  # type: ignore[arg-type]
        bounds = {"above": low, "below": high}
        limits = " and ".join(f"{word} {at:g}" for word, at in bounds.items() if np.isfinite(at))
        raise ArgumentError(
            f"{name} is {shown(value)}; expected a finite number {limits}".rstrip() + "."
        )
    return float(value)  # type: ignore[arg-type]


def as_numbers(name: str, values: object) -> Vector:
    """Return finite numbers as R's vector."""
    try:
        cells = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        cells = np.array([np.nan])
    if cells.ndim != 1 or not np.isfinite(cells).all():
        raise ArgumentError(f"{name} is {shown(values)}; expected a list of finite numbers.")
    return Vector(cells)


def as_start(value: Start | None, parts: tuple[str, ...]) -> Argument:
    """Return where a search starts: numbers, or a mapping of some of `parts` to numbers."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return as_numbers("start", value)
    for name in value:
        as_name("A part of start", name, parts)
    return {name: as_numbers(f"start[{name!r}]", numbers) for name, numbers in value.items()}


def as_contrasts(contrasts: object) -> dict[str, Argument]:
    """Return contrasts by column: R's names of them, or matrices level by column."""
    if not isinstance(contrasts, Mapping):
        raise ArgumentError(
            f"contrasts is {shown(contrasts)}; expected a mapping of columns to names, as "
            "{'social': 'sum'}, or to matrices."
        )
    columns = [as_name("A column of contrasts", column) for column in contrasts]
    return {column: _contrast(column, contrasts[column]) for column in columns}


def _contrast(column: str, given: object) -> Argument:
    if isinstance(given, str):
        return as_name(f"contrasts[{column!r}]", given)
    table = given if isinstance(given, pd.DataFrame) else None
    try:
        cells = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.empty(0)
    if cells.ndim != _MATRIX or not cells.size or not np.isfinite(cells).all():
        raise ArgumentError(
            f"contrasts[{column!r}] is {shown(given)}; expected 'treatment', 'sum', 'helmert', "
            "'poly', 'SAS', or a matrix of numbers, a row for each level."
        )
    # By the labels of its rows R puts them to the levels; a range of numbers labels none.
    labelled = table is not None and not isinstance(table.index, pd.RangeIndex)
    rows = level_texts(Place(column), list(table.index)) if table is not None and labelled else None
    columns = None if table is None else tuple(map(str, table.columns))
    shape = (cells.shape[0], cells.shape[1])
    return Vector(cells.ravel(order="F"), shape=shape, rows=rows, columns=columns)


def as_control(
    settings: object, name: str = "control", deepest: int = _DEEPEST
) -> dict[str, Any] | None:
    """Return settings of lme4 by name, refused unless numbers, bools, text or mappings of them."""
    if settings is None:
        return None
    if not isinstance(settings, Mapping) or deepest == 0:
        raise ArgumentError(
            f"{name} is {shown(settings)}; expected a mapping of names to settings."
        )
    names = [as_name(f"A setting of {name}", key) for key in settings]
    return {key: _setting(f"{name}[{key!r}]", settings[key], deepest - 1) for key in names}


def _setting(name: str, value: object, deepest: int) -> object:
    plain = value.item() if isinstance(value, np.generic) else value
    match plain:
        case int() if not isinstance(plain, bool) and abs(plain) > _LARGEST_INTEGER:
            return float(plain)
        case Mapping():
            return as_control(plain, name, deepest)
        case list() | tuple() if plain and all(map(_is_text, plain)):
            return list(plain)
    if plain is None or _is_text(plain) or (isinstance(plain, int | float) and not np.isnan(plain)):
        return plain
    raise ArgumentError(
        f"{name} is {shown(value)}; expected a number, a bool, text or a mapping of them."
    )
