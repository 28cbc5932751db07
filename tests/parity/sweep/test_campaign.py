"""The program, its workers in processes of their own: nothing is lost, whoever dies."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.parity.sweep.sweeps import read, run, start, state, timeless, wait_for_models, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The rows of an undisturbed sweep."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder)
    code, _, err = run(folder, "--jobs", "1")
    assert (code, err) == (0, "")
    return read(folder / "small.parquet")


def test_there_is_one_row_for_each_model_and_engine(whole: pd.DataFrame) -> None:
    assert len(whole) == 24
    assert not whole.duplicated(["model", "engine"]).any()
    assert whole["model"].drop_duplicates().tolist() == list(range(12))
    assert whole.loc[whole["reference"], "engine"].unique().tolist() == ["planted-steady"]


def test_what_is_empty_has_its_reason(whole: pd.DataFrame) -> None:
    for _, row in whole.iterrows():
        empty = [name for name in ("verdict", "digits", "above") if pd.isna(row[name])]
        assert all(name in row["reason"] for name in empty)


def test_two_workers_write_the_rows_of_one(tmp_path: Path, whole: pd.DataFrame) -> None:
    write(tmp_path)
    run(tmp_path, "--jobs", "2")
    assert timeless(read(tmp_path / "small.parquet")) == timeless(whole)


@pytest.mark.slow
def test_a_killed_sweep_resumes_and_loses_nothing(tmp_path: Path, whole: pd.DataFrame) -> None:
    write(tmp_path)
    path = tmp_path / "small.parquet"
    for models in (2, 5):
        with start(tmp_path, "--jobs", "2", PLANTED_SECONDS="0.2") as program:
            wait_for_models(path, models)
            program.send_signal(signal.SIGKILL)
            program.wait()
        assert models <= read(path)["model"].nunique() < 12
    code, out, err = run(tmp_path, "--jobs", "2")
    assert (code, err) == (0, "")
    assert "12 models, 2 engines. All rows are green." in out
    assert timeless(read(path)) == timeless(whole)


@pytest.mark.slow
def test_a_sweep_of_more_models_keeps_those_that_are_there(
    tmp_path: Path, whole: pd.DataFrame
) -> None:
    write(tmp_path)
    run(tmp_path, "--models", "5")
    before = read(tmp_path / "small.parquet")
    run(tmp_path)
    after = read(tmp_path / "small.parquet")
    assert timeless(after) == timeless(whole)
    assert after["seconds"][:10].tolist() == before["seconds"].tolist()


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_model(tmp_path: Path, whole: pd.DataFrame) -> None:
    write(tmp_path)
    marks = tmp_path / "marks"
    marks.mkdir()
    code, _, err = run(tmp_path, "--jobs", "2", PLANTED_DEATHS="3,8", PLANTED_ONCE=str(marks))
    assert (code, err) == (0, "")
    assert len(list(marks.iterdir())) == 2
    assert timeless(read(tmp_path / "small.parquet")) == timeless(whole)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_model_that_no_worker_survives_is_a_row_with_the_reason(
    tmp_path: Path, whole: pd.DataFrame, jobs: str
) -> None:
    write(tmp_path)
    code, out, err = run(tmp_path, "--jobs", jobs, PLANTED_DEATHS="4")
    assert (code, err) == (1, "")
    assert "1 FAILED" in out
    found = read(tmp_path / "small.parquet")
    dead = found["model"] == 4
    assert found.loc[dead, "status"].tolist() == ["FAILED", "FAILED"]
    assert (
        found.loc[dead, "message"].str.contains("no worker survived the model, fitted alone").all()
    )
    assert found.loc[dead, "reason"].str.contains("SIGKILL").all()
    assert found.loc[dead, "seed"].tolist() == whole.loc[whole["model"] == 4, "seed"].tolist()
    assert timeless(found[~dead]) == timeless(whole[whole["model"] != 4])


def test_what_an_engine_raises_is_a_row_with_its_words(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, "--models", "3", PLANTED_RAISES="1")
    found = read(tmp_path / "small.parquet")
    row = found[(found["model"] == 1) & (found["engine"] == "planted-faulty")].iloc[0]
    assert (row["status"], row["verdict"], row["green"]) == ("FAILED", "FAILED", False)
    assert "RuntimeError: planted: no fit" in row["message"]
    assert "deviance" in row["reason"]


@pytest.mark.slow
def test_another_version_is_refused_and_anew_starts_over(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, "--models", "2")
    code, _, err = run(tmp_path, "--models", "3", PLANTED_VERSION="2.0")
    assert code == 2
    assert "small.parquet has rows of planted-faulty 1.0, and here it is 2.0" in err
    assert read(tmp_path / "small.parquet")["model"].nunique() == 2
    run(tmp_path, "--models", "3", "--anew", PLANTED_VERSION="2.0")
    assert set(read(tmp_path / "small.parquet")["versions"]) == {
        "planted-steady 2.0", "planted-faulty 2.0",
    }  # fmt: skip


def test_another_design_is_refused_before_a_worker_starts(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, "--models", "1")
    write(tmp_path, state({"seed": "6"}))
    code, out, err = run(tmp_path, "--models", "1")
    assert (code, out) == (2, "")
    assert "has rows of another design" in err


def test_an_engine_that_is_not_there_ends_the_sweep_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, state({"engines": '["planted-steady", "planted-none"]'}))
    code, _, err = run(tmp_path)
    assert code == 3
    assert err.startswith("parity: No engine is called 'planted-none'")
    assert not list((tmp_path / "small.parquet").glob("part-*"))


def test_a_scheduler_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path)
    code, _, err = run(tmp_path, "--scheduler", "nowhere")
    assert code == 2
    assert err.startswith("parity: No scheduler answers at nowhere")


def test_interrupted_by_its_user_it_ends_with_the_rows_so_far(tmp_path: Path) -> None:
    write(tmp_path)
    with start(tmp_path, "--jobs", "1", PLANTED_SECONDS="0.3") as program:
        wait_for_models(tmp_path / "small.parquet", 2)
        os.kill(program.pid, signal.SIGINT)
        _, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "interrupted" in err
    assert read(tmp_path / "small.parquet")["model"].nunique() >= 2
