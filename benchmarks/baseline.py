"""R without the bridge: an Rscript that stays, and fits the same models to the same columns."""

# ruff: noqa: INP001  (programs, of no package)
from __future__ import annotations

import re
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from benchmarks.rounds import Cost
from bridge import scripts
from bridge.encode import to_frame
from bridge.placement import steady_places
from bridge.program import CELLS, environment
from bridge.wire import write

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

    from benchmarks.examples import Example

    Way = Literal["lmer", "extracted", "fit_lmer"]

_MOST_STARTS = 12
# Bit 31 of lme4's addresses, in the eighth digit from the right: see bridge.placement.
_MISPLACED = re.compile(r"^[0-9a-f]*[0-7][0-9a-f]{7}-\S+ r-xp .*/lme4[.]so$", re.MULTILINE)


class Baseline:
    """A running Rscript; as a context manager it is ended."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._process = _start()
        for _ in range(_MOST_STARTS):
            if not _is_misplaced(self._process.pid):
                return
            _end(self._process)
            self._process = _start()

    @property
    def placed(self) -> bool:
        """Whether lme4 lies where its arithmetic is that of the bridge."""
        return not _is_misplaced(self._process.pid)

    def fit(self, way: Way, example: Example, data: pd.DataFrame) -> tuple[Cost, float]:
        """Return what one of the example's fits costs by this way, and its log-likelihood."""
        path = self._folder / str(abs(hash(example.formula)))
        if not path.exists():
            sent = write({"formula": example.formula, "data": to_frame(data, example.columns)})
            path.write_bytes(b"".join(sent))
        wall, cpu, loglik = map(float, self._ask(f"{way}\t{example.count}\t{path}").split())
        return Cost(wall / example.count, cpu / example.count), loglik

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None  # noqa: S101  (a pipe)
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return _read_line(self._process)

    def __enter__(self) -> Self:
        """Return the baseline itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        _end(self._process)
        self._stack.close()


def _start() -> subprocess.Popen[str]:
    # The number of cells that the bridge starts R with: a plain R collects garbage more often.
    options = ["--vanilla", CELLS]
    program = [str(Path(__file__).with_name("fits.R")), str(scripts.folder())]
    with steady_places():
        process = subprocess.Popen(  # noqa: S603  (this project's own file)
            ["Rscript", *options, *program],  # noqa: S607  (the R of the PATH)
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    _read_line(process)
    return process


def _read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101  (a pipe)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("Rscript ended before it answered. Its own words stand above.")
    return line


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def _is_misplaced(pid: int) -> bool:
    maps = Path(f"/proc/{pid}/maps")
    return maps.exists() and bool(_MISPLACED.search(maps.read_text(encoding="utf-8")))
