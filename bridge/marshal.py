"""Plain structures to R's and back: whole columns by one copy of memory, never text for numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bridge.column import Column, Frame
from bridge.errors import BridgeError
from bridge.session import Argument, Cells, Value, Vector
from bridge.wire import read

# rpy2 has no types.
RObject = Any

_COMPACT_ROW_NAMES = -(2**31)  # R's NA_integer_: row names are 1..n
_SEPARATORS = "\x1f\x1e\x1d\x1c"
_LONGEST_TEXT = 2**28  # R holds 2**31 bytes, and a character can take four


class Marshal:
    """Conversion between plain Python structures and objects of R's, through rpy2's low level."""

    def __init__(self, ri: RObject) -> None:
        self._ri = ri
        self._scalars = {
            type(None): lambda _: ri.NULL,
            bool: ri.BoolSexpVector,
            int: ri.IntSexpVector,
            float: ri.FloatSexpVector,
            str: ri.StrSexpVector,
        }
        self._numeric = {
            "f": ri.FloatSexpVector,
            "i": ri.IntSexpVector,
            "b": ri.BoolSexpVector,
        }

    def to_r(self, value: Argument) -> RObject:
        """Return R's object for a plain argument."""
        ri = self._ri
        scalar = self._scalars.get(type(value))
        if scalar is not None:
            return scalar([value])
        match value:
            case Frame():
                return self._data_frame(value)
            case Vector():
                return self._vector(value)
            case Mapping():
                return self._named_list(value)
            case Sequence() if value and all(isinstance(item, str) for item in value):
                return ri.StrSexpVector(list(value))
            case Sequence():
                return ri.ListSexpVector([self.to_r(item) for item in value])
        raise BridgeError(f"A {type(value).__name__} cannot be sent to R.")

    def _vector(self, value: Vector) -> RObject:
        ri = self._ri
        cells = value.cells
        if isinstance(cells, tuple):
            missing = ri.NA_Character
            sent = ri.StrSexpVector([missing if cell is None else cell for cell in cells])
        else:
            kind = self._numeric[cells.dtype.kind]
            sent = _copied(kind, cells.astype(np.int32) if cells.dtype.kind == "b" else cells)
        if value.shape is not None:
            sent.do_slot_assign("dim", ri.IntSexpVector(value.shape))
            names = [self.to_r(value.rows), self.to_r(value.columns)]
            if value.rows is not None or value.columns is not None:
                sent.do_slot_assign("dimnames", ri.ListSexpVector(names))
        elif value.names is not None:
            sent.names = ri.StrSexpVector(list(value.names))
        return sent

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
            sent.do_slot_assign("levels", self._levels(column.levels))
            sent.rclass = ri.StrSexpVector(["factor"])
        return sent

    def _levels(self, levels: tuple[str, ...]) -> RObject:
        """Return R's vector of levels, split by R from one text: rpy2 makes texts one by one."""
        joined = "".join(levels)
        separator = next((mark for mark in _SEPARATORS if mark not in joined), None)
        if separator is None or len(joined) + len(levels) > _LONGEST_TEXT:
            return self._ri.StrSexpVector(list(levels))
        # R drops what follows the last separator: an empty text, so that an empty level stays.
        text = separator.join([*levels, ""])
        split = self._ri.baseenv["strsplit"](self._ri.StrSexpVector([text]), separator, fixed=True)
        return split[0]

    def to_value(self, received: RObject) -> Value:
        """Return the plain structure of an object of R's, by R's own serialization of it.

        rpy2 would wrap each vector and each of its attributes in an object of Python's.
        """
        ri = self._ri
        written = ri.baseenv["serialize"](received, ri.NULL, xdr=False, version=2)
        view = ri.openrlib.ffi.buffer(ri.openrlib.rlib.RAW(written.__sexp__._cdata), len(written))  # noqa: SLF001
        return read(bytearray(view))


def _copied(kind: RObject, cells: Cells) -> RObject:
    """Return R's vector of `cells`, by one copy of memory."""
    return kind.from_memoryview(np.ascontiguousarray(cells).data)
