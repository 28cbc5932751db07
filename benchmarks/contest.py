"""One measurement: contestants in turn, as a benchmark of pytest-benchmark with all their costs.

pytest-benchmark times a whole round. What the page shows is in the benchmark's ``extra_info``: the
costs of each contestant, one a round, so that a ratio is one of what ran at nearly the same time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.rounds import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_benchmark.fixture import BenchmarkFixture

    from benchmarks.rounds import Cost
    from benchmarks.spread import Target

    Shown = Literal["time", "speed"]


@dataclass(frozen=True, slots=True)
class Growth:
    """Where a measurement stands in a series over a growing size.

    Attributes
    ----------
    series
        The series' name, a sentence's beginning.
    axis
        What grows: ``rows``, ``groups``.
    size
        How far it has grown.
    """

    series: str
    axis: str
    size: int


class Contest:
    """A fixture: runs a measurement, once in a test."""

    def __init__(self, benchmark: BenchmarkFixture, about: str, cap: int) -> None:
        """Take the fixture of pytest-benchmark, what the file is about, and the most rounds."""
        self._benchmark: Any = benchmark
        self._about = about
        self._cap = cap

    def run(  # noqa: PLR0913  (what a measurement consists of)
        self,
        title: str,
        contestants: Mapping[str, Callable[[], Cost]],
        *,
        rounds: int,
        warm: bool = False,
        base: str = "",
        shown: Shown = "speed",
        targets: Sequence[Target] = (),
        absent: Mapping[str, str] | None = None,
        growth: Growth | None = None,
        table: str = "",
        notes: Sequence[str] = (),
    ) -> Turns:
        """Let the contestants take turns, and record what they cost.

        Parameters
        ----------
        title
            Of the table.
        contestants
            By name, what does the work once.
        rounds
            How many; fewer where the caller of pytest asked for fewer.
        warm
            Whether all work once before the first round, since the first time costs more.
        base
            The contestant that the others are compared with; none for the empty text.
        shown
            Whether a ratio is the time over the base's, or the base's time over its own.
        targets
            What is to be reached.
        absent
            Who would have been a contestant, and why it is none.
        growth
            Where the measurement stands in a series.
        table
            The table in which it is a line, beside others of the same contestants.
        notes
            Sentences for below the table.
        """
        turns = Turns(contestants)
        if warm:
            turns.take()
            turns.forget()
        self._benchmark.pedantic(turns.take, rounds=min(rounds, self._cap), iterations=1)
        self._benchmark.extra_info.update(
            title=title,
            about=self._about,
            base=base,
            shown=shown,
            contestants={
                name: [asdict(cost) for cost in costs] for name, costs in turns.costs.items()
            },
            absent={**(absent or {}), **turns.lost},
            targets=[asdict(target) for target in targets],
            growth=asdict(growth) if growth else None,
            table=growth.series if growth else table,
            notes=list(notes),
        )
        return turns

    def note(self, sentence: str) -> None:
        """Add a sentence that the measurement itself taught."""
        notes: list[Any] = self._benchmark.extra_info["notes"]
        notes.append(sentence)
