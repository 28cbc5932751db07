"""The page states every figure, and every figure that is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.record import Group, Record
from benchmarks.results import load_groups, page, write_page
from benchmarks.tables import digits, seconds

if TYPE_CHECKING:
    from pathlib import Path


def _info(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
    rounds = {"lme4": [30.0, 20.0, 40.0], "ours": [0.1, 0.1, 0.4]}
    info = {
        "title": "seed: y ~ x + (1 | g)",
        "about": "A bootstrap.",
        "base": "lme4",
        "shown": "speed",
        "contestants": {
            name: [{"wall": wall, "cpu": wall, "figures": {}} for wall in walls]
            for name, walls in rounds.items()
        },
        "absent": {"glmm": "names no interpreter"},
        "targets": [{"contestant": "ours", "way": "speed", "bound": 250.0, "against": ""}],
        "growth": None,
        "table": "",
        "notes": ["A note."],
    }
    return info | changed


def _group(*infos: dict[str, Any], unmeasured: tuple[tuple[str, str], ...] = ()) -> Group:
    return Group(
        name="bootstrap",
        records=[Record.read(info) for info in infos],
        unmeasured=unmeasured,
        machine={"machine": "a machine", "R": "4.2.2"},
        load={"before": [0.1, 0.2, 0.3], "after": [1.0, 0.5, 0.4]},
        when="2024-11-08",
    )


def _page(*groups: Group) -> str:
    return page(groups, {group.name: {} for group in groups}, with_targets=False)


def test_a_ratio_stands_with_its_quartiles_and_a_missed_target_with_by_how_much() -> None:
    text = _page(_group(_info()))
    assert "| ours | 100 ms | 100 ms | 200 (150 to 250) |" in text
    assert "≥ 250 | 200 (150 to 250) | **missed by 20.0%** |" in text
    assert "0 of 1 reached." in text


def test_who_takes_no_part_stands_below_the_table_with_the_reason() -> None:
    assert "* glmm: not measured: names no interpreter" in _page(_group(_info()))


def test_a_target_whose_contestant_failed_is_a_stated_line() -> None:
    costs = {"lme4": [{"wall": 1.0, "cpu": 1.0, "figures": {}}]}
    text = _page(_group(_info(contestants=costs, absent={"ours": "ValueError: no"})))
    assert "no figure | **not measured: ours: ValueError: no** |" in text


def test_a_base_that_failed_leaves_no_ratio() -> None:
    costs = {"ours": [{"wall": 1.0, "cpu": 1.0, "figures": {}}]}
    text = _page(_group(_info(contestants=costs, absent={"lme4": "it ended"})))
    assert "| ours | 1 s | 1 s |  |" in text
    assert "**not measured: lme4: it ended**" in text


def test_a_benchmark_that_failed_is_a_line_and_no_abort() -> None:
    text = _page(_group(unmeasured=(("bench_x", "KeyError: 'y'"),)))
    assert "* bench_x: not measured: KeyError: 'y'" in text


def test_who_stopped_above_the_lowest_deviance_says_by_how_much() -> None:
    costs = {
        name: [{"wall": 1.0, "cpu": 1.0, "figures": {"value": value}}]
        for name, value in {"lme4": 100.5, "ours": 100.0}.items()
    }
    text = _page(_group(_info(contestants=costs, targets=[])))
    assert "| lme4 | 1 s | 1 s | 1 | 5.0e-01 |" in text
    assert "| ours | 1 s | 1 s | 1 (one round) | 0 |" in text


def test_a_series_is_one_table_and_one_picture(tmp_path: Path) -> None:
    infos = [
        _info(
            growth={"series": "A fit", "axis": "rows", "size": size}, table="A fit", targets=[],
            absent={}, notes=[],
        )
        for size in (1_000, 10_000)
    ]  # fmt: skip
    write_page([_group(*infos)], tmp_path)
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert text.count("| rows | lme4 | ours |") == 1
    assert "| 10,000 | 30 s | 100 ms (200) |" in text
    assert "![bootstrap, growth](plots/bootstrap-growth.png)" in text
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["bootstrap-growth.png"]


def test_a_group_that_was_not_run_is_named() -> None:
    assert "## Not run\n\nstart, bridge, transfer" in _page(_group(_info()))


def test_pytest_benchmarks_json_is_read(tmp_path: Path) -> None:
    document = {
        "benchmarks": [{"extra_info": _info()}],
        "unmeasured": [{"name": "bench_y", "reason": "no R"}],
        "machine_info": {"machine": "a machine"},
        "load": {"before": [0.0], "after": [0.0]},
        "datetime": "2024-11-08T10:00:00+00:00",
    }
    (tmp_path / "bootstrap.json").write_text(json.dumps(document), encoding="utf-8")
    (group,) = load_groups(tmp_path)
    assert (group.name, group.when, group.unmeasured) == (
        "bootstrap",
        "2024-11-08",
        [("bench_y", "no R")],
    )


def test_a_page_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="No benchmark was measured"):
        load_groups(tmp_path)


@pytest.mark.parametrize(
    ("number", "text"),
    [(90.0, "90 s"), (0.0123, "12.3 ms"), (4.5e-7, "0.45 µs"), (-0.01, "-10 ms")],
)
def test_seconds_stand_in_a_unit_in_which_they_are_read_at_a_glance(
    number: float, text: str
) -> None:
    assert seconds(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1234.5, "1,234"), (0.0, "0"), (99.95, "100"), (2e-5, "2.00e-05")]
)
def test_numbers_have_three_digits(number: float, text: str) -> None:
    assert digits(number) == text
