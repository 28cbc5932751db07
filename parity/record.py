"""Write lme4's answers down, for machines without R."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.archive import to_json
from parity.bench import attempt
from parity.engine import EngineError, create
from parity.panel import LIVE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parity.case import Suite


def record(
    suite: Suite, folder: Path, progress: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Fit every case with live lme4 and write its answers as ``CASE.json``.

    Returns
    -------
    list of Path
        The files written, in the suite's order.

    Raises
    ------
    EngineError
        Where lme4 cannot run here, or a case has no fit: nothing is written for it.
    DataMissingError
        Where a case's data are not here.
    """
    engine = create(LIVE)
    reason = engine.missing()
    if reason is not None:
        raise EngineError(f"Recording needs live lme4, which cannot run here: {reason}")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for case in suite.cases:
        progress(case.name)
        result = attempt(engine, case, case.dataset.load())
        if not result.fitted:
            raise EngineError(f"{case.name} has no answer to record: {result.message}")
        file = folder / f"{case.name}.json"
        file.write_text(to_json(result, case), encoding="utf-8")
        files.append(file)
    return files
