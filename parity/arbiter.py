"""The criterion decides between two answers that differ: who is right, why, and by how much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parity.appraisal import CONVERGED, ROUNDING, Appraisal
from parity.diagnosis import diagnose, diagnose_ratio
from parity.quantity import QUANTITIES
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.finding import Comparison, Finding

_EVEN = 1e-9
"""Difference in deviance above the optimum that tells two answers apart."""
_EXPLAINED = 1e-6
"""Rest of a likelihood-ratio statistic's difference that early stops leave unexplained."""


def settle(comparison: Comparison, reference: Appraisal, candidate: Appraisal) -> Comparison:
    """Return a comparison with the criterion's verdict on what differs.

    A number that contradicts the candidate's own parameters stays DIFFER. One that follows from
    them is BETTER or WORSE, by whose parameters have the lower deviance.
    """
    told = replace(comparison, diagnosis=diagnose(comparison, reference, candidate))
    red = [finding for finding in comparison.findings if not finding.verdict.green]
    if reference.silence or candidate.silence:
        return told
    if comparison.verdict is not Verdict.DIFFER or not red:
        return replace(told, layer=_first([comparison.layer], reference, candidate))
    findings = tuple(
        finding if finding.verdict.green else _judged(finding, reference, candidate)
        for finding in comparison.findings
    )
    wrong = {finding.quantity for finding in findings if finding.verdict is Verdict.DIFFER}
    if wrong:
        return replace(told, findings=findings, layer=_culprit(wrong, candidate))
    worse = any(finding.verdict is Verdict.WORSE for finding in findings)
    verdict = Verdict.WORSE if worse else Verdict.BETTER
    return replace(told, findings=findings, verdict=verdict, layer="C", message=told.diagnosis)


def _culprit(wrong: Iterable[str], candidate: Appraisal) -> str:
    """Return the first layer of quantities that are wrong; a likelihood off is algebra."""
    found = {one.quantity: one.layer for one in candidate.contradictions}
    return min(found.get(quantity, QUANTITIES[quantity].layer) for quantity in wrong)


def _first(layers: Iterable[str], *appraisals: Appraisal) -> str:
    """Return the first layer that goes wrong, in the findings or by the criterion's word."""
    return min([*layers, *(found.layer for found in appraisals if found.layer)])


def _judged(finding: Finding, reference: Appraisal, candidate: Appraisal) -> Finding:
    """Return a finding with the criterion's verdict and reason; DIFFER keeps its tolerance's."""
    if finding.quantity == "converged":
        return _flag(finding, reference, candidate)
    if any(found.quantity == finding.quantity for found in candidate.contradictions):
        return finding
    for found in reference.contradictions:
        if found.quantity == finding.quantity:
            why = f"{reference.engine}: its {found.name} contradicts its own parameters"
            return replace(finding, verdict=Verdict.BETTER, why=why)
    return _by_deviance(finding, reference, candidate)


def _by_deviance(finding: Finding, reference: Appraisal, candidate: Appraisal) -> Finding:
    gap = candidate.deviance - reference.deviance
    if abs(gap) <= _EVEN + ROUNDING * abs(reference.deviance):
        return finding
    verdict = Verdict.WORSE if gap > 0 else Verdict.BETTER
    short = candidate if gap > 0 else reference
    why = f"follows from the optimum: {short.engine} stopped {short.above:.2g} of deviance short"
    return replace(finding, verdict=verdict, why=why)


def _flag(finding: Finding, reference: Appraisal, candidate: Appraisal) -> Finding:
    """Return the finding on the convergence flag: right where it says what the criterion sees."""
    flags = ((reference, finding.reference), (candidate, finding.candidate))
    wrong = [
        appraisal
        for appraisal, flag in flags
        if flag is None or bool(flag) != (appraisal.above <= CONVERGED)
    ]
    if candidate in wrong:
        return finding
    if wrong:
        why = f"{reference.engine}'s flag is wrong: it is {reference.above:.2g} above the optimum"
        return replace(finding, verdict=Verdict.BETTER, why=why)
    return _by_deviance(finding, reference, candidate)


def settle_ratio(
    comparison: Comparison,
    reference: tuple[Appraisal, Appraisal],
    candidate: tuple[Appraisal, Appraisal],
) -> Comparison:
    """Return the comparison of two likelihood-ratio tests with the criterion's verdict.

    Parameters
    ----------
    comparison
        Of the tests.
    reference, candidate
        The criterion's word on the small and the large model of each. A model that stopped short
        moves the statistic by as much: the small one up, the large one down.
    """
    silent = next((a for a in (*reference, *candidate) if a.silence), None)
    if silent is not None:
        return replace(comparison, diagnosis=f"{silent.engine} {silent.sentence}")
    told = replace(comparison, diagnosis=diagnose_ratio(reference, candidate))
    statistic = [f for f in comparison.findings if f.quantity == "lrt_chisq"]
    red = any(not finding.verdict.green for finding in comparison.findings)
    if comparison.verdict is not Verdict.DIFFER or not statistic or not red:
        return told
    off = [small.above - large.above for small, large in (reference, candidate)]
    if not abs(statistic[0].error - (off[1] - off[0])) <= _EXPLAINED:
        return told
    verdict = Verdict.WORSE if abs(off[1]) > abs(off[0]) else Verdict.BETTER
    findings = tuple(
        finding
        if finding.verdict.green
        else replace(finding, verdict=verdict, why=f"follows from the optima: {told.diagnosis}")
        for finding in comparison.findings
    )
    return replace(told, findings=findings, verdict=verdict, layer="C", message=told.diagnosis)
