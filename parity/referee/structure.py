"""The parameters phi = vech(D) of all blocks, and where they stand in a covariance of effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flint import arb, arb_mat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.criterion.model import Model
    from parity.referee.exact import Factor

    Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Element:
    """One parameter: the element of a block's relative covariance D, row >= column."""

    block: int
    row: int
    column: int


def elements(model: Model) -> tuple[Element, ...]:
    """Return the parameters in the order of theta: block by block, column by column."""
    return tuple(
        Element(number, row, column)
        for number, block in enumerate(model.blocks)
        for column in range(block.width)
        for row in range(column, block.width)
    )


@dataclass(frozen=True)
class Pattern:
    """How the parameters make up the covariance D of some effects: D = sum of phi_k E_k.

    Attributes
    ----------
    size
        D is ``(size, size)``.
    parameters
        Which elements of phi occur, in order.
    places
        Of each: where E_k is 1, both triangles.
    """

    size: int
    parameters: tuple[int, ...]
    places: tuple[tuple[Place, ...], ...]

    def assemble(self, phi: Sequence[arb]) -> arb_mat:
        """Return D at parameters ``(k,)``, all of the model's."""
        D = arb_mat(self.size, self.size)
        for parameter, places in zip(self.parameters, self.places, strict=True):
            for i, j in places:
                D[i, j] = phi[parameter]
        return D


def one_level(model: Model, factor: Factor) -> Pattern:
    """Return the pattern of one level's effects."""
    return pattern(model, ((factor, 1),))


def all_levels(model: Model, factors: Sequence[Factor]) -> Pattern:
    """Return the pattern of the effects of factors: factor by factor, level by level."""
    return pattern(model, tuple((factor, factor.levels) for factor in factors))


def pattern(model: Model, repeats: Sequence[tuple[Factor, int]]) -> Pattern:
    """Return the pattern of so many levels of each factor."""
    places: dict[int, list[Place]] = {}
    start = 0
    for factor, levels in repeats:
        origins = _origins(model, factor)
        for number, element in enumerate(elements(model)):
            if element.block in origins:
                where = places.setdefault(number, [])
                for level in range(levels):
                    origin = start + level * len(factor.columns) + origins[element.block]
                    where += _mirrored(origin + element.row, origin + element.column)
        start += levels * len(factor.columns)
    return Pattern(start, tuple(places), tuple(tuple(where) for where in places.values()))


def _origins(model: Model, factor: Factor) -> dict[int, int]:
    """Return where each of a factor's blocks begins among its columns."""
    origins: dict[int, int] = {}
    start = 0
    for block in factor.blocks:
        origins[block] = start
        start += model.blocks[block].width
    return origins


def _mirrored(row: int, column: int) -> list[Place]:
    return [(row, column)] if row == column else [(row, column), (column, row)]
