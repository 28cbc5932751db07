"""Engines that another process can make by their names, and faults that a test asks for.

What they do beside fitting is told by environment variables, for a process inherits them.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.parity.fake_engines import FakeEngine, with_element

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult

JOURNAL, FAULT, HOME = "PARITY_TEST_JOURNAL", "PARITY_TEST_FAULT", "PARITY_TEST_HOME"
"""A file for a line per fit; ``"what:case,case"``; the process in which no fault happens."""
POINTS = "[parity.engines]\n" + "".join(
    f"{name} = tests.parity.named_engines:{made}\n"
    for name, made in (("toy-reference", "Reference"), ("toy", "Toy"))
)


def register(folder: Path) -> None:
    """Make the engines' entry points findable in a folder that is on the path of imports."""
    record = folder / "toy_engines-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-engines\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(POINTS)


def _elsewhere() -> bool:
    return os.environ.get(HOME) != str(os.getpid())


class _Named(FakeEngine):
    """A fake engine that keeps a journal and, in another process, has the fault asked for."""

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        with Path(os.environ[JOURNAL]).open("a", encoding="utf-8") as journal:
            journal.write(f"{case.name} {self.name} {os.getpid()}\n")
        fault, _, names = os.environ.get(FAULT, "").partition(":")
        if fault and case.name in names.split(",") and _elsewhere():
            _suffer(fault)
        answer = super().fit(case, data)
        return with_element(answer, "sigma", (), 9.0) if fault == "wrong" else answer

    def versions(self) -> Mapping[str, str]:
        other = os.environ.get(FAULT) == "version" and _elsewhere()
        return {self.name: "2.0" if other else "1.0"}


def _suffer(fault: str) -> None:
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "exits":
        os._exit(7)
    if fault == "raises":
        raise KeyError("theta")
    if fault == "sleeps":
        time.sleep(600)


class Reference(_Named):
    """What the other is held against."""

    def __init__(self) -> None:
        super().__init__("toy-reference")


class Toy(_Named):
    """The candidate."""

    def __init__(self) -> None:
        super().__init__("toy")

    def missing(self) -> str | None:
        away = os.environ.get(FAULT) == "missing" and _elsewhere()
        return "it stayed at home" if away else None
