"""Signatures: what tells one fault from another, so that each is hunted once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.spec import ModelSpec

_LONGEST = 90
_QUOTED = re.compile(r"(['\"`]).*?\1")
_TERM = re.compile(r"\([^()]*\|[^()]*\)")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])[-+]?\d[\d.]*(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, order=True)
class Signature:
    """One kind of loss.

    Attributes
    ----------
    engine
        Who lost; `parity.hunt.trial.HARNESS` where it is nobody's answer that broke.
    verdict
        Of the arbiter.
    layer
        Where it goes wrong, a key of `parity.quantity.LAYERS`; empty for what raised.
    what
        The quantity, or the message with its numbers and names taken out.
    kind, criterion
        Of the model.
    """

    engine: str
    verdict: str
    layer: str
    what: str
    kind: str
    criterion: str

    @property
    def slug(self) -> str:
        """The signature as the name of a file."""
        parts = (self.engine, self.verdict, self.layer, self.what, self.kind, self.criterion)
        words = "-".join(part for part in parts if part)
        plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
        if len(plain) <= _LONGEST:
            return plain
        return f"{plain[:_LONGEST]}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"

    def __str__(self) -> str:
        """Return the signature in words."""
        where = f"{self.verdict} at {self.layer}" if self.layer else self.verdict
        return f"{self.engine} {where}: {self.what} ({self.kind}, {self.criterion})"


def sign(spec: ModelSpec, engine: str, verdict: str, layer: str, what: str) -> Signature:
    """Return the signature of a loss on a model."""
    return Signature(engine, verdict, layer, what, spec.kind, spec.criterion)


def kind_of(message: str) -> str:
    """Return a message without its numbers, names and terms: what kind of complaint it is."""
    plain = _TERM.sub("(...)", _QUOTED.sub("'...'", message))
    return " ".join(_NUMBER.sub("#", plain).split())
