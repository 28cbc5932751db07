"""A = Lambda'Z'WZ Lambda + I, eliminated and factorised, against the dense matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion import cholesky, penalised
from parity.criterion.covariance import covariances, factors
from parity.criterion.lmm import Criterion
from parity.criterion.penalised import Structure, System
from tests.parity.criterion.dense import LAYOUTS, THETAS, Textbook, design, example, theta
from tests.parity.stated_cases import LARGE, stated

if TYPE_CHECKING:
    from parity.criterion.model import Matrix

ROUNDING = 1e-12  # of matrices with condition numbers below 1e3

every = pytest.mark.parametrize(
    ("layout", "kind"), [(layout, kind) for layout in LAYOUTS for kind in THETAS]
)
ways = pytest.mark.parametrize("way", ["dense", "sparse", "chunked"])


class Pair:
    """The system and its dense counterpart."""

    def __init__(self, layout: str, kind: str) -> None:
        """Build both at some weights."""
        self.model = example(layout, dressed=True)
        self.theta = theta(self.model, kind)
        structure = Structure(self.model.blocks)
        weights = self.model.weights
        self.system = System(structure.products(weights), factors(self.model, self.theta))
        self.Z = design(self.model)
        self.textbook = Textbook(
            self.model, reml=False, covariances=covariances(self.model, self.theta)
        )
        self.Lambda = self.system.Lambda.toarray()
        self.A = self.Lambda.T @ self.Z.T @ (weights[:, None] * self.Z) @ self.Lambda
        self.A += np.eye(len(self.A))


@pytest.fixture
def chosen(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Force SuperLU, or pieces of a single level."""
    if way == "sparse":
        monkeypatch.setattr(cholesky, "cholmod", None)
        monkeypatch.setattr(cholesky, "_SMALL", 0)
        monkeypatch.setattr(cholesky, "_DENSE", 2.0)
    if way == "chunked":
        monkeypatch.setattr(penalised, "_CHUNK", 1)


def assert_close(found: Matrix, expected: Matrix) -> None:
    """Hold arrays of the same shape against each other."""
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= ROUNDING * max(1.0, float(np.abs(expected).max()))


@every
def test_z_is_the_dense_design(layout: str, kind: str) -> None:
    pair = Pair(layout, kind)
    assert (Structure(pair.model.blocks).Z.toarray() == pair.Z).all()
    assert_close(pair.Lambda @ pair.Lambda.T, pair.textbook.D.astype(float))


@every
@ways
@pytest.mark.usefixtures("chosen")
def test_the_determinant_is_the_dense_one(layout: str, kind: str) -> None:
    pair = Pair(layout, kind)
    assert pair.system.logdet == pytest.approx(np.linalg.slogdet(pair.A)[1], abs=1e-12)


@every
@ways
@pytest.mark.usefixtures("chosen")
def test_solutions_are_the_dense_ones(layout: str, kind: str) -> None:
    pair = Pair(layout, kind)
    right = np.random.default_rng(6).normal(size=(len(pair.A), 3))
    assert_close(pair.system.solve(right), np.linalg.solve(pair.A, right))


@every
@ways
@pytest.mark.usefixtures("chosen")
def test_conditional_variances_are_the_dense_ones(layout: str, kind: str) -> None:
    pair = Pair(layout, kind)
    expected = pair.Lambda @ np.linalg.inv(pair.A) @ pair.Lambda.T
    assert_close(pair.system.variances, np.diag(expected))
    assert_close(pair.system.effects(np.eye(len(expected))), expected)


@every
@ways
@pytest.mark.usefixtures("chosen")
def test_the_precision_is_that_of_v(layout: str, kind: str) -> None:
    pair = Pair(layout, kind)
    expected = pair.Z.T @ np.linalg.solve(pair.textbook.V.astype(float), pair.Z)
    assert_close(pair.system.precision(np.eye(len(expected))), expected)


def test_the_factor_with_the_most_effects_is_eliminated() -> None:
    leads = {layout: Structure(example(layout).blocks).lead for layout in LAYOUTS}
    assert leads["nested"] == (1,)
    assert leads["vector and crossed"] == (0,)
    assert leads["two terms of one factor"] == (0, 1)
    structure = Structure(example("two terms and crossed vector").blocks)
    assert sorted([*structure.leading.ravel(), *structure.others]) == list(range(structure.q))


def test_a_system_is_left_as_it_was_by_what_is_asked_of_it() -> None:
    pair = Pair("vector and crossed", "random")
    right = np.ones((len(pair.A), 1))
    first = pair.system.solve(right)
    _ = pair.system.variances, pair.system.precision(np.eye(len(pair.A)))
    assert (right == 1.0).all()
    assert (pair.system.solve(right) == first).all()


@pytest.mark.slow
def test_the_largest_data_are_evaluated_at_lme4s_theta() -> None:
    case = stated(LARGE)
    point = Criterion(case.statement.model, reml=True).at(case.theta)
    recorded = case.recorded.values
    assert point.deviance == pytest.approx(recorded["deviance"][()], rel=1e-12)
    assert point.sigma == pytest.approx(recorded["sigma"][()], rel=1e-12)
    names = [(name,) for name in case.statement.coefficients]
    assert point.beta == pytest.approx([recorded["fixef"][name] for name in names], rel=1e-9)
