"""A user's own model and data, with fake engines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import parity
from parity import checkup
from parity import panel as panels
from parity.checkup import FrameDataset, assert_parity, check
from parity.engine import Engine, EngineError
from parity.examination import InputError
from parity.syntax import FormulaError
from parity.verdict import Verdict
from tests.parity.fake_engines import (
    FakeEngine,
    uniform,
    with_element,
    write_tolerances,
    write_toy,
)

if TYPE_CHECKING:
    from parity.result import FitResult

FORMULA = "y ~ x + (1 | g)"


@pytest.fixture
def data(tmp_path: Path) -> pd.DataFrame:
    frame = pd.read_csv(write_toy(tmp_path))
    frame.index = frame.index + 100
    return frame


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_tolerances(tmp_path / "tolerances.toml", uniform())


def wrong_slope(result: FitResult) -> FitResult:
    return with_element(result, "fixef", ("x",), 7.5)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeEngine]:
    """Return the installed engines by name; a test may replace them."""
    own = FakeEngine("own")
    liar = FakeEngine("liar", wrong_slope)
    none = FakeEngine("none", cannot={"check": "it fits nothing"})
    found = {e.name: e for e in (FakeEngine("lme4"), FakeEngine("lme4-recorded"), own, liar, none)}

    def create(name: str) -> Engine:
        if name not in found:
            raise EngineError(f"No engine is called {name!r}")
        return found[name]

    monkeypatch.setattr(panels, "discover", lambda: dict.fromkeys(found))
    monkeypatch.setattr(panels, "create", create)
    return found


def test_engines_that_agree(
    engines: dict[str, FakeEngine], data: pd.DataFrame, table: Path
) -> None:
    seen: list[str] = []
    report = check(FORMULA, data, engines=["own"], tolerances=table, progress=seen.append)
    assert report.agrees
    assert report.compared > 50
    assert seen == ["check: lme4", "check: own"]
    assert engines["liar"].fits == []
    assert report.cases[0].method == "REML"
    assert check(FORMULA, data, engines=["own"], REML=False).cases[0].method == "ML"


def test_all_engines_take_part_by_default(
    engines: dict[str, FakeEngine], data: pd.DataFrame, table: Path
) -> None:
    report = check(FORMULA, data, tolerances=table, name="check")
    assert {c.candidate: c.verdict for c in report.comparisons} == {
        "own": Verdict.AGREE,
        "liar": Verdict.DIFFER,
        "none": Verdict.UNSUPPORTED,
    }
    assert engines["lme4-recorded"].fits == []


@pytest.mark.usefixtures("engines")
def test_a_declared_difference_may_be_handed_in(
    data: pd.DataFrame, table: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known]]\nname = "lie"\ncandidate = "liar"\ncase = "*"\nreason = "it lies"\n'
        'see = "here"\nupstream = "none"\nsizes = {fixef = 60}\n',
        encoding="utf-8",
    )
    report = check(FORMULA, data, engines=["liar"], tolerances=table, known=known)
    assert report.summary == {Verdict.KNOWN: 1}


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("y ~ x + (1 | ", FormulaError, "does not parse"),
        ("y ~ x + (1 | h)", InputError, "no column 'h'"),
    ],
)
def test_bad_input_is_refused_before_any_fit(
    data: pd.DataFrame, formula: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check(formula, data)


def test_recorded_answers_cannot_answer_a_model_of_one_s_own(
    engines: dict[str, FakeEngine], data: pd.DataFrame
) -> None:
    with pytest.raises(EngineError, match=r"needs live lme4.*only its recorded answers were asked"):
        check(FORMULA, data, reference="lme4-recorded")
    engines["lme4"] = FakeEngine("lme4", absent="install R")
    with pytest.raises(EngineError, match="needs live lme4, which cannot run here: install R"):
        check(FORMULA, data)


def test_what_lme4_itself_refuses_is_bad_input(
    engines: dict[str, FakeEngine], data: pd.DataFrame
) -> None:
    engines["lme4"] = FakeEngine("lme4", cannot={"check": "lme4 has no such model"})
    with pytest.raises(InputError, match="lme4 has no such model"):
        check(FORMULA, data)


@pytest.mark.usefixtures("engines")
def test_assert_parity_is_silent_where_engines_agree(data: pd.DataFrame, table: Path) -> None:
    report = parity.assert_parity(FORMULA, data, engine="own", tolerances=table)
    assert report.agrees


@pytest.mark.usefixtures("engines")
def test_assert_parity_names_quantity_numbers_error_and_tolerance(
    data: pd.DataFrame, table: Path
) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_parity(FORMULA, data, engine="liar", tolerances=table)
    text = str(raised.value)
    for words in ("liar", "fixef[x]", "0.80468", "7.5", "1e-06", "DIFFER"):
        assert words in text, text


@pytest.mark.usefixtures("engines")
def test_assert_parity_refuses_an_engine_that_fits_nothing(data: pd.DataFrame, table: Path) -> None:
    with pytest.raises(AssertionError, match="it fits nothing"):
        assert_parity(FORMULA, data, engine="none", tolerances=table)


def test_assert_parity_fails_where_the_fit_fails(
    engines: dict[str, FakeEngine], data: pd.DataFrame, table: Path
) -> None:
    def boom(_: FitResult) -> FitResult:
        raise RuntimeError("it broke")

    engines["own"] = FakeEngine("own", boom)
    with pytest.raises(AssertionError, match="it broke"):
        assert_parity(FORMULA, data, engine="own", tolerances=table)


def test_a_frame_keeps_its_rows_and_is_never_written(data: pd.DataFrame) -> None:
    dataset = FrameDataset(name="data", file=Path(), sha256=None, frame=data)
    loaded = dataset.load()
    loaded["y"] = 0.0
    assert list(loaded.index) == list(range(24))
    assert data["y"].ne(0.0).all()
    with pytest.raises(ValueError, match="needs its frame"):
        FrameDataset(name="data", file=Path(), sha256=None).load()


def test_the_public_names_are_found_when_they_are_asked_for() -> None:
    assert parity.check is checkup.check
    with pytest.raises(AttributeError, match="module 'parity' has no attribute 'nothing'"):
        parity.nothing  # noqa: B018 - that it is not there is the test
