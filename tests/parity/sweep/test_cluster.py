"""A sweep on a cluster: two workers in processes of their own, one of them killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.parity.sweep.planted_engines import install
from tests.parity.sweep.sweeps import read, run, start, state, timeless, wait_for_models, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLUSTER = """\
import os, sys
from distributed import Client, LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster, Client(cluster) as client:
        while sys.stdin.readline():
            pids = client.run(os.getpid).values()
            print(cluster.scheduler_address, *pids, flush=True)
"""


class Cluster:
    """A program that runs a cluster, asked line by line where it is."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def _ask(self) -> list[str]:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write("\n")
        self._program.stdin.flush()
        return self._program.stdout.readline().split()

    @property
    def address(self) -> str:
        return self._ask()[0]

    @property
    def workers(self) -> list[int]:
        return [int(pid) for pid in self._ask()[1:]]


@contextmanager
def cluster(folder: Path, **environment: str) -> Iterator[Cluster]:
    program = folder / "cluster.py"
    program.write_text(_CLUSTER, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(program)],
        cwd=folder,
        env={**install(folder / "site"), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            yield Cluster(running)
        finally:
            assert running.stdin is not None
            running.stdin.close()
            running.wait(timeout=60)


@pytest.mark.slow
def test_a_cluster_writes_the_rows_of_this_machine(tmp_path: Path) -> None:
    write(tmp_path)
    code, _, err = run(tmp_path, "--jobs", "2", "--output", "here")
    assert (code, err) == (0, "")
    with cluster(tmp_path) as there:
        code, out, _ = run(tmp_path, "--scheduler", there.address, "--output", "there")
    assert code == 0
    assert "12 models, 2 engines" in out
    assert timeless(read(tmp_path / "there")) == timeless(read(tmp_path / "here"))


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_costs_no_model(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, "--jobs", "2", "--output", "here")
    with cluster(tmp_path, PLANTED_SECONDS="0.5") as there:
        before = there.workers
        with start(tmp_path, "--scheduler", there.address, "--output", "there") as program:
            wait_for_models(tmp_path / "there", 2)
            os.kill(before[0], signal.SIGKILL)
            program.communicate(timeout=300)
        assert there.workers != before
    assert program.returncode == 0
    assert timeless(read(tmp_path / "there")) == timeless(read(tmp_path / "here"))


@pytest.mark.slow
def test_a_model_that_no_worker_of_a_cluster_survives_is_a_row_with_the_reason(
    tmp_path: Path,
) -> None:
    write(tmp_path, state({"models": "6"}))
    with cluster(tmp_path, PLANTED_DEATHS="3") as there:
        code, _, _ = run(tmp_path, "--scheduler", there.address)
    found = read(tmp_path / "small.parquet")
    assert code == 1
    assert found["model"].nunique() == 6
    assert set(found.loc[found["status"] == "FAILED", "model"]) == {3}
    assert found.loc[found["model"] == 3, "message"].str.contains("KilledWorker").all()


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_told_and_the_rows_so_far_stay(tmp_path: Path) -> None:
    write(tmp_path)
    with cluster(tmp_path, PLANTED_SECONDS="0.5") as there:
        program = start(tmp_path, "--scheduler", there.address)
        wait_for_models(tmp_path / "small.parquet", 2)
    _, err = program.communicate(timeout=120)
    assert program.returncode == 2
    assert "parity: The cluster" in err
    so_far = read(tmp_path / "small.parquet")["model"].nunique()
    assert 2 <= so_far < 12
    assert run(tmp_path, "--jobs", "2")[0] == 0
    assert read(tmp_path / "small.parquet")["model"].nunique() == 12


@pytest.mark.r
@pytest.mark.slow
def test_the_r_of_a_killed_worker_costs_no_model_either(tmp_path: Path) -> None:
    engines = '["lme4", "statsmodels"]'
    write(tmp_path, state({"engines": engines, "models": "10", "rows": "400"}))
    run(tmp_path, "--jobs", "2", "--output", "here")
    with cluster(tmp_path) as there:
        before = there.workers
        with start(tmp_path, "--scheduler", there.address, "--output", "there") as program:
            wait_for_models(tmp_path / "there", 2)
            os.kill(before[0], signal.SIGKILL)
            program.communicate(timeout=300)
    found = timeless(read(tmp_path / "there"))
    assert found == timeless(read(tmp_path / "here"))
    assert {row["status"] for row in found if row["engine"] == "lme4"} == {"FITTED"}
