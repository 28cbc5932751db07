"""One model fitted to many responses: each ends where its own search ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion import components
from parity.criterion.coordinates import Coordinates, natural, ordered
from parity.criterion.covariance import covariances, pack
from parity.criterion.draws import Parameters, simulate
from parity.criterion.lmm import Criterion
from parity.criterion.model import Block, Model
from parity.criterion.objective import Separate
from parity.criterion.optimum import find, in_units, minimise, units_of
from parity.criterion.refit import Fitter
from tests.parity.criterion.dense import LAYOUTS, Textbook, example, slope, theta
from tests.parity.stated_cases import stated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.refit import Refits

    Matrix = NDArray[np.float64]

ABOVE = 1e-10  # deviance; rounding leaves 5e-13 in the suite's cases


def responses(model: Model, count: int, seed: int = 4) -> Matrix:
    """Return responses with and without random effects, so that some fits are singular."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(model.n, count)) / np.sqrt(model.weights)[:, None]
    for block in model.blocks:
        sizes = rng.choice([0.0, 0.3, 2.0], size=(1, count, block.width))
        effects = sizes * rng.normal(size=(block.levels, count, block.width))
        drawn += np.einsum("nr,nbr->nb", block.columns, effects[block.codes])
    return np.asarray(drawn + model.offset[:, None])


def hold(model: Model, found: Refits, drawn: Matrix, *, reml: bool) -> None:
    """Hold every fit against a search of its own, and its estimates against its theta."""
    for place, y in enumerate(drawn.T):
        criterion = Criterion(replace(model, y=y), reml)
        lowest = find(criterion)
        point = criterion.at(found.theta[place])
        # two intercepts of one factor are one: theta has a valley, and no search may arrive there
        assert found.converged[place] or not lowest.converged
        assert point.deviance == pytest.approx(found.deviance[place], rel=1e-14, abs=1e-12)
        assert found.deviance[place] <= lowest.deviance + ABOVE
        assert found.singular[place] == lowest.singular
        assert found.sigma[place] == pytest.approx(point.sigma, rel=1e-12)
        errors = np.sqrt(np.diag(point.vcov))
        assert np.max(np.abs(found.beta[place] - point.beta) / errors) < 1e-11


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_response_ends_where_it_ends_alone(layout: str, *, reml: bool) -> None:
    model = example(layout, dressed=True)
    drawn = responses(model, 12)
    found = Fitter(model, reml=reml).fit(drawn)
    hold(model, found, drawn, reml=reml)
    assert found.converged.sum() >= len(found.converged) - 2 * (layout == "two terms of one factor")
    if layout in {"scalar", "vector"}:
        assert 0 < found.singular.sum() < len(found.singular)


@pytest.mark.parametrize("layout", ["scalar", "vector", "crossed"])
def test_a_start_does_not_move_where_they_end(layout: str) -> None:
    model = example(layout)
    drawn = responses(model, 16)
    fitter = Fitter(model, reml=True)
    begun = [np.zeros(model.slices[-1].stop), theta(model, "random"), 1e3 * theta(model, "random")]
    expected = fitter.fit(drawn)
    for start in begun:
        found = fitter.fit(drawn, start)
        assert found.converged.all()
        assert found.deviance == pytest.approx(expected.deviance, rel=1e-13)


@pytest.mark.parametrize("layout", ["vector", "nested", "vector and crossed"])
def test_a_model_too_wide_to_invert_whole_ends_in_the_same_place(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = example(layout, dressed=True)
    drawn = responses(model, 6)
    expected = Fitter(model, reml=True).fit(drawn)
    monkeypatch.setattr(components, "WIDEST", 0)
    found = Fitter(model, reml=True).fit(drawn)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-13)
    assert found.beta == pytest.approx(expected.beta, rel=1e-8)
    assert found.sigma == pytest.approx(expected.sigma, rel=1e-8)
    hold(model, found, drawn, reml=True)


@pytest.mark.parametrize("unit", [1e-5, 1e4])
def test_a_slope_in_other_units_scales_its_theta_alone(unit: float) -> None:
    model = example("vector")
    (block,) = model.blocks
    moved = replace(model, blocks=(replace(block, columns=block.columns * [1.0, unit]),))
    drawn = responses(model, 8)
    here, there = (Fitter(one, reml=False).fit(drawn) for one in (model, moved))
    assert there.theta * [1.0, unit, unit] == pytest.approx(here.theta, rel=1e-6, abs=1e-7)
    assert there.deviance == pytest.approx(here.deviance, rel=1e-13)


def test_a_slope_in_other_units_is_evaluated_and_drawn_at_its_own_theta() -> None:
    """The unit is a power of two, so that what is drawn is the same to the last bit."""
    model, unit = example("vector", dressed=True), 2.0**7
    (block,) = model.blocks
    moved = replace(model, blocks=(replace(block, columns=block.columns * [1.0, unit]),))
    where, drawn = theta(model, "random"), responses(model, 3)
    there = where / [1.0, unit, unit]
    found = Fitter(moved, reml=True).evaluate(drawn, there)
    for place, y in enumerate(drawn.T):
        point = Criterion(replace(moved, y=y), reml=True).at(there)
        assert found.deviance[place] == pytest.approx(point.deviance, rel=1e-13)
        assert found.theta[place] == pytest.approx(there, rel=1e-15)
    beta = np.array([1.0, -2.0])
    (here,) = Fitter(model, reml=True).resample(
        Parameters(where, beta, 1.5), 5, np.random.default_rng(3)
    )
    (scaled,) = Fitter(moved, reml=True).resample(
        Parameters(there, beta, 1.5), 5, np.random.default_rng(3)
    )
    assert scaled.deviance == pytest.approx(here.deviance, rel=1e-13)
    assert scaled.beta == pytest.approx(here.beta, rel=1e-9)


def test_a_model_too_wide_to_invert_whole_is_fitted_to_as_many_responses_as_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(components, "WIDEST", 0)
    model = example("crossed", dressed=True)
    where = Parameters(theta(model, "random"), np.array([1.0, -2.0]), 1.5)
    fitter = Fitter(model, reml=True)
    chunks = list(fitter.resample(where, 5, np.random.default_rng(3)))
    rows = np.concatenate(list(simulate(model, where, 5, np.random.default_rng(3))), axis=1)
    found = np.concatenate([chunk.deviance for chunk in chunks])
    assert found == pytest.approx(fitter.fit(rows).deviance, rel=1e-13)


@pytest.mark.parametrize("unit", [1e-20, 1.0, 1e16])
def test_a_residual_of_rounding_is_none_whatever_the_unit_of_the_weights(unit: float) -> None:
    model = example("scalar")
    model = replace(model, weights=unit * model.weights)
    drawn = 1e6 * responses(example("scalar"), 2)
    drawn[:, 1] = -1e6 * (model.X @ [30.0, 1.0])  # negative throughout
    found = Fitter(model, reml=True).evaluate(drawn, np.zeros(1))
    assert found.converged.tolist() == [True, False]


@pytest.mark.parametrize("begun", [False, True])
def test_of_several_minima_each_response_has_its_own_lowest(*, begun: bool) -> None:
    """Nine rows in three groups, weights and a slope: many have a minimum that is none."""
    rng = np.random.default_rng(3)
    x, weights = np.exp(rng.normal(size=9)), np.exp(2.0 * rng.normal(size=9))
    block = Block(np.arange(9) % 3, np.column_stack([np.ones(9), x]), 3)
    model = Model(np.zeros(9), np.ones((9, 1)), (block,), weights=weights)
    drawn = rng.standard_cauchy((9, 40))
    fitter = Fitter(model, reml=False)
    found = fitter.fit(drawn, np.zeros(3) if begun else None)
    higher = 0
    for place, y in enumerate(drawn.T):
        criterion = Criterion(replace(model, y=y), reml=False)
        assert found.deviance[place] <= find(criterion).deviance + ABOVE
        point = criterion.at(found.theta[place])
        assert point.deviance == pytest.approx(found.deviance[place], rel=1e-12)
        scaled = Criterion(in_units(criterion.model, units_of(model)), reml=False)
        alone = minimise(Separate([scaled]), [np.zeros((1, 3))])
        higher += alone.heights[0] > found.deviance[place] + 1e-6
    assert higher > 1


@pytest.mark.parametrize("unit", [1e-20, 1e14, 1e16])
@pytest.mark.parametrize("layout", ["scalar", "vector"])
def test_weights_in_other_units_scale_theta_alone(layout: str, unit: float) -> None:
    model = example(layout)
    moved = replace(model, weights=unit * model.weights)
    drawn = responses(model, 8)
    here, there = (Fitter(one, reml=True).fit(drawn) for one in (model, moved))
    assert there.theta * np.sqrt(unit) == pytest.approx(here.theta, rel=1e-6, abs=1e-7)
    assert there.sigma / np.sqrt(unit) == pytest.approx(here.sigma, rel=1e-9)
    assert there.singular.tolist() == here.singular.tolist()
    assert 0 < here.singular.sum() < 8


@pytest.mark.parametrize("weight", [1e-30, 1e12])
def test_one_row_of_an_extreme_weight_does_not_say_where_the_search_begins(weight: float) -> None:
    model = example("vector", dressed=True)
    weights = model.weights.copy()
    weights[0] = weight
    model = replace(model, weights=weights)
    found = Fitter(model, reml=True).fit(model.y[:, None])
    assert found.converged.all()
    criterion = Criterion(model, reml=True)
    sizes = (0.0, 0.1, 0.2, 0.4, 0.8)
    grid = [
        criterion.deviance(np.array([one, sign * other, last]))
        for one in sizes
        for other in sizes
        for last in sizes
        for sign in (1.0, -1.0)
    ]
    assert found.deviance[0] < min(grid)
    assert min(grid) - found.deviance[0] < 2.0


def test_without_random_effects_it_is_least_squares() -> None:
    model = example("crossed", dressed=True)
    drawn = responses(model, 3)
    found = Fitter(model, reml=False).evaluate(drawn, np.zeros(2))
    root = np.sqrt(model.weights)
    for place, y in enumerate(drawn.T):
        beta, squares, *_ = np.linalg.lstsq(
            root[:, None] * model.X, root * (y - model.offset), rcond=None
        )
        mean = squares[0] / model.n
        deviance = model.n * (1 + np.log(2 * np.pi * mean)) - np.log(model.weights).sum()
        assert found.beta[place] == pytest.approx(beta, rel=1e-12)
        assert found.deviance[place] == pytest.approx(deviance, rel=1e-13)
    assert not found.singular.any()


def test_a_response_without_residual_is_not_fitted_and_harms_no_other() -> None:
    model = example("scalar")
    drawn = responses(model, 3)
    drawn[:, 1] = model.X @ [3.0, 4.0]
    alone = Fitter(model, reml=True).fit(drawn[:, [0, 2]])
    found = Fitter(model, reml=True).fit(drawn)
    assert found.deviance[[0, 2]].tolist() == pytest.approx(alone.deviance.tolist(), rel=1e-14)
    # rounding leaves a residual of 1e-16, or none
    assert found.converged.tolist() == [True, False, True]
    drawn[:, 1] = 0.0
    none = Fitter(model, reml=True).fit(drawn)
    assert np.isnan(none.deviance).tolist() == [False, True, False]
    drawn[:, 1] = model.X @ [3.0, 4.0]
    exact = Fitter(model, reml=True).evaluate(1e6 * drawn, np.zeros(1))
    assert exact.converged.tolist() == [True, False, True]


@pytest.mark.parametrize("layout", ["vector", "wide", "two terms and crossed vector"])
def test_derivatives_in_any_order_of_columns_are_differences(layout: str) -> None:
    """A quadratic in vech(D) stands for the deviance."""
    model = example(layout)
    m = model.slices[-1].stop
    rng = np.random.default_rng(8)
    linear, bend = rng.normal(size=m), rng.normal(size=(m, m))
    bend = bend + bend.T
    turned = Coordinates(model, tuple(rng.permutation(block.width)[None] for block in model.blocks))

    def elements(where: Matrix) -> Matrix:
        return pack([stack[0] for stack in turned.covariances(where[None])])

    def height(where: Matrix) -> float:
        at = elements(where)
        return float(linear @ at + at @ bend @ at / 2)

    def slopes(where: Matrix) -> tuple[Matrix, Matrix]:
        at = elements(where)
        found = turned.in_theta(where[None], (linear + bend @ at)[None], bend[None])
        return found[0][0], found[1][0]

    here = theta(model, "negative")
    gradient, hessian = slopes(here)
    for number, way in enumerate(np.eye(m)):
        expected = slope(lambda step: height(here + step), way, 1e-3)
        assert gradient[number] == pytest.approx(expected, rel=1e-8, abs=1e-8)
        expected = slope(lambda step: slopes(here + step)[0], way, 1e-3)
        assert hessian[number] == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_the_largest_variance_comes_first_and_theta_says_the_same_covariance() -> None:
    model = example("wide")
    plain = natural(model, 2)
    D = np.stack([np.diag([1.0, 9.0, 4.0]), np.diag([0.0, 0.0, 2.0])])
    turned = ordered(model, [D])
    assert turned.orders[0].tolist() == [[1, 2, 0], [2, 0, 1]]
    assert turned.theta([D])[:, [0, 3, 5]].tolist() == [[3.0, 2.0, 1.0], [2**0.5, 0.0, 0.0]]
    assert turned.covariances(turned.theta([D]))[0] == pytest.approx(D, abs=1e-15)
    assert plain.covariances(plain.theta([D]))[0] == pytest.approx(D, abs=1e-15)


def test_the_seeds_model_has_its_printed_optimum() -> None:
    case = stated("jsp-slope-reml")
    found = Fitter(case.statement.model, reml=True).fit(case.statement.model.y[:, None])
    assert found.deviance[0] == pytest.approx(find(case.criterion).deviance, rel=1e-14)


def test_a_wide_model_with_a_response_of_zero_fails_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(components, "WIDEST", 0)
    model = example("crossed")
    drawn = responses(model, 2)
    drawn[:, 0] = 0.0
    found = Fitter(model, reml=True).fit(drawn)
    assert found.converged.tolist() == [False, True]
    assert np.isnan(found.deviance[0])


def test_levels_without_rows_change_nothing() -> None:
    model = example("scalar")
    (block,) = model.blocks
    more = replace(model, blocks=(Block(2 * block.codes + 1, block.columns, 20),))
    drawn = responses(model, 4)
    here, there = (Fitter(one, reml=True).fit(drawn) for one in (model, more))
    assert there.theta == pytest.approx(here.theta, rel=1e-9, abs=1e-12)
    assert there.deviance == pytest.approx(here.deviance, rel=1e-13)


def test_responses_that_the_random_effects_explain_whole_fail_and_harm_no_other() -> None:
    """Their likelihood has no bound: theta grows until the derivatives are not finite."""
    groups, x = np.repeat([0, 1, 2], 4), np.tile([0.0, 1.0, 2.0, 3.0], 3)
    columns = np.column_stack([np.ones(12), x])
    model = Model(np.zeros(12), np.ones((12, 1)), (Block(groups, columns, 3),))
    drawn = responses(model, 3)
    drawn[:, 1] = np.array([1.0, 3.0, -2.0])[groups] + np.array([0.3, 1.0, 2.0])[groups] * x
    found = Fitter(model, reml=False).fit(drawn)
    assert found.converged.tolist() == [True, False, True]
    alone = Fitter(model, reml=False).fit(drawn[:, [0, 2]])
    assert found.deviance[[0, 2]] == pytest.approx(alone.deviance, rel=1e-14)


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("layout", ["scalar", "wide", "vector and crossed"])
def test_a_model_without_fixed_effects_is_fitted(layout: str, *, reml: bool) -> None:
    model = example(layout, dressed=True)
    model = replace(model, X=model.X[:, :0])
    drawn = responses(model, 4)
    found = Fitter(model, reml=reml).fit(drawn)
    assert found.converged.all()
    assert found.beta.shape == (4, 0)
    for place, y in enumerate(drawn.T):
        book = Textbook(replace(model, y=y), reml, covariances(model, found.theta[place]))
        assert found.deviance[place] == pytest.approx(book.deviance.real, rel=1e-12)
