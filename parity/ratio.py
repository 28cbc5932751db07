"""The criterion's verdict on a likelihood-ratio test: from the four fits that it is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scipy import stats

from parity import unit
from parity.appraisal import Appraisal, nearer
from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.finding import Comparison, Finding

    Fits = tuple[Appraisal, Appraisal]

_EXPLAINED = 1e-6
"""Rest of a statistic's difference that the four fits leave unexplained; also the error of a
p-value, in decades, that its own statistic leaves unexplained."""
_EVEN = 1e-9
"""A difference between two statistics' errors that tells them apart."""


def settle_ratio(comparison: Comparison, reference: Fits, candidate: Fits) -> Comparison:
    """Return the comparison of two likelihood-ratio tests with the criterion's verdict.

    Parameters
    ----------
    comparison
        Of the tests.
    reference, candidate
        The criterion's word on the small and the large model of each. A model whose stated
        deviance lies above the optimum moves the statistic by as much: the small one up, the
        large one down.
    """
    silent = next((a for a in (*reference, *candidate) if a.silence), None)
    if silent is not None:
        return replace(comparison, diagnosis=f"{silent.engine} {silent.sentence}")
    told = replace(comparison, diagnosis=_diagnosis(reference, candidate))
    found = {finding.quantity: finding for finding in comparison.findings}
    red = {name for name, finding in found.items() if not finding.verdict.green}
    if not red:
        moved = any(not a.arrived for a in (*reference, *candidate))
        return replace(told, layer="C" if comparison.layer and moved else comparison.layer)
    if "lrt_chisq" not in found or "lrt_df" in red or _contradicts_itself(found):
        return told
    off = [_off(reference), _off(candidate)]
    gap = found["lrt_chisq"].error
    if abs(gap - (off[1] - off[0])) > _EXPLAINED or abs(off[1] - off[0]) <= _EVEN:
        return told
    right = nearer(abs(off[1]), abs(off[0]))
    if right and comparison.vanished:
        return replace(told, message=comparison.vanished)
    verdict = Verdict.BETTER if right else Verdict.WORSE
    findings = tuple(
        finding
        if finding.verdict.green
        else replace(finding, verdict=verdict, why=f"follows from the fits: {told.diagnosis}")
        for finding in comparison.findings
    )
    return replace(told, findings=findings, verdict=verdict, layer="C", message=told.diagnosis)


def _off(fits: Fits) -> float:
    """Return by how much a statistic is off: the small model's stated excess less the large's."""
    small, large = (appraisal.stated - appraisal.optimum for appraisal in fits)
    return small - large


def _contradicts_itself(found: dict[str, Finding]) -> bool:
    """Whether the candidate's p-value is not that of its own statistic and degrees of freedom."""
    numbers = [
        found[name].candidate if name in found else None
        for name in ("lrt_chisq", "lrt_df", "lrt_p")
    ]
    statistic, freedom, p = numbers
    if statistic is None or freedom is None or p is None:
        return True
    return unit.decades(float(stats.chi2.sf(statistic, freedom)), p) > _EXPLAINED


def _diagnosis(reference: Fits, candidate: Fits) -> str:
    """Return one line: which fit of which engine stopped short, or states another likelihood."""
    parts = []
    for appraisal in (*candidate, *reference):
        if not appraisal.arrived:
            parts.append(f"{appraisal.engine} {appraisal.place} in {appraisal.case}")
        wrong = appraisal.stated - appraisal.deviance
        if abs(wrong) > _EXPLAINED:
            parts.append(
                f"{appraisal.engine} states a deviance {abs(wrong):.2g} "
                f"{'above' if wrong > 0 else 'below'} that of its own parameters in "
                f"{appraisal.case}"
            )
    return "; ".join(parts) or "all four fits are at the optimum of the criterion"
