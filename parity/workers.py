"""Processes beside this one, each with an R of its own: one share of the work at a time.

They are spawned, by joblib's loky, never forked: an R that was started before cannot be shared. In
this process no thread is started for them, and each of them is the head of its own process group,
which ends as a whole, an R of its own included.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing.connection import Connection

_Share = TypeVar("_Share")
_Answer = TypeVar("_Answer")

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
    ),
    "1",
)  # fmt: skip
"""Numbers must not depend on how many threads a BLAS splits a sum over."""
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a share whose worker died.

    Attributes
    ----------
    reason
        How it ended, in words.
    """

    reason: str


class Worker(Generic[_Share, _Answer]):
    """A process that does the same task on every share that it is given."""

    def __init__(self, task: Callable[[_Share], _Answer]) -> None:
        """Start it; what it imports and starts, it does at its first share."""
        from joblib.externals.loky.backend import (  # noqa: PLC0415 - costs 0.1 s
            get_context,
        )

        context: Any = get_context("loky")  # type: ignore[no-untyped-call] # joblib is untyped
        self.connection, theirs = context.Pipe()
        lifeline, self._lifeline = context.Pipe(duplex=False)
        # R's temporary folder lies in it, and R is given no time to clear it away.
        self._folder = TemporaryDirectory(prefix="parity-")
        self._process = context.Process(
            target=_serve,
            args=(theirs, lifeline, self._folder.name, task),
            env={**ONE_THREAD, "TMPDIR": self._folder.name},
            daemon=True,
        )
        self._process.start()
        theirs.close()
        lifeline.close()

    def give(self, share: _Share) -> None:
        """Hand a share over; that the process is dead shows in `take`."""
        with suppress(OSError):
            self.connection.send(share)

    def take(self) -> _Answer | Lost:
        """Return the answer when it comes; `Lost` where the process died instead.

        Raises
        ------
        Exception
            Whatever the task raised.
        """
        try:
            done, answer = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return Lost(self._epitaph())
        if not done:
            raise answer
        found: _Answer = answer
        return found

    def _epitaph(self) -> str:
        """Return how the process ended."""
        self._process.join(_PATIENCE)
        code = self._process.exitcode
        if code is None:
            return "the worker process stopped answering"
        if code < 0:
            with suppress(ValueError):
                return f"the worker process was ended by {signal.Signals(-code).name}"
            return f"the worker process was ended by signal {-code}"
        return f"the worker process ended with exit code {code}"

    def end(self) -> None:
        """End the process and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.exitcode is None:  # it may have no group of its own yet
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self.connection.close()
        self._lifeline.close()
        self._folder.cleanup()


def work(
    task: Callable[[_Share], _Answer], shares: Sequence[_Share], jobs: int
) -> Generator[tuple[_Share, _Answer | Lost]]:
    """Yield each share with its answer, as they are done.

    A share whose worker dies is `Lost`, and another worker takes the place.

    Parameters
    ----------
    task
        What to do with a share: a picklable function or object.
    shares
        In the order in which they are begun.
    jobs
        How many processes.

    Raises
    ------
    Exception
        Whatever the task raised, for then the workers are ended.
    """
    waiting = deque(shares)
    busy: dict[Connection, tuple[Worker[_Share, _Answer], _Share]] = {}
    idle: list[Worker[_Share, _Answer]] = []

    def begin() -> None:
        while waiting and len(busy) < jobs:
            worker = idle.pop() if idle else Worker(task)
            share = waiting.popleft()
            busy[worker.connection] = worker, share
            worker.give(share)

    try:
        begin()
        while busy:
            for ready in wait(list(busy)):
                worker, share = busy[ready]  # type: ignore[index] # only ours are waited for
                answer = worker.take()
                del busy[worker.connection]
                if isinstance(answer, Lost):
                    worker.end()
                else:
                    idle.append(worker)
                begin()
                yield share, answer
    finally:
        for worker in (*idle, *(worker for worker, _ in busy.values())):
            worker.end()


def _serve(
    connection: Connection, lifeline: Connection, folder: str, task: Callable[[_Share], _Answer]
) -> None:
    """Answer share after share, until the process that gives them is gone."""
    os.setsid()
    watch = threading.Thread(target=_end_with, args=(lifeline, folder), daemon=True)
    watch.start()
    while True:
        try:
            connection.send(_attempt(task, connection.recv()))
        except (EOFError, OSError):
            # that thread ends all, once the folder is cleared away: this one must not be sooner
            watch.join(_PATIENCE)
            return


def _attempt(task: Callable[[_Share], _Answer], share: _Share) -> tuple[bool, _Answer | Exception]:
    """Return whether the task was done, and its answer or what it raised."""
    try:
        return True, task(share)
    except Exception as error:  # noqa: BLE001 - the other process raises it
        return False, _portable(error)


def _portable(error: Exception) -> Exception:
    """Return the error with its traceback as a note; one that cannot be pickled, as its text."""
    error.add_note("In a worker process: " + "".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, just written
    except Exception:  # noqa: BLE001 - whatever an exception's own pickling raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with(lifeline: Connection, folder: str) -> None:
    """End this process, and an R that it started, as soon as the other end of the pipe is gone."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
