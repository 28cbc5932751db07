"""The casebook: each loss as a case file with its data, ready for `parity run`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from parity.hunt.prey import written_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from parity.hunt.prey import Prey
    from parity.hunt.signature import Signature
    from parity.hunt.tally import Capture


def write_case(
    folder: Path, signature: Signature, capture: Capture, versions: Mapping[str, str], seed: int
) -> Path:
    """Write ``SLUG.toml`` and ``SLUG.csv`` and return the case file.

    Parameters
    ----------
    folder
        Where to; it is there.
    signature, capture
        The loss, and the smallest model that shows it.
    versions
        Of the programs that took part.
    seed
        Of the hunt.
    """
    content = as_csv(capture.prey).encode()
    (folder / f"{signature.slug}.csv").write_bytes(content)
    file = folder / f"{signature.slug}.toml"
    parts = [_preface(signature, capture, versions, seed, file)]
    parts += [_entries(signature.slug, capture.prey, hashlib.sha256(content).hexdigest(), seed)]
    file.write_text("\n".join(parts), encoding="utf-8")
    return file


def as_csv(prey: Prey) -> str:
    """Return the data as CSV, each number in the fewest digits that read back as it."""
    lines = [",".join(map(str, prey.data.columns))]
    columns = [prey.data[name].tolist() for name in prey.data.columns]
    lines += [",".join(map(written_as, row)) for row in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"


def _preface(
    signature: Signature, capture: Capture, versions: Mapping[str, str], seed: int, file: Path
) -> str:
    """Return what was found, by how much, with what, from where: comments at the head."""
    state = "shrunk to this" if capture.shrunk else "as drawn, not shrunk"
    programs = ", ".join(f"{program} {version}" for program, version in versions.items())
    sentences = [
        f"Found by parity hunt, seed {seed}, and {state}: {signature}.",
        capture.told,
        f"With {programs}.",
        capture.prey.origin,
        f"parity run --cases {file.name}",
    ]
    return "".join(f"# {' '.join(sentence.split())}\n" for sentence in sentences)


def _entries(slug: str, prey: Prey, sha256: str, seed: int) -> str:
    spec = prey.spec
    data = {
        "file": f"{slug}.csv",
        "sha256": sha256,
        "factors": list(prey.factors),
        "source": f"found by parity hunt, seed {seed}",
    }
    case = {
        "name": slug,
        "dataset": slug,
        "formula": spec.formula,
        "criterion": spec.criterion,
        "family": spec.family,
        "link": spec.link,
    }
    return f"schema = 1\n\n[dataset.{json.dumps(slug)}]\n{_table(data)}\n[[case]]\n{_table(case)}"


def _table(entries: Mapping[str, object]) -> str:
    """Return lines of TOML; its text and lists of text are written as JSON's."""
    return "".join(f"{key} = {json.dumps(entry)}\n" for key, entry in entries.items())
