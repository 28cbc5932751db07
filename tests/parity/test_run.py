"""Cases × engines: each fitted once, whatever an engine does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from parity import panel as panels
from parity.bench import Bench, attempt
from parity.case import Case, NestedPair, Suite
from parity.engine import Engine, EngineError
from parity.panel import Panel, assemble
from parity.run import fits_of, judge, run
from parity.verdict import Verdict
from tests.parity.fake_engines import (
    FakeEngine,
    make_case,
    printed,
    uniform,
    with_element,
    write_toy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from parity.result import FitResult, Key

TABLE = uniform()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return make_case(criterion="ML", file=write_toy(tmp_path))


def nested(case: Case) -> NestedPair:
    large = make_case("y ~ x + z + (1 | g)", name="large", criterion="ML")
    return NestedPair("z", case, replace(large, dataset=case.dataset))


def panel(*engines: FakeEngine) -> Panel:
    return Panel(FakeEngine("lme4"), engines or (FakeEngine("own"),))


def test_a_run_compares_every_candidate_on_every_case(case: Case) -> None:
    pair = nested(case)
    suite = Suite((case, pair.large), (pair,))
    found = run(suite, panel(FakeEngine("one"), FakeEngine("two")), TABLE)
    assert found.agrees
    assert [(c.case, c.candidate) for c in found.comparisons] == [
        (name, engine) for name in ("small", "large", "z") for engine in ("one", "two")
    ]
    assert [report.method for report in found.cases] == ["ML", "ML", "LRT"]
    assert [report.nobs for report in found.cases] == [24, 24, 24]
    assert found.cases[2].formula == "y ~ x + (1 | g)  against  y ~ x + z + (1 | g)"
    assert found.versions == {"lme4": "1.0", "one": "1.0", "two": "1.0"}
    assert found.seconds > 0
    assert found.reference == "lme4"


def test_where_two_engines_disagree_on_a_version_the_references_word_stands() -> None:
    class Told(FakeEngine):
        def versions(self) -> Mapping[str, str]:
            return {"numpy": f"that of {self.name}", self.name: "1.0"}

    found = Panel(Told("lme4"), (Told("one"), FakeEngine("two"), Told("three"))).versions
    assert found["numpy"] == "that of lme4"
    assert sorted(found) == ["lme4", "numpy", "one", "three", "two"]


def test_each_case_is_fitted_once_by_each_engine_and_announced(case: Case) -> None:
    pair = nested(case)
    engines = panel()
    announced: list[str] = []
    suite = Suite((case, pair.large), (pair, replace(pair, name="again")))
    run(suite, engines, TABLE, (), announced.append)
    assert announced == ["small: lme4", "small: own", "large: lme4", "large: own"]
    assert fits_of(suite, engines) == 4
    assert all(e.fits == ["small", "large"] for e in engines.engines if isinstance(e, FakeEngine))


def test_a_bench_fits_when_it_is_first_asked(case: Case) -> None:
    engines = panel()
    bench = Bench(engines)
    own = engines.candidates[0]
    assert bench.answer(case, own) is bench.answer(case, own)
    assert isinstance(engines.reference, FakeEngine)
    assert engines.reference.fits == []


def test_an_engine_cannot_spoil_the_data_of_the_next(case: Case) -> None:
    class Vandal(FakeEngine):
        def fit(self, case: Case, data: object) -> FitResult:
            result = super().fit(case, data)  # type: ignore[arg-type] # a frame, as ever
            data["y"] = 0.0  # type: ignore[index] # that is the vandalism
            return result

    found = run(Suite((case,), ()), panel(Vandal("one"), FakeEngine("two")), TABLE)
    assert found.agrees


def test_data_that_are_not_what_was_declared_are_red(case: Case) -> None:
    missing = replace(case, dataset=replace(case.dataset, sha256="0"))
    found = run(Suite((missing,), (nested(missing),)), panel(), TABLE)
    assert [pair.verdict for pair in found.comparisons] == [Verdict.FAILED] * 2
    assert all("is not the file that was declared" in report.message for report in found.cases)
    assert all(report.nobs is None for report in found.cases)
    assert not found.agrees


def test_data_that_are_not_shipped_are_said(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_DATA", str(case.dataset.file.parent / "nowhere"))
    away = replace(case, dataset=replace(case.dataset, url="file:///nowhere", sha256="0"))
    found = run(Suite((away,), ()), panel(), TABLE)
    assert [pair.verdict for pair in found.comparisons] == [Verdict.UNSUPPORTED]
    assert "which holds no" in found.cases[0].message
    assert not found.agrees


def test_published_figures_are_held_against_every_engine(case: Case) -> None:
    figures = printed("nobs", "24")
    pair = replace(nested(case), published=printed("lrt_df", "1"))
    known = replace(case, published=figures, published_in="a book")
    found = run(Suite((known,), (pair,)), panel(), TABLE)
    published = [c for c in found.comparisons if c.reference == "published"]
    assert [(c.case, c.candidate) for c in published] == [
        ("small", "lme4"), ("small", "own"), ("z", "lme4"), ("z", "own"),
    ]  # fmt: skip
    assert found.cases[0].published_in == "a book"
    assert found.agrees


def test_a_reference_that_fails_leaves_no_number_of_rows(case: Case) -> None:
    def boom(_: FitResult) -> FitResult:
        raise RuntimeError("R is gone")

    broken = Panel(FakeEngine("lme4", boom), (FakeEngine("own"),))
    pair = nested(case)
    found = run(Suite((case,), (pair,)), broken, TABLE)
    assert [report.nobs for report in found.cases] == [None, None]
    assert [pair.verdict for pair in found.comparisons] == [Verdict.FAILED] * 2
    assert "lme4 failed: RuntimeError: R is gone" in found.comparisons[0].message


def answered(engine: Engine, case: Case) -> FitResult:
    return attempt(engine, case, case.dataset.load())


def test_an_exception_becomes_an_answer(case: Case) -> None:
    def boom(_: FitResult) -> FitResult:
        raise KeyError("theta")

    result = answered(FakeEngine("own", boom), case)
    assert (result.status, result.message) == ("FAILED", "KeyError: 'theta'")


def test_an_exception_while_asked_what_is_supported_becomes_an_answer(case: Case) -> None:
    class Confused(FakeEngine):
        def unsupported(self, case: Case) -> str | None:
            raise RuntimeError(f"what is {case.name}?")

    result = answered(Confused("own"), case)
    assert (result.status, result.message) == ("FAILED", "RuntimeError: what is small?")


def test_what_is_unsupported_is_not_fitted(case: Case) -> None:
    engine = FakeEngine("own", cannot={"small": "too small"})
    result = answered(engine, case)
    assert (result.status, result.message, engine.fits) == ("UNSUPPORTED", "too small", [])


@pytest.mark.parametrize(("what", "given"), [("case", "other"), ("engine", "lme4")])
def test_an_answer_to_something_else_has_failed(case: Case, what: str, given: str) -> None:
    def change(result: FitResult) -> FitResult:
        return replace(result, **{what: given})  # type: ignore[arg-type] # a field's name

    result = answered(FakeEngine("own", change), case)
    assert result.status == "FAILED"
    assert f"an answer of {what} {given!r}, not " in result.message


def test_a_result_held_against_itself_has_failed(case: Case) -> None:
    result = answered(FakeEngine("lme4"), case)
    (comparison,) = judge((result, result), TABLE, ())
    assert (comparison.verdict, comparison.layer) == (Verdict.FAILED, "")
    assert comparison.message == "lme4 would be compared with itself."


def test_a_run_that_differs_says_so(case: Case) -> None:
    wrong = FakeEngine("own", lambda result: with_element(result, "sigma", (), 9.0))
    found = run(Suite((case,), ()), panel(wrong), TABLE)
    assert not found.agrees
    assert found.summary == {Verdict.DIFFER: 1}


# --- the panel ----------------------------------------------------------------------------------


def install(monkeypatch: pytest.MonkeyPatch, *engines: FakeEngine | str) -> None:
    """Make these the installed engines; a text is the name of one that cannot be imported."""
    found = {e if isinstance(e, str) else e.name: e for e in engines}

    def create(name: str) -> Engine:
        engine = found.get(name)
        if engine is None:
            raise EngineError(f"No engine is called {name!r}")
        if isinstance(engine, str):
            raise EngineError(f"The engine {name!r} cannot be imported: no wheel.")
        return engine

    monkeypatch.setattr(panels, "discover", lambda: dict.fromkeys(found))
    monkeypatch.setattr(panels, "create", create)


LIVE, RECORDED, OWN = FakeEngine("lme4"), FakeEngine("lme4-recorded"), FakeEngine("own")
NO_R = FakeEngine("lme4", absent="install R")


def names(panel: Panel) -> tuple[str, list[str]]:
    return panel.reference.name, [engine.name for engine in panel.candidates]


def test_live_lme4_is_the_reference_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, LIVE, RECORDED, OWN)
    found = assemble()
    assert names(found) == ("lme4", ["lme4-recorded", "own"])
    assert found.headline == (
        "Reference: lme4 (lme4 1.0 on R ?, live) - held against it: lme4-recorded, own"
    )
    assert found.left_out == {}


def test_an_engine_on_request_takes_part_only_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proven = FakeEngine("certified")
    proven.on_request = True  # type: ignore[attr-defined] # an engine may say so
    install(monkeypatch, LIVE, OWN, proven)
    assert names(assemble()) == ("lme4", ["own"])
    assert names(assemble(["certified"])) == ("lme4", ["certified"])
    found = assemble((), "certified")
    assert names(found) == ("certified", ["lme4", "own"])
    assert found.headline.startswith("Reference: certified optima of the criterion")


class Restarting(FakeEngine):
    """An engine that starts from what the others found."""

    seen: ClassVar[list[float]] = []

    def refit(
        self, case: Case, data: pd.DataFrame, starts: Sequence[Mapping[Key, float]]
    ) -> FitResult:
        self.seen.extend(number for start in starts for number in start.values())
        return self.fit(case, data)


def test_a_restartable_reference_is_asked_last_and_starts_from_the_candidates(case: Case) -> None:
    oracle = Restarting("lme4")
    others = Panel(oracle, (FakeEngine("own"), FakeEngine("third", cannot={case.name: "no"})))
    found = run(Suite((case,), ()), others, TABLE)
    assert Restarting.seen == [0.8]
    assert found.summary == {Verdict.AGREE: 1, Verdict.UNSUPPORTED: 1}


def test_recorded_answers_are_the_reference_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, NO_R, RECORDED, OWN)
    found = assemble()
    assert names(found) == ("lme4-recorded", ["own"])
    assert found.headline.startswith("Reference: recorded answers of lme4 ? on R ?, not a live R")
    assert "(install R)" in found.headline
    assert found.left_out == {"lme4": "install R"}


def test_where_recorded_answers_are_asked_for_no_r_is_started_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, LIVE, RECORDED, OWN)
    assert names(assemble((), "lme4-recorded")) == ("lme4-recorded", ["own"])
    assert names(assemble(["lme4"], "lme4-recorded")) == ("lme4-recorded", ["lme4"])


def test_recorded_answers_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, LIVE, RECORDED, OWN)
    found = assemble(["own"], "lme4-recorded")
    assert names(found) == ("lme4-recorded", ["own"])
    assert "(it was not asked for)" in found.headline


def test_a_broken_engine_that_nobody_asked_for_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, LIVE, OWN, "julia")
    found = assemble()
    assert names(found) == ("lme4", ["own"])
    assert found.left_out == {"julia": "The engine 'julia' cannot be imported: no wheel."}


def test_live_lme4_that_cannot_be_imported_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "lme4", RECORDED, OWN)
    assert names(assemble()) == ("lme4-recorded", ["own"])


@pytest.mark.parametrize(
    ("wanted", "reference", "message"),
    [
        (["julia"], None, "The engine 'julia' cannot be imported: no wheel."),
        (["nobody"], None, "No engine is called 'nobody'"),
        ([], "nobody", "No engine is called 'nobody'"),
        (["away"], None, "The engine away cannot run here: it is away"),
        ([], "away", "The engine away cannot run here: it is away"),
        (["lme4"], "lme4", "There is no engine to hold against the reference"),
    ],
)
def test_an_engine_that_was_asked_for_must_be_there(
    monkeypatch: pytest.MonkeyPatch, wanted: list[str], reference: str | None, message: str
) -> None:
    install(monkeypatch, LIVE, OWN, "julia", FakeEngine("away", absent="it is away"))
    with pytest.raises(EngineError, match=message):
        assemble(wanted, reference)


def test_without_lme4_at_all_there_is_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, OWN)
    with pytest.raises(EngineError, match="No engine is called 'lme4'; installed are own"):
        assemble()


def test_a_reference_that_maximised_what_was_not_asked_is_no_reference(case: Case) -> None:
    def other(result: FitResult) -> FitResult:
        return replace(result, criterion="REML")

    engines = Panel(FakeEngine("lme4", change=other), (FakeEngine("own", change=other),))
    found = run(Suite((case,), ()), engines, TABLE)
    assert found.comparisons[0].verdict is Verdict.FAILED
    assert "the reference maximised REML, and ML was asked" in found.comparisons[0].message
