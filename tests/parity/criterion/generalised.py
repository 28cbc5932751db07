"""Generalised models of known shape, drawn from fixed seeds; and differences of a deviance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.model import Block, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Vector

    Codes = NDArray[np.intp]

SLOPE_ALONE = 0
"""In the place of a width: the slope without the intercept."""
LINKS = [("binomial", "logit"), ("binomial", "probit"), ("binomial", "cloglog"), ("poisson", "log")]


def model_of(
    family: tuple[str, str],
    groups: Sequence[tuple[Codes, int]],
    widths: Sequence[int],
    seed: int = 1,
) -> Model:
    """Return a model with an offset, sizes and a slope, on the groups given; widths 1 or 2."""
    draw = np.random.default_rng(seed)
    n = len(groups[0][0])
    x = draw.normal(size=n)
    whole = np.column_stack([np.ones(n), x])
    blocks = tuple(
        Block(codes, whole[:, :width] if width > 0 else whole[:, 1:], levels)
        for (codes, levels), width in zip(groups, widths, strict=True)
    )
    eta = 0.3 + 0.4 * x - 0.2 * (x > 0)
    for block in blocks:
        b = 0.7 * draw.normal(size=(block.levels, block.width))
        eta += (block.columns * b[block.codes]).sum(axis=1)
    sizes = draw.integers(1, 5, n).astype(np.float64)
    if family[0] == "poisson":
        y, sizes = draw.poisson(np.exp(eta)).astype(float), np.ones(n)
    else:
        y = np.asarray(draw.binomial(sizes.astype(int), 1.0 / (1.0 + np.exp(-eta))) / sizes)
    X = np.column_stack([np.ones(n), x])
    offset = np.asarray(-0.2 * (x > 0), dtype=np.float64)
    return Model(y, X, blocks, sizes, offset, *family)


def balanced(levels: int, each: int) -> tuple[Codes, int]:
    """Return the codes of a factor, level by level."""
    return np.repeat(np.arange(levels), each), levels


def crossed(n: int, levels: int, seed: int = 2) -> tuple[Codes, int]:
    """Return the codes of a factor at random; each level occurs."""
    codes = np.random.default_rng(seed).permutation(np.arange(n) % levels)
    return codes, levels


def differences(function: Callable[[Vector], float], at: Vector, width: float = 1e-3) -> Vector:
    """Return a gradient ``(k,)`` by central differences of fourth order."""
    gradient = np.empty_like(at)
    for i in range(len(at)):
        step = np.zeros_like(at)
        step[i] = width
        near, far = function(at + step) - function(at - step), 0.0
        far = function(at + 2 * step) - function(at - 2 * step)
        gradient[i] = (8 * near - far) / (12 * width)
    return gradient


def nested(top: int, middle: int, bottom: int, each: int) -> list[tuple[Codes, int]]:
    """Return three factors, the first nested in the second and that in the third."""
    lowest = np.arange(top * middle * bottom * each) // each
    return [
        (lowest, top * middle * bottom),
        (lowest // bottom, top * middle),
        (lowest // (bottom * middle), top),
    ]


def layout(name: str) -> tuple[list[tuple[Codes, int]], list[int]]:
    """Return groups and widths of a model of 96 rows."""
    groups = balanced(12, 8)
    return {
        "intercept": ([groups], [1]),
        "slope": ([groups], [2]),
        "crossed": ([groups, crossed(96, 7)], [1, 1]),
        "crossed slopes": ([groups, crossed(96, 7)], [2, 2]),
        "two blocks of one factor": ([groups, groups], [1, SLOPE_ALONE]),
        "slope of the smaller factor": ([crossed(96, 20), groups], [1, 2]),
        "nested": (nested(3, 4, 4, 2), [1, 1, 1]),
        "few a level": ([balanced(48, 2), crossed(96, 20), crossed(96, 5, seed=3)], [1, 1, 1]),
    }[name]


LAYOUTS = (
    "intercept",
    "slope",
    "crossed",
    "crossed slopes",
    "two blocks of one factor",
    "slope of the smaller factor",
    "nested",
    "few a level",
)


def example(family: tuple[str, str], name: str) -> Model:
    """Return a model of that layout."""
    return model_of(family, *layout(name))


def somewhere(model: Model) -> tuple[Vector, Vector]:
    """Return a theta and beta that are no optimum."""
    pieces = [[0.8] if block.width == 1 else [0.7, 0.2, 0.5] for block in model.blocks]
    return np.concatenate(pieces), np.array([0.2, 0.3])
