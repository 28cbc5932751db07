"""The work of a run in other processes: each has the same engines, in the same versions."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from parity.bench import Bench
from parity.court import Court
from parity.engine import EngineError
from parity.panel import summon
from parity.workers import Lost, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from parity.bench import Progress
    from parity.division import Question, Share
    from parity.report import CaseReport
    from parity.tolerance import Tolerances


@dataclass(frozen=True, slots=True)
class Settled:
    """What a process made of its share.

    Attributes
    ----------
    reports
        On each question, in the share's order.
    fits
        Their names, as `Bench.progress` is told them.
    """

    reports: tuple[CaseReport, ...]
    fits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """What another process needs to know to settle a share as this one would.

    Attributes
    ----------
    engines
        Their names, the reference first.
    versions
        Program → version where the run was started.
    tolerances
        What counts as a difference.
    report
        Question, court → report; a function that can be pickled.
    """

    engines: tuple[str, ...]
    versions: Mapping[str, str]
    tolerances: Tolerances
    report: Callable[[Question, Court], CaseReport]

    def __call__(self, share: Share) -> Settled:
        """Return the reports on a share.

        Raises
        ------
        EngineError
            Where an engine cannot run in this process, or has another version than it should.
        """
        bench, versions = _seat(self.engines)
        self._require_same(versions)
        fits: list[str] = []
        # The data are kept from share to share; the answers are of no use to the next one.
        court = Court(replace(bench, progress=fits.append, answers={}), self.tolerances)
        reports = tuple(self.report(question, court) for question in share.questions)
        return Settled(reports, tuple(fits))

    def _require_same(self, versions: Mapping[str, str]) -> None:
        for program in dict.fromkeys([*self.versions, *versions]):
            there, here = self.versions.get(program), versions.get(program)
            if here != there:
                raise EngineError(
                    f"A worker process has {program} {here}, the process that started it {there}; "
                    "numbers of both cannot stand in one report. `--jobs 1` fits in one process."
                )


@cache
def _seat(engines: tuple[str, ...]) -> tuple[Bench, Mapping[str, str]]:
    """Return the bench of this process, and the versions of its engines."""
    panel = summon(engines)
    return Bench(panel), panel.versions


def settle_together(
    shares: Sequence[Share], office: Office, progress: Progress, jobs: int
) -> Iterator[tuple[int, CaseReport | Lost]]:
    """Yield each question's place and its report, or what became of the process that had it.

    Parameters
    ----------
    shares, office
        What is to be done, and with what.
    progress
        Called with the name of each fit after its share is done.
    jobs
        How many processes.
    """
    with closing(work(office, shares, jobs)) as answers:
        for share, answer in answers:
            if isinstance(answer, Lost):
                yield from ((place, answer) for place in share.places)
                continue
            for name in answer.fits:
                progress(name)
            yield from zip(share.places, answer.reports, strict=True)
