"""Several workers at once: many calls or fits, in order, none lost when one of them fails."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self, TypeVar

from bridge.arguments import MOST_WORKERS, as_whole
from bridge.errors import BridgeError
from bridge.worker import Worker

if TYPE_CHECKING:
    from types import TracebackType

    from bridge.session import Answer, Argument, Session

T = TypeVar("T")
Task = Callable[["Session"], T]
Progress = Callable[[int, int], object]


class Pool:
    """R processes that share the work, each called from a thread of its own.

    What a task gives does not depend on how many workers there are, as long as what it draws at
    random has a seed. A worker that dies costs the task that it was at, and is started again.

    Parameters
    ----------
    workers
        Number of R processes, at most 256; more than there are processors gains nothing.
    time_limit
        Seconds that one call may take; None is no limit.

    Raises
    ------
    ArgumentError
        For no worker or too many, or a time limit that cannot be kept.
    EngineMissingError
        When there is no R.
    """

    def __init__(self, workers: int = 2, *, time_limit: float | None = None) -> None:
        processes = as_whole("workers", workers, least=1, most=MOST_WORKERS)
        self._workers = [Worker(time_limit) for _ in range(processes)]
        self._busy = threading.Lock()
        for worker in self._workers:
            worker.start()

    def map(
        self,
        name: str,
        arguments: Sequence[Mapping[str, Argument]],
        progress: Progress | None = None,
    ) -> list[Answer]:
        """Return what the function `name` of ``r_scripts`` answers to each of the arguments.

        Parameters
        ----------
        name
            The function.
        arguments
            Its arguments, one mapping a call.
        progress
            Called with the number of calls done and of all, after each one.

        Raises
        ------
        BridgeError
            The first in order, after all calls have ended: a worker that died, or a time limit;
            R's own errors stand in the answers. `iterate` gives the others their answers.
        """
        found: dict[int, Answer | BridgeError] = {}
        for place, outcome in self.iterate(name, arguments):
            found[place] = outcome
            if progress is not None:
                progress(len(found), len(arguments))
        answers: list[Answer] = []
        for place in range(len(arguments)):
            outcome = found[place]
            if isinstance(outcome, BridgeError):
                failed = sum(isinstance(one, BridgeError) for one in found.values())
                outcome.add_note(f"Call {place + 1} of {len(arguments)}; {failed} failed in all.")
                raise outcome
            answers.append(outcome)
        return answers

    def iterate(
        self, name: str, arguments: Sequence[Mapping[str, Argument]]
    ) -> Iterator[tuple[int, Answer | BridgeError]]:
        """Yield the place of each call and its answer, or the error that it met, as they end."""

        def asking(sent: Mapping[str, Argument]) -> Task[Answer]:
            return lambda session: session.call(name, sent)

        for place, outcome in self.outcomes([asking(sent) for sent in arguments]):
            if isinstance(outcome, Exception) and not isinstance(outcome, BridgeError):
                raise outcome
            yield place, outcome

    def run(self, tasks: Sequence[Task[T]]) -> Iterator[T]:
        """Yield what each task returns, in order, as soon as it and those before it have ended.

        Parameters
        ----------
        tasks
            Functions of a session, as ``lambda session: lmer(formula, data, session=session)``.

        Raises
        ------
        Exception
            What the first task in order that failed has raised; the others are stopped.
        """
        early: dict[int, T | Exception] = {}
        place = 0
        for ended, outcome in self.outcomes(tasks):
            early[ended] = outcome
            while place in early:
                value = early.pop(place)
                if isinstance(value, Exception):
                    raise value
                yield value
                place += 1

    def outcomes(self, tasks: Sequence[Task[T]]) -> Iterator[tuple[int, T | Exception]]:
        """Yield the place of each task and what it returned or raised, as they end.

        Left early, as by Ctrl-C, it stops what still runs.

        Raises
        ------
        BridgeError
            While the pool has other work.
        """
        if not self._busy.acquire(blocking=False):
            raise BridgeError("The pool has other work. Finish that first, or make another pool.")
        waiting = deque(enumerate(tasks))
        ended: SimpleQueue[tuple[int, T | Exception]] = SimpleQueue()
        threads = [
            threading.Thread(target=_work, args=(worker, waiting, ended), daemon=True)
            for worker in self._workers
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in tasks:
                yield ended.get()
        finally:
            self._end(threads, waiting)

    def _end(self, threads: list[threading.Thread], waiting: deque[tuple[int, Task[T]]]) -> None:
        """Leave no thread at work, whether all is done or not."""
        waiting.clear()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        left = [pair for pair in zip(threads, self._workers, strict=True) if pair[0].is_alive()]
        while left and time.monotonic() < deadline:
            for thread, worker in left:
                # The few instructions after a task's end need no violence.
                thread.join(_LAST_SECONDS)
                if thread.is_alive():
                    worker.stop()
            left = [pair for pair in left if pair[0].is_alive()]
        # A task that does not come back from Python itself keeps the pool.
        if not left:
            self._busy.release()

    def close(self) -> None:
        """End all workers for good."""
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


_LAST_SECONDS = 0.02
_PATIENCE_SECONDS = 0.8


def _work(
    worker: Worker,
    waiting: deque[tuple[int, Task[T]]],
    ended: SimpleQueue[tuple[int, T | Exception]],
) -> None:
    """Take one task after another until there is none."""
    while True:
        try:
            place, task = waiting.popleft()
        except IndexError:
            return
        try:
            ended.put((place, task(worker)))
        except Exception as error:  # noqa: BLE001  (whatever a task raises is its outcome)
            ended.put((place, error))
        except BaseException as error:  # noqa: BLE001  (it would end this thread without a word)
            ended.put((place, BridgeError(f"The task ended by {type(error).__name__}.")))
