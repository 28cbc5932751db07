"""A group of benchmarks that breaks leaves a line for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import run
from benchmarks.record import Group
from benchmarks.results import page

if TYPE_CHECKING:
    from pathlib import Path


def _run(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Group:
    (folder / "bench_start.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(run, "HERE", folder)
    monkeypatch.setattr(run, "MEASURED", folder)
    (folder / "start.json").write_text("the figures of an earlier run", encoding="utf-8")
    run.run("start")
    return Group.read(folder / "start.json")


def test_a_group_that_cannot_be_imported_is_a_line_with_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = _run("raise RuntimeError('it is broken')\n", tmp_path, monkeypatch)
    ((name, reason),) = group.unmeasured
    assert (name, group.records) == ("start", [])
    assert "pytest ended with code 2" in reason
    assert f"* start: not measured: {reason}" in page([group], {"start": {}}, with_targets=False)


def test_a_group_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE", 3.0)
    group = _run("import time\ntime.sleep(600)\n", tmp_path, monkeypatch)
    assert group.unmeasured == [("start", "it took longer than 3 s and was ended")]


def test_a_group_that_there_is_not_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"No benchmarks are called \['bootstraps'\]"):
        run.main(["bootstraps"])
