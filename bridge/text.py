"""Many pieces of text as R's serialized strings and back: by NumPy, not one by one."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.errors import BridgeError

Texts = list[str | None]

_HEAD = struct.Struct("=2i")
_STRING = 9
_UTF8 = _STRING | 8 << 12
_BYTES, _LATIN1 = 2 << 12, 4 << 12
_MISSING = -1


def write_texts(texts: Sequence[str | None]) -> NDArray[np.uint8]:
    """Return the strings as R serializes them, each with its head; None is R's NA.

    Raises
    ------
    BridgeError
        For text that R cannot hold: with a NUL, or half of a surrogate pair.
    """
    if len(texts) == 0:
        return np.empty(0, np.uint8)
    joined, lengths = _encode(["" if text is None else text for text in texts])
    heads = np.empty((len(texts), 2), np.int32)
    heads[:, 0] = _UTF8
    heads[:, 1] = lengths
    if None in texts:
        heads[[text is None for text in texts]] = (_STRING, _MISSING)
    out = np.empty(len(joined) + heads.nbytes, np.uint8)
    starts = np.cumsum(lengths + _HEAD.size) - lengths - _HEAD.size
    is_head = np.zeros(len(out), np.bool_)
    is_head[starts[:, None] + np.arange(_HEAD.size)] = True
    out[is_head] = heads.view(np.uint8).ravel()
    out[~is_head] = np.frombuffer(joined, np.uint8)
    return out


def _encode(texts: list[str]) -> tuple[bytes, NDArray[np.int64]]:
    """Return the bytes of all the texts, one after the other, and the number of each one's."""
    whole = "".join(texts)
    try:
        joined = whole.encode()
    except UnicodeEncodeError as error:
        raise BridgeError(
            f"R cannot hold half of a surrogate pair: {whole[error.start]!r}."
        ) from None
    if b"\0" in joined:
        raise BridgeError("R cannot hold text with a NUL character. Remove it.")
    if len(joined) == len(whole):
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    else:
        lengths = np.fromiter((len(text.encode()) for text in texts), np.int64, len(texts))
    return joined, lengths


def read_texts(payload: bytearray, at: int, count: int) -> tuple[Texts, int]:
    """Return `count` strings that R serialized from the byte `at` on, and where they end."""
    texts: Texts = []
    unpack = _HEAD.unpack_from
    for _ in range(count):
        flags, size = unpack(payload, at)
        at += 8
        if flags & 0xFF != _STRING or size > len(payload) - at:
            raise BridgeError("R's answer holds text that cannot be read. Ask again.")
        if size < 0:
            texts.append(None)
            continue
        texts.append(_decode(payload[at : at + size], flags))
        at += size
    return texts, at


def _decode(cell: bytearray, flags: int) -> str:
    if flags & _LATIN1:
        return cell.decode("latin-1")
    return cell.decode("utf-8", "backslashreplace" if flags & _BYTES else "strict")
