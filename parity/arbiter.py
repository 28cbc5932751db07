"""The criterion decides between two answers that differ: who is right, why, and by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parity.appraisal import CONVERGED, Appraisal, Contradiction, nearer
from parity.compare import GROWN
from parity.diagnosis import diagnose
from parity.quantity import QUANTITIES
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.finding import Comparison, Finding

    Limits = Callable[[str], float]

_SHARE = 0.1
"""A contradiction below this share of a tolerance explains no difference beyond it."""
_FLAGS = (0.0, 1.0)


def settle(
    comparison: Comparison, reference: Appraisal, candidate: Appraisal, limits: Limits
) -> Comparison:
    """Return a comparison with the criterion's verdict on what differs.

    A number that contradicts the candidate's own parameters stays DIFFER, whether or not the
    reference has one to compare it with. One that follows from them is BETTER or WORSE, by whose
    parameters have the lower deviance; BETTER asks that the candidate is at the optimum.

    Parameters
    ----------
    comparison
        What came of holding the candidate against the reference.
    reference, candidate
        The criterion's word on each.
    limits
        Quantity → the largest error that agrees, of this candidate on this case.
    """
    told = replace(comparison, diagnosis=diagnose(comparison, reference, candidate))
    if reference.silence or candidate.silence:
        return told
    bench = _Bench(reference, candidate, limits)
    hidden = bench.hidden(comparison)
    red = [finding for finding in comparison.findings if not finding.verdict.green]
    if not red and not hidden:
        layers = [comparison.layer, *bench.layers()] if comparison.layer else [""]
        return replace(told, layer=min(layers))
    rulings = {id(finding): bench.rule(finding) for finding in red}
    findings = tuple(rulings[id(f)][0] if id(f) in rulings else f for f in comparison.findings)
    verdicts = {finding.verdict for finding, _ in rulings.values()}
    # where the candidate is wrong, what the reference is wrong in is not where
    own = [layer for f, layer in rulings.values() if f.verdict is not Verdict.BETTER]
    own += [found.layer for found in hidden]
    layers = own or [layer for _, layer in rulings.values()]
    decided = replace(told, findings=findings, layer=min(layers))
    if hidden or Verdict.DIFFER in verdicts:
        message = f"{candidate.engine}: its {hidden[0].told}" if hidden else comparison.message
        return replace(decided, verdict=Verdict.DIFFER, message=message)
    if Verdict.WORSE in verdicts:
        return replace(decided, verdict=Verdict.WORSE, message=told.diagnosis)
    if comparison.vanished:
        return replace(decided, verdict=Verdict.DIFFER, message=comparison.vanished)
    return replace(decided, verdict=Verdict.BETTER, message=told.diagnosis)


@dataclass(frozen=True)
class _Bench:
    """Both appraisals, and what counts as a difference."""

    reference: Appraisal
    candidate: Appraisal
    limits: Limits

    def hidden(self, comparison: Comparison) -> list[Contradiction]:
        """Return what contradicts the candidate's parameters and was compared with nothing."""
        compared = set(comparison.quantities)
        return [
            found
            for found in self.candidate.contradictions
            if found.quantity not in compared and found.error > self.limits(found.quantity)
        ]

    def layers(self) -> list[str]:
        """Return the layers at which either answer goes wrong by enough to matter."""
        both = (self.reference, self.candidate)
        wrong: list[str] = [
            found.layer
            for appraisal in both
            for found in appraisal.contradictions
            if found.error > _SHARE * self.limits(found.quantity)
        ]
        return wrong + ["C" for appraisal in both if not appraisal.arrived]

    def rule(self, finding: Finding) -> tuple[Finding, str]:
        """Return a red finding with its verdict, and the layer that is wrong."""
        layer: str = QUANTITIES[finding.quantity].layer
        own = self._explaining(finding, self.candidate)
        if own is not None and self._counts(finding, own):
            return finding, own.layer
        if finding.quantity not in self.candidate.judged:
            return finding, layer
        if GROWN in finding.why:
            return finding, layer
        if finding.quantity == "converged":
            return self._flag(finding)
        other = self._explaining(finding, self.reference)
        if other is not None and self._is_all(finding, other):
            why = f"{self.reference.engine}: its {other.name} contradicts its own parameters"
            return replace(finding, verdict=Verdict.BETTER, why=why), other.layer
        return self._by_deviance(finding)

    def _explaining(self, finding: Finding, appraisal: Appraisal) -> Contradiction | None:
        least = _SHARE * self.limits(finding.quantity)
        return next(
            (
                found
                for found in appraisal.contradictions
                if found.quantity == finding.quantity and found.error > least
            ),
            None,
        )

    def _counts(self, finding: Finding, found: Contradiction) -> bool:
        """Whether a contradiction of the candidate's is why a number differs.

        It is where it is beyond the tolerance, or as large as the difference; a smaller one agrees
        as any other number does.
        """
        return found.error > self.limits(finding.quantity) or _is_as_large(found, finding)

    def _is_all(self, finding: Finding, found: Contradiction) -> bool:
        """Whether a contradiction of the reference's may be all that a difference comes from.

        It is where the candidate is at the optimum; a candidate that is short differs for that
        reason too, and the contradiction must be as large as the difference.
        """
        return self._is_there() or _is_as_large(found, finding)

    def _is_there(self) -> bool:
        candidate = self.candidate
        return candidate.arrived or nearer(candidate.above, self.reference.above)

    def _by_deviance(self, finding: Finding) -> tuple[Finding, str]:
        reference, candidate = self.reference, self.candidate
        if candidate.arrived and reference.arrived:
            return finding, QUANTITIES[finding.quantity].layer
        if self._is_there():
            why = f"follows from the optimum: {reference.engine} {reference.place}"
            return replace(finding, verdict=Verdict.BETTER, why=why), "C"
        why = f"follows from the optimum: {candidate.engine} {candidate.place}"
        return replace(finding, verdict=Verdict.WORSE, why=why), "C"

    def _flag(self, finding: Finding) -> tuple[Finding, str]:
        """Return the ruling on the convergence flag: right where it says what one sees."""
        wrong = [
            appraisal
            for appraisal, flag in (
                (self.reference, finding.reference),
                (self.candidate, finding.candidate),
            )
            if flag not in _FLAGS or bool(flag) != (appraisal.above <= CONVERGED)
        ]
        if self.candidate in wrong:
            return finding, "H"
        if wrong:
            why = f"{self.reference.engine} has a wrong flag: it {self.reference.place}"
            return replace(finding, verdict=Verdict.BETTER, why=why), "H"
        return self._by_deviance(finding)


def _is_as_large(found: Contradiction, finding: Finding) -> bool:
    """Whether a contradiction is as large as a difference, the tolerance aside."""
    return abs(finding.error) <= found.error + finding.tolerance
