"""lme4's answers as they were recorded: the reference where there is no R."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from parity.archive import from_json

if TYPE_CHECKING:
    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult

SHIPPED = Path(__file__).parents[1] / "data" / "references"


class Lme4Recorded:
    """Reads the answers that ship with the package; `parity record` writes them anew."""

    name = "lme4-recorded"

    def __init__(self, folder: Path = SHIPPED) -> None:
        """Read from a folder of ``CASE.json`` files."""
        self.folder = folder

    def missing(self) -> str | None:
        """Return None where there is a recorded answer at all."""
        if any(self.folder.glob("*.json")):
            return None
        return f"nothing is recorded in {self.folder}; run `parity record` where R is"

    def unsupported(self, case: Case) -> str | None:
        """Return None where the case was recorded."""
        if self._file(case).is_file():
            return None
        return f"no answer of lme4 to {case.name} is recorded; run `parity record {case.name}`"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:  # noqa: ARG002 - the protocol's
        """Return the recorded answer; `RecordError` where it belongs to other data."""
        return from_json(self._file(case).read_text(encoding="utf-8"), case, self.name)

    def versions(self) -> dict[str, str]:
        """Return the versions that the answers were recorded with, joined where they differ."""
        return dict(self._recorded)

    @cached_property
    def _recorded(self) -> dict[str, str]:
        seen: dict[str, set[str]] = {}
        for file in sorted(self.folder.glob("*.json")):
            try:
                recorded = json.loads(file.read_text(encoding="utf-8"))["versions"].items()
            except (AttributeError, KeyError, TypeError, ValueError):
                continue  # `fit` says what is wrong with it
            for program, version in recorded:
                seen.setdefault(program, set()).add(version)
        return {program: ", ".join(sorted(versions)) for program, versions in seen.items()}

    def _file(self, case: Case) -> Path:
        return self.folder / f"{case.name}.json"
