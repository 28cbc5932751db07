"""R's own binary serialization, written and read here: columns and results as their raw bytes.

Version 2 of the format, in this machine's byte order: what R's ``serialize(x, NULL, xdr = FALSE,
version = 2)`` gives and its ``unserialize`` takes. Only plain data pass; the rest is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.column import Frame
from bridge.errors import BridgeError
from bridge.reply import list_or_dict, matrix_or_vector, truth
from bridge.session import Vector
from bridge.text import Texts, read_texts, write_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.column import Column
    from bridge.session import Argument, Cells, Value

Buffer = bytes | bytearray | memoryview

# The version of the format, the R that writes (3.5.0) and the oldest that reads (2.3.0).
_HEADER = b"B\n" + struct.pack("=3i", 2, 0x0003_0500, 0x0002_0300)
_INT = struct.Struct("=i")
_NULL, _NULL_OBJECT, _SYMBOL, _PAIRLIST, _REFERENCE = 254, 0, 1, 2, 255
_LOGICAL, _INTEGER, _DOUBLE, _TEXT, _LIST = 10, 13, 14, 16, 19
_IS_OBJECT, _HAS_ATTRIBUTES, _HAS_TAG = 1 << 8, 1 << 9, 1 << 10
_LONGEST_SHORT = 2**31 - 1
_KINDS = {"double": _DOUBLE, "integer": _INTEGER, "logical": _LOGICAL, "factor": _INTEGER}
_DTYPES = {"f8": _DOUBLE, "i4": _INTEGER, "b1": _LOGICAL}
_COMPACT_ROW_NAMES = -(2**31)  # R's NA_integer_: row names are 1..n
# Below this size a copy costs less than a piece of its own.
_LARGE = 1 << 16


def write(value: Argument) -> list[Buffer]:
    """Return R's serialization of plain data in pieces; large columns are views, not copies.

    Raises
    ------
    BridgeError
        For what has no counterpart among R's plain data.
    """
    writer = _Writer()
    writer.item(value)
    return writer.pieces()


def read(payload: bytearray) -> Value:
    """Return the plain data that R serialized.

    Raises
    ------
    BridgeError
        When the bytes are not whole, or hold an object that is no plain data.
    """
    reader = _Reader(payload)
    try:
        value = reader.document()
    except (struct.error, IndexError) as error:
        raise BridgeError("R's answer ends in the middle. Ask again.") from error
    except UnicodeDecodeError as error:
        raise BridgeError(f"R answered with text that is no UTF-8: {error.object!r}.") from error
    return value


class _Writer:
    def __init__(self) -> None:
        self._pieces: list[Buffer] = []
        self._small = bytearray(_HEADER)

    def pieces(self) -> list[Buffer]:
        self._flush()
        return self._pieces

    def _flush(self) -> None:
        if self._small:
            self._pieces.append(self._small)
            self._small = bytearray()

    def _raw(self, cells: NDArray[Any]) -> None:
        if cells.size == 0:
            return
        view = cells.data.cast("B")
        if view.nbytes < _LARGE:
            self._small += view
        else:
            self._flush()
            self._pieces.append(view)

    def item(self, value: Argument) -> None:
        match value:
            case None | bool() | int() | float() | str():
                self._scalar(value)
            case Vector():
                self._vector(value)
            case Frame():
                self._frame(value)
            case Mapping():
                self._list(value.values(), _HAS_ATTRIBUTES)
                self._attributes({"names": _text(value)})
            case Sequence() if value and all(isinstance(part, str) for part in value):
                self._cells(tuple(value))  # type: ignore[arg-type]  # all of them are text
            case Sequence():
                self._list(value)
            case _:
                raise BridgeError(
                    f"A value of type {type(value).__name__} cannot be sent to R. Expected "
                    "numbers, bools, text, or lists or mappings of them."
                )

    def _scalar(self, value: bool | float | str | None) -> None:  # noqa: FBT001  (a value)
        match value:
            case None:
                self._small += _INT.pack(_NULL)
            case bool():
                self._small += struct.pack("=3i", _LOGICAL, 1, value)
            case int() if -_LONGEST_SHORT <= value <= _LONGEST_SHORT:
                self._small += struct.pack("=3i", _INTEGER, 1, value)
            case int():
                raise BridgeError(f"{value} is no integer of R's, which have 32 bits.")
            case float():
                self._small += struct.pack("=2id", _DOUBLE, 1, value)
            case str():
                self._cells((value,))

    def _list(self, parts: Collection[Argument], flags: int = 0) -> None:
        self._head(_LIST | flags, len(parts))
        for part in parts:
            self.item(part)

    def _head(self, flags: int, length: int) -> None:
        if length <= _LONGEST_SHORT:
            self._small += struct.pack("=2i", flags, length)
        else:
            self._small += struct.pack("=2iII", flags, -1, length >> 32, length & 0xFFFF_FFFF)

    def _vector(self, value: Vector) -> None:
        attributes: dict[str, Argument] = {}
        if value.shape is not None:
            attributes["dim"] = Vector(np.array(value.shape, np.int32))
            if value.rows is not None or value.columns is not None:
                attributes["dimnames"] = [_text(value.rows), _text(value.columns)]
        elif value.names is not None:
            attributes["names"] = _text(value.names)
        self._cells(value.cells, _HAS_ATTRIBUTES if attributes else 0)
        if attributes:
            self._attributes(attributes)

    def _cells(self, cells: Cells, flags: int = 0) -> None:
        if isinstance(cells, tuple):
            self._head(_TEXT | flags, len(cells))
            self._raw(write_texts(cells))
            return
        kind = _DTYPES.get(cells.dtype.str[1:])
        if kind is None or cells.ndim != 1 or not cells.dtype.isnative:
            raise BridgeError(
                f"An array of {cells.dtype} with {cells.ndim} dimensions cannot be sent to R. "
                "Expected float64, int32 or bool with one; a matrix travels by columns."
            )
        self._head(kind | flags, len(cells))
        plain = cells.astype(np.int32) if kind == _LOGICAL else cells
        self._raw(np.ascontiguousarray(plain))

    def _frame(self, frame: Frame) -> None:
        self._head(_LIST | _HAS_ATTRIBUTES | _IS_OBJECT, len(frame.columns))
        for column in frame.columns.values():
            self._column(column)
        row_names = np.array([_COMPACT_ROW_NAMES, -frame.nrow], np.int32)
        self._attributes(
            {
                "names": _text(frame.columns),
                "row.names": Vector(row_names),
                "class": _text(("data.frame",)),
            }
        )

    def _column(self, column: Column) -> None:
        factor = column.kind == "factor"
        flags = _HAS_ATTRIBUTES | _IS_OBJECT if factor else 0
        cells = np.ascontiguousarray(column.cells)
        self._head(_KINDS[column.kind] | flags, len(cells))
        self._raw(cells)
        if factor:
            self._attributes({"levels": _text(column.levels), "class": _text(("factor",))})

    def _attributes(self, attributes: Mapping[str, Argument]) -> None:
        for name, value in attributes.items():
            self._small += struct.pack("=2i", _PAIRLIST | _HAS_TAG, _SYMBOL)
            self._raw(write_texts([name]))
            self.item(value)
        self._small += _INT.pack(_NULL)


def _text(texts: Iterable[str] | None) -> Vector | None:
    return None if texts is None else Vector(tuple(texts))


class _Reader:
    def __init__(self, payload: bytearray) -> None:
        self._payload = payload
        self._at = 0
        self._symbols: list[str] = []
        self._readers: Mapping[int, Callable[[int], Any]] = {
            _LOGICAL: lambda count: truth(self._cells(np.int32, count)),
            _INTEGER: lambda count: self._cells(np.int32, count),
            _DOUBLE: lambda count: self._cells(np.float64, count),
            _TEXT: self._texts,
            _LIST: lambda count: [self._item() for _ in range(count)],
        }

    def document(self) -> Value:
        if self._payload[:2] != _HEADER[:2]:
            raise BridgeError("R's answer does not begin as one. Ask again.")
        self._at = 2
        version = self._int()
        self._at += 2 * _INT.size
        if version != 2:  # noqa: PLR2004  (of the format)
            raise BridgeError(f"R's answer is in version {version} of its format; expected 2.")
        value = self._item()
        if self._at != len(self._payload):
            raise BridgeError("R's answer is longer than what it holds. Ask again.")
        return value

    def _int(self) -> int:
        (value,) = _INT.unpack_from(self._payload, self._at)
        self._at += _INT.size
        return int(value)

    def _length(self) -> int:
        length = self._int()
        if length == -1:
            upper, lower = struct.unpack_from("=2I", self._payload, self._at)
            self._at += 8
            length = (upper << 32) | lower
        # Each element has four bytes at least, so that a broken length asks for no memory.
        if not 0 <= length <= (len(self._payload) - self._at) // _INT.size:
            raise IndexError(length)
        return length

    def _cells(self, dtype: type[np.generic], count: int) -> NDArray[Any]:
        size = count * np.dtype(dtype).itemsize
        if self._at + size > len(self._payload):
            raise IndexError(count)
        # Copied, so that it is aligned and does not keep the whole answer.
        cells = np.frombuffer(self._payload, dtype, count, self._at).copy()
        self._at += size
        return cells

    def _texts(self, count: int) -> Texts:
        texts, self._at = read_texts(self._payload, self._at, count)
        return texts

    def _item(self) -> Value:
        flags = self._int()
        kind = flags & 0xFF
        if kind in (_NULL, _NULL_OBJECT):
            return None
        read_cells = self._readers.get(kind)
        if read_cells is None:
            raise BridgeError(f"R answered with an object of type {kind}, which is no plain data.")
        cells = read_cells(self._length())
        attributes = self._attributes() if flags & _HAS_ATTRIBUTES else {}
        if kind != _LIST:
            return matrix_or_vector(cells, attributes)
        return list_or_dict(cells, attributes)

    def _attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (flags := self._int()) != _NULL:
            if flags & 0xFF != _PAIRLIST or not flags & _HAS_TAG:
                raise BridgeError("R's answer has attributes that cannot be read.")
            name = self._symbol()
            found[name] = self._item()
        return found

    def _symbol(self) -> str:
        flags = self._int()
        if flags & 0xFF == _REFERENCE:
            return self._symbols[(flags >> 8 or self._int()) - 1]
        if flags & 0xFF != _SYMBOL:
            raise BridgeError("R's answer has attributes that cannot be read.")
        (name,) = self._texts(1)
        self._symbols.append(name or "")
        return self._symbols[-1]
