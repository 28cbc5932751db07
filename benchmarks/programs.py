"""Whole programs, timed from start to end."""

from __future__ import annotations

import resource
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rounds import Cost

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_ROOT = Path(__file__).parents[1]
_TAIL = 300


def run_program(command: Sequence[str], codes: Collection[int] = (0,)) -> Cost:
    """Return what a program costs, with the processors of all that it started.

    Raises
    ------
    RuntimeError
        Where it ends with a code that is none of `codes`; with its last words.
    """
    wall, cpu = time.perf_counter(), _children()
    done = subprocess.run(
        command,
        check=False,
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    cost = Cost(time.perf_counter() - wall, _children() - cpu)
    if done.returncode not in codes:
        words = " ".join(done.stderr.split())[-_TAIL:]
        raise RuntimeError(f"It ended with code {done.returncode}: {words}")
    return cost


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
