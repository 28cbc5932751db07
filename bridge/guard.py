"""What must hold around every call into the R of this process: its console, its stack, Ctrl-C."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from bridge.interrupt import noted_interrupt
from bridge.stack import own_stack

# rpy2 has no types.
RObject = Any

_NO_LIMIT = 2**64 - 1
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


@contextmanager
def limit_stack(ri: RObject) -> Iterator[None]:
    """Let R check the C stack of the running thread: deep recursion is then R's error.

    rpy2 switches the check off, and R would measure from where the main thread's stack begins.
    """
    rlib = ri.openrlib.rlib
    saved = rlib.R_CStackStart, rlib.R_CStackLimit
    stack = own_stack()
    if stack is None:
        rlib.R_CStackLimit = _NO_LIMIT
    else:
        rlib.R_CStackLimit = int(_SHARE_OF_STACK * stack.size)
        if stack.start is not None:
            rlib.R_CStackStart = stack.start
    try:
        yield
    finally:
        rlib.R_CStackStart, rlib.R_CStackLimit = saved


@cache
def _pause(ffi: RObject) -> RObject:
    """Return what R calls some hundred times a fit, for Python to run its handlers of signals."""
    return ffi.callback("void (void)", _pass)


def _pass() -> None:
    """Do nothing: what counts is that Python is entered. rpy2's own way in costs a millisecond."""


@contextmanager
def interruptible(ri: RObject) -> Iterator[None]:
    """Hand Ctrl-C to R, which ends its work at the next safe point. In the main thread only."""
    rlib = ri.openrlib.rlib
    saved = rlib.ptr_R_ProcessEvents

    def hand_over() -> None:
        rlib.R_interrupts_pending = 1

    with noted_interrupt(hand_over) as interrupt:
        rlib.ptr_R_ProcessEvents = _pause(ri.openrlib.ffi)
        try:
            yield
        finally:
            rlib.ptr_R_ProcessEvents = saved
            if interrupt.noted:
                rlib.R_interrupts_pending = 0
