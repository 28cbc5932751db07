"""What an engine answered: values by name, or stated reasons for their absence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from parity.quantity import QUANTITIES, applicable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Key = tuple[str, ...]
Values: TypeAlias = "Mapping[str, Mapping[Key, float]]"


class Status(StrEnum):
    """How an attempt to fit ended."""

    FITTED = "FITTED"
    UNSUPPORTED = "UNSUPPORTED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Design:
    """The fixed-effects design matrix that an engine used.

    Attributes
    ----------
    columns
        R's coefficient names, ``(p,)``.
    matrix
        X, ``(n, p)``, in the order of `FitResult.rows`.
    """

    columns: tuple[str, ...]
    matrix: NDArray[np.float64]

    @cached_property
    def sizes(self) -> Mapping[str, float]:
        """Root mean square of each column, by name: the unit that its coefficient comes in."""
        peaks = abs(self.matrix).max(axis=0, initial=0.0)
        peaks[peaks == 0.0] = 1.0
        sizes = peaks * ((self.matrix / peaks) ** 2).mean(axis=0) ** 0.5
        return dict(zip(self.columns, sizes.tolist(), strict=True))

    def __post_init__(self) -> None:
        """Refuse a matrix that its column names do not fit, or that is not finite."""
        if self.matrix.ndim != 2 or self.matrix.shape[1] != len(self.columns):  # noqa: PLR2004 - a matrix has two axes
            message = f"a design of shape {self.matrix.shape} has {len(self.columns)} column names"
            raise ValueError(message)
        if math.isfinite(self.matrix.max(initial=0.0) - self.matrix.min(initial=0.0)):
            return
        for position, name in enumerate(self.columns):
            column = self.matrix[:, position].tolist()
            bad = next((row for row, cell in enumerate(column) if not math.isfinite(cell)), None)
            if bad is not None:
                message = f"design[{name}] is {column[bad]} in row {bad + 1}; X is finite"
                raise ValueError(message)


@dataclass(frozen=True)
class FitResult:
    """One engine's answer to one case, complete at birth and frozen.

    Every quantity that the model's kind has is in exactly one of `values` and `absent`: a silent
    gap cannot be written.

    Attributes
    ----------
    engine, case
        Names.
    kind
        ``"lm"``, ``"lmm"``, ``"glmm"`` or ``"lrt"``.
    status, message
        How the attempt ended; the message is the reason where it did not end in a fit.
    criterion
        ``"ML"`` or ``"REML"``: what was maximised.
    rows
        Names of the data's rows that were used, ``(n,)``: their 1-based positions in the file.
    groups
        Levels of each grouping factor that occur in the rows used.
    design
        X, or the reason why it cannot be shown.
    values
        Quantity → key → finite number. Scales are those of `parity.quantity`.
    absent
        Quantity → the reason why there is no number.
    conditions
        The engine's messages and warnings, in order.
    versions
        Of every program that had a part in the numbers.
    """

    engine: str
    case: str
    kind: str
    status: Status = Status.FITTED
    message: str = ""
    criterion: str = "ML"
    rows: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    design: Design | str = "no design was given"
    values: Values = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse gaps, overlaps, empty mappings and numbers that are not finite."""
        if self.status is not Status.FITTED:
            if not self.message:
                message = f"{self.engine} on {self.case}: {self.status} needs a reason"
                raise ValueError(message)
            return
        _check_coverage(self)
        _check_rows(self)
        for name, elements in self.values.items():
            _check_elements(f"{self.engine} on {self.case}: {name}", name, elements)
        for name, reason in self.absent.items():
            if not reason:
                message = f"{self.engine} on {self.case}: {name} is absent without a reason"
                raise ValueError(message)

    @property
    def fitted(self) -> bool:
        """Whether there are numbers."""
        return self.status is Status.FITTED


def _check_rows(result: FitResult) -> None:
    """Require as many names of rows as rows of X and as the number that is given."""
    counts = {"rows": len(result.rows)}
    if not isinstance(result.design, str):
        counts["rows of X"] = result.design.matrix.shape[0]
    if () in result.values.get("nobs", {}):
        counts["nobs"] = int(result.values["nobs"][()])
    if not result.rows or len(set(counts.values())) > 1:
        told = ", ".join(f"{number} {noun}" for noun, number in counts.items())
        raise ValueError(f"{result.engine} on {result.case}: {told}; a fit has the same of each")


def _check_coverage(result: FitResult) -> None:
    """Require each applicable quantity exactly once."""
    expected = set(applicable(result.kind))
    given, absent = set(result.values), set(result.absent)
    problems = {
        "neither given nor absent": expected - given - absent,
        "both given and absent": given & absent,
        f"no quantity of a {result.kind}": (given | absent) - expected,
    }
    for problem, names in problems.items():
        if names:
            message = f"{result.engine} on {result.case}: {', '.join(sorted(names))}: {problem}"
            raise ValueError(message)


def _check_elements(where: str, name: str, elements: Mapping[Key, float]) -> None:
    """Require at least one element, keys of the declared shape, finite numbers."""
    if not elements:
        message = f"{where}: an empty mapping; state in `absent` why there is no number"
        raise ValueError(message)
    width = len(QUANTITIES[name].key)
    for key, number in elements.items():
        if len(key) != width:
            message = f"{where}: key {key!r} should name {QUANTITIES[name].key!r}"
            raise ValueError(message)
        if not math.isfinite(number):
            message = f"{where}{list(key)} is {number}; a quantity is a finite number or absent"
            raise ValueError(message)


def unsupported(engine: str, case: str, kind: str, reason: str) -> FitResult:
    """Return the answer of an engine that cannot express the model, with the reason."""
    return FitResult(engine, case, kind, Status.UNSUPPORTED, reason)


def failed(engine: str, case: str, kind: str, reason: str) -> FitResult:
    """Return the answer of an engine that tried and failed, with its message."""
    return FitResult(engine, case, kind, Status.FAILED, reason)
