"""R outside this process: no rpy2, a time limit, ended and started again at will."""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NoReturn, Self

from bridge.child import Child, DeadError, LateError
from bridge.errors import (
    ArgumentError,
    BridgeError,
    EngineMissingError,
    TimeLimitError,
    WorkerDiedError,
)
from bridge.interrupt import UserInterruptError, noted_interrupt
from bridge.program import INSTALL_R, lme4_missing
from bridge.reply import to_answer
from bridge.session import Vector
from bridge.wire import read, write

if TYPE_CHECKING:
    from types import TracebackType

    from bridge.interrupt import Interrupt
    from bridge.session import Answer, Argument, Value
    from bridge.wire import Buffer

_START_SECONDS = 60.0
# Between asking R to stop and ending it.
_GRACE_SECONDS = 0.7
_MOST_STARTS = 12

# How far a process is: running, having said what it is, having loaded lme4.
Stage = Literal["started", "greeted", "loaded"]


class Worker:
    """An R process that answers calls: one at a time, from whichever thread.

    It starts at the first call, or by `start`. After a fork the child gets a process of its own.

    Parameters
    ----------
    time_limit
        Seconds that one call may take; None is no limit. The start of R does not count.
    """

    kind: Literal["worker"] = "worker"

    def __init__(self, time_limit: float | None = None) -> None:
        self.time_limit = as_time_limit(time_limit)
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._stage: Stage = "started"
        self._closed = False
        _ALL.add(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called: it answers no more."""
        return self._closed

    @property
    def pid(self) -> int | None:
        """Process id of its R, None where none runs."""
        child = self._child
        return None if child is None else child.pid

    def start(self) -> Self:
        """Start R, if it does not run, and return at once: it loads lme4 by itself.

        Raises
        ------
        EngineMissingError
            When there is no program `R`.
        """
        with self._lock:
            self._started()
        return self

    def _started(self) -> Child:
        if self._closed:
            raise BridgeError("This session is closed. Connect again.")
        if self._child is None:
            self._child = Child()
        return self._child

    def ready(self) -> None:
        """Return when R answers and has lme4; see :class:`bridge.session.Session`."""
        with self._lock, noted_interrupt() as interrupt:
            self._greeted(interrupt)

    def call(self, name: str, arguments: Mapping[str, Argument]) -> Answer:
        """Call the function `name` of ``r_scripts``; see :class:`bridge.session.Session`.

        Raises
        ------
        BridgeError
            When an argument cannot be sent.
        EngineMissingError
            When R does not start, or has no lme4.
        WorkerDiedError, TimeLimitError
            When R ended, or took too long and was ended; the next call starts a fresh one.
        KeyboardInterrupt
            After Ctrl-C, within a second.
        """
        pieces = write({"name": name, "arguments": arguments})
        with self._lock, noted_interrupt() as interrupt:
            child = self._loaded(interrupt)
            try:
                payload = self._exchange(child, pieces, interrupt)
            except DeadError as death:
                self._drop()
                raise WorkerDiedError(
                    f"R ended {death}, in the middle of a call of {name}. The next call starts a "
                    "fresh one."
                ) from None
            except LateError:
                self._drop()
                raise TimeLimitError(
                    f"A call of {name} took longer than the time limit of {self.time_limit} s and "
                    "was ended. Raise time_limit, or ask for less."
                ) from None
            return to_answer(read(payload), child.printed())

    def _exchange(self, child: Child, pieces: list[Buffer], interrupt: Interrupt) -> bytearray:
        deadline = None if self.time_limit is None else time.monotonic() + self.time_limit
        try:
            child.send(pieces, deadline, interrupt)
        except UserInterruptError:
            self._drop()
            raise
        try:
            return child.receive(deadline, interrupt)
        except UserInterruptError:
            child.ask_to_stop()
            self._await_stop(child)
            raise

    def _await_stop(self, child: Child) -> None:
        """Take R's answer to an interrupt, which says nothing more, or end R."""
        try:
            child.receive(time.monotonic() + _GRACE_SECONDS, None)
        except (DeadError, LateError):
            self._drop()

    def _loaded(self, interrupt: Interrupt) -> Child:
        """Return the process, with lme4 loaded."""
        child = self._greeted(interrupt)
        if self._stage == "greeted":
            failure = to_answer(self._first_words(child, interrupt), child.printed()).failure
            if failure is not None:
                self._drop()
                raise EngineMissingError(
                    f"lme4 is installed, but does not load: {failure.text} Install it again, "
                    "inside R: install.packages('lme4')"
                )
            self._stage = "loaded"
        return child

    def _greeted(self, interrupt: Interrupt) -> Child:
        """Return the process, which said what it is."""
        child = self._started()
        starts = 1
        while self._stage == "started":
            greeting = self._first_words(child, interrupt)
            if not _one(greeting, "lme4"):
                self._drop()
                raise lme4_missing(str(_one(greeting, "version")))
            if _one(greeting, "misplaced") and starts < _MOST_STARTS:
                # One in two lies right by chance: see bridge.placement.
                self._drop()
                child = self._child = Child(steady=False)
                starts += 1
            else:
                self._stage = "greeted"
        return child

    def _first_words(self, child: Child, interrupt: Interrupt) -> Value:
        """Return what R says before it is asked anything."""
        try:
            return read(child.receive(time.monotonic() + _START_SECONDS, interrupt))
        except (DeadError, LateError) as error:
            self._drop()
            how = f"it ended {error}" if isinstance(error, DeadError) else "it does not answer"
            raise EngineMissingError(
                f"R does not start: {how}. Look at what `R --version` says. {INSTALL_R}"
            ) from None

    def versions(self) -> dict[str, str]:
        """Return no versions: R tells its own."""
        return {}

    def _drop(self) -> None:
        """End R and forget it; the lock is held."""
        child, self._child = self._child, None
        self._stage = "started"
        if child is not None:
            child.end()

    def stop(self) -> None:
        """End R at once, from whichever thread; a call that waits for it raises WorkerDiedError."""
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._drop()

    def close(self) -> None:
        """End R for good: the session takes no calls any more."""
        self._closed = True
        self.stop()

    def __enter__(self) -> Self:
        """Return the session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a process cannot be sent."""
        raise TypeError("A session with R cannot be pickled. Connect in the other process.")

    def forget(self) -> None:
        """Leave the process of a parent alone, after a fork, and be as new."""
        child, self._child = self._child, None
        self._stage = "started"
        # Another thread of the parent, which does not exist here, may have held it.
        self._lock = threading.RLock()
        if child is not None:
            child.abandon()


def as_time_limit(seconds: float | None) -> float | None:
    """Return a time limit in seconds, refused unless a positive, finite number."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ArgumentError(f"time_limit is {seconds!r}; expected a number of seconds, or None.")
    if not (math.isfinite(seconds) and seconds > 0):
        raise ArgumentError(f"time_limit is {seconds!r}; expected seconds above 0, or None.")
    return float(seconds)


def _one(value: Value, name: str) -> object:
    part = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(part, Vector):
        raise BridgeError("R did not say what it is.")
    return part.cells[0]


_ALL: weakref.WeakSet[Worker] = weakref.WeakSet()


def _forget_all() -> None:
    for worker in list(_ALL):
        worker.forget()


os.register_at_fork(after_in_child=_forget_all)
