"""What a piece of work costs, and contestants that take turns."""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one piece of work, and what came of it.

    Attributes
    ----------
    wall
        On the clock.
    cpu
        Of processors: those of this process and of the processes that worked for it.
    figures
        What else was found, by name: ``value``, a deviance for one, and ``peak``, of memory.
    """

    wall: float
    cpu: float
    figures: Mapping[str, float] = field(default_factory=dict)


class Turns:
    """Contestants that all work in every round.

    The first of one round is last in the next: what slows the machine for a while, or warms it,
    meets all alike. One that fails takes no further part, and nothing of it is kept but the reason.

    Attributes
    ----------
    costs
        Of each contestant, one a round.
    lost
        Why the others have none.
    """

    def __init__(self, contestants: Mapping[str, Callable[[], Cost]]) -> None:
        """Line them up."""
        self._contestants = dict(contestants)
        self._order = list(contestants)
        self.costs: dict[str, list[Cost]] = {name: [] for name in contestants}
        self.lost: dict[str, str] = {}

    def take(self) -> None:
        """Let all work once."""
        for name in list(self._order):
            try:
                self.costs[name].append(self._contestants[name]())
            # Whatever a rival raises: that it failed is a result.
            except Exception as error:  # noqa: BLE001
                self.lost[name] = f"{type(error).__name__}: {' '.join(str(error).split())}"
                del self.costs[name]
                self._order.remove(name)
        self._order = [*self._order[1:], *self._order[:1]]

    def forget(self) -> None:
        """Drop all costs: what came before loaded what is loaded lazily."""
        self.costs = {name: [] for name in self.costs}


def measure(work: Callable[[], object], count: int = 1, pids: Sequence[int] = ()) -> Cost:
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
