"""Random-effects blocks as MixedLM takes them: one correlated block, variance components."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.design.coding import code
from parity.design.terms import NotExpressibleError, UnusableDataError, translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.design.frame import Frame, Grouping
    from parity.spec import ModelSpec

MAX_ENTRIES = 20_000_000
"""Largest dense random-effects design that is tried: 160 MB, of which MixedLM makes ~10 copies."""


@dataclass(frozen=True, slots=True)
class Block:
    """One covariance block on the rows used.

    Attributes
    ----------
    group
        `RandomTerm.group`.
    names
        R's names of its columns, ``(r,)``.
    matrix
        Their values, ``(n, r)``.
    patsy_order
        Positions of the columns in the order of a user's ``re_formula``.
    grouping
        Its grouping factor.
    units
        Power of two per column in which MixedLM is given it; 1 is what a user fits.
    active
        Whether its variance is estimated; that of an inactive block is 0, on the boundary.
    """

    group: str
    names: tuple[str, ...]
    matrix: NDArray[np.float64]
    patsy_order: tuple[int, ...]
    grouping: Grouping
    units: tuple[float, ...]
    active: bool = True

    @property
    def exog(self) -> NDArray[np.float64]:
        """What MixedLM is given: columns in patsy's order over their units, ``(n, r)``."""
        values: NDArray[np.float64] = self.matrix / np.array(self.units)
        return values[:, list(self.patsy_order)]


@dataclass(frozen=True, slots=True)
class Layout:
    """How MixedLM states the blocks.

    Attributes
    ----------
    blocks
        In the order of `ModelSpec.random`.
    top
        Index of the block whose grouping factor is MixedLM's ``groups``; None where the factors
        are crossed and all rows form one group.
    """

    blocks: tuple[Block, ...]
    top: int | None

    @property
    def groups(self) -> NDArray[np.int64]:
        """MixedLM's ``groups``, ``(n,)``."""
        if self.top is None:
            return np.zeros(len(self.blocks[0].matrix), dtype=np.int64)
        return self.blocks[self.top].grouping.codes

    @property
    def main(self) -> int | None:
        """Index of the block that MixedLM's ``exog_re`` holds."""
        if self.top is None:
            return None
        name = self.blocks[self.top].group
        candidates = [i for i, b in enumerate(self.blocks) if b.group == name and b.active]
        wide = [i for i in candidates if len(self.blocks[i].names) > 1]
        return next(iter([*wide, *candidates]), None)

    @property
    def components(self) -> tuple[int, ...]:
        """Indices of the blocks that are variance components, in MixedLM's order."""
        return tuple(i for i, b in enumerate(self.blocks) if b.active and i != self.main)

    @property
    def npar(self) -> int:
        """Number of elements of theta, those at the boundary included."""
        return sum(len(b.names) * (len(b.names) + 1) // 2 for b in self.blocks)

    def without(self, block: int) -> Layout:
        """Return the layout with the variance of one block at 0."""
        changed = list(self.blocks)
        changed[block] = replace(changed[block], active=False)
        return replace(self, blocks=tuple(changed))

    def rescaled(self) -> Layout:
        """Return the layout with every column in the power of two nearest to its root mean square.

        MixedLM takes variances below 1e-10 for zero, whatever the unit of the covariate; a power
        of two leaves every digit as it was.
        """
        changed = []
        for block in self.blocks:
            size = np.sqrt(np.mean(block.matrix**2, axis=0))
            units = 2.0 ** np.round(np.log2(np.where(size > 0, size, 1.0)))
            changed.append(replace(block, units=tuple(float(unit) for unit in units)))
        return replace(self, blocks=tuple(changed))

    def component_matrices(self, block: int) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Yield, group by group, a variance component's levels and dense design ``(n_g, q_g)``."""
        part, groups = self.blocks[block], self.groups
        values = part.exog[:, 0]
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            levels, inverse = np.unique(part.grouping.codes[rows], return_inverse=True)
            design = np.zeros((len(rows), len(levels)), order="F")
            design[np.arange(len(rows)), inverse] = values[rows]
            yield levels, design


def lay_out(spec: ModelSpec, frame: Frame) -> Layout:
    """Return the blocks as MixedLM can state them.

    Raises
    ------
    NotExpressibleError
        Where MixedLM has no way to state them, or only by a dense matrix beyond `MAX_ENTRIES`.
    UnusableDataError
        Where a grouping factor has one level, or no fewer effects than there are rows.
    """
    blocks = []
    for term in spec.random:
        coded = code(translate(term.columns), frame.table)
        names = coded.design.columns
        grouping, units = frame.groupings[term.group], (1.0,) * len(names)
        block = Block(term.group, names, coded.design.matrix, coded.patsy_order, grouping, units)
        _refuse_unidentified(block)
        blocks.append(block)
    layout = Layout(tuple(blocks), _top(blocks))
    _refuse_inexpressible(layout)
    return layout


def _top(blocks: list[Block]) -> int | None:
    """Return the first block in whose grouping factor all others are nested."""
    for i, block in enumerate(blocks):
        if all(_nested(other.grouping, block.grouping) for other in blocks):
            return i
    return None


def _nested(inner: Grouping, outer: Grouping) -> bool:
    """Whether each level of the inner factor lies within one level of the outer."""
    pairs = np.unique(np.column_stack([inner.codes, outer.codes]), axis=0)
    return len(pairs) == len(inner.levels)


def _refuse_unidentified(block: Block) -> None:
    effects, rows = len(block.grouping.levels) * len(block.names), len(block.matrix)
    if len(block.grouping.levels) == 1:
        raise UnusableDataError(f"The grouping factor {block.group} has one level only.")
    if effects >= rows:
        raise UnusableDataError(
            f"{effects} random effects of {block.group} on {rows} rows: their variance and the "
            "residual variance cannot be told apart."
        )


def _refuse_inexpressible(layout: Layout) -> None:
    seen = [(block.group, name) for block in layout.blocks for name in block.names]
    for group, name in seen:
        if seen.count((group, name)) > 1:
            raise NotExpressibleError(f"two random terms give {group} the same effect {name}")
    wide = [i for i in layout.components if len(layout.blocks[i].names) > 1]
    if wide:
        names = layout.blocks[wide[0]].group
        raise NotExpressibleError(
            f"MixedLM takes one correlated block, on the grouping factor that all others are "
            f"nested in; the correlated block of {names} is another"
        )
    entries = _entries(layout)
    if entries > MAX_ENTRIES:
        raise NotExpressibleError(
            f"MixedLM would need a dense random-effects design of {entries:,} numbers "
            f"({entries * 8 / 1e9:.1f} GB, and some ten copies of it); at most {MAX_ENTRIES:,} are "
            "tried here"
        )


def _entries(layout: Layout) -> int:
    """Return the size of the dense designs, summed over MixedLM's groups."""
    groups = layout.groups
    sizes = np.bincount(groups)
    total = 0
    for block in layout.blocks:
        pairs = np.unique(np.column_stack([groups, block.grouping.codes]), axis=0)
        total += int((np.bincount(pairs[:, 0], minlength=len(sizes)) * sizes).sum())
    return total
