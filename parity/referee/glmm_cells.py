"""A generalised mixed model's data as whole and decimal numbers, equal rows merged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from parity.referee.family import FAMILIES, Family

if TYPE_CHECKING:
    from parity.criterion.model import Model

    Place: TypeAlias = tuple[int, tuple[Fraction, ...], Fraction, Fraction]

_DIGITS = 15
"""Every decimal of so many significant digits is the shortest name of the double nearest to it."""


class UncertifiableError(ValueError):
    """A model or data that the referee does not judge, with the reason."""


@dataclass(frozen=True, slots=True)
class Cell:
    """All rows of one group with the same covariates.

    Attributes
    ----------
    x
        Row of X, ``(p,)``.
    z
        Entry of the random-effects column.
    offset
        Added to the linear predictor.
    size
        The sum of the trials (binomial) or the number of rows (poisson).
    count
        The sum of the successes or counts.
    """

    x: tuple[Fraction, ...]
    z: Fraction
    offset: Fraction
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Response:
    """Rows that are alike in everything: their cell, trials, successes, and how many there are."""

    group: int
    cell: int
    size: int
    count: int
    times: int


@dataclass(frozen=True, slots=True)
class Cells:
    """The data of a model with one scalar random effect.

    Attributes
    ----------
    family
        Of the response, with its canonical link.
    groups
        The cells of each level of the grouping factor.
    responses
        The distinct rows.
    n
        The number of rows.
    p
        The number of fixed effects.
    """

    family: Family
    groups: tuple[tuple[Cell, ...], ...]
    responses: tuple[Response, ...]
    n: int
    p: int


def gather(model: Model) -> Cells:
    """Return the cells of a model: each number is the decimal that the double is nearest to.

    Raises
    ------
    UncertifiableError
        Where the model has more than one scalar random effect or another family, where a count is
        no whole number, or where a number is no decimal of at most 15 significant digits.
    """
    family = FAMILIES.get((model.family, model.link))
    if family is None:
        known = " and ".join(f"{name}({link})" for name, link in FAMILIES)
        raise UncertifiableError(
            f"The referee judges {known}, not {model.family}({model.link}); it needs a canonical "
            "link."
        )
    if len(model.blocks) != 1 or model.blocks[0].width != 1:
        raise UncertifiableError(
            "The referee judges generalised models with one random effect per level of one factor; "
            f"this one has blocks of {', '.join(str(block.width) for block in model.blocks)}."
        )
    rows = Counter((_place(model, row), *_counts(model, row)) for row in range(model.n))
    return _merged(family, model, rows)


def _merged(family: Family, model: Model, rows: Counter[tuple[Place, int, int]]) -> Cells:
    sums: dict[Place, tuple[int, int]] = {}
    for (place, size, count), times in rows.items():
        trials, successes = sums.get(place, (0, 0))
        sums[place] = trials + times * size, successes + times * count
    groups: list[list[Cell]] = [[] for _ in range(model.blocks[0].levels)]
    position: dict[Place, int] = {}
    for place, (size, count) in sums.items():
        group, x, z, offset = place
        position[place] = len(groups[group])
        groups[group].append(Cell(x, z, offset, size, count))
    responses = tuple(
        Response(place[0], position[place], size, count, times)
        for (place, size, count), times in rows.items()
    )
    return Cells(family, tuple(map(tuple, groups)), responses, model.n, model.p)


def _place(model: Model, row: int) -> Place:
    block = model.blocks[0]
    return (
        int(block.codes[row]),
        tuple(_decimal(number, row) for number in model.X[row]),
        _decimal(block.columns[row, 0], row),
        _decimal(model.offset[row], row),
    )


def _decimal(number: float, row: int) -> Fraction:
    text = repr(float(number))
    figures = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    if len(figures) > _DIGITS:
        raise UncertifiableError(
            f"Row {row + 1} holds {text}, which needs more than {_DIGITS} significant digits: its "
            "double is the image of several decimals. Round the data to fewer digits."
        )
    return Fraction(text)


def _counts(model: Model, row: int) -> tuple[int, int]:
    """Return trials and successes of a row, or 1 and its count."""
    y, weight = float(model.y[row]), float(model.weights[row])
    if model.family == "binomial":
        size, count = round(weight), round(y * weight)
        if size != weight or size < 1 or y != count / size:
            raise UncertifiableError(
                f"Row {row + 1} has {y * weight!r} successes in {weight!r} trials; both must be "
                "whole numbers, and at least one trial."
            )
        return size, count
    if weight != 1 or y != round(y) or y < 0:
        raise UncertifiableError(
            f"Row {row + 1} has the count {y!r} with prior weight {weight!r}; a count is a whole "
            "number from 0 on, its weight 1."
        )
    return 1, round(y)
