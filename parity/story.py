"""What came of one engine on one case, told layer by layer in a paragraph; pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.quantity import LAYERS, QUANTITIES
from parity.reports import numerals
from parity.reports.blocks import counted
from parity.verdict import MEANING, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.appraisal import Appraisal
    from parity.finding import Comparison, Finding
    from parity.quantity import Layer
    from parity.result import FitResult

_METHODS = {
    ("lmm", "se_conditional"): "given the variance parameters (conditional GLS, lmer's)",
    ("lmm", "se_joint"): "from the joint observed information (statsmodels' bse_fe)",
    ("glmm", "se_conditional"): "given the variance parameters (glmer's use.hessian = FALSE)",
    ("glmm", "se_joint"): "from the joint Hessian (glmer's default)",
}


def tell(
    comparison: Comparison,
    reference: tuple[FitResult, Appraisal],
    candidate: tuple[FitResult, Appraisal],
) -> str:
    """Return a paragraph: rows and design, algebra, optimum, estimates, errors, and so on.

    Parameters
    ----------
    comparison
        Of the two answers.
    reference, candidate
        Each answer with the criterion's word on it.
    """
    if not comparison.findings:
        return f"{comparison.verdict}: {comparison.message}."
    parts = [_rows(comparison, candidate[0])]
    parts += [f"{LAYERS['B'].capitalize()}: {_algebra(*candidate)}."]
    parts += [f"{LAYERS['C'].capitalize()}: {_optimum(reference[1], candidate[1])}."]
    for layer in ("D", "E", "F", "G", "H"):
        told = _layer(layer, comparison, *candidate)
        if told:
            parts.append(f"{LAYERS[layer].capitalize()}: {told}.")
    parts.append(_end(comparison))
    return " ".join(parts)


def _rows(comparison: Comparison, answer: FitResult) -> str:
    groups = ", ".join(f"{len(levels)} {name}" for name, levels in answer.groups.items())
    grouped = f" ({groups})" if groups else ""
    columns = len(answer.values["fixef"])
    return (
        f"{LAYERS['A'].capitalize()}: {comparison.candidate} and {comparison.reference} used the "
        f"same {counted(len(answer.rows), 'row')}{grouped} and the same "
        f"{counted(columns, 'column')} of X (numbers are {comparison.reference} | "
        f"{comparison.candidate})."
    )


def _algebra(answer: FitResult, word: Appraisal) -> str:
    if word.silence:
        return f"not judged, for {word.silence}"
    off = [found for found in word.contradictions if found.layer == "B"]
    if off:
        return f"its {off[0].told}"
    likelihood = "restricted likelihood" if answer.criterion == "REML" else "likelihood"
    here = f"at its own parameters its {likelihood} is the criterion's to {word.digits:.1f} digits"
    return "; ".join([here, *word.elsewhere])


def _optimum(reference: Appraisal, candidate: Appraisal) -> str:
    if reference.silence or candidate.silence:
        return "not judged"
    parts = [f"{word.engine} {word.place}" for word in (candidate, reference)]
    return "; ".join(parts)


def _layer(layer: Layer, comparison: Comparison, answer: FitResult, word: Appraisal) -> str:
    """Return what a layer's findings come to, and whether they follow from the parameters."""
    findings = [f for f in comparison.findings if QUANTITIES[f.quantity].layer == layer]
    if not findings:
        return ""
    parts = []
    if layer == "E":
        given = [
            text
            for (kind, name), text in _METHODS.items()
            if kind == answer.kind and _has(findings, name)
        ]
        parts.append(f"compared are those {' and those '.join(given)}" if given else "")
    off = [f for f in findings if f.verdict is not Verdict.AGREE]
    if off:
        worst = max(off, key=_excess)
        verb = "is" if len(off) == 1 else "are"
        parts.append(f"{len(off)} of {len(findings)} {verb} off, worst {numerals.words(worst)}")
    elif all(f.reference == f.candidate for f in findings):
        parts.append(f"{counted(len(findings), 'number')}, all equal")
    else:
        worst = max(findings, key=_excess)
        parts.append(f"all {len(findings)} agree, worst {numerals.words(worst)}")
    contradictory = [found for found in word.contradictions if found.layer == layer]
    if contradictory:
        parts.append(f"its {contradictory[0].told}")
    elif off and not word.silence and layer != "H":
        parts.append("they follow from its parameters")
    return "; ".join(part for part in parts if part)


def _has(findings: list[Finding], quantity: str) -> bool:
    return any(finding.quantity == quantity for finding in findings)


def _excess(finding: Finding) -> float:
    return abs(finding.error) / (finding.tolerance or 1e-300)


def _end(comparison: Comparison) -> str:
    first = ""
    if comparison.layer:
        first = f", and the first layer that diverges is {comparison.layer}"
        first += f" ({LAYERS[comparison.layer]})"  # type: ignore[index] # a layer, not empty
    known: Iterator[str] = (
        finding.why for finding in comparison.findings if finding.verdict is Verdict.KNOWN
    )
    reasons = " ".join(dict.fromkeys(known))
    return (
        f"So the verdict is {comparison.verdict} ({MEANING[comparison.verdict]}){first}."
        f"{f' Known as {reasons}' if reasons else ''}"
    )
