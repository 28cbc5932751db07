"""Two appraisals → one line that says who is right and why; pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.appraisal import Appraisal
    from parity.finding import Comparison, Finding

_SHOWN = ("variance", "fixef", "se_conditional")
_MUCH = 10.0
"""How much farther from the optimum one answer must be than the other to be the reason."""


def diagnose(comparison: Comparison, reference: Appraisal, candidate: Appraisal) -> str:
    """Return one line on a comparison: who stopped short, by how much, and what follows."""
    for appraisal in (candidate, reference):
        if appraisal.silence:
            return f"{appraisal.engine} {appraisal.sentence}"
    short, other = sorted((candidate, reference), key=lambda one: -one.above)
    parts = [f"{a.engine} {a.sentence}" for a in (candidate, reference) if a.contradictions]
    if short.arrived:
        parts.append("both are at the optimum of the criterion")
        return "; ".join(parts)
    if not short.contradictions:
        parts.append(f"{short.engine} {short.place}")
    off = _share(comparison, of_reference=short is reference)
    clean = not short.contradictions and not other.contradictions
    if off and clean and short.above > _MUCH * other.above:
        parts.append(f"its {off} for that reason")
    parts += short.elsewhere
    if not other.contradictions:
        parts.append(f"{other.engine} {other.place}")
    return "; ".join(parts)


def _share(comparison: Comparison, *, of_reference: bool) -> str:
    """Return by how much the worst variance, or another estimate, of the one that stopped is off.

    The other answer is what it is measured by.
    """
    for quantity in _SHOWN:
        off = [
            (abs(wrong / right - 1.0), finding.name)
            for finding in comparison.findings
            if finding.quantity == quantity and finding.verdict is not Verdict.AGREE
            for right, wrong in [_ordered(finding, of_reference=of_reference)]
            if right and wrong is not None
        ]
        if off:
            share, name = max(off)
            return f"{name} is {_size(share)} off"
    return ""


def _size(share: float) -> str:
    """Return a relative error as per cent, a large one as a factor."""
    return f"{100 * share:.2g} %" if share < 1 else f"a factor of {1 + share:.2g}"


def _ordered(finding: Finding, *, of_reference: bool) -> tuple[float | None, float | None]:
    pair = (finding.candidate, finding.reference)
    return pair if of_reference else (pair[1], pair[0])
