"""Gates: was the same question answered? Asked before any number is compared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from parity.result import Design, Status
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.result import FitResult

_SHOWN = 5


def closed(reference: FitResult, candidate: FitResult) -> tuple[Verdict, str] | None:
    """Return the verdict and one message where a gate is closed, None where all are open.

    The gates, in order: both fitted, the same kind of model and criterion, the same rows, the
    same levels of each grouping factor, the same coefficients and random effects by name, the
    same columns of X.
    """
    for result in (reference, candidate):
        if result.status is Status.FAILED:
            return Verdict.FAILED, f"{result.engine} failed: {result.message}"
    for result in (reference, candidate):
        if result.status is Status.UNSUPPORTED:
            return Verdict.UNSUPPORTED, f"{result.engine}: {result.message}"
    for reason in _differences(reference, candidate):
        return Verdict.INCOMPARABLE, reason
    return None


def _differences(reference: FitResult, candidate: FitResult) -> Iterator[str]:
    """Yield a sentence for each gate that is closed, in order."""
    names = (reference.engine, candidate.engine)
    for what in ("kind", "criterion"):
        one, other = getattr(reference, what), getattr(candidate, what)
        if one != other:
            yield f"another {what}: {one} in {names[0]}, {other} in {names[1]}"
    yield from _unequal("rows", names, reference.rows, candidate.rows)
    yield from _unequal("grouping factors", names, tuple(reference.groups), tuple(candidate.groups))
    for factor in reference.groups:
        levels = (reference.groups[factor], candidate.groups[factor])
        yield from _unequal(f"levels of {factor}", names, *levels)
    for quantity, noun in (("fixef", "coefficients"), ("variance", "random effects")):
        if quantity in reference.values and quantity in candidate.values:
            keys = [
                tuple(" ".join(key) for key in result.values[quantity])
                for result in (reference, candidate)
            ]
            yield from _unequal(noun, names, keys[0], keys[1])
    if isinstance(reference.design, Design) and isinstance(candidate.design, Design):
        yield from _unequal(
            "columns of X", names, reference.design.columns, candidate.design.columns
        )


def _unequal(
    noun: str, names: tuple[str, str], one: tuple[str, ...], other: tuple[str, ...]
) -> Iterator[str]:
    """Yield a sentence where two collections of names are not equal as sets."""
    only_one, only_other = set(one) - set(other), set(other) - set(one)
    counts = [*Counter(one).items(), *Counter(other).items()]
    repeated = {name for name, count in counts if count > 1}
    if not only_one and not only_other and not repeated:
        return
    parts = [f"another set of {noun}: {len(one)} in {names[0]}, {len(other)} in {names[1]}"]
    for name, only in zip(names, (only_one, only_other), strict=True):
        if only:
            parts.append(f"only in {name}: {_some(only)}")
    if repeated:
        parts.append(f"repeated: {_some(repeated)}")
    yield "; ".join(parts)


def _some(names: set[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
