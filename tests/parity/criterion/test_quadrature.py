"""Adaptive Gauss-Hermite quadrature against integrals computed otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import integrate, stats

from parity.criterion import quadrature
from parity.criterion.glmm import Criterion
from parity.criterion.quadrature import Rule
from tests.parity.criterion.generalised import LINKS, differences, example, somewhere
from tests.parity.criterion.laplace import Slow

if TYPE_CHECKING:
    from parity.criterion.model import Model, Vector

every = pytest.mark.parametrize("named", LINKS, ids="-".join)


def by_brute_force(model: Model, theta: Vector, beta: Vector) -> float:
    """Return -2 log-likelihood, each level's integral by adaptive quadrature over u."""
    slow, block = Slow(model, theta, beta), model.blocks[0]
    deviance = 0.0
    for level in range(block.levels):
        rows = np.flatnonzero(block.codes == level)
        base = model.offset[rows] + model.X[rows] @ beta
        column = theta[0] * block.columns[rows, 0]
        y, sizes = model.y[rows], model.weights[rows]

        def density(
            u: float,
            base: Vector = base,
            column: Vector = column,
            y: Vector = y,
            sizes: Vector = sizes,
        ) -> float:
            mu = slow.mean(base + column * u)[0]
            if model.family == "poisson":
                each = stats.poisson.logpmf(y, mu)
            else:
                each = stats.binom.logpmf(np.round(sizes * y), sizes, mu)
            return float(np.exp(np.sum(each) + 20.0) * stats.norm.pdf(u))

        grid = np.linspace(-8.0, 8.0, 161)
        top = grid[int(np.argmax([density(u) for u in grid]))]
        total, _ = integrate.quad(
            density, top - 6.0, top + 6.0, points=[top], epsabs=0, epsrel=1e-12
        )
        deviance -= 2.0 * (np.log(total) - 20.0)
    return deviance


@every
def test_many_nodes_give_the_integral(named: tuple[str, str]) -> None:
    model = example(named, "intercept")
    theta, beta = somewhere(model)
    exact = by_brute_force(model, theta, beta)
    # 40 nodes: 1e-9 of truncation at most in this model (60 change nothing), 1e-11 by brute force
    assert Criterion(model, 40).deviance(theta, beta) == pytest.approx(exact, abs=1e-8)
    assert abs(Criterion(model, 1).deviance(theta, beta) - exact) > 1e-3


@every
def test_the_gradient_of_quadrature_is_exact(named: tuple[str, str]) -> None:
    criterion = Criterion(example(named, "intercept"), 7)
    theta, beta = somewhere(criterion.model)
    at = np.concatenate([theta, beta])
    found = differences(lambda x: criterion.deviance(x[:1], x[1:]), at)
    # fourth-order differences of width 1e-3: the deviance's rounding over it, and h^4
    np.testing.assert_allclose(criterion.at(theta, beta).gradient, found, rtol=0, atol=1e-8)


@every
def test_one_node_of_quadrature_is_laplaces(named: tuple[str, str]) -> None:
    point = Criterion(example(named, "intercept")).at(np.array([0.8]), np.array([0.2, 0.3]))
    by_nodes = quadrature._quadrature(point.state, Rule(1))  # noqa: SLF001 - one node takes the short way
    by_mode = point.integral
    assert by_nodes.deviance == pytest.approx(by_mode.deviance, rel=1e-14)  # rounding
    np.testing.assert_allclose(by_nodes.score, by_mode.score, rtol=0, atol=1e-14)
    np.testing.assert_allclose(by_nodes.products, by_mode.products, rtol=0, atol=1e-14)
    np.testing.assert_allclose(by_nodes.volume, 1.0, atol=0)
    np.testing.assert_allclose(by_nodes.pull, 0.0, atol=1e-12)  # the mode's rounding


def test_pieces_of_nodes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    criterion = Criterion(example(LINKS[0], "intercept"), 11)
    at = somewhere(criterion.model)
    whole = criterion.at(*at)
    _ = whole.integral
    monkeypatch.setattr(quadrature, "_CHUNK", 200)
    pieces = criterion.at(*at)
    assert pieces.deviance == pytest.approx(whole.deviance, rel=1e-14)  # rounding
    np.testing.assert_allclose(pieces.gradient, whole.gradient, rtol=0, atol=1e-12)


def test_quadrature_at_a_theta_of_zero_is_a_generalised_linear_model() -> None:
    model = example(LINKS[0], "intercept")
    beta = np.array([0.2, 0.3])
    loglik = Slow(model, np.zeros(1), beta).loglik(model.offset + model.X @ beta)
    point = Criterion(model, 9).at(np.zeros(1), beta)
    assert point.deviance == pytest.approx(-2.0 * loglik, rel=1e-13)  # rounding of the sums
    assert abs(point.gradient[0]) < 1e-12  # the nodes' symmetry, to rounding


@pytest.mark.parametrize("size", [1, 2, 9, 25, 100])
def test_nodes_integrate_polynomials_of_the_normal_density(size: int) -> None:
    rule = Rule(size)
    moments = {0: 1.0, 2: 1.0, 4: 3.0, 6: 15.0}
    for power, moment in moments.items():
        if power < 2 * size:
            assert rule.weights @ rule.nodes**power == pytest.approx(moment, rel=1e-13)  # rounding
