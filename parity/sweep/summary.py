"""A sweep in a table: who agreed how often, where answers part, how far from the optimum."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.quantity import LAYERS
from parity.sweep import parquet
from parity.sweep.folder import parts
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_COLUMNS = (
    "model", "engine", "reference", "status", "verdict", "green", "layer", "above", "formula",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """How an engine did.

    Attributes
    ----------
    engine, reference
        Its name, and whether the others are held against it.
    counts
        Verdict → models; of the reference, status → models.
    layers
        First layer that diverges → models.
    above, farthest
        The largest deviance above the criterion's optimum, and the model; None where the criterion
        has judged none.
    red
        Models that somebody has to look at.
    """

    engine: str
    reference: bool
    counts: Mapping[str, int]
    layers: Mapping[str, int]
    above: float | None
    farthest: int | None
    red: int


def summarise(path: Path, engines: Sequence[str]) -> tuple[Score, ...]:
    """Return how each engine did, by all rows of the folder."""
    rows = [row for file in parts(path) for row in parquet.read(file, _COLUMNS).to_pylist()]
    return tuple(
        _score(engine, [row for row in rows if row["engine"] == engine]) for engine in engines
    )


def _score(engine: str, rows: Sequence[Mapping[str, object]]) -> Score:
    judged = [row for row in rows if row["above"] is not None]
    far = max(judged, key=lambda row: float(str(row["above"])), default=None)
    reference = bool(rows and rows[0]["reference"])
    return Score(
        engine=engine,
        reference=reference,
        counts=Counter(str(row["status" if reference else "verdict"]) for row in rows),
        layers=Counter(str(row["layer"]) for row in rows if row["layer"]),
        above=None if far is None else float(str(far["above"])),
        farthest=None if far is None else int(str(far["model"])),
        red=sum(not row["green"] for row in rows),
    )


def render(scores: Sequence[Score], path: Path) -> str:
    """Return the table as text, and how to read the rows."""
    verdicts = [verdict.value for verdict in Verdict if _any(scores, verdict.value)]
    header = ["engine", *verdicts, "worst above (model)", "where they part"]
    lines = [header, *(_line(score, verdicts) for score in scores)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = "\n".join(
        "  ".join(
            cell.rjust(width) if 0 < place <= len(verdicts) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
    models = sum(scores[0].counts.values()) if scores else 0
    red = sum(score.red for score in scores)
    told = f"{red} {'row is' if red == 1 else 'rows are'} red." if red else "All rows are green."
    return (
        f"{table}\n\n{models} models, {len(scores)} engines. {told}\n"
        f"Read the rows: pandas.read_parquet({str(path)!r})\n"
    )


def _any(scores: Iterable[Score], verdict: str) -> bool:
    return any(verdict in score.counts for score in scores if not score.reference)


def _line(score: Score, verdicts: Sequence[str]) -> list[str]:
    name = score.engine
    counts = [str(score.counts.get(verdict, 0)) for verdict in verdicts]
    if score.reference:
        told = ", ".join(f"{count} {status}" for status, count in sorted(score.counts.items()))
        name, counts = f"{name} (reference: {told})", ["" for _ in verdicts]
    above = "-" if score.above is None else f"{score.above:.2g} ({score.farthest})"
    layers = ", ".join(
        f"{count} {letter} {LAYERS[letter]}"
        for letter, count in sorted(score.layers.items())
        if letter in LAYERS
    )
    return [name, *counts, above, layers or "-"]
