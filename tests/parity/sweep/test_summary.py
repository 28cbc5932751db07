"""The table at the end of a sweep: counts, layers, the farthest from the optimum, what is red."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity.sweep.folder import Ledger
from parity.sweep.row import lost
from parity.sweep.summary import Score, render, summarise
from tests.parity.sweep.test_row import FITTED, QUESTION

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = ("one", "two")
_EMPTY = dict.fromkeys(("verdict", "worst", "digits"), "the others are held against it")
REFERENCE = replace(
    FITTED, reference=True, above=0.25, verdict=None, worst=None, digits=None, reasons=_EMPTY
)


@pytest.fixture
def scores(tmp_path: Path) -> tuple[Score, ...]:
    ledger = Ledger.open(tmp_path, ENGINES)
    candidates = (
        replace(FITTED, engine="two"),
        replace(FITTED, engine="two", verdict="WORSE", green=False, layer="C", above=3.5),
        replace(FITTED, engine="two", verdict="BETTER", layer="C", above=0.0),
        lost("two", "no worker survived", reference=False, versions={}),
    )
    for model, candidate in enumerate(candidates):
        question = replace(QUESTION, model=model)
        ledger.enter(model, [(question, REFERENCE), (question, candidate)])
    return summarise(tmp_path, ENGINES)


def test_verdicts_layers_and_the_farthest_model_are_counted(scores: tuple[Score, ...]) -> None:
    _, two = scores
    assert two.counts == {"AGREE": 1, "WORSE": 1, "BETTER": 1, "FAILED": 1}
    assert two.layers == {"C": 2}
    assert (two.above, two.farthest, two.red) == (3.5, 1, 2)


def test_of_the_reference_its_fits_are_counted(scores: tuple[Score, ...]) -> None:
    one, _ = scores
    assert one.reference
    assert (one.counts, one.above, one.red) == ({"FITTED": 4}, 0.25, 0)


def test_the_table_says_what_is_red_and_how_to_read_the_rows(
    scores: tuple[Score, ...], tmp_path: Path
) -> None:
    text = render(scores, tmp_path)
    assert "one (reference: 4 FITTED)" in text
    assert "3.5 (1)" in text
    assert "2 C the optimum" in text
    assert "4 models, 2 engines. 2 rows are red." in text
    assert f"pandas.read_parquet({str(tmp_path)!r})" in text


def test_the_table_counts_none_where_there_is_none_and_no_column_of_the_reference_alone(
    tmp_path: Path,
) -> None:
    def score(engine: str, **counts: int) -> Score:
        return Score(engine, engine == "one", counts, {}, None, None, 0)

    scores = (score("one", FITTED=2, FAILED=1), score("two", AGREE=3), score("tri", WORSE=3))
    header, _, two, tri = render(scores, tmp_path).splitlines()[:4]
    assert header.split()[:3] == ["engine", "AGREE", "WORSE"]
    assert "FAILED" not in header
    assert (two.split()[:3], tri.split()[:3]) == (["two", "3", "0"], ["tri", "0", "3"])


def test_an_engine_that_was_never_judged_has_no_distance(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, ENGINES)
    rows = [lost(name, "R died", reference=name == "one", versions={}) for name in ENGINES]
    ledger.enter(0, [(QUESTION, row) for row in rows])
    one, two = summarise(tmp_path, ENGINES)
    assert (one.above, one.red, two.above, two.red) == (None, 1, None, 1)
    assert "-" in render((one, two), tmp_path)
