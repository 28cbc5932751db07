"""lme4's criterion of Gamma and inverse Gaussian models against its slow definition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion.dispersion import DispersedCriterion, criterion_of
from parity.criterion.glmm import Criterion
from parity.criterion.model import Block, Model
from tests.parity.criterion.dispersed import (
    GAMMA_INVERSE,
    GAMMA_LOG,
    INVERSE_GAUSSIAN,
    LINKS,
    Named,
    Slow,
    example,
    somewhere,
)
from tests.parity.criterion.generalised import LAYOUTS, differences, layout, model_of

if TYPE_CHECKING:
    from parity.criterion.model import Vector

every = pytest.mark.parametrize("named", LINKS, ids="-".join)


@every
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_deviance_is_lme4s_by_its_definition(named: Named, name: str) -> None:
    model = example(named, name)
    theta, beta = somewhere(model)
    slow = Slow(model, theta, beta).deviance()
    # SciPy's densities, and the slow one's scoring
    assert DispersedCriterion(model).deviance(theta, beta) == pytest.approx(slow, rel=1e-11)


@every
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_gradient_is_the_deviances(named: Named, name: str) -> None:
    criterion = DispersedCriterion(example(named, name))
    theta, beta = somewhere(criterion.model)
    m = len(theta)

    def deviance(at: Vector) -> float:
        return criterion.deviance(at[:m], at[m:])

    exact = criterion.at(theta, beta).gradient
    found = differences(deviance, np.concatenate([theta, beta]), 3e-4)
    # fourth-order differences: the deviance's rounding 1e-12 over the width, and h^4
    np.testing.assert_allclose(exact, found, rtol=1e-8, atol=1e-7)


@every
def test_merging_equal_rows_changes_nothing(named: Named) -> None:
    model = example(named, "intercept")
    coarse = replace(
        model,
        X=np.column_stack([np.ones(model.n), np.arange(model.n) % 2]),
        offset=np.full(model.n, 2.0),
        blocks=(Block(model.blocks[0].codes, np.ones((model.n, 1)), 12),),
    )
    criterion = DispersedCriterion(coarse)
    assert criterion.problem.model.n < coarse.n
    at = somewhere(coarse)
    # the slow one merges nothing; SciPy's densities, and its scoring
    assert criterion.deviance(*at) == pytest.approx(Slow(coarse, *at).deviance(), rel=1e-11)


@every
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(named: Named) -> None:
    model = example(named, "crossed")
    kept = np.arange(model.n) % 5 > 0
    zeroed = DispersedCriterion(replace(model, weights=np.where(kept, model.weights, 0.0)))
    blocks = tuple(Block(b.codes[kept], b.columns[kept], b.levels) for b in model.blocks)
    rows = (model.y[kept], model.X[kept], blocks, model.weights[kept], model.offset[kept])
    without = DispersedCriterion(Model(*rows, *named))
    at = somewhere(model)
    assert zeroed.deviance(*at) == pytest.approx(without.deviance(*at), rel=1e-13)  # rounding


def test_a_criterion_is_chosen_by_the_family() -> None:
    model = example(GAMMA_LOG, "intercept")
    assert isinstance(criterion_of(model), DispersedCriterion)
    plain = model_of(("poisson", "log"), *layout("intercept"))
    assert type(criterion_of(plain, 9)) is Criterion
    with pytest.raises(ValueError, match="poisson has no dispersion"):
        DispersedCriterion(plain)
    with pytest.raises(ValueError, match="DispersedCriterion"):
        Criterion(model).deviance(*somewhere(model))


def test_quadrature_and_responses_that_are_not_positive_are_refused() -> None:
    model = example(GAMMA_LOG, "intercept")
    with pytest.raises(ValueError, match="no quadrature for Gamma"):
        DispersedCriterion(model, 9)
    with pytest.raises(ValueError, match="Gamma response is not positive"):
        DispersedCriterion(replace(model, y=np.where(np.arange(model.n) == 3, 0.0, model.y)))


def test_a_perfect_fit_and_means_that_are_not_positive_are_no_numbers() -> None:
    model = example(GAMMA_INVERSE, "intercept")
    with pytest.raises(ArithmeticError, match="no conditional modes"):
        DispersedCriterion(model).at(np.array([0.3]), np.array([-9.0, 0.0]))
    flat = replace(model, y=np.full(model.n, 0.5), offset=np.full(model.n, 2.0))
    with pytest.raises(ArithmeticError, match="the fit is perfect"):
        DispersedCriterion(flat).deviance(np.zeros(1), np.zeros(2))


@pytest.mark.parametrize("named", [GAMMA_INVERSE, INVERSE_GAUSSIAN], ids="-".join)
def test_a_search_for_the_mode_begins_even_where_no_mean_is_positive(named: Named) -> None:
    criterion = DispersedCriterion(example(named, "intercept"))
    theta, beta = somewhere(criterion.model)
    plain = criterion.at(theta, beta)
    lost = plain.state.moved(np.full(len(plain.state.u), -50.0))
    assert lost.penalised == np.inf
    again = criterion.at(theta, beta, lost)
    assert again.deviance == pytest.approx(plain.deviance, rel=1e-13)  # rounding
