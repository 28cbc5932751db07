"""Small generalised models that the tests of the referee share."""

from __future__ import annotations

from functools import cache

import numpy as np

from parity.criterion.model import Block, Model
from parity.design.statement import Statement, state
from parity.referee.glmm_cells import Cells, gather
from tests.parity.referee.shipped import CASES


@cache
def statement(name: str) -> Statement:
    """Return a shipped case on its data."""
    return state(CASES[name].spec, CASES[name].dataset.load())


@cache
def shipped(name: str) -> Cells:
    """Return a shipped case's cells."""
    return gather(statement(name).model)


def counts() -> Model:
    """Return counts of 6 groups with a covariate, an offset and a random slope of both signs."""
    z = np.array([-1.5, 0.5, 1.0, 2.0] * 6)
    x = np.tile([0.25, -0.5, 0.75, 1.0], 6)
    y = np.array([1, 2, 3, 9, 0, 1, 2, 4, 4, 3, 1, 0, 1, 1, 2, 5, 2, 3, 2, 1, 0, 2, 5, 12], float)
    codes = np.repeat(np.arange(6), 4)
    offset = np.tile([0.1, 0.0, -0.2, 0.0], 6)
    X = np.column_stack([np.ones(24), x])
    block = Block(codes, z[:, None], 6)
    return Model(y=y, X=X, blocks=(block,), offset=offset, family="poisson", link="log")


def successes() -> Model:
    """Return shares of trials of the same shape, with a random slope of both signs."""
    base = counts()
    sizes = np.tile([3.0, 4.0, 6.0, 12.0], 6)
    return Model(
        y=np.minimum(base.y, sizes) / sizes,
        X=base.X,
        blocks=base.blocks,
        weights=sizes,
        family="binomial",
        link="logit",
    )


def alike() -> Model:
    """Return groups that differ less than chance would have them: the variance is 0."""
    y = np.array([2, 3, 2, 3, 3, 2, 3, 2, 2, 3, 3, 2], float) / 5
    X = np.column_stack([np.ones(12), np.tile([0.0, 1.0], 6)])
    block = Block(np.repeat(np.arange(6), 2), np.ones((12, 1)), 6)
    return Model(
        y=y, X=X, blocks=(block,), weights=np.full(12, 5.0), family="binomial", link="logit"
    )
