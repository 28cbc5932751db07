"""What is told of an engine's answer: its own numbers, the arbiter's verdict, the criterion's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.appraisal import reported
from parity.sweep.row import Outcome, written
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.appraisal import Appraisal
    from parity.finding import Comparison, Finding
    from parity.result import FitResult


@dataclass(frozen=True, slots=True)
class Account:
    """An engine's answer, and what was found of it.

    Attributes
    ----------
    answer
        Its own.
    comparison
        With the reference's; None of the reference's own.
    word
        The criterion's.
    seconds
        That the fit took.
    versions
        Program → version.
    """

    answer: FitResult
    comparison: Comparison | None
    word: Appraisal
    seconds: float
    versions: Mapping[str, str]

    def told(self) -> Outcome:
        """Return the columns of a sweep; what is not known is empty, with the reason."""
        found, answer = self.comparison, self.answer
        numbers: dict[str, float | None] = {
            "deviance": reported(answer) if answer.fitted else None,
            "above": self._judged(self.word.above),
            "decrement": self._judged(self.word.decrement),
        }
        flags = {name: self._flag(name) for name in ("singular", "converged")}
        worst = None if found is None else _worst(found)
        reasons = {name: self._reason(name) for name, number in numbers.items() if number is None}
        reasons |= {name: self._reason(name) for name, flag in flags.items() if flag is None}
        if found is None:
            reasons |= dict.fromkeys(
                ("verdict", "worst", "digits"), "the others are held against it"
            )
        elif worst is None:
            reasons |= dict.fromkeys(("worst", "digits"), found.message)
        return Outcome(
            engine=answer.engine,
            reference=found is None,
            status=answer.status.value,
            conditions="\n".join(answer.conditions),
            verdict=None if found is None else found.verdict.value,
            green=_is_green(answer, found),
            layer="" if found is None else found.layer,
            finding="" if found is None else _first(found),
            message=answer.message if found is None else (found.diagnosis or found.message),
            worst=None if worst is None else worst.name,
            digits=None if worst is None else worst.digits,
            deviance=numbers["deviance"],
            above=numbers["above"],
            decrement=numbers["decrement"],
            singular=flags["singular"],
            converged=flags["converged"],
            seconds=self.seconds,
            versions=written(self.versions),
            reasons=reasons,
        )

    def _judged(self, number: float) -> float | None:
        """Return a number of the criterion's, None where it has none that is finite."""
        return None if self.word.silence or not math.isfinite(number) else number

    def _flag(self, name: str) -> bool | None:
        numbers = self.answer.values.get(name)
        return None if numbers is None else bool(numbers[()])

    def _reason(self, name: str) -> str:
        if not self.answer.fitted:
            return self.answer.message
        if name in {"above", "decrement"}:
            return self.word.silence or f"the criterion makes it {getattr(self.word, name)}"
        return self.answer.absent[name]


def _is_green(answer: FitResult, found: Comparison | None) -> bool:
    """Whether nobody has anything to do; a reference that failed is no measure of the others."""
    return answer.status.value != "FAILED" if found is None else found.green


def _worst(found: Comparison) -> Finding | None:
    """Return the number with the largest error over its tolerance, None where none was compared."""

    def size(finding: Finding) -> tuple[float, float]:
        error = abs(finding.error)
        if finding.tolerance > 0:
            return error / finding.tolerance, -finding.digits
        return (math.inf if error > 0 else 0.0), -finding.digits

    return max(found.findings, key=size, default=None)


def _first(found: Comparison) -> str:
    """Return the first number that differs, both sides in full."""
    for finding in found.findings:
        if finding.verdict is not Verdict.AGREE:
            return (
                f"{finding.name}: {finding.reference!r} in {found.reference}, "
                f"{finding.candidate!r} in {found.candidate} ({finding.error:.3g} {finding.unit}, "
                f"tolerance {finding.tolerance:g})"
            )
    return ""
