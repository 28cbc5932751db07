"""Engines of an installed package, as a sweep's workers find them, with faults that are asked for.

The environment says which models they are faults of: workers are other processes.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from parity.engines.lme4 import Lme4
from tests.parity.fake_engines import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult

POINTS = """\
[parity.engines]
planted-steady = tests.parity.sweep.planted_engines:Steady
planted-faulty = tests.parity.sweep.planted_engines:Faulty
planted-r-killer = tests.parity.sweep.planted_engines:Killer
"""


def install(folder: Path) -> dict[str, str]:
    """Install the engines in a folder and return the environment that finds them."""
    about = folder / "planted_engines-1.0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-engines\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(folder), str(root), os.environ.get("PYTHONPATH", "")])
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**os.environ, "PYTHONPATH": path, **threads}


def _is_asked(variable: str, case: Case) -> bool:
    return case.name.removeprefix("model-") in os.environ.get(variable, "").split(",")


@dataclass
class Steady(FakeEngine):
    """An engine without a fault."""

    name: str = "planted-steady"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        return replace(super().fit(case, data), versions=self.versions())

    def versions(self) -> Mapping[str, str]:
        return {self.name: os.environ.get("PLANTED_VERSION", "1.0")}


@dataclass
class Faulty(Steady):
    """An engine that takes its time, raises, or is the death of its process."""

    name: str = "planted-faulty"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        time.sleep(float(os.environ.get("PLANTED_SECONDS", "0")))
        if _is_asked("PLANTED_RAISES", case):
            raise RuntimeError("planted: no fit")
        if _is_asked("PLANTED_DEATHS", case):
            self._die(case)
        return super().fit(case, data)

    def _die(self, case: Case) -> None:
        """End this process; only the first time where a folder keeps count."""
        folder = os.environ.get("PLANTED_ONCE")
        mark = Path(folder or ".") / f"{case.name}.died"
        if folder and mark.exists():
            return
        if folder:
            mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class Killer(Lme4):
    """Live lme4, whose R dies by a signal as it is asked."""

    name = "planted-r-killer"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        if _is_asked("PLANTED_R_DEATHS", case):
            from bridge import session  # noqa: PLC0415 - R starts only when it is asked for
            from bridge.worker import Worker  # noqa: PLC0415 - as above

            running = session.current()
            assert isinstance(running, Worker)
            assert running.pid is not None
            os.kill(running.pid, signal.SIGKILL)
        return super().fit(case, data)
