"""The questions of a run, divided so that no two processes fit the same case."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from parity.case import Case, NestedPair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.dataset import Dataset

Question: TypeAlias = Case | NestedPair

_BASE = 0.08
_PER_MEGABYTE = {"lm": 1.0, "lmm": 5.0, "glmm": 25.0}
"""Seconds that an engine takes, about: for any case, and for each megabyte of its data. InstEval
(1.4 MB) took 28 s of four engines, VerbAgg (0.3 MB) 33 s."""
_GZIPPED = 6
_START = 4.0
"""Seconds until a new process has imported statsmodels and started R with lme4."""


@dataclass(frozen=True, slots=True)
class Share:
    """Questions that one process answers, since they have cases in common.

    Attributes
    ----------
    places
        Where each question stands in the run.
    questions
        In the run's order.
    cost
        Seconds that all engines together take, about.
    """

    places: tuple[int, ...]
    questions: tuple[Question, ...]
    cost: float


def cases_of(question: Question) -> tuple[Case, ...]:
    """Return the cases that have to be fitted for a question."""
    return (question.small, question.large) if isinstance(question, NestedPair) else (question,)


def divide(questions: Sequence[Question], engines: int) -> tuple[Share, ...]:
    """Return the shares, the costliest first: questions with a case in common are in one.

    Parameters
    ----------
    questions
        Of a run, in its order.
    engines
        How many engines fit each case.
    """
    parts: list[list[int]] = []
    for place, question in enumerate(questions):
        names = {case.name for case in cases_of(question)}
        apart, joined = [], [place]
        for part in parts:
            shared = any(case.name in names for at in part for case in cases_of(questions[at]))
            if shared:
                joined = [*part, *joined]
            else:
                apart.append(part)
        parts = [*apart, joined]
    shares = [_share(sorted(part), questions, engines) for part in parts]
    return tuple(sorted(shares, key=lambda share: (-share.cost, share.places)))


def _share(places: Sequence[int], questions: Sequence[Question], engines: int) -> Share:
    asked = tuple(questions[place] for place in places)
    cases = {case.name: case for question in asked for case in cases_of(question)}
    return Share(tuple(places), asked, engines * sum(_cost(case) for case in cases.values()))


def _cost(case: Case) -> float:
    """Return the seconds that an engine takes, about, by the size of the data's file."""
    return _BASE + _PER_MEGABYTE[case.spec.kind] * _size(case.dataset) / 1e6


def _size(dataset: Dataset) -> int:
    """Return the bytes of text in a data file, about; 0 where it is not there yet."""
    if not dataset.file.is_file():
        return 0
    size = dataset.file.stat().st_size
    return size * _GZIPPED if dataset.file.suffix == ".gz" else size


def pays(shares: Sequence[Share], jobs: int) -> bool:
    """Whether so many processes are done sooner than this one, their start included."""
    alone = sum(share.cost for share in shares)
    together = max((share.cost for share in shares), default=0.0)
    return _START + max(together, alone / jobs) < alone


def usable_cores() -> int:
    """Return on how many cores this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
