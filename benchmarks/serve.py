"""The other end of a companion in Python; needs nothing but Python itself."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Work = Callable[[], float]
    """Does the work once and returns the number that came of it, a deviance for one."""


def serve(ways: Mapping[str, Callable[[Path], Work]], greeting: str = "ready") -> None:
    """Answer questions on the standard input until it ends.

    Parameters
    ----------
    ways
        By name, what reads the file of a question and returns its work; only the work is timed.
    greeting
        The first line, which says that all is loaded.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    at_start = memory("VmRSS")
    ready: dict[tuple[str, str], Work] = {}
    print(greeting, file=answers)
    for line in sys.stdin:
        way, count, path = line.rstrip("\n").split("\t")
        try:
            if (way, path) not in ready:
                ready[way, path] = ways[way](Path(path))
            answer = _answer(ready[way, path], int(count), at_start)
        # Whatever a library raises: that it failed is an answer.
        except Exception as error:  # noqa: BLE001
            answer = f"error\t{type(error).__name__}: {' '.join(str(error).split())}"
        print(answer, file=answers)


def _answer(work: Work, count: int, at_start: int) -> str:
    gc.collect()
    wall, cpu, value = time.perf_counter(), time.process_time(), 0.0
    for _ in range(count):
        value = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return f"{wall!r} {cpu!r} {float(value)!r} {memory('VmHWM') - at_start}"


def memory(field: str) -> int:
    """Return a figure of this process' memory in bytes, as Linux counts it: ``VmRSS``, ``VmHWM``.

    Raises
    ------
    OSError
        Where the system is not Linux.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))
