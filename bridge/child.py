"""One R process beside this one: its two pipes, what it prints, and its end."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import weakref
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bridge import scripts
from bridge.errors import EngineMissingError
from bridge.interrupt import Interrupt, UserInterruptError
from bridge.placement import steady_places
from bridge.program import CELLS, environment, find_r

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.wire import Buffer

# Marks the begin of a frame in both directions; from R its length follows.
_MARK = b"lme4wire"
_LENGTH = struct.Struct("=d")
# A .RData or .Rprofile of the working directory would fill R's global environment.
_OPTIONS = ("--no-echo", "--no-save", "--no-restore", "--no-init-file", CELLS)
_PIECES_AT_ONCE = 512
_PIPE_BYTES = 1 << 20
# As often a wait looks whether R still lives: a forked sibling can keep a dead one's pipe open.
_LOOK_SECONDS = 1.0
_LAST_LINES = 8


class DeadError(Exception):
    """The process ended; the text says how."""


class LateError(Exception):
    """The deadline passed."""


class Child:
    """An R process that runs ``worker.R``.

    Parameters
    ----------
    steady
        Whether it has the same addresses in memory each time, where the system allows it.

    Raises
    ------
    EngineMissingError
        When there is no program `R`.
    """

    def __init__(self, *, steady: bool = True) -> None:
        # Not closed by a block: R writes to it for as long as it lives.
        self._printed: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        kept = (self._requests, self._answers)
        # R's temporary files lie in it, since a killed R cannot remove its own.
        folder = Path(tempfile.mkdtemp(prefix="lme4-parity-"))
        try:
            with steady_places() if steady else nullcontext():
                self._process = _start((requests, answers), self._printed, folder)
        except BaseException:
            _close(kept, self._printed)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            os.close(requests)
            os.close(answers)
        for descriptor in kept:
            os.set_blocking(descriptor, False)
            _widen(descriptor)
        self._end = weakref.finalize(self, _end, self._process, kept, self._printed, folder)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(
        self, pieces: Sequence[Buffer], deadline: float | None, interrupt: Interrupt | None
    ) -> None:
        """Send one frame.

        Raises
        ------
        DeadError, LateError, UserInterruptError
            When the frame could not be sent whole; the process is of no use then.
        """
        left = [memoryview(piece) for piece in (_MARK, *pieces)]
        while left:
            self._wait(self._requests, select.POLLOUT, deadline, interrupt)
            try:
                sent = os.writev(self._requests, left[:_PIECES_AT_ONCE])
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise DeadError(self._obituary()) from None
            while left and sent >= len(left[0]):
                sent -= len(left.pop(0))
            if sent:
                left[0] = left[0][sent:]

    def receive(self, deadline: float | None, interrupt: Interrupt | None) -> bytearray:
        """Return the content of the next frame.

        Raises
        ------
        DeadError, LateError, UserInterruptError
            When it did not come whole, or is none. After an interrupt it can be asked for again.
        """
        head = self._read(len(_MARK) + _LENGTH.size, deadline, interrupt)
        if not head.startswith(_MARK):
            self.kill()
            raise DeadError(f"because it wrote {bytes(head)!r}, where an answer was expected")
        (size,) = _LENGTH.unpack_from(head, len(_MARK))
        return self._read(int(size), deadline, None)

    def _read(self, size: int, deadline: float | None, interrupt: Interrupt | None) -> bytearray:
        content = bytearray(size)
        with memoryview(content) as view:
            done = 0
            while done < size:
                self._wait(self._answers, select.POLLIN, deadline, interrupt)
                try:
                    count = os.readv(self._answers, [view[done:]])
                except BlockingIOError:
                    continue
                if count == 0:
                    raise DeadError(self._obituary())
                done += count
        return content

    def _wait(
        self, descriptor: int, event: int, deadline: float | None, interrupt: Interrupt | None
    ) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if interrupt is not None:
            poll.register(interrupt.fileno(), select.POLLIN)
        while True:
            left = _LOOK_SECONDS if deadline is None else deadline - time.monotonic()
            ready = poll.poll(max(0.0, 1000 * min(left, _LOOK_SECONDS)))
            if interrupt is not None and interrupt.noted:
                raise UserInterruptError
            if ready:
                return
            if left <= 0:
                raise LateError
            if self._process.poll() is not None:
                raise DeadError(self._obituary())

    def ask_to_stop(self) -> None:
        """Send R what Ctrl-C sends in a terminal."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def printed(self) -> str:
        """Return what the process printed since the last time."""
        size = os.fstat(self._printed.fileno()).st_size
        if size == 0:
            return ""
        text = os.pread(self._printed.fileno(), size, 0)
        # The process writes at the same offset.
        os.ftruncate(self._printed.fileno(), 0)
        os.lseek(self._printed.fileno(), 0, os.SEEK_SET)
        return text.decode(errors="replace")

    def _obituary(self) -> str:
        """Return how the process ended and what it printed last."""
        try:
            status = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        lines = self.printed().strip().splitlines()[-_LAST_LINES:]
        return " ".join([how, *(["and printed last:", *lines] if lines else [])])

    def kill(self) -> None:
        """Kill the process, from whichever thread; one that waits for it raises DeadError."""
        _kill(self._process)

    def end(self) -> None:
        """Kill the process, if it still lives, and leave nothing of it behind."""
        self._end()

    def abandon(self) -> None:
        """Give the pipes of a process back that belongs to the parent of this one."""
        self._end.detach()
        # What waits for it, and may kill it, is the parent.
        self._process.returncode = 0
        _close((self._requests, self._answers), self._printed)


def _start(pipes: tuple[int, int], printed: IO[bytes], temporary: Path) -> subprocess.Popen[bytes]:
    folder = scripts.folder()
    program = find_r()
    words = [*map(str, pipes), str(temporary), str(folder)]
    try:
        # A session of its own, so that a terminal's Ctrl-C does not end the R under our hands.
        return subprocess.Popen(  # noqa: S603  (a fixed command)
            [program, *_OPTIONS, f"--file={folder / 'worker.R'}", "--args", *words],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            pass_fds=pipes,
            start_new_session=True,
            env=environment() | {"TMPDIR": str(temporary)},
        )
    except OSError as error:
        raise EngineMissingError(f"R cannot be started: {error}. Try `R --version`.") from error


def _close(descriptors: tuple[int, int], printed: IO[bytes]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    printed.close()


def _widen(descriptor: int) -> None:
    """Let a pipe hold more at once, where the system can."""
    with suppress(AttributeError, OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(
    process: subprocess.Popen[bytes],
    descriptors: tuple[int, int],
    printed: IO[bytes],
    folder: Path,
) -> None:
    _kill(process)
    process.wait()
    _close(descriptors, printed)
    shutil.rmtree(folder, ignore_errors=True)
