"""What a piece of work costs, and how costs compare: medians over rounds that take turns."""

# ruff: noqa: INP001  (programs, of no package)
from __future__ import annotations

import ctypes
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Clock = Literal["wall", "cpu"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one piece of work.

    Attributes
    ----------
    wall
        On the clock.
    cpu
        Of processors: those of this process and of the R processes that worked for it.
    """

    wall: float
    cpu: float

    def on(self, clock: Clock) -> float:
        """Return the seconds of one clock."""
        return self.wall if clock == "wall" else self.cpu


Costs = list[Cost]


def run_rounds(contestants: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Costs]:
    """Return the costs of each contestant, one a round.

    All work in every round, the first of one round last in the next: what slows the machine for a
    while, or warms it, meets all alike.
    """
    names = list(contestants)
    found: dict[str, Costs] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(contestants[name]())
        names.append(names.pop(0))
    return found


def measure(work: Callable[[], object], count: int, pids: Sequence[int] = ()) -> Cost:
    """Return what one of `count` repetitions of `work` costs, with the processors of `pids`."""
    wall, cpu = time.perf_counter(), _processors(pids)
    for _ in range(count):
        work()
    wall, cpu = time.perf_counter() - wall, _processors(pids) - cpu
    return Cost(wall / count, cpu / count)


def _processors(pids: Sequence[int]) -> float:
    return time.process_time() + sum(time.clock_gettime(_processor_clock(pid)) for pid in pids)


def _processor_clock(pid: int) -> int:
    """Return the clock of a process' time on processors.

    Raises
    ------
    OSError
        When there is no such process.
    """
    clock = ctypes.c_int()
    failure = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if failure:
        raise OSError(failure, os.strerror(failure))
    return clock.value


def median(costs: Sequence[Cost], clock: Clock) -> float:
    """Return the median seconds."""
    return statistics.median(cost.on(clock) for cost in costs)


def ratio(costs: Sequence[Cost], base: Sequence[Cost], clock: Clock) -> float:
    """Return the median of the rounds' ratios, which compare what ran at nearly the same time."""
    pairs = zip(costs, base, strict=True)
    return statistics.median(one.on(clock) / other.on(clock) for one, other in pairs)


def excess(costs: Sequence[Cost], base: Sequence[Cost], clock: Clock) -> float:
    """Return the median of the rounds' differences in seconds."""
    pairs = zip(costs, base, strict=True)
    return statistics.median(one.on(clock) - other.on(clock) for one, other in pairs)
