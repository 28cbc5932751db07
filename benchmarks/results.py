"""The page of results, from pytest-benchmark's JSON: tables, targets, pictures.

python benchmarks/results.py [FOLDER]     FOLDER holds GROUP.json for each group (build/bench)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.plots import draw_group, draw_targets, save
from benchmarks.record import NOT_MEASURED, Group
from benchmarks.tables import (
    bound,
    figure_name,
    grid,
    one_table,
    reached,
    shared_table,
    short_title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from benchmarks.record import Outcome, Record

HERE = Path(__file__).parent
MEASURED = HERE.parent / "build" / "bench"
GROUPS = {
    "start": "Start-up",
    "bridge": "The bridge, and a pool of workers",
    "transfer": "Columns to R",
    "pymer4": "pymer4",
    "engines": "Engines and other packages",
    "criterion": "One evaluation of the deviance",
    "bootstrap": "Bootstrap",
    "large": "A million rows",
    "certification": "Certification",
    "suite": "The whole suite",
}

_HEAD = """\
# Results of the benchmarks

Written by `make bench`; `benchmarks/README.md` says what is measured and how. All that one table
compares ran in one run, in rounds that take turns. A ratio is the median of the rounds' own ratios,
in parentheses their quartiles. A figure is worth as much as the machine was quiet: the load
averages before and after stand with each group, and the run itself keeps one core busy.
"""


def load_groups(folder: Path) -> list[Group]:
    """Return the groups that were measured, in the page's order.

    Raises
    ------
    SystemExit
        Where there is none.
    """
    found = [Group.read(path) for name in GROUPS if (path := folder / f"{name}.json").exists()]
    if not found:
        raise SystemExit(f"No benchmark was measured: there is no GROUP.json in {folder}.")
    return found


def write_page(groups: Sequence[Group], folder: Path) -> None:
    """Write `RESULTS.md`, and its pictures in `plots`."""
    pictures = {group.name: draw_group(group) for group in groups}
    named = [(_place(group, record, one), one) for group, record, one in outcomes(groups)]
    targets = draw_targets(named)
    drawn = {name: figure for each in pictures.values() for name, figure in each.items()}
    for old in (folder / "plots").glob("*.png"):
        old.unlink()
    for name, figure in ({"targets": targets} | drawn).items():
        if figure is not None:
            save(figure, folder / "plots" / f"{name}.png")
    text = page(groups, pictures, with_targets=targets is not None)
    (folder / "RESULTS.md").write_text(text, encoding="utf-8")


def outcomes(groups: Sequence[Group]) -> list[tuple[Group, Record, Outcome]]:
    """Return every target with where it stands."""
    return [
        (group, record, outcome)
        for group in groups
        for record in group.records
        for outcome in record.outcomes()
    ]


def _place(group: Group, record: Record, outcome: Outcome) -> str:
    return f"{group.name}, {short_title(record)}: {outcome.target.contestant}, {outcome.target.way}"


def page(
    groups: Sequence[Group], pictures: dict[str, dict[str, Figure]], *, with_targets: bool
) -> str:
    """Return the page's text."""
    lines = [_HEAD, *machine(groups), *_targets(groups)]
    if with_targets:
        lines += ["![Each figure as a multiple of its target](plots/targets.png)", ""]
    for group in groups:
        lines += section(group, list(pictures[group.name]))
    missing = [name for name in GROUPS if name not in {group.name for group in groups}]
    if missing:
        lines += ["## Not run", "", f"{', '.join(missing)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def machine(groups: Sequence[Group]) -> list[str]:
    """Return the machine and the versions, once for all groups that say the same."""
    said = {json.dumps(group.machine, sort_keys=True) for group in groups if group.machine}
    lines = ["## Machine and versions", ""]
    for text in sorted(said):
        here = [group for group in groups if json.dumps(group.machine, sort_keys=True) == text]
        names = ", ".join(group.name for group in here)
        of = f" ({names})" if len(said) > 1 else ""
        versions = here[0].machine
        others = ", ".join(f"{k} {v}" for k, v in versions.items() if k != "machine")
        lines += [f"* {versions['machine']}{of}.", f"* {others}."]
    return [*lines, ""]


def _targets(groups: Sequence[Group]) -> list[str]:
    rows = [
        (
            f"{group.name}: {short_title(record)}",
            f"{outcome.target.contestant}, {figure_name(outcome, record)}",
            bound(outcome),
            reached(outcome),
            outcome.verdict if outcome.verdict == "reached" else f"**{outcome.verdict}**",
        )
        for group, record, outcome in outcomes(groups)
    ]
    if not rows:
        return []
    good = sum(outcome.verdict == "reached" for _, _, outcome in outcomes(groups))
    head = ("", "figure", "target", "measured", "verdict")
    told = f"{good} of {len(rows)} reached."
    return ["## Targets", "", told, "", *grid(head, rows), ""]


def section(group: Group, pictures: Sequence[str]) -> list[str]:
    """Return all that is said of one group."""
    before, after = (
        " ".join(f"{one:.2f}" for one in group.load.get(when, ())) or "unknown"
        for when in ("before", "after")
    )
    lines = [f"## {GROUPS[group.name]}", "", group.about, ""]
    lines += [f"Measured on {group.when}; load average {before} before, {after} after.", ""]
    tables: dict[str, list[Record]] = {}
    for record in group.records:
        if not record.table:
            lines += one_table(record)
        else:
            tables.setdefault(record.table, []).append(record)
    for records in tables.values():
        lines += shared_table(records)
    lines += [f"* {name}: {NOT_MEASURED}: {reason}" for name, reason in group.unmeasured]
    lines += ["" for _ in group.unmeasured[:1]]
    for name in pictures:
        lines += [f"![{name.replace('-', ', ')}](plots/{name}.png)", ""]
    return lines


if __name__ == "__main__":
    write_page(load_groups(Path(sys.argv[1]) if len(sys.argv) > 1 else MEASURED), HERE)
