"""Where in memory lme4's library comes to lie: in versions before 1.1-35.1 it decides results.

Those versions were compiled with an older layout of CHOLMOD's settings than Matrix has since 1.3-0,
so that Matrix takes the lower half of the address of lme4's ``R_cholmod_error`` for the number of
orderings to try. Where bit 31 of the address is set, that number is negative, and lme4 gets the
ordering by minimum degree that it means to ask for, as later versions do. Where it is not, others
compete with it, and crossed random effects come out with other last digits. The system draws the
address anew in each process, so that one and the same R gives one of two answers. Here the place is
chosen.

Upstream: lme4 issue 745 and pull request 746, RcppEigen pull request 131. lme4 since 1.1-35 takes
the layout from Matrix itself: nothing is done for it, and when no older one is supported any more,
this module can go. On macOS and Windows the place cannot be chosen.
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
_ELF_OF_64_BITS = b"\x7fELF\x02\x01"
_MACHINES = ("x86_64", "aarch64")
# A file that is broken, or no room.
_REFUSALS = (OSError, MemoryError, OverflowError, ValueError, struct.error)
_MOST_RESERVATIONS = 10_000
_NO_RANDOM_ADDRESSES = 0x0040000
_ASK = 0xFFFF_FFFF


def place_library(package: Path) -> bool:
    """Load lme4's library where bit 31 of its addresses is set, if it is one for which that counts.

    Where the place cannot be chosen, R loads it anywhere: on another system, where lme4 is loaded
    already, or where addresses are limited (``ulimit -v``). R finds what is loaded here when it
    loads the same file, and nothing else stays.

    Parameters
    ----------
    package
        The folder of the installed lme4. R must run.

    Returns
    -------
    bool
        Whether it was loaded now and lies there.
    """
    library = package / "libs" / "lme4.so"
    if not _can_place() or not is_affected(package):
        return False
    with suppress(*_REFUSALS):
        if _places(library):
            return False
        with _only_right_places(*_requests(library)):
            ctypes.CDLL(str(library))
        # Another thread may have taken the place in between.
        places = _places(library)
        return bool(places) and all(_is_right(start, size) for start, size in places)
    return False


def is_affected(package: Path) -> bool:
    """Return whether this lme4 is one whose results depend on its place."""
    with suppress(OSError):
        text = (package / "DESCRIPTION").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^Version: *([0-9.-]+)", text, re.MULTILINE)
        if found:
            return tuple(int(part) for part in re.split(r"[.-]", found[1])) < _FIXED_IN
    return False


def _can_place() -> bool:
    wide = sys.maxsize > 1 << 32
    return sys.platform == "linux" and platform.machine() in _MACHINES and wide


def _is_right(start: int, size: int) -> bool:
    return bool(start & _HALF and (start + size - 1) & _HALF)


def _places(library: Path) -> list[tuple[int, int]]:
    """Return where a library lies in this process: starts and sizes, none if it is not loaded."""
    path = os.path.realpath(library)
    found = []
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123
        for line in maps:
            words = line.rstrip("\n").split(maxsplit=5)
            if words[-1] == path:
                start, end = (int(word, 16) for word in words[0].split("-"))
                found.append((start, end - start))
    return found


def _requests(library: Path) -> list[int]:
    """Return how many bytes of addresses the loader may ask for to load an ELF library.

    They are those of its segments; where it wants them aligned by more than a page, loaders of
    today (glibc since 2.35) ask for as many more as that can cost.
    """
    content = library.read_bytes()
    if not content.startswith(_ELF_OF_64_BITS):
        raise OSError(f"{library} is no library of this machine")
    (offset,) = struct.unpack_from("<Q", content, 32)
    length, count = struct.unpack_from("<HH", content, 54)
    end, alignment = 0, mmap.PAGESIZE
    for place in range(offset, offset + length * count, length):
        kind, _, _, address, _, _, size, aligned = struct.unpack_from("<IIQQQQQQ", content, place)
        if kind == _LOADED_SEGMENT:
            end, alignment = max(end, address + size), max(alignment, aligned)
    whole = -(-end // mmap.PAGESIZE) * mmap.PAGESIZE
    if alignment == mmap.PAGESIZE:
        return [whole]
    return [whole, max(whole, alignment) + alignment]


@contextmanager
def _only_right_places(*sizes: int) -> Iterator[None]:
    """Reserve addresses until the next request of each size is answered by ones that are right.

    Raises
    ------
    OSError
        When the system hands out no more.
    """
    held: list[tuple[int, int]] = []
    try:
        for size in sizes:
            while not _is_right(start := _reserve(size), size):
                held.append((start, size))
                # Addresses are handed out downwards: this leads below the next boundary.
                _fill_below(start, held)
                if len(held) > _MOST_RESERVATIONS:
                    raise OSError("no place found")
            _release(start, size)
        yield
    finally:
        for start, size in held:
            _release(start, size)


def _fill_below(end: int, held: list[tuple[int, int]]) -> None:
    """Reserve what is free right below an address, down to the next boundary."""
    size = end % _HALF
    while size >= mmap.PAGESIZE:
        start = _reserve(size, at=end - size)
        if start == end - size:
            held.append((start, size))
            end, size = start, min(size, start % _HALF)
        else:
            _release(start, size)
            size = size // 2 // mmap.PAGESIZE * mmap.PAGESIZE


def _reserve(size: int, at: int | None = None) -> int:
    """Reserve addresses, from `at` on where these are free."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        *(ctypes.c_int,) * 3,
        ctypes.c_long,
    ]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    start = library.mmap(at, size, 0, flags, -1, 0)
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
