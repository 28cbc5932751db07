"""The criterion of generalised linear mixed models against its slow definition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from parity.criterion import pattern, precision
from parity.criterion.glmm import Criterion
from parity.criterion.mode import climb
from parity.criterion.model import Block, Model
from parity.criterion.state import State
from tests.parity.criterion.generalised import LAYOUTS, LINKS, differences, example, somewhere
from tests.parity.criterion.laplace import Slow

if TYPE_CHECKING:
    from parity.criterion.model import Vector

LOGIT, POISSON = LINKS[0], LINKS[3]
every = pytest.mark.parametrize(
    ("named", "name"), [(named, name) for named in LINKS for name in LAYOUTS]
)


@pytest.fixture(params=["as it comes", "large"])
def _held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have small matrices held as those of large models are: sparse, and in pieces."""
    if request.param == "large":
        monkeypatch.setattr(pattern, "_DENSE", 0)
        monkeypatch.setattr(pattern, "_SMALL", 0)
        monkeypatch.setattr(pattern, "_FULL", 2.0)
        monkeypatch.setattr(precision, "_CHUNK", 100)


def everywhere(criterion: Criterion) -> tuple[Vector, Vector]:
    """Return the exact gradient and that of differences."""
    theta, beta = somewhere(criterion.model)
    m = len(theta)

    def deviance(parameters: Vector) -> float:
        return criterion.deviance(parameters[:m], parameters[m:])

    at = np.concatenate([theta, beta])
    return criterion.at(theta, beta).gradient, differences(deviance, at)


@pytest.mark.usefixtures("_held")
@every
def test_the_deviance_is_laplaces_approximation(named: tuple[str, str], name: str) -> None:
    model = example(named, name)
    theta, beta = somewhere(model)
    slow = Slow(model, theta, beta)
    point = Criterion(model).at(theta, beta)
    # the slow one sums densities of SciPy's: 1e-13 each
    assert point.deviance == pytest.approx(slow.deviance, rel=1e-12)
    u = point.state.crossed.pattern.rows.public(point.state.u)
    np.testing.assert_allclose(u, slow.u, rtol=0, atol=1e-9)  # the slow one's scoring


@pytest.mark.usefixtures("_held")
@every
def test_the_gradient_is_the_deviances(named: tuple[str, str], name: str) -> None:
    exact, differenced = everywhere(Criterion(example(named, name)))
    # fourth-order differences of width 1e-3: the deviance's rounding 1e-13 over it, and h^4
    np.testing.assert_allclose(exact, differenced, rtol=0, atol=2e-8)


@pytest.mark.parametrize("named", LINKS, ids="-".join)
def test_without_random_effects_it_is_a_generalised_linear_model(named: tuple[str, str]) -> None:
    model = example(named, "crossed")
    beta = np.array([0.2, 0.3])
    eta = model.offset + model.X @ beta
    loglik = Slow(model, np.zeros(2), beta).loglik(eta)
    point = Criterion(model).at(np.zeros(2), beta)
    assert point.deviance == pytest.approx(-2.0 * loglik, rel=1e-13)  # rounding of the sums
    assert not point.gradient[:2].any()


@pytest.mark.parametrize("named", LINKS, ids="-".join)
def test_merging_equal_rows_changes_nothing(named: tuple[str, str]) -> None:
    model = example(named, "intercept")
    coarse = replace(
        model,
        X=np.round(model.X),
        offset=np.zeros(model.n),
        blocks=(Block(model.blocks[0].codes, np.ones((model.n, 1)), 12),),
    )
    criterion = Criterion(coarse)
    assert criterion.problem.model.n < coarse.n
    theta, beta = somewhere(coarse)
    slow = Slow(coarse, theta, beta)
    assert criterion.deviance(theta, beta) == pytest.approx(slow.deviance, rel=1e-12)  # as above


def test_equal_rows_that_all_have_weight_zero_are_left_out() -> None:
    model = example(LOGIT, "intercept")
    X = np.round(model.X)
    coarse = replace(model, X=X, offset=np.zeros(model.n))
    weights = np.where(X[:, 1] == 0.0, 0.0, coarse.weights)
    criterion = Criterion(replace(coarse, weights=weights))
    at = somewhere(coarse)
    assert criterion.problem.model.n < (weights > 0.0).sum()
    slow = Slow(replace(coarse, weights=weights), *at)
    assert criterion.deviance(*at) == pytest.approx(slow.deviance, rel=1e-12)  # as above


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(name: str) -> None:
    model = example(LOGIT, name)
    kept = np.arange(model.n) % 5 > 0
    weights = np.where(kept, model.weights, 0.0)
    without = Model(
        model.y[kept],
        model.X[kept],
        tuple(Block(b.codes[kept], b.columns[kept], b.levels) for b in model.blocks),
        model.weights[kept],
        model.offset[kept],
        *LOGIT,
    )
    at = somewhere(model)
    zeroed, dropped = Criterion(replace(model, weights=weights)), Criterion(without)
    assert zeroed.deviance(*at) == pytest.approx(dropped.deviance(*at), rel=1e-14)
    np.testing.assert_allclose(
        zeroed.at(*at).gradient, dropped.at(*at).gradient, rtol=0, atol=1e-12
    )  # rounding


def test_a_level_that_no_row_has_adds_nothing() -> None:
    model = example(POISSON, "crossed")
    more = tuple(replace(block, levels=block.levels + 3) for block in model.blocks)
    at = somewhere(model)
    one, other = Criterion(model).at(*at), Criterion(replace(model, blocks=more)).at(*at)
    assert other.deviance == pytest.approx(one.deviance, rel=1e-14)  # rounding
    np.testing.assert_allclose(other.gradient, one.gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_sign_of_a_column_of_lambda_makes_no_difference(name: str) -> None:
    model = example(LOGIT, name)
    theta, beta = somewhere(model)
    criterion = Criterion(model)
    turned = criterion.deviance(-theta, beta)
    assert turned == pytest.approx(criterion.deviance(theta, beta), rel=1e-13)  # rounding


@pytest.mark.parametrize("start", [-50.0, 0.0, 50.0])
@pytest.mark.parametrize("named", LINKS, ids="-".join)
def test_the_mode_is_the_same_from_any_start(named: tuple[str, str], start: float) -> None:
    model = example(named, "crossed")
    point = Criterion(model).at(np.array([5.0, 3.0]), np.array([-2.0, 0.5]))
    state = point.state
    far = State(state.problem, state.crossed, state.base, np.full_like(state.u, start))
    np.testing.assert_allclose(climb(far).u, state.u, rtol=0, atol=1e-12)  # rounding


def test_a_stale_matrix_leads_to_the_same_mode() -> None:
    criterion = Criterion(example(POISSON, "crossed"))
    far = criterion.at(np.array([0.3, 2.0]), np.array([-1.0, 0.9]))
    there = np.array([0.8, 0.8]), np.array([0.2, 0.3])
    cold, warm = criterion.at(*there), criterion.at(*there, far.state)
    np.testing.assert_allclose(warm.state.u, cold.state.u, rtol=0, atol=1e-13)  # rounding


def test_undamped_steps_would_not_end_where_damped_ones_do() -> None:
    # eta of one level from 0: Newton's step from a flat place overshoots to a flatter one
    n = 20
    block = Block(np.zeros(n, dtype=np.intp), np.ones((n, 1)), 1)
    y = np.zeros(n)
    model = Model(y, np.ones((n, 1)), (block,), family="binomial", link="logit")
    point = Criterion(model).at(np.array([60.0]), np.array([8.0]))
    theta, base, u = 60.0, 8.0, 0.0
    mu = stats.logistic.cdf(base)
    undamped = u + (theta * -n * mu - u) / (1.0 + theta**2 * n * mu * (1.0 - mu))
    far = State(point.state.problem, point.state.crossed, point.state.base, np.array([undamped]))
    assert far.penalised > Criterion(model).at(np.array([60.0]), np.array([8.0])).state.penalised
    assert abs(point.state.pull[0]) < 1e-12


def test_an_eta_that_is_no_number_is_an_error_in_words() -> None:
    criterion = Criterion(example(POISSON, "intercept"))
    with pytest.raises(ArithmeticError, match="eta is beyond what floating"):
        criterion.at(np.array([1.0]), np.array([1e308, 1e308]))


def test_wrong_parameters_are_refused() -> None:
    criterion = Criterion(example(LOGIT, "intercept"))
    with pytest.raises(ValueError, match="expected 2 finite numbers"):
        criterion.at(np.array([1.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="expected 1 finite numbers"):
        criterion.at(np.array([np.nan]), np.array([1.0, 1.0]))


def test_what_cannot_be_integrated_is_refused() -> None:
    model = example(LOGIT, "slope")
    with pytest.raises(ValueError, match="one scalar random effect"):
        Criterion(model, 3)
    with pytest.raises(ValueError, match=r"give 1 \(Laplace\) or more"):
        Criterion(model, 0)
    with pytest.raises(ValueError, match="weights of at least 0"):
        Criterion(replace(model, weights=-model.weights))
    with pytest.raises(ValueError, match=r"no criterion for gaussian\(identity\)"):
        Criterion(replace(model, family="gaussian", link="identity"))
