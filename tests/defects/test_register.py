"""The register of defects: what it may state, and what a measurement says of an entry."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from parity.casefile import load_suite
from parity.defect import DIRECTIONS, Defect, DefectError, Outcome, load_defects
from parity.known import load_known

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """
[[defect]]
name = "wrong-unit"
program = "statsmodels"
versions = ">=0.14,<0.16"
case = "dyestuff-reml"
quantity = "a standard error"
direction = "below"
band = [0.5, 2]
unit = "relative"
reason = "a root is missing"
upstream = "statsmodels issue 1"
see = "python -c 'print(1)'"
"""


def read(folder: Path, text: str) -> tuple[Defect, ...]:
    file = folder / "known.toml"
    file.write_text(text, encoding="utf-8")
    return load_defects(file)


@pytest.fixture
def defect(tmp_path: Path) -> Defect:
    (entry,) = read(tmp_path, ENTRY)
    return entry


@pytest.mark.parametrize(
    ("measured", "version", "outcome", "says"),
    [
        (-1.0, "0.15.0", Outcome.SEEN, "as declared"),
        (-0.5, "0.15.0", Outcome.SEEN, "as declared"),
        (-2.0, "0.15.0", Outcome.SEEN, "as declared"),
        (-0.49, "0.15.0", Outcome.VANISHED, "take the entry out"),
        (0.0, "0.15.0", Outcome.VANISHED, "take the entry out"),
        (1.0, "0.15.0", Outcome.VANISHED, "-1 relative below with statsmodels 0.15.0"),
        (-2.01, "0.15.0", Outcome.GROWN, "widen the band"),
        (-1.0, "0.16.0", Outcome.BEYOND, "extend the entry's versions"),
        (-0.4, "0.16.0", Outcome.UNCOVERED, "not covered"),
        (-2.1, "0.13.5", Outcome.UNCOVERED, "not covered"),
        (-1.0, "unknown", Outcome.BEYOND, "extend"),
    ],
)
def test_a_measurement_is_held_against_band_and_versions(
    defect: Defect, measured: float, version: str, outcome: Outcome, says: str
) -> None:
    judgement = defect.judge(measured, version)
    assert judgement.outcome is outcome
    assert says in judgement.sentence
    assert "declared 0.5 to 2 for >=0.14,<0.16" in judgement.sentence
    assert outcome.green == (outcome in {Outcome.SEEN, Outcome.UNCOVERED})


@pytest.mark.parametrize("measured", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_no_measurement(defect: Defect, measured: float) -> None:
    with pytest.raises(DefectError, match="expected a finite number"):
        defect.judge(measured, "0.15.0")


def test_a_direction_says_which_way_a_size_lies(tmp_path: Path) -> None:
    sizes = {
        direction: read(tmp_path, ENTRY.replace('"below"', f'"{direction}"'))[0].size(-1.0)
        for direction in DIRECTIONS
    }
    assert sizes == {
        "above": -1, "below": 1, "apart": 1, "opposite": 1, "raises": -1, "claims": -1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reason = "a root is missing"\n', "", "wrong-unit misses or adds reason"),
        ('name = "wrong-unit"\n', "", "the defect None misses or adds name"),
        ("band = [0.5, 2]\n", "", "misses or adds band"),
        ("[[defect]]", "[[defect]]\nsize = 3", "misses or adds size"),
        ('"a root is missing"', '" "', "reason of the defect wrong-unit must be text"),
        ('"statsmodels issue 1"', '""', "upstream of the defect wrong-unit must be text"),
        ('"relative"', "3", "unit of the defect wrong-unit must be text"),
        ('"below"', '"lower"', "the direction of wrong-unit is 'lower'; expected one of above"),
        ('"statsmodels"', '"nlme"', "the program of wrong-unit is 'nlme'; expected one of"),
        (">=0.14,<0.16", "about 0.15", "versions of wrong-unit are off: Invalid specifier"),
        ("[0.5, 2]", "[2, 0.5]", "expected .low, high. above zero"),
        ("[0.5, 2]", "[0, 2]", "above zero"),
        ("[0.5, 2]", "[0.5, inf]", "above zero"),
        ("[0.5, 2]", "[nan, 2]", "above zero"),
        ("[0.5, 2]", "[0.5]", "above zero"),
        ("[0.5, 2]", '["0.5", 2]', "above zero"),
        ("[0.5, 2]", "[true, 2]", "above zero"),
        ("[0.5, 2]", "2", "above zero"),
        ("[[defect]]", "[[defects]]", "expected nothing but"),
        ("[[defect]]", "[[defect", "is no TOML"),
    ],
)
def test_an_unusable_entry_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENTRY
    with pytest.raises(DefectError, match=message):
        read(tmp_path, ENTRY.replace(old, new))


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefectError, match=r"\['wrong-unit'\] are there twice"):
        read(tmp_path, ENTRY + ENTRY)


def test_a_register_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefectError, match=r"known\.toml cannot be read: No such file"):
        load_defects(tmp_path / "known.toml")


def test_both_lists_of_the_shipped_register_can_be_read() -> None:
    assert load_known()
    assert len(load_defects()) >= 15


def test_every_defect_is_shown_on_a_shipped_case_by_a_command() -> None:
    suite = load_suite()
    shipped = {case.name for case in suite.cases if case.dataset.url is None}
    for defect in load_defects():
        assert defect.case in shipped, defect.name
        program, *words = shlex.split(defect.see)
        assert program in {"python", "Rscript"}, defect.name
        assert words[-2] in {"-c", "-e"}, defect.name


def test_every_defect_says_where_it_is_reported_or_when_that_was_looked_for() -> None:
    for defect in load_defects():
        looked = "no report" in defect.upstream and any(c.isdigit() for c in defect.upstream)
        assert looked or "issue" in defect.upstream, defect.name
