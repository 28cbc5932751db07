"""Plain structures to R's and back: whole columns by one copy of memory, never text for numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bridge.column import Column, Frame
from bridge.conditions import Condition
from bridge.errors import BridgeError
from bridge.session import Answer, Argument, Cells, Failure, Value, Vector

# rpy2 has no types.
RObject = Any

_COMPACT_ROW_NAMES = -(2**31)  # R's NA_integer_: row names are 1..n


class Marshal:
    """Conversion between plain Python structures and objects of R's, through rpy2's low level."""

    def __init__(self, ri: RObject) -> None:
        self._ri = ri
        self._scalars = {
            bool: ri.BoolSexpVector,
            int: ri.IntSexpVector,
            float: ri.FloatSexpVector,
            str: ri.StrSexpVector,
        }
        self._readers = {
            ri.RTYPES.NILSXP: lambda _: None,
            ri.RTYPES.REALSXP: lambda x: self._atomic(x, _numbers(x)),
            ri.RTYPES.INTSXP: lambda x: self._atomic(x, _numbers(x)),
            ri.RTYPES.LGLSXP: lambda x: self._atomic(x, _numbers(x).astype(np.bool_)),
            ri.RTYPES.STRSXP: lambda x: self._atomic(x, self._text(x)),
            ri.RTYPES.VECSXP: self._list,
        }

    def to_r(self, value: Argument) -> RObject:
        """Return R's object for a plain argument."""
        ri = self._ri
        scalar = self._scalars.get(type(value))
        if scalar is not None:
            return scalar([value])
        match value:
            case None:
                return ri.NULL
            case Frame():
                return self._data_frame(value)
            case Mapping():
                return self._named_list(value)
            case Sequence() if value and all(isinstance(item, str) for item in value):
                return ri.StrSexpVector(list(value))
            case Sequence():
                return ri.ListSexpVector([self.to_r(item) for item in value])
        raise BridgeError(f"A {type(value).__name__} cannot be sent to R.")

    def _named_list(self, value: Mapping[str, Argument]) -> RObject:
        sent = self._ri.ListSexpVector([self.to_r(item) for item in value.values()])
        sent.names = self._ri.StrSexpVector(list(value))
        return sent

    def _data_frame(self, frame: Frame) -> RObject:
        ri = self._ri
        sent = ri.ListSexpVector([self._column(column) for column in frame.columns.values()])
        sent.names = ri.StrSexpVector(list(frame.columns))
        sent.do_slot_assign(
            "row.names",
            _copied(ri.IntSexpVector, np.array([_COMPACT_ROW_NAMES, -frame.nrow], np.int32)),
        )
        # Assigned last and by rclass: a slot alone would not mark it as an object.
        sent.rclass = ri.StrSexpVector(["data.frame"])
        return sent

    def _column(self, column: Column) -> RObject:
        ri = self._ri
        kind = {"double": ri.FloatSexpVector, "logical": ri.BoolSexpVector}.get(
            column.kind, ri.IntSexpVector
        )
        sent = _copied(kind, column.cells)
        if column.kind == "factor":
            sent.do_slot_assign("levels", ri.StrSexpVector(list(column.levels)))
            sent.rclass = ri.StrSexpVector(["factor"])
        return sent

    def to_value(self, received: RObject) -> Value:
        """Return the plain structure of an object of R's."""
        read = self._readers.get(received.typeof)
        if read is None:
            raise BridgeError(f"R answered with a {received.typeof.name}, which is no plain data.")
        return read(received)

    def _text(self, received: RObject) -> tuple[str | None, ...]:
        missing = self._ri.NA_Character
        return tuple(None if item is missing else item for item in received)

    def _names(self, received: RObject) -> tuple[str, ...] | None:
        if received.typeof == self._ri.RTYPES.NILSXP:
            return None
        return tuple(received)

    def _attribute(self, received: RObject, name: str) -> RObject:
        try:
            return received.do_slot(name)
        except LookupError:
            return self._ri.NULL

    def _atomic(self, received: RObject, cells: Cells) -> Vector:
        dim = self._attribute(received, "dim")
        if dim.typeof == self._ri.RTYPES.NILSXP:
            return Vector(cells, names=self._names(self._attribute(received, "names")))
        rows = columns = None
        dimnames = self._attribute(received, "dimnames")
        if dimnames.typeof != self._ri.RTYPES.NILSXP:
            rows, columns = self._names(dimnames[0]), self._names(dimnames[1])
        return Vector(cells, shape=(dim[0], dim[1]), rows=rows, columns=columns)

    def _list(self, received: RObject) -> Value:
        names = self._names(self._attribute(received, "names"))
        items = [self.to_value(item) for item in received]
        if names is None:
            return tuple(items)
        return dict(zip(names, items, strict=True))

    def to_answer(self, received: RObject, output: list[str]) -> Answer:
        """Return what ``answer()`` of conditions.R gave, with what R wrote past it."""
        parts = dict(zip(received.names, received, strict=True))
        error = self.to_value(parts["error"])
        said = [_condition(item) for item in _sequence(self.to_value(parts["conditions"]))]
        if output:
            said.append(Condition("output", ("output",), "".join(output), ""))
        return Answer(self.to_value(parts["value"]), _failure(error), tuple(said))


def _copied(kind: RObject, cells: Cells) -> RObject:
    """Return R's vector of `cells`, by one copy of memory."""
    return kind.from_memoryview(np.ascontiguousarray(cells).data)


def _numbers(received: RObject) -> RObject:
    # A view of no elements cannot be had.
    if len(received) == 0:
        return np.empty(0, dtype=np.dtype(received._NP_TYPESTR))  # noqa: SLF001
    return np.array(received.memoryview()).ravel(order="F")


def _sequence(value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else ()


def _words(value: Value) -> tuple[str, ...]:
    if not isinstance(value, Vector) or not isinstance(value.cells, tuple):
        raise BridgeError("R described a condition in a way that cannot be read.")
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
