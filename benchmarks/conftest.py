"""What every benchmark may rely on, and what goes into pytest-benchmark's JSON beside its own."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.baseline import Baseline
from benchmarks.companion import Companion, CompanionError
from benchmarks.contest import Contest
from benchmarks.interpreters import start
from benchmarks.machine import describe, load

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    Rivals = dict[str, Companion]

LOAD_BEFORE = pytest.StashKey[list[float]]()
UNMEASURED = pytest.StashKey[list[dict[str, str]]]()
_ROUNDS = "PARITY_BENCH_ROUNDS"


def pytest_configure(config: pytest.Config) -> None:
    """Take the load before anything runs."""
    config.stash[LOAD_BEFORE] = load()
    config.stash[UNMEASURED] = []
    # A test that fails before it measures has said enough.
    for said in ("Benchmark fixture was not used", "Not saving anything"):
        config.addinivalue_line("filterwarnings", f"ignore:{said}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the reason of what was not measured: a line on the page."""
    report = yield
    if report.outcome != "passed" and call.excinfo is not None:
        error = call.excinfo
        words = " ".join(str(error.value).split())
        reason = words if report.skipped else f"{error.type.__name__}: {words}"
        entry = {"name": item.name, "reason": reason}
        item.config.stash[UNMEASURED].append(entry)
    return report


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Say what the page says of the machine, and not what its owner calls it."""
    machine_info.clear()
    machine_info.update(describe())


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Add the load before and after, and what was not measured."""
    output_json["load"] = {"before": config.stash[LOAD_BEFORE], "after": load()}
    output_json["unmeasured"] = config.stash[UNMEASURED]


@pytest.fixture
def contest(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Contest:
    """Return what runs a measurement; ``PARITY_BENCH_ROUNDS`` caps its rounds."""
    about = inspect.getdoc(request.module) or ""
    return Contest(benchmark, about, int(os.environ.get(_ROUNDS, "1000")))


@pytest.fixture(scope="module")
def baseline() -> Iterator[Baseline]:
    """R alone, in a process that stays."""
    with Baseline() as running:
        yield running


@pytest.fixture(scope="module")
def rivals(request: pytest.FixtureRequest) -> Iterator[tuple[Rivals, dict[str, str]]]:
    """Return the processes of other packages that a file's ``RIVALS`` names, and who is absent."""
    running: Rivals = {}
    absent: dict[str, str] = {}
    for package in request.module.RIVALS:
        try:
            running[package] = start(package)
        except CompanionError as error:
            absent[package] = str(error)
    yield running, absent
    for companion in running.values():
        companion.end()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for what is handed to other processes."""
    return tmp_path_factory.mktemp("handed")
