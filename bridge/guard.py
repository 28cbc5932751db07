"""What must hold around every call into the R of this process: its console, its stack, Ctrl-C."""

import os
import resource
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# rpy2 has no types.
RObject = Any

# R measures its C stack from where the main thread's began: meaningless in another thread.
_NO_LIMIT = 2**64 - 1
_LARGEST_STACK = 64 * 2**20
_SHARE_OF_STACK = 0.9


# R looks for its modules (LAPACK among them) by the first two when it needs them; the others are
# rpy2's own marks: of the process that it runs in, and of how it was installed.
_KEPT = frozenset({"R_HOME", "R_ARCH", "PYTHON_SESSION_INITIALIZED", "RPY2_CFFI_MODE"})


def restore_environment(before: Mapping[str, str], present: Iterable[str]) -> None:
    """Undo what R's start did to the environment variables that child processes inherit.

    R sets some thirty, LD_LIBRARY_PATH and EDITOR among them: with its library path, another
    Python started from this process can fail to load its own libraries. R read them at its start;
    what it reads later stays.

    Parameters
    ----------
    before
        The variables as they were.
    present
        The names that there are now, R's own with them, which Python's `os.environ` has not seen.
    """
    for name in {*present, *os.environ} - before.keys() - _KEPT:
        os.environ.pop(name, None)
        os.unsetenv(name)
    os.environ.update(before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def capture_console(ri: RObject) -> Iterator[list[str]]:
    """Gather what R writes to its console in a list, for as long as the block runs."""
    output: list[str] = []
    replaced = {
        "consolewrite_print": output.append,
        "consolewrite_warnerror": output.append,
        "showmessage": output.append,
        # A question on R's console has nobody to answer it.
        "consoleread": lambda _prompt: "",
    }
    callbacks = ri.embedded.callbacks
    saved = {name: getattr(callbacks, name) for name in replaced}
    for name, function in replaced.items():
        setattr(callbacks, name, function)
    try:
        yield output
    finally:
        for name, function in saved.items():
            setattr(callbacks, name, function)


def _stack_bytes() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY:
        return _LARGEST_STACK
    return int(_SHARE_OF_STACK * soft)


@contextmanager
def limit_stack(ri: RObject) -> Iterator[None]:
    """Let R check its C stack, which rpy2 switches off: deep recursion is then R's error."""
    rlib = ri.openrlib.rlib
    saved = rlib.R_CStackLimit
    rlib.R_CStackLimit = _stack_bytes() if _in_main_thread() else _NO_LIMIT
    try:
        yield
    finally:
        rlib.R_CStackLimit = saved


@contextmanager
def interruptible(ri: RObject) -> Iterator[None]:
    """Hand Ctrl-C to R, which ends its work at the next safe point. In the main thread only."""
    if not _in_main_thread():
        yield
        return
    rlib = ri.openrlib.rlib

    def hand_over(_signal: int, _frame: object) -> None:
        rlib.R_interrupts_pending = 1

    saved = signal.signal(signal.SIGINT, hand_over)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, saved)
        rlib.R_interrupts_pending = 0
