"""Certificate → a plain-text page in the manner of NIST's Statistical Reference Datasets.

A page states the data, the model, what its parameters and constants mean, what is proven, and the
certified values: enough for whoever writes a program for mixed models, in any language.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from parity.quantity import QUANTITIES
from parity.referee.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from parity.certificate import Certificate
    from parity.dataset import Dataset
    from parity.result import Key

WIDTH = 80
_LABEL = 12
_ASIDE = re.compile(r" \(lme4's [^)]*\)")


def render(certificate: Certificate, dataset: Dataset) -> str:
    """Return the page of a certificate.

    Parameters
    ----------
    certificate
        What is certified.
    dataset
        Its data: their source, licence and columns that are categories.
    """
    lines = [
        f"Certified values: {certificate.name}",
        "=" * len(f"Certified values: {certificate.name}"),
        "",
        *_heading(certificate, dataset),
        *_section("Definitions", definitions(certificate)),
        *_section("What is proven", certificate.statements),
        *_values(certificate),
    ]
    if certificate.absent:
        lines += ["", "Without a value", "---------------"]
        for name, reason in certificate.absent.items():
            lines += wrap(f"{name}: {reason}", WIDTH, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def _heading(certificate: Certificate, dataset: Dataset) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in certificate.versions.items())
    entries = {
        "Data": dataset.name,
        "Source": dataset.source or "not stated",
        "Address": dataset.url or "",
        "Licence": dataset.licence or "not stated",
        "SHA-256": certificate.sha256 or "not stated",
        "Factors": ", ".join(dataset.factors),
        "Derived": "; ".join(
            f"{name} is 1 where {rule.column} < {rule.below:g}, else 0"
            for name, rule in dataset.derived.items()
        ),
        "Model": certificate.formula,
        "Weights": certificate.weights or "",
        "Family": f"{certificate.family}, link {certificate.link}",
        "Criterion": f"{certificate.criterion} ({certificate.objective})",
        "Cells": certificate.convention,
        "Arithmetic": f"balls of {certificate.bits} bits: {versions}",
    }
    for name, text in entries.items():
        if text:
            first = f"{name}:".ljust(_LABEL)
            yield from wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * _LABEL)


def _section(title: str, sentences: tuple[str, ...]) -> Iterator[str]:
    yield from ("", title, "-" * len(title))
    for sentence in sentences:
        yield from wrap(
            sentence, WIDTH, initial_indent="* ", subsequent_indent="  ", break_long_words=False
        )


def _values(certificate: Certificate) -> Iterator[str]:
    yield from ("", "Certified values", "----------------")
    for name, elements in certificate.values.items():
        yield ""
        standing = certificate.proven[name]
        note = "" if standing == "proven" else f" [{standing}]"
        definition = _ASIDE.sub("", QUANTITIES[name].definition)
        yield from wrap(f"{name}: {definition}{note}", WIDTH, subsequent_indent="  ")
        yield from _rows(elements)


def _rows(elements: Mapping[Key, str]) -> Iterator[str]:
    """Yield one line an element: its key in columns, and its number."""
    columns = list(zip(*elements, strict=True))
    widths = [max(len(part) for part in column) for column in columns]
    for key, number in elements.items():
        parts = [part.ljust(width) for part, width in zip(key, widths, strict=True)]
        yield "  " + "  ".join([*parts, number.rjust(len(number) + (number[0] != "-"))])
