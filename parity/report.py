"""What a run found, whole: the value behind every printed or exported report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.finding import Comparison


@dataclass(frozen=True, slots=True)
class CaseReport:
    """All comparisons on one case, or on one pair of nested models.

    Attributes
    ----------
    case, dataset, formula, family, method
        What was asked; the method is ``"REML"``, ``"ML"`` or ``"LRT"``.
    nobs
        Rows used by the reference; None where it has no fit.
    pairs
        The comparisons.
    message
        Why the case did not run; empty where it ran.
    published_in
        Where its published figures stand; empty without any.
    conditions
        The reference's messages and warnings, in order (a candidate's are in its comparison).
    notes
        What the model itself has to say, whoever fits it, in sentences.
    """

    case: str
    dataset: str
    formula: str
    family: str
    method: str
    nobs: int | None
    pairs: tuple[Comparison, ...]
    message: str = ""
    published_in: str = ""
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Every case of a run.

    Attributes
    ----------
    reference
        The reference engine, ``"lme4"`` or ``"lme4-recorded"``.
    headline
        One line that says what was held against what, first in every report.
    versions
        Program → version of all engines that took part.
    cases
        In the order of the case file.
    seconds
        Wall time.
    """

    reference: str
    headline: str
    versions: Mapping[str, str]
    cases: tuple[CaseReport, ...]
    seconds: float = 0.0

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison, in order."""
        return tuple(pair for case in self.cases for pair in case.pairs)

    @property
    def compared(self) -> int:
        """How many numbers were held against another."""
        return sum(len(pair.findings) for pair in self.comparisons)

    @property
    def summary(self) -> dict[Verdict, int]:
        """How many pairs came to each verdict, in the verdicts' order."""
        counts = Counter(pair.verdict for pair in self.comparisons)
        return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}

    @property
    def agrees(self) -> bool:
        """Whether every pair is green and at least one number was compared."""
        return self.compared > 0 and all(pair.green for pair in self.comparisons)

    def __str__(self) -> str:
        """Return the text report."""
        from parity.reports.as_text import render  # noqa: PLC0415 - the value needs no renderer

        return render(self)
