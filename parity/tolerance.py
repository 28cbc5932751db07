"""Tolerances: how far two answers may lie apart, in statistical units, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from parity.entries import read_entries
from parity.quantity import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

SHIPPED = Path(__file__).parent / "data" / "tolerances.toml"


class ToleranceError(ValueError):
    """A tolerance table that cannot be used."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One rule.

    Attributes
    ----------
    quantity
        A name from the dictionary.
    limit
        The largest error that agrees, in the quantity's unit; 0 asks for equality.
    why
        The reason for this size.
    candidate, case
        Shell patterns of the engines and cases that the rule is for.
    seen
        The worst error that was measured elsewhere (another BLAS, another version of lme4), for a
        limit whose reason one machine cannot show.
    """

    quantity: str
    limit: float
    why: str
    candidate: str = "*"
    case: str = "*"
    seen: float = 0.0

    def covers(self, quantity: str, candidate: str, case: str) -> bool:
        """Whether the rule speaks of this comparison."""
        return (
            quantity == self.quantity
            and fnmatchcase(candidate, self.candidate)
            and fnmatchcase(case, self.case)
        )


@dataclass(frozen=True, slots=True)
class Tolerances:
    """A table of rules; the last one that covers a comparison holds."""

    rules: tuple[Tolerance, ...]

    def resolve(self, quantity: str, candidate: str, case: str) -> Tolerance:
        """Return the rule that holds.

        Raises
        ------
        ToleranceError
            Where none covers the comparison.
        """
        for rule in reversed(self.rules):
            if rule.covers(quantity, candidate, case):
                return rule
        raise ToleranceError(f"No tolerance covers {quantity} of {candidate} on {case}.")

    def refuse_stale(self, candidates: Iterable[str], cases: Iterable[str]) -> None:
        """Raise `ToleranceError` for a rule whose patterns match no engine or no case."""
        engines, names = list(candidates), list(cases)
        for rule in self.rules:
            for pattern, known in ((rule.candidate, engines), (rule.case, names)):
                if not any(fnmatchcase(name, pattern) for name in known):
                    raise ToleranceError(
                        f"The tolerance for {rule.quantity} names {pattern!r}, which matches "
                        f"none of {', '.join(known)}: remove it or mend the pattern."
                    )


def load_tolerances(path: Path = SHIPPED) -> Tolerances:
    """Return the table that a TOML file states.

    Raises
    ------
    ToleranceError
        Where an entry is incomplete, negative, without a reason, or of an unknown quantity; and
        where a quantity of the dictionary has no rule for every engine and case.
    """
    rules: list[Tolerance] = []
    for entry in read_entries(path, "tolerance", ToleranceError):
        try:
            rule = Tolerance(**entry)
            _check(path.name, rule)
        except (AttributeError, TypeError) as error:
            raise ToleranceError(f"{path.name}: the entry {entry} is off: {error}.") from error
        _refuse_hidden(path.name, rule, rules)
        rules.append(rule)
    general = {rule.quantity for rule in rules if (rule.candidate, rule.case) == ("*", "*")}
    missing = sorted(set(QUANTITIES) - general)
    if missing:
        raise ToleranceError(f"{path.name}: no general tolerance for {', '.join(missing)}.")
    return Tolerances(tuple(rules))


def _refuse_hidden(file: str, rule: Tolerance, before: Iterable[Tolerance]) -> None:
    """Refuse a general rule after others of its quantity: the last one holds, and hides them."""
    general = (rule.candidate, rule.case) == ("*", "*")
    if general and any(earlier.quantity == rule.quantity for earlier in before):
        raise ToleranceError(
            f"{file}: the general tolerance for {rule.quantity} comes after others for it, which "
            "it would hide; put it first."
        )


def _check(file: str, rule: Tolerance) -> None:
    if not all(isinstance(pattern, str) for pattern in (rule.candidate, rule.case)):
        raise ToleranceError(f"{file}: candidate and case are patterns of names, in quotes.")
    if rule.quantity not in QUANTITIES:
        raise ToleranceError(f"{file}: {rule.quantity!r} is no quantity; see `parity explain`.")
    if not rule.why.strip():
        raise ToleranceError(f"{file}: the tolerance for {rule.quantity} gives no reason (why).")
    if not 0 <= rule.limit < float("inf"):
        raise ToleranceError(f"{file}: the tolerance for {rule.quantity} is {rule.limit}.")
    exact = QUANTITIES[rule.quantity].unit == "exact"
    if exact and rule.limit != 0:
        raise ToleranceError(f"{file}: {rule.quantity} is compared exactly; its limit must be 0.")
