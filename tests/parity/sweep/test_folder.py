"""The folder of a sweep: whole at every moment, and kept apart from others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from parity.sweep import folder, parquet
from parity.sweep.folder import Ledger, identify, lease, parts, require_design
from parity.sweep.planfile import load_plan
from parity.sweep.refusal import SweepError
from tests.parity.sweep.sweeps import write
from tests.parity.sweep.test_row import FITTED, QUESTION

if TYPE_CHECKING:
    from pathlib import Path

    from parity.sweep.plan import Plan
    from parity.sweep.row import Row

ENGINES = ("one", "two")
VERSIONS = {"one": {"one": "1.0"}, "two": {"two": "1.0"}}


def rows(model: int) -> tuple[Row, ...]:
    question = replace(QUESTION, model=model)
    return tuple((question, replace(FITTED, engine=engine)) for engine in ENGINES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "small.parquet"
    found.mkdir()
    return found


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return load_plan(write(tmp_path))


def models(path: Path) -> list[int]:
    return sorted(pd.read_parquet(path)["model"].tolist())


def test_each_model_is_on_the_disk_as_soon_as_it_is_entered(path: Path) -> None:
    ledger = Ledger.open(path, ENGINES)
    for model in (4, 2):
        ledger.enter(model, rows(model))
        assert set(models(path)) == ledger.done
    assert models(path) == [2, 2, 4, 4]


def test_a_ledger_goes_on_where_another_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "BLOCK", 3)
    for model in range(8):
        Ledger.open(path, ENGINES).enter(model, rows(model))
    assert [file.name for file in parts(path)] == [f"part-00000{n}.parquet" for n in range(3)]
    assert models(path) == sorted([*range(8)] * 2)


def test_parts_fill_up_so_that_no_thousands_of_them_stay(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "BLOCK", 10)
    ledger = Ledger.open(path, ENGINES)
    for model in range(35):
        ledger.enter(model, rows(model))
    assert len(parts(path)) == 4


def test_what_an_interrupted_write_left_is_no_row_and_goes(path: Path, plan: Plan) -> None:
    identify(path, plan, "", VERSIONS)
    Ledger.open(path, ENGINES).enter(1, rows(1))
    torn = path / ".part-000000.parquet.partial"
    torn.write_bytes(parts(path)[0].read_bytes()[:100])
    assert models(path) == [1, 1]
    with lease(path, anew=False):
        assert not torn.exists()
        assert Ledger.open(path, ENGINES).done == {1}


def test_a_crash_at_any_moment_of_a_write_leaves_the_old_file_or_the_new(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: written in place, the part would be torn and the first model lost."""
    ledger = Ledger.open(path, ENGINES)
    ledger.enter(1, rows(1))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    for moment in ("os.fsync", "pathlib.Path.replace"):
        with monkeypatch.context() as patched:
            patched.setattr(moment, crash)
            with pytest.raises(KeyboardInterrupt):
                ledger.enter(2, rows(2))
        assert models(path) == [1, 1]
        ledger = Ledger.open(path, ENGINES)
        assert ledger.done == {1}


def test_a_model_is_not_entered_twice(path: Path) -> None:
    ledger = Ledger.open(path, ENGINES)
    ledger.enter(1, rows(1))
    with pytest.raises(SweepError, match="Model 1 would stand in"):
        ledger.enter(1, rows(1))


def test_a_model_that_stands_in_two_parts_is_refused(path: Path) -> None:
    Ledger.open(path, ENGINES).enter(1, rows(1))
    (part,) = parts(path)
    (path / "part-000001.parquet").write_bytes(part.read_bytes())
    with pytest.raises(SweepError, match=r"part-000001.parquet does not hold one row for each"):
        Ledger.open(path, ENGINES)


def test_a_model_without_a_row_of_each_engine_is_refused(path: Path) -> None:
    parquet.write(parquet.tabulate(rows(1)[:1]), path / "part-000000.parquet")
    with pytest.raises(SweepError, match="does not hold one row for each engine"):
        Ledger.open(path, ENGINES)


def test_a_part_that_cannot_be_read_is_named_with_the_cure(path: Path) -> None:
    Ledger.open(path, ENGINES).enter(1, rows(1))
    (part,) = parts(path)
    part.write_bytes(part.read_bytes()[:-10])
    with pytest.raises(SweepError, match=r"part-000000.parquet cannot be read \(.*delete it"):
        Ledger.open(path, ENGINES)


def test_a_part_of_other_columns_is_refused(path: Path) -> None:
    pd.DataFrame({"model": [1], "engine": ["one"]}).to_parquet(path / "part-000000.parquet")
    with pytest.raises(SweepError, match="has other columns than this version writes"):
        Ledger.open(path, ENGINES)


def test_two_sweeps_do_not_write_to_one_folder(path: Path) -> None:
    with (
        lease(path, anew=False),
        pytest.raises(SweepError, match="Another sweep is writing"),
        lease(path, anew=False),
    ):
        pass


def test_a_folder_of_something_else_is_left_alone(path: Path) -> None:
    (path / "thesis.txt").write_text("years of work")
    for anew in (False, True):
        with (
            pytest.raises(SweepError, match="holds something else than a sweep"),
            lease(path, anew=anew),
        ):
            pass
    with (
        pytest.raises(SweepError, match="is a file; a sweep writes a folder"),
        lease(path / "thesis.txt", anew=False),
    ):
        pass


def test_rows_of_another_design_are_not_added_to(path: Path, plan: Plan) -> None:
    identify(path, plan, "text", VERSIONS)
    require_design(path, replace(plan, models=99))
    with pytest.raises(SweepError, match="has rows of another design"):
        require_design(path, replace(plan, seed=99))
    with pytest.raises(SweepError, match="has rows of another design"):
        identify(path, replace(plan, boundary=0.5), "text", VERSIONS)


def test_rows_of_another_version_are_not_added_to(path: Path, plan: Plan) -> None:
    identify(path, plan, "text", VERSIONS)
    identify(path, plan, "text", VERSIONS)
    newer = {**VERSIONS, "two": {"two": "2.0"}}
    with pytest.raises(SweepError, match=r"two 1.0, and here it is 2.0 \(engine two\)"):
        identify(path, plan, "text", newer)


def test_what_the_rows_are_of_that_cannot_be_read_is_refused(path: Path, plan: Plan) -> None:
    (path / "_about.json").write_text("{")
    with pytest.raises(SweepError, match="Start over with --anew"):
        require_design(path, plan)


def test_the_folder_keeps_the_design(path: Path, plan: Plan) -> None:
    identify(path, plan, "the text", VERSIONS)
    assert (path / "_design.toml").read_text() == "the text"
    assert json.loads((path / "_about.json").read_text())["design"] == plan.digest


def test_anew_forgets_the_rows_and_what_they_were_of(path: Path, plan: Plan) -> None:
    identify(path, plan, "text", VERSIONS)
    Ledger.open(path, ENGINES).enter(1, rows(1))
    with lease(path, anew=True):
        assert not parts(path)
        require_design(path, replace(plan, seed=99))
