"""R without the bridge: an Rscript that stays, and fits the same models to the same columns."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.companion import Companion
from bridge import scripts
from bridge.encode import to_frame
from bridge.placement import steady_places
from bridge.program import CELLS, environment
from bridge.session import Vector
from bridge.wire import write

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from benchmarks.rounds import Cost

_MOST_STARTS = 12
# Bit 31 of lme4's addresses, in the eighth digit from the right: see bridge.placement.
_MISPLACED = re.compile(r"^[0-9a-f]*[0-7][0-9a-f]{7}-\S+ r-xp .*/lme4[.]so$", re.MULTILINE)


class Baseline:
    """A running Rscript; as a context manager it is ended.

    Its data are sent once, under a name, as the very bytes that a worker of the bridge gets.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._process = start()
        for _ in range(_MOST_STARTS):
            if self.placed:
                return
            self._process.end()
            self._process = start()

    @property
    def placed(self) -> bool:
        """Whether lme4 lies where its arithmetic is that of the bridge."""
        maps = Path(f"/proc/{self._process.pid}/maps")
        return not (maps.exists() and _MISPLACED.search(maps.read_text(encoding="utf-8")))

    def send(
        self,
        name: str,
        formula: str,
        data: pd.DataFrame,
        *,
        family: str | None = None,
        theta: NDArray[np.float64] | None = None,
    ) -> None:
        """Leave a model for later questions; `theta` is where its deviance will be asked for."""
        model: dict[str, Any] = {"formula": formula, "data": to_frame(data, list(data.columns))}
        if family is not None:
            model["family"] = family
        if theta is not None:
            model["theta"] = Vector(theta)
        (self._folder / name).write_bytes(b"".join(write(model)))

    def ask(self, way: str, name: str, count: int = 1) -> Cost:
        """Return what one of `count` repetitions costs; `baseline.R` lists the ways."""
        return self._process.ask(way, self._folder / name, count)

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
        self._process.end()
        self._stack.close()


def start() -> Companion:
    """Return a new Rscript with lme4 loaded."""
    # The number of cells that the bridge starts R with: a plain R collects garbage more often.
    options = ["--vanilla", CELLS]
    program = [str(Path(__file__).with_name("baseline.R")), str(scripts.folder())]
    with steady_places():
        return Companion(["Rscript", *options, *program], env=environment())
