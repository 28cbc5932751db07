"""`parity hunt`: what it writes, prints and returns."""

from __future__ import annotations

import importlib.util
import json
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from parity import engine as engine_module
from parity.casefile import load_suite
from parity.cli import main
from parity.hunt.casebook import write_case
from tests.parity.hunt.planted import Fault, Planted, none, raises_on_many_levels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult


@dataclass(frozen=True)
class Point:
    """What an entry point is to `discover` and `create`."""

    name: str
    made: Planted

    def load(self) -> Callable[[], Planted]:
        return lambda: self.made


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parity.hunt.strategy._SHAPES", ((None,),))
    monkeypatch.setattr("parity.hunt.strategy._MOST_ROWS", 12)


def called(patch: pytest.MonkeyPatch, folder: Path, fault: Fault, *more: str) -> int:
    points = [Point("right", Planted("right")), Point("own", Planted("own", fault))]
    patch.setattr(engine_module, "entry_points", lambda **_: points)
    return main(
        ["hunt", "--engine=own", "--reference=right", "--family=gaussian", "--models=8",
         "--seed=1", "--effort=8", f"--folder={folder}", *more]
    )  # fmt: skip


def test_a_loss_is_written_with_the_counts_and_makes_the_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, tmp_path / "new" / "hunt", raises_on_many_levels) == 1
    found = json.loads((tmp_path / "new" / "hunt" / "hunt.json").read_text())
    assert (found["models"], found["seed"], found["interrupted"]) == (8, 1, False)
    assert (found["reference"], found["candidates"]) == ("right", ["own"])
    assert found["fair"] == sum(found["verdicts"]["own"].values())
    assert found["seconds"] > 0
    assert found["losses"]
    for loss in found["losses"]:
        assert loss["verdict"] == "FAILED"
        assert load_suite(tmp_path / "new" / "hunt" / loss["case"]).cases
    assert sum(loss["models"] for loss in found["losses"]) == found["verdicts"]["own"]["FAILED"]
    printed = capsys.readouterr().out
    assert printed.startswith("8 models (")
    assert "own FAILED: ZeroDivisionError: # levels of '...' are too many (lmm, REML)" in printed


def test_without_a_loss_the_exit_code_is_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(monkeypatch, tmp_path, none) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["hunt.json"]


def test_a_hunt_that_is_broken_off_writes_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fits = 0

    def broken_off(result: FitResult, case: Case, data: pd.DataFrame) -> FitResult:
        nonlocal fits
        fits += 1
        if fits > 12:
            raise KeyboardInterrupt
        return raises_on_many_levels(result, case, data)

    assert called(monkeypatch, tmp_path, broken_off, "--models=100") == 130
    found = json.loads((tmp_path / "hunt.json").read_text())
    assert found["interrupted"]
    assert found["losses"]
    assert all((tmp_path / loss["case"]).exists() for loss in found["losses"])
    assert "broken off" in capsys.readouterr().out


def test_a_second_interruption_does_not_cost_what_the_first_left_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_be_disturbed(*how: Any) -> Path:  # noqa: ANN401 - whatever is written
        signal.raise_signal(signal.SIGINT)
        return write_case(*how)

    monkeypatch.setattr("parity.hunt.casebook.write_case", write_and_be_disturbed)
    assert called(monkeypatch, tmp_path, raises_on_many_levels) == 130
    found = json.loads((tmp_path / "hunt.json").read_text())
    assert found["losses"]
    assert all((tmp_path / loss["case"]).exists() for loss in found["losses"])


@pytest.mark.parametrize("option", ["--models=0", "--effort=0", "--seed=-1"])
def test_a_hunt_of_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    assert called(monkeypatch, tmp_path, none, option) == 2


def test_without_hypothesis_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("parity.commands.hunt.find_spec", lambda _: None)
    assert called(monkeypatch, tmp_path, none) == 2
    assert "install lme4-parity[hunt]" in capsys.readouterr().err
    assert importlib.util.find_spec("hypothesis")


class Isolated(Planted):
    """One whose program gets a process of its own."""

    limits: ClassVar[list[float]] = []

    def missing(self) -> str | None:
        assert self.limits, "it is asked whether it runs before it is where it will"
        return None

    def isolate(self, time_limit: float) -> None:
        self.limits.append(time_limit)


def test_a_program_that_can_have_a_process_of_its_own_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A crash of R's is a fit that failed, and not the end of the hunt."""
    monkeypatch.setattr(Isolated, "limits", [])
    points = [Point("right", Isolated("right")), Point("own", Planted("own"))]
    monkeypatch.setattr(engine_module, "entry_points", lambda **_: points)
    words = ["hunt", "--engine=own", "--reference=right", "--models=1", f"--folder={tmp_path}"]
    assert main([*words, "--family=gaussian", "--time-limit=7.5"]) == 0
    assert Isolated.limits == [7.5]
    for limit in ("0", "inf", "nan"):
        assert main([*words, f"--time-limit={limit}"]) == 2
        assert "time limit of a fit is a number of seconds" in capsys.readouterr().err
    assert len(Isolated.limits) == 1
