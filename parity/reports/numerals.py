"""How reports write a number: enough digits to see a difference, and no more."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from parity.reports.blocks import printable
from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.finding import Finding

NOTHING = "-"
_FEWEST, _MOST = 6, 17
_PRINTED = re.compile(r"(?P<below><)?\s*-?\d+(?:\.(?P<decimals>\d+))?(?P<power>e[-+]?\d+)?")


def both(finding: Finding) -> tuple[str, str]:
    """Return the two numbers with a digit or two more than they agree in."""
    significant = _FEWEST
    if finding.reference != finding.candidate:
        significant = min(max(math.ceil(finding.digits) + 1, _FEWEST), _MOST)
    return _number(finding.reference, significant), _number(finding.candidate, significant)


def _number(number: float | None, significant: int) -> str:
    return NOTHING if number is None else f"{number:.{significant}g}"


def size(finding: Finding) -> str:
    """Return the error in two digits, signed where its sign says who is lower."""
    if math.isinf(finding.error):
        return "missing" if None in {finding.reference, finding.candidate} else "∞"
    sign = "+" if finding.unit == "deviance" and finding.error else ""
    return f"{finding.error:{sign}.2g}"


def limit(finding: Finding) -> str:
    """Return the tolerance."""
    return f"{finding.tolerance:.3g}"


def words(finding: Finding) -> str:
    """Return a finding in a few words: both numbers, error in its unit, tolerance and digits."""
    one, other = both(finding)
    held = "≤" if finding.verdict is Verdict.AGREE else "beyond"
    return (
        f"{printable(finding.name)} {one} | {other}, {size(finding)} {finding.unit} {held} "
        f"{limit(finding)}, {agreement(finding.digits)} digits"
    )


def agreement(digits: float) -> str:
    """Return digits of agreement; none at all is 0.0, not -0.0."""
    return f"{digits + 0.0:.1f}"


def beside(printed: str, number: float | None) -> str:
    """Return a number with two digits more than the figure that it is set beside."""
    if number is None:
        return NOTHING
    match = _PRINTED.fullmatch(printed.strip())
    if match is None:
        return f"{number:.{_FEWEST}g}"
    decimals = len(match["decimals"] or "")
    if match["below"] or match["power"]:
        return f"{number:.{decimals + 2}e}"
    if not decimals and number.is_integer():
        return f"{number:.0f}"
    return f"{number:.{decimals + 2}f}"
