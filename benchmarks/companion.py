"""A process that stays and works whenever it is asked: R alone, or a rival's own Python."""

from __future__ import annotations

import select
import subprocess
import time
from typing import TYPE_CHECKING, Self

from benchmarks.rounds import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

_PATIENCE = 300.0
_FIGURES = ("value", "peak")
_NONE = "-"


class CompanionError(RuntimeError):
    """A companion that cannot do what it was asked, in its own words."""


class Companion:
    """A running process with a line for a question and a line for its answer.

    A question is ``WAY COUNT FILE``, with a tab between; the answer ``WALL CPU VALUE PEAK``:
    the seconds of all `count` repetitions, the number that came of it, and by how many bytes the
    memory at its peak exceeded that of the start. ``-`` stands for no figure, and an answer that
    begins with ``error`` says why there is none. The first line says that it is ready. As a
    context manager it is ended.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it, and wait until it is ready.

        Raises
        ------
        CompanionError
            Where it does not start.
        """
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, bufsize=0
            )
        except OSError as error:
            raise CompanionError(f"{command[0]} does not start: {error}.") from error
        try:
            self.greeting = self._read(_PATIENCE)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ask(self, way: str, path: Path, count: int = 1, patience: float = _PATIENCE) -> Cost:
        """Return what one of `count` repetitions costs.

        Raises
        ------
        CompanionError
            Where it answers with an error, ends, or is not ready after `patience` seconds; then
            it is ended.
        """
        if self._process.poll() is not None:
            raise CompanionError("It has ended before it was asked.")
        question = f"{way}\t{count}\t{path}\n".encode()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question)
        except OSError as error:
            raise CompanionError("It has ended before it was asked.") from error
        wall, cpu, *figures = self._read(patience).split()
        found = {
            name: float(text) for name, text in zip(_FIGURES, figures, strict=True) if text != _NONE
        }
        return Cost(float(wall) / count, float(cpu) / count, found)

    def _read(self, patience: float) -> str:
        assert self._process.stdout is not None
        line, until = b"", time.monotonic() + patience
        while not line.endswith(b"\n"):
            left = max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                self.end()
                raise CompanionError(f"It was not ready after {patience:.0f} s, and was ended.")
            piece = self._process.stdout.read(1 << 16)
            if not piece:
                raise CompanionError("It ended before it answered. Its own words stand above.")
            line += piece
        text = line.decode(errors="replace").strip()
        kind, _, words = text.partition("\t")
        if kind == "error":
            raise CompanionError(words)
        return text

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        """Return the companion itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.end()
