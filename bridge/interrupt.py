"""Ctrl-C while R works: noted and handed on, never raised in the middle of a frame."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class UserInterruptError(Exception):
    """Ctrl-C was pressed while R was waited for."""


class Interrupt:
    """Whether Ctrl-C was pressed, and a file that can be read from then on."""

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.noted = False
        self._then = then
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    def note(self) -> None:
        """Note that Ctrl-C was pressed."""
        self.noted = True
        os.write(self._writing, b"!")
        if self._then is not None:
            self._then()

    def fileno(self) -> int:
        """Return the file descriptor that can be read once Ctrl-C was pressed."""
        return self._reading

    def close(self) -> None:
        """Give the file back."""
        os.close(self._reading)
        os.close(self._writing)


@contextmanager
def noted_interrupt(then: Callable[[], None] | None = None) -> Iterator[Interrupt]:
    """Note Ctrl-C for as long as the block runs, and raise KeyboardInterrupt only at its end.

    Python hands signals to its main thread only, so that elsewhere nothing is ever noted. Where
    the program ignores Ctrl-C, or lets it end the process, that stays so.

    Parameters
    ----------
    then
        What to do at once when Ctrl-C is pressed.
    """
    interrupt = Interrupt(then)
    saved = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(saved):
        try:
            yield interrupt
        finally:
            interrupt.close()
        return
    signal.signal(signal.SIGINT, lambda *_: interrupt.note())
    try:
        yield interrupt
    except UserInterruptError:
        pass  # the end of the block says it
    finally:
        signal.signal(signal.SIGINT, saved)
        interrupt.close()
        if interrupt.noted:
            # The program's own handler first: Python's raises, others may have more to do.
            with suppress(KeyboardInterrupt):
                saved(signal.SIGINT, None)
            raise KeyboardInterrupt from None
