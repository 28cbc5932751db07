"""Two answers → findings and a verdict. Pure: no file, no engine, no clock."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from parity import gate, unit
from parity.finding import Comparison, Finding
from parity.quantity import LAYERS, QUANTITIES
from parity.tolerance import Tolerance
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from parity.case import Published
    from parity.known import Known
    from parity.result import FitResult, Key
    from parity.tolerance import Tolerances

PUBLISHED = "published"
_GAPS = frozenset({"loglik", "deviance"})
_ABOUT = frozenset({"A", "H"})  # layers that say what was fitted and how, not what came out
_ROUNDING = 1e-9
GROWN = "has grown beyond the declared"


class ComparisonError(ValueError):
    """A comparison that would say nothing."""


def compare(
    reference: FitResult,
    candidate: FitResult,
    tolerances: Tolerances,
    register: Sequence[Known] = (),
) -> Comparison:
    """Hold a candidate's answer against a reference's, element by element, by name.

    Parameters
    ----------
    reference, candidate
        Answers of two engines to one case.
    tolerances
        Limits in statistical units.
    register
        Declared differences; entries about other engines, cases or versions are left aside.

    Raises
    ------
    ComparisonError
        Where a result would be compared with itself, with another case's, or nothing would be
        compared.
    """
    if reference is candidate or reference.engine == candidate.engine:
        raise ComparisonError(f"{reference.engine} would be compared with itself.")
    if reference.case != candidate.case:
        raise ComparisonError(f"{reference.case} would be compared with {candidate.case}.")
    names = (candidate.case, reference.engine, candidate.engine)
    stop = gate.closed(reference, candidate)
    if stop is not None:
        layer = "A" if stop[0] is Verdict.INCOMPARABLE else ""
        return Comparison(*names, stop[0], layer, stop[1], conditions=candidate.conditions)
    entries = _entries(register, names, {**reference.versions, **candidate.versions})
    findings = [
        *_design_findings(reference, candidate, tolerances),
        *_findings(reference, candidate, tolerances, entries),
    ]
    if all(_layer(f) in _ABOUT or f.unit == "exact" for f in findings):
        raise ComparisonError(f"{names[2]} on {names[0]}: not one number would be compared.")
    return _conclude(names, findings, entries, _absences(reference, candidate), candidate)


def compare_published(
    published: Published, candidate: FitResult, register: Sequence[Known] = ()
) -> Comparison:
    """Hold a candidate's answer against printed figures: it agrees where it rounds to them.

    Raises
    ------
    ComparisonError
        Where nothing was published.
    """
    if not published:
        raise ComparisonError(f"Nothing was published about {candidate.case}.")
    names = (candidate.case, PUBLISHED, candidate.engine)
    if not candidate.fitted:
        verdict = Verdict(candidate.status.value)
        return Comparison(*names, verdict, "", f"{candidate.engine}: {candidate.message}")
    entries = _entries(register, names, candidate.versions)
    findings: list[Finding] = []
    absent = []
    for quantity, figures in published.items():
        if quantity in candidate.absent:
            absent.append((quantity, candidate.engine, candidate.absent[quantity]))
            continue
        for key, figure in figures.items():
            number = candidate.values[quantity].get(key)
            off = math.inf if number is None else figure.error(number)
            rule = Tolerance(quantity, 1.0 + _ROUNDING, f"printed as {figure.text}")
            finding = _judge(key, (figure.value, number), off, rule, entries, "printed")
            findings.append(replace(finding, printed=figure.text))
    if not findings:
        reasons = "; ".join(f"{quantity}: {reason}" for quantity, _, reason in absent)
        message = f"{candidate.engine} gives none of what was published ({reasons})"
        return Comparison(*names, Verdict.UNSUPPORTED, "", message, (), tuple(absent))
    return _conclude(names, findings, entries, tuple(absent), candidate)


def _entries(
    register: Sequence[Known], names: tuple[str, str, str], versions: Mapping[str, str]
) -> list[Known]:
    """Return the declared differences that speak of this pair, case and these versions."""
    case, reference, candidate = names
    return [
        known
        for known in register
        if known.covers(reference, candidate, case) and known.holds_for(versions)
    ]


def _design_findings(
    reference: FitResult, candidate: FitResult, tolerances: Tolerances
) -> Iterator[Finding]:
    """Yield, for each column of X, the row that differs most."""
    one, other = reference.design, candidate.design
    if isinstance(one, str) or isinstance(other, str):
        return
    rule = tolerances.resolve("design", candidate.engine, candidate.case)
    position_of = {row: position for position, row in enumerate(candidate.rows)}
    order = [position_of[row] for row in reference.rows]
    for position, name in enumerate(one.columns):
        left = one.matrix[:, position]
        right = other.matrix[order, other.columns.index(name)]
        row = int(np.argmax(np.abs(left - right)))
        pair = (float(left[row]), float(right[row]))
        off = abs(pair[1] - pair[0]) / (float(np.max(np.abs(left))) or 1.0)
        yield _judge((name, reference.rows[row]), pair, off, rule, ())


def _findings(
    reference: FitResult,
    candidate: FitResult,
    tolerances: Tolerances,
    entries: Sequence[Known],
) -> Iterator[Finding]:
    """Yield a finding for each element that either side has, of each quantity that both give."""
    for quantity, elements in reference.values.items():
        if quantity not in candidate.values:
            continue
        rule = tolerances.resolve(quantity, candidate.engine, candidate.case)
        others = candidate.values[quantity]
        for key in (*elements, *(key for key in others if key not in elements)):
            if unit.undefined(quantity, key, reference):
                continue
            one, other = elements.get(key), others.get(key)
            off = (
                math.inf
                if one is None or other is None
                else unit.error(quantity, key, (one, other), reference)
            )
            yield _judge(key, (one, other), off, rule, entries)


def _judge(
    key: Key,
    pair: tuple[float | None, float | None],
    off: float,
    rule: Tolerance,
    entries: Sequence[Known],
    measure: str | None = None,
) -> Finding:
    """Return the finding on one element."""
    quantity = rule.quantity
    verdict, why = Verdict.AGREE, rule.why
    if not abs(off) <= rule.limit:
        sized = [known for known in entries if quantity in known.sizes]
        known = next((k for k in sized if k.spans(quantity, off)), None)
        if sized and known is None:
            why = f"{sized[0].name}: {GROWN} size {sized[0].sizes[quantity]:.3g}"
        if known is not None:
            verdict, why = Verdict.KNOWN, f"{known.name}: {known.reason}"
        else:
            verdict = Verdict.DIFFER
    one, other = pair
    agreement = 0.0 if one is None or other is None else unit.digits(one, other)
    name = measure or QUANTITIES[quantity].unit
    return Finding(quantity, key, one, other, off, name, rule.limit, agreement, verdict, why)


def _absences(reference: FitResult, candidate: FitResult) -> tuple[tuple[str, str, str], ...]:
    """Return (quantity, engine, reason) for what either side does not give, X with them."""
    return tuple(
        (quantity, result.engine, reason)
        for result in (reference, candidate)
        for quantity, reason in {**_hidden_design(result), **result.absent}.items()
    ) + _undefined(reference, candidate)


def _undefined(reference: FitResult, candidate: FitResult) -> tuple[tuple[str, str, str], ...]:
    """Return the correlations that are not compared, for a variance is zero in the reference."""
    given = {
        key for result in (reference, candidate) for key in result.values.get("correlation", {})
    }
    names = sorted(", ".join(k) for k in given if unit.undefined("correlation", k, reference))
    if not names:
        return ()
    reason = f"not defined where a variance is at its boundary: {'; '.join(names)}"
    return (("correlation", reference.engine, reason),)


def _hidden_design(result: FitResult) -> dict[str, str]:
    """Return why an answer does not show its X, where it has one."""
    if isinstance(result.design, str) and result.kind != "lrt":
        return {"design": result.design}
    return {}


def _conclude(
    names: tuple[str, str, str],
    findings: Sequence[Finding],
    entries: Sequence[Known],
    absent: tuple[tuple[str, str, str], ...],
    candidate: FitResult,
) -> Comparison:
    """Return the comparison with its verdict, the first layer that diverges and a sentence."""
    gone = vanished(findings, entries, absent)
    verdict, layer, message = _verdict(names, findings)
    if gone and verdict.green:
        verdict, layer, message = Verdict.DIFFER, "", gone
    return Comparison(
        *names,
        verdict,
        layer,
        message,
        tuple(findings),
        absent,
        candidate.conditions,
        vanished=gone,
    )


def _verdict(names: tuple[str, str, str], findings: Sequence[Finding]) -> tuple[Verdict, str, str]:
    off = [finding for finding in findings if finding.verdict is not Verdict.AGREE]
    if not off:
        return Verdict.AGREE, "", f"{len(findings)} numbers agree"
    off.sort(key=_layer)
    red = [finding for finding in off if finding.verdict is not Verdict.KNOWN]
    if not red:
        return Verdict.KNOWN, _layer(off[0]), _sentence(names, off)
    if any(finding.quantity == "design" for finding in red):
        return Verdict.INCOMPARABLE, "A", "another design matrix: " + _sentence(names, red)
    gap = next((f for f in red if f.quantity in _GAPS and f.unit == "deviance"), None)
    if gap is None or not math.isfinite(gap.error):
        return Verdict.DIFFER, _layer(red[0]), _sentence(names, red)
    if _contradictory(findings):
        story = f"{' and '.join(sorted(_GAPS))} contradict each other: "
        return Verdict.DIFFER, _layer(red[0]), story + _sentence(names, red)
    more, less = (names[2], names[1]) if gap.error > 0 else (names[1], names[2])
    story = f"{more} reports {abs(gap.error):.3g} of deviance more than {less}"
    rest = [f for f in red if f.quantity not in _GAPS]
    sentences = [_sentence(names, some) for some in ([gap], rest) if some]
    return Verdict.DIFFER, _layer(red[0]), "; ".join([story, *sentences])


def _contradictory(findings: Sequence[Finding]) -> bool:
    """Whether log-likelihood and deviance, one the other's -2, put the gap in different places."""
    gaps = [f for f in findings if f.quantity in _GAPS and f.unit != "printed"]
    errors = [finding.error for finding in gaps]
    limit = max((finding.tolerance for finding in gaps), default=0.0)
    return bool(gaps) and max(errors) - min(errors) > limit


def _layer(finding: Finding) -> str:
    return QUANTITIES[finding.quantity].layer


def _sentence(names: tuple[str, str, str], findings: Sequence[Finding]) -> str:
    """Return the worst finding of the first layer in words, and how many there are in all."""
    first = [finding for finding in findings if _layer(finding) == _layer(findings[0])]
    worst = max(first, key=lambda finding: abs(finding.error) / (finding.tolerance or 1e-300))
    more = f" ({len(findings)} numbers in all)" if len(findings) > 1 else ""
    what = f"{LAYERS[QUANTITIES[worst.quantity].layer]}: {worst.name}"
    if worst.reference is None or worst.candidate is None:
        lacking = names[1] if worst.reference is None else names[2]
        return f"{what} is missing in {lacking}{more}"
    known = f", declared as {worst.why.split(':')[0]}" if worst.verdict is Verdict.KNOWN else ""
    known = f", which {worst.why}" if GROWN in worst.why else known
    return (
        f"{what} is {worst.reference!r} in {names[1]} and {worst.candidate!r} in {names[2]}, "
        f"error {worst.error:.3g} ({worst.unit}), tolerance {worst.tolerance:.3g}{known}{more}"
    )


def vanished(
    findings: Sequence[Finding],
    entries: Sequence[Known],
    absent: Sequence[tuple[str, str, str]],
) -> str:
    """Return a sentence for a declared difference that is no longer seen, else nothing.

    A quantity that one side states to be absent was not looked at, and cannot have vanished.
    """
    unseen = {quantity for quantity, _, _ in absent}
    for known in entries:
        for quantity in sorted(set(known.sizes) - set(known.wavering) - unseen):
            seen = any(
                f.quantity == quantity
                and f.verdict is Verdict.KNOWN
                and f.why.startswith(f"{known.name}: ")
                for f in findings
            )
            if not seen:
                return (
                    f"the declared difference {known.name} has vanished: no {quantity} is beyond "
                    "its tolerance any more; take it out of known.toml"
                )
    return ""
