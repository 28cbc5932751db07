"""What a comparison found: one number against another, and a pair of engines on a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.result import Key
    from parity.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """One number held against another.

    Attributes
    ----------
    quantity, key
        The element.
    reference, candidate
        The two numbers; None on the side that lacks the element.
    error, unit
        The candidate's error in the quantity's unit; infinite where an element is missing.
    tolerance
        The largest error that agrees.
    digits
        Log relative error, 0 to 15.9.
    verdict
        AGREE, KNOWN or DIFFER; BETTER or WORSE where the criterion has decided.
    why
        The reason of the tolerance, of the known difference, or of the criterion's verdict.
    printed
        The characters of a published figure; empty where the reference is an engine.
    """

    quantity: str
    key: Key
    reference: float | None
    candidate: float | None
    error: float
    unit: str
    tolerance: float
    digits: float
    verdict: Verdict
    why: str
    printed: str = ""

    @property
    def name(self) -> str:
        """The element as reports write it, ``fixef[raven]``."""
        return self.quantity + (f"[{', '.join(self.key)}]" if self.key else "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of holding a candidate against a reference on one case.

    Attributes
    ----------
    case, reference, candidate
        Names.
    verdict
        On the pair.
    layer
        The first layer that diverges, a key of `parity.quantity.LAYERS`; empty where none does.
    message
        One sentence.
    diagnosis
        The criterion's word on who is right and why; empty where it was not asked.
    vanished
        A sentence on a declared difference that is no longer seen; empty where all are.
    declared
        Whether the candidate says of itself that it answers another question.
    findings
        Every element that was compared.
    absent
        (quantity, engine, reason) where one side has no number.
    conditions
        The candidate's messages and warnings, in order.
    """

    case: str
    reference: str
    candidate: str
    verdict: Verdict
    layer: str
    message: str
    findings: tuple[Finding, ...] = ()
    absent: tuple[tuple[str, str, str], ...] = ()
    conditions: tuple[str, ...] = ()
    diagnosis: str = ""
    vanished: str = ""
    declared: bool = False

    @property
    def green(self) -> bool:
        """Whether nobody has anything to do."""
        return self.verdict.green or self.declared

    def worst(self, quantity: str) -> Finding:
        """Return the finding of a quantity with the largest error."""
        return max(
            (finding for finding in self.findings if finding.quantity == quantity),
            key=lambda finding: abs(finding.error),
        )

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of the quantities that were compared, in order."""
        return tuple(dict.fromkeys(finding.quantity for finding in self.findings))
