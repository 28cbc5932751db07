"""Where in memory lme4's library comes to lie: in versions before 1.1-35.1 it decides results.

Those versions were compiled with an older layout of CHOLMOD's settings than Matrix uses, so that
Matrix takes the lower half of the address of lme4's ``R_cholmod_error`` for the number of orderings
to try. Where bit 31 of the address is set, that number is negative, and lme4 gets the ordering by
minimum degree that it means to ask for, as later versions do. Where it is not, others compete with
it, and crossed random effects come out with other last digits. The system draws the address anew
in each process, so that one and the same R gives one of two answers. Here the place is chosen.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import re
import struct
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIXED_IN = (1, 1, 35, 1)
_HALF = 1 << 31
_MAP_NORESERVE = 0x4000
_FAILED = ctypes.c_void_p(-1).value
_LOADED_SEGMENT = 1
_MOST_RESERVATIONS = 10_000
_NO_RANDOM_ADDRESSES = 0x0040000
_ASK = 0xFFFF_FFFF


def place_library(package: Path) -> None:
    """Load lme4's library where bit 31 of its addresses is set, if it is one for which that counts.

    Where this system does not let the place be chosen, nothing happens, and R loads it anywhere.

    Parameters
    ----------
    package
        The folder of the installed lme4, which must not be loaded yet.
    """
    library = package / "libs" / "lme4.so"
    if not _can_place() or not is_affected(package):
        return
    with suppress(OSError, struct.error), _only_right_places(_mapped_size(library)):
        ctypes.CDLL(str(library))


def is_affected(package: Path) -> bool:
    """Return whether this lme4 is one whose results depend on its place."""
    with suppress(OSError):
        text = (package / "DESCRIPTION").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^Version: *([0-9.-]+)", text, re.MULTILINE)
        if found:
            return tuple(int(part) for part in re.split(r"[.-]", found[1])) < _FIXED_IN
    return False


def _can_place() -> bool:
    return sys.platform == "linux" and platform.machine() == "x86_64"


def _mapped_size(library: Path) -> int:
    """Return how many bytes of addresses an ELF library takes, whole pages."""
    with library.open("rb") as opened:
        head = opened.read(mmap.PAGESIZE)
    (offset,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    ends = [0]
    for place in range(offset, offset + size * count, size):
        kind, _, _, address, _, _, length, _ = struct.unpack_from("<IIQQQQQQ", head, place)
        if kind == _LOADED_SEGMENT:
            ends.append(address + length)
    return _whole_pages(max(ends))


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


@contextmanager
def _only_right_places(size: int) -> Iterator[None]:
    """Reserve addresses until the next `size` bytes that the system hands out lie right.

    Raises
    ------
    OSError
        When it hands out no more.
    """
    held: list[tuple[int, int]] = []
    try:
        while True:
            start = _reserve(size)
            if start & _HALF and (start + size - 1) & _HALF:
                _release(start, size)
                break
            held.append((start, size))
            below = start % _HALF // mmap.PAGESIZE * mmap.PAGESIZE
            if len(held) == 1 and below:
                # Addresses are handed out downwards: this leads below the next boundary.
                held.append((_reserve(below), below))
            if len(held) > _MOST_RESERVATIONS:
                raise OSError("no place found")
        yield
    finally:
        for start, length in held:
            _release(start, length)


def _reserve(size: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        *(ctypes.c_int,) * 3,
        ctypes.c_long,
    ]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    start = library.mmap(None, size, 0, flags, -1, 0)
    if start in (None, _FAILED):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(start)


def _release(start: int, size: int) -> None:
    library = ctypes.CDLL(None)
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    library.munmap(start, size)


@contextmanager
def steady_places() -> Iterator[None]:
    """Let processes that this thread starts have the same addresses each time, which lie right."""
    if not _can_place():
        yield
        return
    personality = ctypes.CDLL(None).personality
    personality.argtypes, personality.restype = [ctypes.c_ulong], ctypes.c_int
    before = personality(_ASK)
    # Where it is forbidden nothing changes, and R is started until it lies right by chance.
    changed = before >= 0 and personality(before | _NO_RANDOM_ADDRESSES) >= 0
    try:
        yield
    finally:
        if changed:
            personality(before)
