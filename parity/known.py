"""Declared differences: seen, sized, explained; grown or vanished ones are errors.

The register, ``known.toml``, holds two lists: ``[[known]]``, what a comparison of engines on the
cases shows and this module reads, and ``[[defect]]``, what a program does wrong where no comparison
sees it (`parity.defect`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from parity.entries import read_entries
from parity.quantity import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED = Path(__file__).parent / "data" / "known.toml"
LISTS = ("known", "defect")
GROWTH = 2.0


class KnownError(ValueError):
    """A register of differences that cannot be used."""


@dataclass(frozen=True, slots=True)
class Known:
    """One declared difference.

    Attributes
    ----------
    name
        Its short name in reports.
    candidate, reference, case
        Shell patterns of the engines and cases that it is about, several joined by ``|``.
    sizes
        Quantity → largest error seen, in the quantity's unit, negative where the unit is signed
        and the candidate lies lower: the sign is the direction, and a distance has none. Up to
        twice that size is the same difference (optimisers stop elsewhere on other machines); more
        has grown; none, vanished. The band is thus from the tolerance to twice the size.
    reason
        Why the two differ.
    see
        How to see it.
    upstream
        Where it is reported to the program's authors, or that no report was found, and when it was
        looked for. A register's file must state it.
    wavering
        Quantities of `sizes` that one machine shows and another does not, for a reason that
        `reason` gives: they cannot vanish.
    versions
        Program → version range that it was seen with; other versions are not covered.
    """

    name: str
    candidate: str
    case: str
    sizes: Mapping[str, float]
    reason: str
    see: str
    upstream: str = ""
    reference: str = "*"
    wavering: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def covers(self, reference: str, candidate: str, case: str) -> bool:
        """Whether the entry is about this pair of engines on this case."""
        return (
            _matches(reference, self.reference)
            and _matches(candidate, self.candidate)
            and _matches(case, self.case)
        )

    def spans(self, quantity: str, error: float) -> bool:
        """Whether an error of this quantity is no larger than declared, and of its sign."""
        size = self.sizes.get(quantity, 0.0)
        return size != 0.0 and 0.0 < error / size <= GROWTH

    def holds_for(self, versions: Mapping[str, str]) -> bool:
        """Whether the programs' versions lie in the declared ranges."""
        return all(
            program in versions and is_within(versions[program], wanted)
            for program, wanted in self.versions.items()
        )


def _matches(name: str, patterns: str) -> bool:
    """Whether a name matches one of some shell patterns, ``lme4*|certified``."""
    return any(fnmatchcase(name, pattern) for pattern in patterns.split("|"))


def is_within(version: str, wanted: str) -> bool:
    """Return whether a version (R's ``1.1-31`` too) lies in a range such as ``>=0.14,<0.16``."""
    try:
        return Version(version.replace("-", ".")) in SpecifierSet(wanted)
    except InvalidVersion:
        return False


def load_known(path: Path = SHIPPED) -> tuple[Known, ...]:
    """Return the register that a TOML file states.

    Raises
    ------
    KnownError
        Where an entry is incomplete, or sizes an unknown quantity, or gives no reason or no report.
    """
    register = []
    for entry in _places(_entries(path)):
        try:
            known = Known(**entry)
            for wanted in known.versions.values():
                SpecifierSet(wanted)
            _check(path.name, known)
        except (AttributeError, TypeError, InvalidSpecifier) as error:
            raise KnownError(f"{path.name}: the entry {entry} is off: {error}.") from error
        register.append(known)
    places = [(known.name, known.reference, known.candidate, known.case) for known in register]
    if len(set(places)) < len(places):
        raise KnownError(f"{path.name}: an entry names the same pair of engines and case twice.")
    return tuple(register)


def _places(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an entry for each place (``where``) that a difference shows itself in."""
    return [
        {**{key: part for key, part in entry.items() if key != "where"}, **place}
        for entry in entries
        for place in entry.get("where", [{}])
    ]


def _entries(path: Path) -> list[dict[str, Any]]:
    entries = read_entries(path, "known", KnownError, LISTS)
    for entry in entries:
        places = entry.get("where", [{}])
        if not isinstance(places, list) or not all(isinstance(place, dict) for place in places):
            raise KnownError(f"{path.name}: `where` of {entry.get('name')} holds [[known.where]].")
    return entries


def _check(file: str, known: Known) -> None:
    patterns = (known.name, known.candidate, known.case, known.reference)
    if not all(isinstance(text, str) for text in patterns):
        raise KnownError(f"{file}: name, candidate, case and reference are text, in quotes.")
    unknown = sorted(set(known.sizes) - set(QUANTITIES))
    if unknown or not known.sizes:
        raise KnownError(f"{file}: {known.name} sizes {unknown or 'nothing'}; name quantities.")
    for quantity, size in known.sizes.items():
        signed = QUANTITIES[quantity].unit == "deviance"
        if not (0 < abs(size) < float("inf")) or (size < 0 and not signed):
            raise KnownError(
                f"{file}: {known.name}: the size of {quantity} is {size}; expected a finite error, "
                "positive unless its unit is signed."
            )
    stray = sorted(set(known.wavering) - set(known.sizes))
    if stray or set(known.wavering) == set(known.sizes):
        raise KnownError(
            f"{file}: {known.name}: wavering names {stray or 'every quantity'}; expected some, not "
            "all, of those that have a size."
        )
    if not known.reason.strip() or not known.see.strip():
        raise KnownError(f"{file}: {known.name} needs a reason and where to see it.")
    if not known.upstream.strip():
        raise KnownError(
            f"{file}: {known.name} needs `upstream`: where it is reported, or that no report was "
            "found and when it was looked for."
        )
