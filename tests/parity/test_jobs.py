"""A run in several processes: the report of one process, and what becomes of the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parity import casefile
from parity import run as run_module
from parity.case import Case, NestedPair, Suite
from parity.cli import main
from parity.engine import EngineError
from parity.known import load_known
from parity.panel import Panel, assemble, summon
from parity.run import fits_of, run
from parity.tolerance import load_tolerances
from parity.verdict import Verdict
from tests.parity import named_engines
from tests.parity.fake_engines import (
    FakeEngine,
    make_case,
    printed,
    uniform,
    write_tolerances,
    write_toy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.report import Report

ENGINES = ("toy-reference", "toy")
ROOT = Path(__file__).parents[2]
TABLE = uniform()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with toy.csv, the engines registered and their journal kept."""
    write_toy(tmp_path)
    named_engines.register(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(named_engines.JOURNAL, str(tmp_path / "journal"))
    monkeypatch.setenv(named_engines.HOME, str(os.getpid()))
    (tmp_path / "journal").touch()
    return tmp_path


@pytest.fixture
def suite(folder: Path) -> Suite:
    """Return a small and a large case, nested, and two cases that stand alone."""

    def case(name: str, formula: str = "y ~ x + (1 | g)") -> Case:
        return make_case(formula, name=name, criterion="ML", file=folder / "toy.csv")

    alone, small, other = case("alone"), case("small"), case("other")
    large = case("large", "y ~ x + z + (1 | g)")
    known = replace(other, published=printed("nobs", "24"), published_in="a book")
    return Suite((alone, small, large, known), (NestedPair("z", small, large),))


def journal(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "journal").read_text("utf-8").splitlines()]


def timeless(report: Report) -> Report:
    return replace(report, seconds=0.0)


def verdicts(report: Report) -> dict[str, set[Verdict]]:
    return {case.case: {pair.verdict for pair in case.pairs} for case in report.cases}


# --- the same report ----------------------------------------------------------------------------


def test_two_processes_write_the_report_of_one(suite: Suite, folder: Path) -> None:
    alone = run(suite, summon(ENGINES), TABLE)
    together = run(suite, summon(ENGINES), TABLE, jobs=2)
    assert together.agrees
    assert timeless(together) == timeless(alone)
    places = {pid for _, _, pid in journal(folder)}
    assert len(places - {str(os.getpid())}) == 2


def test_each_case_is_fitted_once_by_each_engine_and_counted(suite: Suite, folder: Path) -> None:
    told: list[str] = []
    panel = summon(ENGINES)
    run(suite, panel, TABLE, (), told.append, 3)
    once = Counter(
        {(case, engine): 1 for case in ("alone", "small", "large", "other") for engine in ENGINES}
    )
    assert Counter((case, engine) for case, engine, _ in journal(folder)) == once
    assert Counter(told) == Counter(f"{case}: {engine}" for case, engine in once)
    assert len(told) == fits_of(suite, panel)
    assert os.getpid() not in {int(pid) for _, _, pid in journal(folder)}


def test_both_cases_of_a_pair_are_fitted_in_one_process(suite: Suite, folder: Path) -> None:
    run(suite, summon(ENGINES), TABLE, jobs=4)
    assert len({pid for case, _, pid in journal(folder) if case in {"small", "large"}}) == 1


@cache
def shipped(*names: str) -> Suite:
    return casefile.load_suite().select(names)


@pytest.mark.parametrize("reference", ["lme4-recorded", pytest.param("lme4", marks=pytest.mark.r)])
def test_shipped_cases_are_fitted_and_judged_alike_in_one_process_and_in_two(
    reference: str,
) -> None:
    chosen = shipped("sleepstudy-*-ml", "sleepstudy-*-lrt", "cbpp", "dyestuff*")
    panel = assemble(("statsmodels",), reference)
    tables = (load_tolerances(), load_known())
    alone, together = (run(chosen, panel, *tables, jobs=jobs) for jobs in (1, 2))
    assert timeless(together) == timeless(alone)
    assert together.compared > 2000
    assert any(case.conditions for case in together.cases)
    assert any(case.notes for case in together.cases)


def test_data_that_are_missing_are_said_as_in_one_process(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_DATA", os.path.devnull)
    first, *others = suite.cases
    spoiled = replace(first, dataset=replace(first.dataset, name="spoiled", sha256="0"))
    away = replace(first.dataset, name="away", url="file:///nowhere", sha256="0")
    absent = replace(first, name="absent", dataset=away)
    asked = Suite((spoiled, absent, *others), suite.pairs)
    alone, together = (run(asked, summon(ENGINES), TABLE, jobs=jobs) for jobs in (1, 2))
    assert timeless(together) == timeless(alone)
    assert verdicts(together)["alone"] == {Verdict.FAILED}
    assert verdicts(together)["absent"] == {Verdict.UNSUPPORTED}


@pytest.mark.parametrize("fault", ["raises:small", "wrong:"])
def test_what_goes_wrong_in_an_engine_is_told_as_in_one_process(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv(named_engines.FAULT, fault)
    monkeypatch.delenv(named_engines.HOME)
    alone, together = (run(suite, summon(ENGINES), TABLE, jobs=jobs) for jobs in (1, 2))
    assert timeless(together) == timeless(alone)
    assert not together.agrees or fault == "wrong:"
    if fault == "raises:small":
        assert "KeyError: 'theta'" in together.cases[1].pairs[0].message


# --- where everything stays in this process -------------------------------------------------------


def test_one_job_starts_no_process(suite: Suite, folder: Path) -> None:
    run(suite, summon(ENGINES), TABLE, jobs=1)
    assert {int(pid) for _, _, pid in journal(folder)} == {os.getpid()}


def test_a_run_that_is_over_before_a_process_has_started_starts_none(
    suite: Suite, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "usable_cores", lambda: 8)
    run(suite, summon(ENGINES), TABLE, jobs=None)
    assert {int(pid) for _, _, pid in journal(folder)} == {os.getpid()}


def test_engines_that_no_name_makes_stay_in_this_process(suite: Suite) -> None:
    engines = FakeEngine("toy-reference"), FakeEngine("toy")
    found = run(suite, Panel(engines[0], engines[1:]), TABLE, jobs=2)
    assert found.agrees
    assert sorted(engines[1].fits) == ["alone", "large", "other", "small"]


# --- processes that die ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "told"),
    [("killed:small", "was ended by SIGKILL"), ("exits:small", "ended with exit code 7")],
)
def test_the_cases_of_a_dead_process_have_failed_and_nothing_else_is_lost(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, fault: str, told: str
) -> None:
    expected = run(suite, summon(ENGINES), TABLE)
    monkeypatch.setenv(named_engines.FAULT, fault)
    found = run(suite, summon(ENGINES), TABLE, jobs=2)
    assert [case.case for case in found.cases] == ["alone", "small", "large", "other", "z"]
    for case, before in zip(found.cases, expected.cases, strict=True):
        if case.case in {"alone", "other"}:
            assert case == before
            continue
        assert [pair.verdict for pair in case.pairs] == [Verdict.FAILED]
        assert told in case.pairs[0].message
        assert f"`parity run {case.case} --jobs 1`" in case.message
    assert not found.agrees


def test_as_many_processes_may_die_as_there_are_jobs(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(named_engines.FAULT, "exits:small,other")
    asked = Suite((*suite.cases[:2], suite.cases[3]), ())
    assert verdicts(run(asked, summon(ENGINES), TABLE, jobs=2)) == {
        "alone": {Verdict.AGREE},
        "small": {Verdict.FAILED},
        "other": {Verdict.FAILED},
    }


def test_another_version_in_a_worker_is_an_error(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(named_engines.FAULT, "version")
    with pytest.raises(EngineError, match=r"has toy 2\.0, the process that started it 1\.0"):
        run(suite, summon(ENGINES), TABLE, jobs=2)


def test_an_engine_that_a_worker_lacks_is_an_error(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(named_engines.FAULT, "missing")
    with pytest.raises(EngineError, match="toy cannot run in a worker process: it stayed at home"):
        run(suite, summon(ENGINES), TABLE, jobs=2)


# --- the program --------------------------------------------------------------------------------


def start(folder: Path, fault: str) -> subprocess.Popen[str]:
    """Start the program on two cases and two processes."""
    (folder / "cases.toml").write_text(
        '[dataset.toy]\nfile = "toy.csv"\nfactors = ["g"]\n'
        + "".join(
            f'[[case]]\nname = "{name}"\ndataset = "toy"\nformula = "y ~ x + (1 | g)"\n'
            for name in ("small", "other")
        )
    )
    write_tolerances(folder / "tolerances.toml", TABLE)
    return subprocess.Popen(
        [
            sys.executable, "-m", "parity.cli", "run", "--jobs", "2",
            "--reference", "toy-reference", "--engine", "toy",
            "--cases", str(folder / "cases.toml"),
            "--tolerances", str(folder / "tolerances.toml"),
        ],
        env={
            **os.environ, named_engines.FAULT: fault, "TMPDIR": str(folder),
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        },
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def workers(folder: Path) -> set[int]:
    return {int(pid) for _, _, pid in journal(folder)}


def lives(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def until(happened: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return happened()


def test_a_number_of_processes_is_a_number_above_0(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("0", "-1", "two", "1.5"):
        assert main(["run", "--jobs", text]) == 2
        assert text in capsys.readouterr().err


@pytest.mark.parametrize(("given", "jobs"), [([], None), (["--jobs", "3"], 3)])
def test_the_program_takes_all_cores_where_no_number_is_given(
    monkeypatch: pytest.MonkeyPatch, given: list[str], jobs: int | None
) -> None:
    class Asked(Exception):  # noqa: N818 - it stops the program there
        pass

    def asked(*arguments: object) -> Report:
        raise Asked(arguments[-1])

    monkeypatch.setattr("parity.commands.run.run", asked)
    with pytest.raises(Asked) as caught:
        main(["run", "dyestuff*", "--reference", "lme4-recorded", *given])
    assert caught.value.args == (jobs,)


def test_a_death_is_red(folder: Path) -> None:
    with start(folder, "killed:small") as program:
        said, complained = program.communicate(timeout=120)
    assert program.returncode == 1, complained
    assert "the worker process was ended by SIGKILL" in said
    assert complained == ""


@pytest.mark.parametrize(
    ("sent", "code", "sentence"),
    [(signal.SIGINT, 130, "parity: interrupted\n"), (signal.SIGKILL, -signal.SIGKILL, "")],
)
def test_no_process_outlives_the_program(
    folder: Path, sent: signal.Signals, code: int, sentence: str
) -> None:
    with start(folder, "sleeps:small") as program:
        assert until(lambda: any(case == "small" for case, _, _ in journal(folder)))
        program.send_signal(sent)
        _, complained = program.communicate(timeout=60)
    assert (program.returncode, complained) == (code, sentence)
    assert workers(folder)
    assert until(lambda: not any(lives(pid) for pid in workers(folder)))
    assert until(lambda: not list(folder.glob("parity-*")))
