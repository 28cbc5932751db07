"""Certified values of a case, with what is proven of them; read without the referee's tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.result import Key

SCHEMA = 1
CONVENTION = "data as decimals"
OBJECTIVES = {
    "likelihood": "",
    "Laplace": "",
    "AGQ 9": "-agq9",
    "AGQ 25": "-agq25",
    "integral": "-integral",
}
"""What is optimised → what a certificate's name says of it after the case's."""


_TEXTS = (
    "case", "formula", "criterion", "family", "link", "objective", "dataset", "sha256",
    "convention", "bits",
)  # fmt: skip


class CertificateError(ValueError):
    """A certificate that cannot be read."""


@dataclass(frozen=True)
class Certificate:
    """What the referee found on one case.

    Attributes
    ----------
    case, formula, criterion, family, link
        The question.
    objective
        What was optimised: ``"likelihood"`` for a linear mixed model, ``"Laplace"``, ``"AGQ 9"``,
        ``"AGQ 25"`` or ``"integral"`` for a generalised one.
    dataset, sha256
        The data: name, and SHA-256 of the file.
    convention
        How the data were read: each cell as the decimal number that is written there.
    bits
        Working precision of the ball arithmetic.
    values
        Quantity → key → decimal, correctly rounded in every digit that is written. Scales are
        those of `parity.quantity`.
    proven
        Quantity → ``"proven"``, or ``"checked: "`` with how.
    statements
        What the proofs say, one sentence each.
    absent
        Quantity → the reason why there is no value.
    versions
        Program → version.
    weights
        Column of the prior weights, for a share of successes its trials; None where there are none.
    """

    case: str
    formula: str
    criterion: str
    family: str
    link: str
    objective: str
    dataset: str
    sha256: str | None
    bits: int
    values: Mapping[str, Mapping[Key, str]]
    proven: Mapping[str, str]
    statements: tuple[str, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    convention: str = CONVENTION
    weights: str | None = None

    def __post_init__(self) -> None:
        """Refuse a value without a word on its proof, and a proof of nothing."""
        if set(self.values) != set(self.proven) or set(self.values) & set(self.absent):
            message = f"{self.case}: values and what is proven of them do not name the same things"
            raise ValueError(message)
        if self.objective not in OBJECTIVES:
            message = f"{self.case}: the objective {self.objective!r} is none of {list(OBJECTIVES)}"
            raise ValueError(message)
        if not self.values or not self.statements:
            message = f"{self.case}: a certificate states values and what is proven"
            raise ValueError(message)

    @property
    def name(self) -> str:
        """The case's name, followed by the objective where the name does not say it."""
        suffix = OBJECTIVES[self.objective]
        return self.case if self.case.endswith(suffix) else self.case + suffix


def objective_of(kind: str, nagq: int) -> str:
    """Return what a case of this kind (``"lmm"``, ``"glmm"``) and number of nodes optimises."""
    if kind == "lmm":
        return "likelihood"
    return "Laplace" if nagq == 1 else f"AGQ {nagq}"


def digits(number: str) -> int:
    """Return how many significant digits a decimal is written with; 0 for an exact 0."""
    figures = number.lstrip("-").partition("e")[0].replace(".", "").lstrip("0")
    return len(figures)


def to_json(certificate: Certificate) -> str:
    """Return the text that stores a certificate: one line a value."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        **{name: getattr(certificate, name) for name in _TEXTS},
        **({} if certificate.weights is None else {"weights": certificate.weights}),
        "statements": list(certificate.statements),
        "proven": dict(certificate.proven),
        "absent": dict(certificate.absent),
        "versions": dict(certificate.versions),
    }
    head = json.dumps(content, ensure_ascii=False, indent=1).removesuffix("\n}")
    quantities = [
        f"  {json.dumps(name)}: [\n{_rows(elements)}\n  ]"
        for name, elements in certificate.values.items()
    ]
    return head + ',\n "values": {\n' + ",\n".join(quantities) + "\n }\n}\n"


def _rows(elements: Mapping[Key, str]) -> str:
    rows = ([*key, number] for key, number in elements.items())
    return ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in rows)


def from_json(text: str) -> Certificate:
    """Return the certificate that a text stores.

    Raises
    ------
    CertificateError
        Where it is none, or of another schema.
    """
    try:
        content = json.loads(text)
        if content.pop("schema") != SCHEMA:
            raise CertificateError(f"The certificate has another schema than {SCHEMA}.")
        content["statements"] = tuple(content["statements"])
        content["values"] = {
            name: {tuple(entry[:-1]): str(entry[-1]) for entry in elements}
            for name, elements in content["values"].items()
        }
        return Certificate(**content)
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CertificateError(f"The text is no certificate: {error!r}.") from error
