"""A million rows to R, by kind of column: the bridge against rpy2's pandas converter.

Each works in a process of its own, so that rpy2's rules of conversion meet nothing else. The memory
at its peak is that of a third, over the bytes of the columns in Python or in R, whichever are
more.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.columns import ALL, KINDS
from benchmarks.companion import Companion
from benchmarks.rounds import Cost
from benchmarks.spread import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.contest import Contest

_ROWS = 1_000_000
_BRIDGE, _RPY2 = "bridge", "rpy2's pandas converter"
_COMMAND = [sys.executable, str(Path(__file__).with_name("columns.py"))]
# What is freed goes back to the system, or a peak would hide in what was freed before.
_ALLOCATORS = {
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_FEW, _MANY = 100.0, 20.0
_SPEEDS = {
    "float64": _FEW,
    "float64 with NaN": _FEW,
    "int64": _FEW,
    "bool": _FEW,
    "Int64 with NA": _FEW,
    "boolean with NA": _FEW,
    "category of 50": _FEW,
    "text, 1e5 values": _MANY,
    "objects, 1e5 texts": _MANY,
}
_REPEATS = 5


@pytest.fixture(scope="module")
def companions() -> Iterator[tuple[Companion, Companion]]:
    """Return the two processes that convert."""
    with Companion(_COMMAND) as bridge, Companion(_COMMAND) as rpy2:
        yield bridge, rpy2


def _peak(question: Path) -> float:
    with Companion(_COMMAND, env=os.environ | _ALLOCATORS) as fresh:
        return fresh.ask("peak", question).figures["value"]


@pytest.mark.parametrize("kind", [*KINDS, ALL])
def bench_transfer(kind: str, contest: Contest, companions: tuple[Companion, Companion]) -> None:
    """Send one kind of column, and all at once."""
    bridge, rpy2 = companions
    question = Path(str(_ROWS), kind)
    peak = _peak(question)

    def send() -> Cost:
        found = bridge.ask("bridge", question, _REPEATS)
        return Cost(found.wall, found.cpu, {"peak": peak})

    aimed = kind in _SPEEDS
    speed, lean = Target(_BRIDGE, "speed", _SPEEDS.get(kind, 0.0)), Target(_BRIDGE, "peak", 2.5)
    contest.run(
        kind,
        {_BRIDGE: send, _RPY2: lambda: _timed(partial(rpy2.ask, "rpy2", question))},
        rounds=1 if kind == ALL else 2,
        base=_RPY2,
        table=f"{_ROWS:,} rows",
        targets=[speed, lean] if aimed else [],
    )


def _timed(ask: partial[Cost]) -> Cost:
    found = ask()
    return Cost(found.wall, found.cpu)
