"""What a criterion is evaluated on: response, X, and the columns of Z factor by factor."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from parity.criterion.portions import portions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]

_NOT_GIVEN: Vector = np.empty(0)


@dataclass(frozen=True)
class Block:
    """One covariance block: r columns that vary over the levels of a grouping factor.

    Its part of Z has, in the row of observation i, ``columns[i]`` at the r effects of level
    ``codes[i]`` and 0 elsewhere (Bates et al. 2015, section 2.3).

    Attributes
    ----------
    codes
        The level of each observation, ``(n,)``, from 0.
    columns
        The raw random-effects columns, ``(n, r)``.
    levels
        How many levels there are.
    """

    codes: NDArray[np.intp]
    columns: Matrix
    levels: int

    def __post_init__(self) -> None:
        """Refuse codes and columns that do not fit together."""
        n = len(self.codes)
        if self.columns.ndim != 2 or len(self.columns) != n:  # noqa: PLR2004 - a matrix has two axes
            message = f"a block has codes for {n} rows and columns of shape {self.columns.shape}"
            raise ValueError(message)
        if not np.isfinite(self.columns).all():
            message = "a block's columns are not finite everywhere"
            raise ValueError(message)
        if n and not (self.codes.min() >= 0 and self.codes.max() < self.levels):
            message = f"a block's codes lie outside 0 to {self.levels - 1}"
            raise ValueError(message)

    @property
    def width(self) -> int:
        """The number r of effects of a level."""
        return int(self.columns.shape[1])

    @property
    def size(self) -> int:
        """The number of elements of theta, and of vech(D): r (r + 1) / 2."""
        return self.width * (self.width + 1) // 2


@dataclass(frozen=True)
class Model:
    """A model's data, without any parameter.

    Attributes
    ----------
    y
        The response, ``(n,)``; successes over size for a binomial family.
    X
        Fixed-effects design of full column rank, ``(n, p)``.
    blocks
        The random effects; at least one.
    weights
        Prior weights, ``(n,)``: the residual variance of row i is ``sigma^2 / weights[i]``, the
        size of a binomial response. Ones where not given.
    offset
        Added to the linear predictor, ``(n,)``. Zeros where not given.
    family, link
        ``"gaussian"`` with ``"identity"`` is a linear mixed model.
    """

    y: Vector
    X: Matrix
    blocks: tuple[Block, ...]
    weights: Vector = field(default_factory=lambda: _NOT_GIVEN)
    offset: Vector = field(default_factory=lambda: _NOT_GIVEN)
    family: str = "gaussian"
    link: str = "identity"

    def __post_init__(self) -> None:
        """Fill in weights and offset, and refuse what does not fit together."""
        n = len(self.y)
        for name, neutral in (("weights", 1.0), ("offset", 0.0)):
            if getattr(self, name) is _NOT_GIVEN:
                # one number, seen n times
                object.__setattr__(self, name, np.broadcast_to(neutral, (n,)))
        rows = {"X": len(self.X), "weights": len(self.weights), "offset": len(self.offset)}
        rows |= {f"block {i}": len(block.codes) for i, block in enumerate(self.blocks)}
        for name, count in rows.items():
            if count != n:
                message = f"{name} has {count} rows, the response {n}"
                raise ValueError(message)
        if not self.blocks:
            message = "a mixed model has at least one block of random effects"
            raise ValueError(message)
        for name in ("y", "X", "weights", "offset"):
            if not np.isfinite(getattr(self, name)).all():
                message = f"{name} is not finite everywhere"
                raise ValueError(message)

    @property
    def n(self) -> int:
        """The number of observations."""
        return len(self.y)

    @property
    def p(self) -> int:
        """The number of fixed effects."""
        return int(self.X.shape[1])

    @cached_property
    def volume(self) -> float:
        """log|W^-1|."""
        return -float(sum(np.log(self.weights[rows]).sum() for rows in portions(self.n)))

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where each block's elements lie in theta, and in vech(D)."""
        ends = np.cumsum([block.size for block in self.blocks]).tolist()
        starts = [0, *ends[:-1]]
        return tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))


def largest(blocks: Sequence[Block]) -> tuple[int, ...]:
    """Return the blocks of the grouping factor that has the most effects."""
    sharing = [
        tuple(i for i, other in enumerate(blocks) if np.array_equal(other.codes, block.codes))
        for block in blocks
    ]
    return max(sharing, key=lambda same: sum(blocks[i].levels * blocks[i].width for i in same))
