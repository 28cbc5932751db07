"""A measurement as pytest-benchmark's JSON holds it, and the figures that the page shows of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.contest import Growth
from benchmarks.rounds import Cost
from benchmarks.spread import Spread, Target, excesses, ratios, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.contest import Shown

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a target: its figure, or why there is none."""

    target: Target
    reached: Spread | None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Return whether it was reached, and by how much it was missed."""
        if self.reached is None:
            return f"{NOT_MEASURED}: {self.reason}"
        return self.target.verdict(self.reached.median)


@dataclass(frozen=True)
class Record:
    """One measurement.

    Attributes
    ----------
    title, about
        Of the table, and what its file says of itself.
    costs
        Of each contestant, one a round.
    base, shown
        See `contest.Contest.run`.
    absent
        Who has no costs, and why.
    targets, growth, table, notes
        See `contest.Contest.run`.
    """

    title: str
    about: str
    costs: Mapping[str, Sequence[Cost]]
    base: str
    shown: Shown
    absent: Mapping[str, str] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    growth: Growth | None = None
    table: str = ""
    notes: Sequence[str] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Record:
        """Return what a benchmark's ``extra_info`` holds."""
        costs = {
            name: [Cost(**cost) for cost in rounds] for name, rounds in given["contestants"].items()
        }
        growth = Growth(**given["growth"]) if given["growth"] else None
        targets = [Target(**target) for target in given["targets"]]
        kept = {name: given[name] for name in ("title", "about", "base", "shown", "absent")}
        return cls(
            **kept, costs=costs, growth=growth, targets=targets,
            table=given["table"], notes=given["notes"],
        )  # fmt: skip

    @property
    def rounds(self) -> int:
        """How many rounds were run."""
        return max((len(costs) for costs in self.costs.values()), default=0)

    def wall(self, name: str) -> Spread:
        """Return a contestant's seconds on the clock."""
        return spread([cost.wall for cost in self.costs[name]])

    def cpu(self, name: str) -> Spread:
        """Return a contestant's seconds on processors."""
        return spread([cost.cpu for cost in self.costs[name]])

    def ratio(self, name: str) -> Spread | None:
        """Return a contestant's ratio to the base as the table shows it; None without a base."""
        if name == self.base or self.base not in self.costs:
            return None
        return self._compared(name, self.shown)

    def _compared(self, name: str, way: str) -> Spread:
        own = [cost.wall for cost in self.costs[name]]
        base = [cost.wall for cost in self.costs[self.base]]
        return ratios(base, own) if way == "speed" else ratios(own, base)

    def value(self, name: str, figure: str) -> float | None:
        """Return the median of what else was found; None where nothing was."""
        found = [cost.figures[figure] for cost in self.costs[name] if figure in cost.figures]
        return spread(found).median if found else None

    def above_lowest(self, name: str) -> float | None:
        """Return by how much a contestant's deviance exceeds the lowest of the table."""
        found = {one: self.value(one, "value") for one in self.costs}
        known = [value for value in found.values() if value is not None]
        own = found[name]
        return None if own is None or len(known) < 2 else own - min(known)

    def outcomes(self) -> list[Outcome]:
        """Return what became of each target."""
        return [self._outcome(target) for target in self.targets]

    def _outcome(self, target: Target) -> Outcome:
        other = target.against or (self.base if target.way in {"time", "speed"} else "")
        for name in filter(None, (target.contestant, other)):
            if name not in self.costs:
                return Outcome(target, None, f"{name}: {self.absent.get(name, 'it took no part')}")
        own = [cost.wall for cost in self.costs[target.contestant]]
        if target.way == "seconds":
            return Outcome(target, spread(own))
        if target.way == "excess":
            base = [cost.wall for cost in self.costs[target.against]]
            return Outcome(target, excesses(own, base))
        if target.way == "peak":
            peaks = [cost.figures["peak"] for cost in self.costs[target.contestant]]
            return Outcome(target, spread(peaks))
        return Outcome(target, self._compared(target.contestant, target.way))


@dataclass(frozen=True)
class Group:
    """All that one file of benchmarks measured.

    Attributes
    ----------
    name
        ``bootstrap`` of ``bench_bootstrap.py``.
    records
        The measurements.
    unmeasured
        Name and reason of what was not.
    machine, load, when
        What it ran on, the load averages before and after, and the day.
    """

    name: str
    records: Sequence[Record]
    unmeasured: Sequence[tuple[str, str]]
    machine: Mapping[str, str]
    load: Mapping[str, Sequence[float]]
    when: str

    @classmethod
    def read(cls, path: Path) -> Group:
        """Return what a JSON file of pytest-benchmark holds."""
        given = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            name=path.stem,
            records=[Record.read(one["extra_info"]) for one in given["benchmarks"]],
            unmeasured=[(one["name"], one["reason"]) for one in given["unmeasured"]],
            machine=given["machine_info"],
            load=given["load"],
            when=given["datetime"][:10],
        )

    @property
    def about(self) -> str:
        """What the file says of itself."""
        return self.records[0].about if self.records else ""
