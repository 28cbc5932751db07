"""Known defects of the programs: what comparisons of default fits do not show, sized and banded.

A defect is a property of one function of a program, or of a way to call it: a gradient of the wrong
sign, a standard error in other units than its documentation says, a claim of convergence. The
register (``[[defect]]`` in ``known.toml``) states how large it is; the tests reproduce each one on
shipped data by an independent route and hand what they measured to `judge`.

Versions. Within an entry's range a size outside the band fails: under it the defect has vanished,
over it, it has grown. Outside the range nothing was promised, so the defect is judged anew: a size
outside the band says that the entry does not cover this version, and passes; one inside it says
that the range is too narrow, and fails: a range that nobody is asked to extend goes stale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from parity.entries import read_entries
from parity.known import LISTS, SHIPPED, is_within

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAMS = ("statsmodels", "lme4")
DIRECTIONS: Mapping[str, str] = {
    "above": "the program's number lies above the right one; the size is how far",
    "below": "the program's number lies below the right one; the size is how far",
    "apart": "two numbers that should be one lie apart, either way; the size is how far",
    "opposite": "the sign is the other one; the size is minus the ratio to the right number",
    "raises": "a documented call raises; the size counts the calls",
    "claims": "success is claimed for what is none; the size counts the fits",
}
_TEXTS = (
    "name", "program", "versions", "case", "quantity", "direction", "unit", "reason", "upstream",
    "see",
)  # fmt: skip


class DefectError(ValueError):
    """A register of defects, or a measurement of one, that cannot be used."""


class Outcome(Enum):
    """What a measurement says of an entry."""

    SEEN = "seen"
    VANISHED = "has vanished"
    GROWN = "has grown"
    UNCOVERED = "not covered"
    BEYOND = "reaches beyond its versions"

    @property
    def green(self) -> bool:
        """Whether nobody has anything to do."""
        return self in {Outcome.SEEN, Outcome.UNCOVERED}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a measurement says of an entry, and in a sentence."""

    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class Defect:
    """One known defect.

    Attributes
    ----------
    name
        Its short name.
    program
        Whose it is, one of `PROGRAMS`.
    versions
        The range of versions that it was seen with.
    case
        The shipped case whose data it is shown on.
    quantity
        What is measured, in words or as the dictionary of quantities calls it.
    direction
        A key of `DIRECTIONS`.
    band
        The size lies from the first number to the second, both above zero and both included.
    unit
        Of the size.
    reason
        Why it is there.
    upstream
        Where it is reported, or that no report was found, and when it was looked for.
    see
        A command that prints the measured size, or raises where that is the defect.
    """

    name: str
    program: str
    versions: str
    case: str
    quantity: str
    direction: str
    band: tuple[float, float]
    unit: str
    reason: str
    upstream: str
    see: str

    def size(self, measured: float) -> float:
        """Return the size that a measured number has in the entry's direction.

        Parameters
        ----------
        measured
            The program's number minus the right one (``above``, ``below``, ``apart``), over the
            right one (``opposite``), or a count (``raises``, ``claims``).
        """
        if self.direction in {"below", "opposite"}:
            return -measured
        return abs(measured) if self.direction == "apart" else measured

    def judge(self, measured: float, version: str) -> Judgement:
        """Hold a measured number against the band, for this version of the program.

        Raises
        ------
        DefectError
            Where the number is not finite: that is no measurement.
        """
        if not math.isfinite(measured):
            raise DefectError(f"{self.name}: {measured} was measured; expected a finite number.")
        size, (low, high) = self.size(measured), self.band
        inside, covered = low <= size <= high, is_within(version, self.versions)
        if covered:
            outcome = Outcome.VANISHED if size < low else Outcome.GROWN
            outcome = Outcome.SEEN if inside else outcome
        else:
            outcome = Outcome.BEYOND if inside else Outcome.UNCOVERED
        return Judgement(outcome, self._sentence(outcome, size, version))

    def _sentence(self, outcome: Outcome, size: float, version: str) -> str:
        low, high = self.band
        found = (
            f"{self.name}: {size:.6g} {self.unit} {self.direction} with {self.program} {version}, "
            f"declared {low:.9g} to {high:.9g} for {self.versions}"
        )
        advice = {
            Outcome.SEEN: "as declared",
            Outcome.VANISHED: "it has vanished: take the entry out, or narrow its versions",
            Outcome.GROWN: "it has grown: find out why, then widen the band with the reason",
            Outcome.UNCOVERED: "this version is not covered",
            Outcome.BEYOND: "the defect is there as well: extend the entry's versions",
        }
        return f"{found}; {advice[outcome]}."


def load_defects(path: Path = SHIPPED) -> tuple[Defect, ...]:
    """Return the defects that a register states.

    Raises
    ------
    DefectError
        Where an entry is incomplete, or uses a word or a band that means nothing, or a name twice.
    """
    register = tuple(
        _defect(path.name, entry) for entry in read_entries(path, "defect", DefectError, LISTS)
    )
    names = [defect.name for defect in register]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DefectError(f"{path.name}: the defects {twice} are there twice.")
    return register


def _defect(file: str, entry: dict[str, Any]) -> Defect:
    name = entry.get("name")
    if set(entry) != {*_TEXTS, "band"}:
        off = sorted(set(entry) ^ {*_TEXTS, "band"})
        raise DefectError(f"{file}: the defect {name} misses or adds {', '.join(off)}.")
    bare = [key for key in _TEXTS if not isinstance(entry[key], str) or not entry[key].strip()]
    if bare:
        raise DefectError(
            f"{file}: {', '.join(bare)} of the defect {name} must be text, not empty."
        )
    _check_words(file, entry)
    return Defect(**{**entry, "band": _band(file, entry)})


def _check_words(file: str, entry: dict[str, Any]) -> None:
    for key, known in (("program", PROGRAMS), ("direction", tuple(DIRECTIONS))):
        if entry[key] not in known:
            raise DefectError(
                f"{file}: the {key} of {entry['name']} is {entry[key]!r}; "
                f"expected one of {', '.join(known)}."
            )
    try:
        SpecifierSet(entry["versions"])
    except InvalidSpecifier as error:
        raise DefectError(f"{file}: the versions of {entry['name']} are off: {error}.") from error


def _band(file: str, entry: dict[str, Any]) -> tuple[float, float]:
    band = entry["band"]
    numbers = isinstance(band, list) and all(type(number) in {int, float} for number in band)
    if not numbers or len(band) != 2 or not 0 < band[0] <= band[1] < math.inf:  # noqa: PLR2004
        raise DefectError(
            f"{file}: the band of {entry['name']} is {band}; expected [low, high] above zero."
        )
    return float(band[0]), float(band[1])
