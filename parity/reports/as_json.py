"""A report as JSON for other programs: every number, in the schema of ``report.schema.json``."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.finding import Comparison, Finding
    from parity.report import CaseReport, Report

SCHEMA = 1
_ENCODER = json.JSONEncoder(allow_nan=False)


def render(report: Report) -> str:
    """Return the report as strict JSON.

    Numbers are written in the fewest digits that read back to the same double. An infinite error
    is null, with its reason in ``error_reason``. What holds no list or object is on one line.
    """
    document = {
        "schema": SCHEMA,
        "headline": report.headline,
        "agrees": report.agrees,
        "seconds": report.seconds,
        "versions": dict(report.versions),
        "reference": report.reference,
        "compared": report.compared,
        "summary": {str(verdict): count for verdict, count in report.summary.items()},
        "cases": [_case(case) for case in report.cases],
    }
    return _laid_out(document, "") + "\n"


def _case(case: CaseReport) -> dict[str, Any]:
    return {
        "case": case.case,
        "dataset": case.dataset,
        "formula": case.formula,
        "family": case.family,
        "method": case.method,
        "nobs": case.nobs,
        "message": case.message,
        "published_in": case.published_in,
        "conditions": list(case.conditions),
        "notes": list(case.notes),
        "pairs": [_pair(pair) for pair in case.pairs],
    }


def _pair(pair: Comparison) -> dict[str, Any]:
    return {
        "reference": pair.reference,
        "candidate": pair.candidate,
        "verdict": str(pair.verdict),
        "layer": pair.layer,
        "message": pair.message,
        "diagnosis": pair.diagnosis,
        "conditions": list(pair.conditions),
        "absent": [
            {"quantity": quantity, "engine": engine, "reason": reason}
            for quantity, engine, reason in pair.absent
        ],
        "findings": [_finding(finding, pair) for finding in pair.findings],
    }


class _Line(dict[str, Any]):
    """What is on one line, since it holds no object: a report has hundreds of thousands."""


def _finding(finding: Finding, pair: Comparison) -> _Line:
    finite = math.isfinite(finding.error)
    entry = _Line(
        {
            "quantity": finding.quantity,
            "key": list(finding.key),
            "reference": _number(finding.reference),
            "candidate": _number(finding.candidate),
            "error": float(finding.error) if finite else None,
            "unit": finding.unit,
            "tolerance": float(finding.tolerance),
            "digits": float(finding.digits),
            "verdict": str(finding.verdict),
        }
    )
    if not finite:
        entry["error_reason"] = _unbounded(finding, pair)
    if finding.printed:
        entry["printed"] = finding.printed
    if finding.verdict is not Verdict.AGREE:
        entry["why"] = finding.why
    return entry


def _number(number: float | None) -> float | None:
    return None if number is None else float(number)


def _unbounded(finding: Finding, pair: Comparison) -> str:
    """Return why an error has no finite size."""
    if finding.reference is None:
        return f"the element is missing in {pair.reference}"
    if finding.candidate is None:
        return f"the element is missing in {pair.candidate}"
    if finding.unit == "log10":
        return "a number that is not positive has no logarithm"
    if finding.unit == "printed":
        return "the number is not below the printed bound"
    return "the difference is beyond the range of a double"


def _laid_out(value: object, margin: str) -> str:
    """Return JSON with one line for each value that holds no object."""
    if not isinstance(value, dict | list) or not _holds_objects(value):
        return _ENCODER.encode(value)
    inner = margin + " "
    if isinstance(value, list):
        opening, closing = "[]"
        parts = [_laid_out(item, inner) for item in value]
    else:
        opening, closing = "{}"
        parts = [
            f"{_ENCODER.encode(name)}: {_laid_out(item, inner)}" for name, item in value.items()
        ]
    body = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{body}\n{margin}{closing}"


def _holds_objects(value: dict[str, Any] | list[Any]) -> bool:
    if isinstance(value, _Line):
        return False
    items = value if isinstance(value, list) else value.values()
    return any(
        isinstance(item, dict) or (isinstance(item, list) and _holds_objects(item))
        for item in items
    )
