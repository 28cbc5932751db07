"""A worker's rows: each engine's own seconds, versions, verdict and distance, whatever breaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from parity import engine as engine_module
from parity.court import Court
from parity.sweep import station
from parity.sweep.planfile import load_plan
from parity.sweep.row import as_record
from tests.parity.fake_engines import FakeEngine
from tests.parity.hunt.planted import Planted, short
from tests.parity.sweep.sweeps import state, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from parity.appraisal import Appraisal
    from parity.case import Case
    from parity.engine import Engine
    from parity.finding import Comparison
    from parity.result import FitResult, Key
    from parity.sweep.plan import Plan

Rows = dict[str, dict[str, Any]]


@dataclass
class Clock:
    """A clock that engines move on."""

    now: float = 0.0

    def perf_counter(self) -> float:
        return self.now


@dataclass
class Slow(FakeEngine):
    """An engine that takes some seconds of a clock, and may run in a process of its own."""

    clock: Clock | None = None
    seconds: float = 0.0
    limit: float | None = None

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        if self.clock is not None:
            self.clock.now += self.seconds
        return super().fit(case, data)

    def isolate(self, time_limit: float) -> None:
        self.limit = time_limit


class Last(Slow):
    """One that starts from where the others ended."""

    def refit(
        self, case: Case, data: pd.DataFrame, starts: Sequence[Mapping[Key, float]]
    ) -> FitResult:
        assert len(starts) == 2
        return self.fit(case, data)


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """Let no test have the engines of another."""
    station._post.cache_clear()  # noqa: SLF001
    yield
    station._post.cache_clear()  # noqa: SLF001


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Plan]:
    """Return what installs engines and plans a sweep of them."""

    def installed(*engines: Engine) -> Plan:
        points = [
            SimpleNamespace(name=one.name, load=lambda one=one: lambda: one) for one in engines
        ]
        monkeypatch.setattr(engine_module, "entry_points", lambda **_: points)
        names = ", ".join(f'"{one.name}"' for one in engines)
        return load_plan(write(tmp_path, state({"engines": f"[{names}]", "time_limit": "7"})))

    return installed


def rows(plan: Plan, index: int = 0) -> Rows:
    """Return engine → its row."""
    return {row[1].engine: as_record(row) for row in station.fit(plan, index).rows}


def test_each_engine_has_the_seconds_that_it_took_itself(
    post: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those of the one before, nor of those that it starts from."""
    clock = Clock()
    monkeypatch.setattr(station, "time", clock)
    found = rows(
        post(
            Slow("first", clock=clock, seconds=2.0),
            Last("last", clock=clock, seconds=8.0),
            Slow("other", clock=clock, seconds=4.0),
        )
    )
    assert {name: row["seconds"] for name, row in found.items()} == {
        "first": 2.0, "last": 8.0, "other": 4.0,
    }  # fmt: skip


def test_the_versions_are_the_answers_own_where_it_has_some(post: Callable[..., Plan]) -> None:
    told = FakeEngine("told", change=lambda result: replace(result, versions={"R": "4.9"}))
    silent = FakeEngine("silent", change=lambda result: replace(result, versions={}))
    found = rows(post(FakeEngine("first"), told, silent))
    assert (found["told"]["versions"], found["silent"]["versions"]) == ("R 4.9", "silent 1.0")


def test_a_row_has_the_criterions_verdict_and_its_engines_own_distance(
    post: Callable[..., Plan],
) -> None:
    found = rows(post(Planted("right"), Planted("own", short)))
    assert (found["own"]["verdict"], found["own"]["layer"]) == ("WORSE", "C")
    assert found["own"]["above"] > 1e-3
    assert found["right"]["above"] == pytest.approx(0.0, abs=1e-9)  # rounding of the deviance
    station._post.cache_clear()  # noqa: SLF001
    found = rows(post(Planted("lme4", short), Planted("own")))
    assert (found["own"]["verdict"], found["own"]["green"]) == ("BETTER", True)
    assert found["lme4"]["above"] > 1e-3
    assert found["own"]["above"] == pytest.approx(0.0, abs=1e-9)


def test_a_reference_that_maximised_something_else_is_no_measure(
    post: Callable[..., Plan],
) -> None:
    def other(result: FitResult) -> FitResult:
        return replace(result, criterion="ML" if result.criterion == "REML" else "REML")

    found = rows(post(FakeEngine("first", change=other), FakeEngine("own")))
    assert found["first"]["status"] == "FAILED"
    assert "the reference maximised" in found["first"]["message"]
    assert found["own"]["verdict"] == "FAILED"


def test_where_the_data_cannot_be_drawn_all_rows_are_lost_and_the_reference_is_told(
    post: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(_: object) -> None:
        raise ArithmeticError("no data")

    monkeypatch.setattr(station, "simulate", impossible)
    found = rows(post(FakeEngine("first"), FakeEngine("own")))
    assert {name: (row["reference"], row["verdict"]) for name, row in found.items()} == {
        "first": (True, None), "own": (False, "FAILED"),
    }  # fmt: skip
    for name, row in found.items():
        assert row["message"] == "ArithmeticError: no data"
        assert row["versions"] == f"{name} 1.0"


def test_a_judge_that_breaks_on_one_engine_costs_no_other_its_row(
    post: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    hear, appraise = Court.hear, Court.appraise

    def heard(
        self: Court, case: Case, pair: Comparison, engines: tuple[Engine, Engine]
    ) -> Comparison:
        if engines[1].name == "own":
            raise ArithmeticError("no verdict")
        return hear(self, case, pair, engines)

    def appraised(self: Court, case: Case, engine: Engine) -> Appraisal:
        if engine.name == "own":
            raise ArithmeticError("no word")
        return appraise(self, case, engine)

    monkeypatch.setattr(Court, "hear", heard)
    monkeypatch.setattr(Court, "appraise", appraised)
    found = rows(post(Planted("right"), Planted("own"), Planted("other")))
    assert (found["own"]["verdict"], found["other"]["verdict"]) == ("FAILED", "AGREE")
    assert found["own"]["message"] == "the arbiter raised ArithmeticError: no verdict"
    assert (found["own"]["status"], found["own"]["above"]) == ("FITTED", None)
    assert "above, decrement: the criterion raised" in found["own"]["reason"]
    assert found["other"]["above"] is not None


def test_an_engine_that_can_be_isolated_has_the_plans_time_limit(
    post: Callable[..., Plan],
) -> None:
    first, own = Slow("first"), Slow("own")
    told = station.muster(post(first, own))
    assert (first.limit, own.limit) == (7.0, 7.0)
    assert told["own"] == {"own": "1.0"}
