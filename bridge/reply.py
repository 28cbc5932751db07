"""What R's answers mean, whichever way they came: vectors, conditions, failures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.column import NA_INTEGER
from bridge.conditions import Condition
from bridge.errors import BridgeError
from bridge.session import Answer, Cells, Failure, Value, Vector

_MATRIX = 2


def truth(cells: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return R's logicals as bools.

    Raises
    ------
    BridgeError
        When one is missing: a bool cannot say so.
    """
    if (cells == NA_INTEGER).any():
        raise BridgeError("R answered with a missing logical, for which there is no bool.")
    return cells.astype(np.bool_)


def matrix_or_vector(cells: Any, attributes: Mapping[str, Value]) -> Vector:  # noqa: ANN401
    """Return an atomic vector or matrix of R's by its cells and attributes.

    Raises
    ------
    BridgeError
        For an array of other than two dimensions, or a vector that is more than plain: a factor.
    """
    held: Cells = tuple(cells) if isinstance(cells, list) else cells
    _require_plain(attributes, {"names", "dim", "dimnames"})
    if attributes.get("dim") is None:
        return Vector(held, names=_names(attributes.get("names")))
    shape = _shape(attributes["dim"])
    rows, columns = _dimnames(attributes.get("dimnames"))
    return Vector(held, shape=shape, rows=rows, columns=columns)


def _require_plain(attributes: Mapping[str, Value], plain: set[str]) -> None:
    more = attributes.keys() - plain
    if more:
        raise BridgeError(f"R answered with what has {sorted(more)}, which is no plain data.")


def _shape(dim: Value) -> tuple[int, int]:
    if not isinstance(dim, Vector) or len(dim.cells) != _MATRIX:
        raise BridgeError(f"R answered with an array of dimensions {dim!r}; expected a matrix.")
    rows, columns = (int(extent) for extent in dim.cells if extent is not None)
    return rows, columns


def _dimnames(names: Value) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    if names is None:
        return None, None
    # The two sets of names may themselves have names, as those of a table.
    parts = tuple(names.values()) if isinstance(names, Mapping) else _sequence(names)
    rows, columns = (_names(part) for part in parts)
    return rows, columns


def _names(names: Value) -> tuple[str, ...] | None:
    return None if names is None else _words(names)


def list_or_dict(items: Sequence[Value], attributes: Mapping[str, Value]) -> Value:
    """Return a list of R's by its items and attributes: a dict where it has names, else a tuple.

    Raises
    ------
    BridgeError
        When two items have the same name, of which a dict keeps one; or when it is more than a
        plain list: a data frame.
    """
    _require_plain(attributes, {"names"})
    if "names" not in attributes:
        return tuple(items)
    words = _words(attributes["names"])
    named = dict(zip(words, items, strict=True))
    if len(named) < len(words):
        raise BridgeError(f"R answered with a list in which a name stands twice: {words}.")
    return named


def to_answer(received: Value, passed_by: str = "") -> Answer:
    """Return what ``answer()`` of conditions.R gave.

    Parameters
    ----------
    received
        Its list: value, error, conditions, output.
    passed_by
        What was written past R's own conditions and its console, by C code for one.

    Raises
    ------
    KeyboardInterrupt
        When the call was interrupted.
    BridgeError
        When it is no such list.
    """
    if not isinstance(received, Mapping):
        raise BridgeError("R's answer is not a list of a value, an error and conditions.")
    said = [_condition(item) for item in _sequence(received["conditions"])]
    printed = [*_words(received["output"]), passed_by]
    said += [Condition("output", ("output",), text, "") for text in printed if text]
    return Answer(received["value"], _failure(received["error"]), tuple(said))


def _sequence(value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else ()


def _words(value: Value) -> tuple[str, ...]:
    if not isinstance(value, Vector) or not isinstance(value.cells, tuple):
        raise BridgeError("R answered with something else where text was expected.")
    return tuple(cell or "" for cell in value.cells)


def _parts(value: Value) -> tuple[str, tuple[str, ...], str, str]:
    if not isinstance(value, Mapping):
        raise BridgeError("R described a condition in a way that cannot be read.")
    kind, classes, text, call = (_words(value[key]) for key in ("kind", "class", "text", "call"))
    return kind[0], classes, text[0], call[0]


def _condition(value: Value) -> Condition:
    kind, classes, text, call = _parts(value)
    return Condition("warning" if kind == "warning" else "message", classes, text, call)


def _failure(value: Value) -> Failure | None:
    if value is None:
        return None
    kind, classes, text, call = _parts(value)
    if kind == "interrupt":
        raise KeyboardInterrupt
    return Failure(classes, text, call)
