from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from parity.criterion.model import Block, Model
from parity.referee.glmm_cells import UncertifiableError, gather
from tests.parity.referee.glmm_examples import alike, counts, shipped, statement, successes


def test_rows_with_the_same_covariates_become_one_cell() -> None:
    model = alike()
    twice = Model(
        y=np.tile(model.y, 2),
        X=np.tile(model.X, (2, 1)),
        blocks=(replace(model.blocks[0], codes=np.tile(model.blocks[0].codes, 2),
                        columns=np.ones((24, 1))),),
        weights=np.tile(model.weights, 2),
        family="binomial",
        link="logit",
    )  # fmt: skip
    cells, doubled = gather(model), gather(twice)
    for group, again in zip(cells.groups, doubled.groups, strict=True):
        for cell, merged in zip(group, again, strict=True):
            assert (merged.x, merged.z) == (cell.x, cell.z)
            assert (merged.size, merged.count) == (2 * cell.size, 2 * cell.count)
    assert sum(response.times for response in doubled.responses) == doubled.n == 24


def test_nothing_is_lost_by_merging() -> None:
    model, cells = statement("cbpp").model, shipped("cbpp")
    assert sum(c.size for group in cells.groups for c in group) == model.weights.sum() == 842
    assert sum(c.count for group in cells.groups for c in group) == 99
    assert sum(r.size * r.times for r in cells.responses) == 842
    assert sum(r.count * r.times for r in cells.responses) == 99


def test_numbers_are_the_decimals_that_were_written() -> None:
    first = gather(counts()).groups[0][0]
    assert first.x == (Fraction(1), Fraction(1, 4))
    assert first.z == Fraction(-3, 2)
    assert first.offset == Fraction(1, 10)


def test_a_number_of_too_many_digits_is_refused() -> None:
    model = counts()
    X = model.X.copy()
    X[3, 1] = 0.1 + 0.2
    with pytest.raises(UncertifiableError, match=r"Row 4 holds 0\.30000000000000004"):
        gather(replace(model, X=X))


@pytest.mark.parametrize(("y", "weight"), [(0.5, 5.0), (0.4, 2.5), (0.0, 0.0)])
def test_successes_that_are_not_whole_are_refused(y: float, weight: float) -> None:
    model = successes()
    shares, sizes = model.y.copy(), model.weights.copy()
    shares[1], sizes[1] = y, weight
    with pytest.raises(UncertifiableError, match=r"Row 2 has .* whole numbers"):
        gather(replace(model, y=shares, weights=sizes))


@pytest.mark.parametrize(("y", "weight"), [(1.5, 1.0), (-1.0, 1.0), (2.0, 2.0)])
def test_counts_that_are_none_are_refused(y: float, weight: float) -> None:
    model = counts()
    numbers, weights = model.y.copy(), model.weights.copy()
    numbers[1], weights[1] = y, weight
    with pytest.raises(UncertifiableError, match="Row 2 has the count"):
        gather(replace(model, y=numbers, weights=weights))


def test_another_family_is_refused_by_name() -> None:
    with pytest.raises(UncertifiableError, match=r"not binomial\(probit\)"):
        gather(replace(successes(), link="probit"))


def test_more_than_one_scalar_effect_is_refused() -> None:
    model = successes()
    wide = Block(model.blocks[0].codes, np.ones((24, 2)), 6)
    for blocks in ((wide,), (model.blocks[0], model.blocks[0])):
        with pytest.raises(UncertifiableError, match="one random effect per level"):
            gather(replace(model, blocks=blocks))
