"""The criterion of linear mixed models against V as a dense matrix."""

from __future__ import annotations

import numpy as np
import pytest

from parity.criterion.covariance import covariances
from parity.criterion.lmm import Criterion, Point
from parity.criterion.model import Block, Model
from tests.parity.criterion.dense import LAYOUTS, THETAS, Textbook, example, theta

# Both sides are float64; V's condition number on these models is below 1e3.
ROUNDING = 1e-12

every = pytest.mark.parametrize(
    ("layout", "kind", "dressed", "reml"),
    [
        (layout, kind, dressed, reml)
        for layout in LAYOUTS
        for kind, dressed in (("random", False), *((kind, True) for kind in THETAS))
        for reml in (False, True)
    ],
)


def pair(layout: str, kind: str, *, dressed: bool, reml: bool) -> tuple[Point, Textbook]:
    """Return the criterion and the textbook at the same theta."""
    model = example(layout, dressed=dressed)
    where = theta(model, kind)
    return Criterion(model, reml).at(where), Textbook(model, reml, covariances(model, where))


def assert_close(found: object, expected: object) -> None:
    """Hold numbers against numbers of the same shape, to rounding of the largest."""
    one, other = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert one.shape == other.shape
    assert one.size
    assert np.max(np.abs(one - other)) <= ROUNDING * max(1.0, float(np.max(np.abs(other))))


@every
def test_the_profiled_deviance_is_the_textbooks(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    point, textbook = pair(layout, kind, dressed=dressed, reml=reml)
    assert_close(point.deviance, textbook.deviance.real)


@every
def test_the_deviance_at_any_beta_and_sigma_is_the_textbooks(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    point, textbook = pair(layout, kind, dressed=dressed, reml=reml)
    for beta, sigma in ((np.array([1.5, -0.5]), 0.7), (np.array([-20.0, 3.0]), 4.0)):
        assert_close(point.deviance_at(beta, sigma), textbook.deviance_at(beta, sigma).real)


@every
def test_what_is_profiled_out_is_generalised_least_squares(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    point, textbook = pair(layout, kind, dressed=dressed, reml=reml)
    mean = textbook.squares(textbook.beta).real / textbook.degrees
    assert_close(point.beta, textbook.beta)
    assert_close(point.sigma, np.sqrt(mean))
    assert_close(point.vcov, mean * np.linalg.inv(textbook.information))


@every
def test_the_random_effects_are_the_best_linear_unbiased_predictions(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    point, textbook = pair(layout, kind, dressed=dressed, reml=reml)
    model = point.criterion.model
    assert_close(point.b, textbook.b)
    fitted = model.offset + model.X @ textbook.beta + textbook.Z @ textbook.b
    assert_close(point.resid, model.y - fitted)


@every
def test_the_deviance_at_the_best_beta_and_sigma_is_the_profiled_one(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    point, _ = pair(layout, kind, dressed=dressed, reml=reml)
    assert_close(point.deviance_at(point.beta, point.sigma), point.deviance)


@pytest.mark.parametrize("reml", [False, True])
def test_at_theta_zero_the_criterion_is_least_squares(*, reml: bool) -> None:
    model = example("crossed", dressed=True)
    root = np.sqrt(model.weights)
    beta, squares, *_ = np.linalg.lstsq(root[:, None] * model.X, root * (model.y - model.offset))
    point = Criterion(model, reml).at(np.zeros(2))
    assert_close(point.beta, beta)
    assert_close(point.pwrss, squares[0])
    assert point.b.tolist() == [0.0] * len(point.b)


@pytest.mark.parametrize("reml", [False, True])
def test_weights_times_a_constant_move_the_deviance_by_nothing_but_sigma(*, reml: bool) -> None:
    """V^-1 over weights 4w at theta / 2 is 4 V^-1 at theta: sigma doubles, the model stays."""
    model = example("vector and crossed", dressed=True)
    where = theta(model, "random")
    heavier = Model(model.y, model.X, model.blocks, 4.0 * model.weights, model.offset)
    light = Criterion(model, reml).at(where)
    heavy = Criterion(heavier, reml).at(where / 2.0)
    assert_close(heavy.sigma, 2.0 * light.sigma)
    assert_close(heavy.deviance, light.deviance)


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("theta", [0.0, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e8])
def test_on_balanced_data_the_deviance_is_its_closed_form(theta: float, *, reml: bool) -> None:
    """g levels of n rows: V has the eigenvalues 1 + n theta^2, g times, and 1."""
    y = np.array([[15.0, 14.0, 16.0], [12.0, 17.0, 10.0], [21.0, 19.0, 23.0], [8.0, 9.0, 7.0]])
    (g, n), means = y.shape, y.mean(axis=1)
    large, degrees = 1.0 + n * theta**2, y.size - reml
    between, within = n * ((means - y.mean()) ** 2).sum(), ((y.T - means) ** 2).sum()
    squares = within + between / large
    volume = g * np.log(large) + reml * np.log(y.size / large)
    expected = volume + degrees * (1.0 + np.log(2.0 * np.pi * squares / degrees))
    block = Block(np.repeat(np.arange(g), n), np.ones((y.size, 1)), g)
    criterion = Criterion(Model(y.ravel(), np.ones((y.size, 1)), (block,)), reml)
    assert criterion.deviance(np.array([theta])) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("shift", [10.0, 2000.0])
def test_a_covariate_with_another_origin_leaves_the_deviance(shift: float) -> None:
    model = example("crossed")
    where = theta(model, "random")
    moved = Model(model.y, model.X + np.array([0.0, shift]), model.blocks)
    expected = Criterion(model, reml=True).deviance(where)
    # the condition number of X'X is the shift's square
    found = Criterion(moved, reml=True).deviance(where)
    assert found == pytest.approx(expected, rel=1e-15 * shift**2)


def test_a_response_in_other_units_moves_the_deviance_by_its_jacobian() -> None:
    model = example("vector")
    where = theta(model, "random")
    for unit in (1e-150, 1e-6, 1e6, 1e150):
        moved = Model(unit * model.y, model.X, model.blocks)
        for reml, degrees in ((False, model.n), (True, model.n - model.p)):
            expected = Criterion(model, reml).deviance(where) + 2 * degrees * np.log(unit)
            assert_close(Criterion(moved, reml).deviance(where), expected)


def test_the_order_of_rows_does_not_matter() -> None:
    model = example("vector and crossed", dressed=True)
    order = np.random.default_rng(5).permutation(model.n)
    blocks = tuple(Block(b.codes[order], b.columns[order], b.levels) for b in model.blocks)
    shuffled = Model(
        model.y[order], model.X[order], blocks, model.weights[order], model.offset[order]
    )
    where = theta(model, "random")
    one, other = Criterion(model, reml=True).at(where), Criterion(shuffled, reml=True).at(where)
    assert_close(other.deviance, one.deviance)
    assert_close(other.b, one.b)


def test_another_familys_model_is_refused() -> None:
    model = example("scalar")
    binomial = Model(model.y, model.X, model.blocks, family="binomial", link="logit")
    with pytest.raises(ValueError, match="gaussian, not binomial"):
        Criterion(binomial, reml=False)


def test_a_weight_of_zero_is_refused() -> None:
    model = example("scalar")
    weights = np.ones(model.n)
    weights[3] = 0.0
    with pytest.raises(ValueError, match="positive weight"):
        Criterion(Model(model.y, model.X, model.blocks, weights), reml=True)


def test_as_many_coefficients_as_rows_are_refused() -> None:
    block = Block(np.array([0, 1]), np.ones((2, 1)), 2)
    with pytest.raises(ValueError, match="more rows than coefficients"):
        Criterion(Model(np.array([1.0, 2.0]), np.eye(2), (block,)), reml=False)


@pytest.mark.parametrize("where", [[np.nan], [np.inf], [1.0, 2.0], []])
def test_a_theta_that_does_not_fit_is_refused(where: list[float]) -> None:
    criterion = Criterion(example("scalar"), reml=True)
    with pytest.raises(ValueError, match="expected 1 finite numbers"):
        criterion.at(np.array(where))
