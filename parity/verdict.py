"""Verdicts: on one number, on a pair of engines, on a run."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """What was found, from the best to the worst."""

    AGREE = "AGREE"
    UNSUPPORTED = "UNSUPPORTED"
    KNOWN = "KNOWN"
    BETTER = "BETTER"
    WORSE = "WORSE"
    DIFFER = "DIFFER"
    INCOMPARABLE = "INCOMPARABLE"
    FAILED = "FAILED"

    @property
    def green(self) -> bool:
        """Whether a run with this verdict exits with 0.

        BETTER is: the criterion found the candidate right and the reference short of its optimum.
        """
        return self in _GREEN


_GREEN = frozenset({Verdict.AGREE, Verdict.UNSUPPORTED, Verdict.KNOWN, Verdict.BETTER})
_ORDER = {verdict: rank for rank, verdict in enumerate(Verdict)}

MEANING = {
    Verdict.AGREE: "every number lies within its tolerance",
    Verdict.KNOWN: "what differs is declared in known.toml, within its declared size",
    Verdict.UNSUPPORTED: "the engine cannot express the model; the reason is given",
    Verdict.BETTER: "the criterion found the candidate right: the reference stopped short or errs",
    Verdict.WORSE: "the criterion found the candidate short of the reference's optimum",
    Verdict.DIFFER: "numbers differ beyond tolerance, and no better optimum explains it",
    Verdict.INCOMPARABLE: "another question was answered: rows, groups, design or criterion",
    Verdict.FAILED: "the engine raised an error; its message is kept",
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; one of none is an error.

    Raises
    ------
    ValueError
        Where there is none: a comparison of nothing is no agreement.
    """
    ranked = sorted(verdicts, key=_ORDER.__getitem__)
    if not ranked:
        raise ValueError("a verdict on nothing: no comparison took place")
    return ranked[-1]
