"""Many responses at once have the very criterion that each has alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion import joint, portions, reduction, rotation
from parity.criterion.components import are_narrow, connect
from parity.criterion.covariance import covariances, factors
from parity.criterion.derivative import differentiate
from parity.criterion.joint import Joint
from parity.criterion.lmm import Criterion
from parity.criterion.model import Block, Model
from parity.criterion.reduction import Reduction
from parity.criterion.rotation import rotate
from tests.parity.criterion.dense import LAYOUTS, THETAS, design, example, theta
from tests.parity.stated_cases import SMALL, stated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

DEVIANCE = 2e-14  # relative; the worst of the suite is 8e-15, orthodont's with a slope
SLOPE = 2e-12  # of the largest element; the worst of the suite is 7e-13


def agree(found: Joint, criterion: Criterion, place: int, where: Vector) -> None:
    """Hold the deviance, its derivatives and the estimates of a response against its own."""
    point = criterion.at(where)
    expected = differentiate(point)
    parts = [factor[None] for factor in factors(criterion.model, where)]
    which = np.array([place])
    heights, gradient, hessian = found.derivatives(parts, which)
    beta, sigma = found.estimates(parts, which)
    assert heights == pytest.approx([point.deviance], rel=DEVIANCE)
    assert found.heights(parts, which) == pytest.approx(heights, rel=1e-15)
    # at an optimum the gradient's parts cancel: their size is the curvature's times D's
    spread = max(float(np.abs(D).max()) for D in covariances(criterion.model, where))
    size = max(np.abs(expected.gradient).max(), spread * np.abs(expected.hessian).max())
    assert gradient[0] == pytest.approx(expected.gradient, abs=SLOPE * size, rel=0)
    size = np.abs(expected.hessian).max()
    assert hessian[0] == pytest.approx(expected.hessian, abs=SLOPE * size, rel=0)
    errors = np.sqrt(np.diag(point.vcov))
    assert np.max(np.abs(beta[0] - point.beta) / errors) < 1e-11
    assert sigma == pytest.approx([point.sigma], rel=1e-13)


@pytest.mark.parametrize("name", SMALL)
def test_every_case_has_the_criterion_that_it_has_alone(name: str) -> None:
    criterion = stated(name).criterion
    reduced = Reduction(criterion.model)
    found = Joint(reduced, reduced.reduce(criterion.model.y[:, None]), reml=criterion.reml)
    rng = np.random.default_rng(3)
    size = criterion.model.slices[-1].stop
    for where in (np.zeros(size), rng.normal(size=size), stated(name).theta):
        agree(found, criterion, 0, where)


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("kind", THETAS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_of_several_responses_has_a_theta_of_its_own(
    layout: str, kind: str, *, reml: bool
) -> None:
    model = example(layout, dressed=True)
    responses = np.random.default_rng(5).normal(size=(model.n, 3)) * [1.0, 1e3, 1e-3]
    reduced = Reduction(model)
    found = Joint(reduced, reduced.reduce(responses), reml=reml)
    for place, y in enumerate(responses.T):
        where = theta(model, kind, seed=place)
        agree(found, Criterion(replace(model, y=y), reml), place, where)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_together_they_are_what_they_are_one_by_one(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = example(layout)
    responses = np.random.default_rng(6).normal(size=(model.n, 7))
    thetas = np.stack([theta(model, "random", seed=k) for k in range(7)])
    parts = [np.stack(stack) for stack in zip(*(factors(model, t) for t in thetas), strict=True)]
    reduced = Reduction(model)
    whole = Joint(reduced, reduced.reduce(responses), reml=True)
    expected = whole.derivatives(parts, np.arange(7))
    # two at a time, of single rows and components, the rotation made anew at each use
    monkeypatch.setattr(joint, "_CHUNK", 2 * sum(bundle.numbers for bundle in whole.prepared))
    monkeypatch.setattr(reduction, "_BLOCK", 2 * model.n)
    monkeypatch.setattr(portions, "ROWS", 1)
    monkeypatch.setattr(reduction, "_KEPT", 0)
    monkeypatch.setattr(rotation, "_PIECE", 1)
    monkeypatch.setattr(rotation, "_PIECES", 10**6)
    again = Reduction(model)
    pieces = Joint(again, again.reduce(responses), reml=True)
    found = pieces.derivatives(parts, np.arange(7))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9)
    assert found[0] == pytest.approx(expected[0], rel=1e-14)
    some = pieces.heights([stack[[5, 2]] for stack in parts], np.array([5, 2]))
    assert some == pytest.approx(expected[0][[5, 2]], rel=1e-14)


def test_many_components_are_cut_into_few_pieces_that_hold_each_row_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rows of a piece are looked for among all: the number of pieces is bounded."""
    model = example("nested", dressed=True)
    whole = Reduction(model)
    monkeypatch.setattr(rotation, "_PIECE", 1)
    monkeypatch.setattr(rotation, "_PIECES", 3)
    pieces = list(rotate(model))
    assert 2 <= len(pieces) <= 4
    rows = np.concatenate([np.arange(model.n)[piece.rows] for piece in pieces])
    assert sorted(rows.tolist()) == list(range(model.n))
    assert not (np.diff(model.blocks[0].codes) >= 0).all()
    again = Reduction(model)
    assert again.within == pytest.approx(whole.within, rel=1e-12, abs=1e-14)
    y = model.y[:, None]
    assert again.reduce(y).squares == pytest.approx(whole.reduce(y).squares, rel=1e-12)


def test_columns_far_from_zero_and_units_far_from_one_cost_no_digits() -> None:
    model = example("vector")
    far = replace(model, X=model.X @ [[1.0, 1e7], [0.0, 1.0]], y=model.y + 1e6)
    reduced = Reduction(far)
    found = Joint(reduced, reduced.reduce(far.y[:, None]), reml=False)
    near = Criterion(model, reml=False).deviance(theta(model, "random"))
    parts = [factor[None] for factor in factors(model, theta(model, "random"))]
    # 1e6 beside a residual of 1 leaves ten digits of the response itself, 1e7 nine of a column
    assert found.heights(parts, np.array([0])) == pytest.approx([near], rel=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_rotation_is_orthonormal_and_gives_the_design_back(layout: str) -> None:
    model = example(layout, dressed=True)
    Z = np.sqrt(model.weights)[:, None] * design(model)
    seen = np.zeros(model.n, dtype=int)
    for piece in rotate(model):
        seen[piece.rows] += 1
        basis = piece.basis.toarray()
        gram = np.diag(piece.kept.ravel().astype(float))
        assert basis.T @ basis == pytest.approx(gram, abs=1e-15)
        # E E' Z = Z: nothing of the random effects is orthogonal to the basis
        rows = Z[piece.rows]
        assert basis @ (basis.T @ rows) == pytest.approx(rows, abs=1e-13)
    assert (seen == 1).all()


def test_components_are_levels_schools_or_the_whole() -> None:
    counts = {layout: connect(example(layout).blocks).count for layout in LAYOUTS}
    assert counts["scalar"] == counts["two terms of one factor"] == 6
    assert counts["nested"] == 6 + 1  # a class that no row is in is a component without rows
    assert counts["crossed"] == counts["two terms and crossed vector"] == 1


def test_two_islands_of_crossed_levels_are_two_components() -> None:
    a, b = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 1, 1, 2, 3, 3])
    ones = np.ones((6, 1))
    found = connect([Block(a, ones, 4), Block(b, ones, 4)])
    assert found.count == 2
    assert found.of_rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.widths.tolist() == [4, 4]
    assert [first.tolist() for first in found.firsts] == [[0, 1, 0, 1], [2, 3, 2, 3]]


def test_a_group_of_one_row_and_a_constant_slope_have_a_rank_of_one() -> None:
    codes = np.array([0, 1, 1, 2, 2, 2])
    columns = np.column_stack([np.ones(6), [5.0, 0.3, 0.3, 1.0, 2.0, 4.0]])
    model = Model(np.arange(6.0), np.ones((6, 1)), (Block(codes, columns, 3),))
    (piece,) = rotate(model)
    assert piece.kept.sum(axis=1).tolist() == [1, 1, 2]
    reduced = Reduction(model)
    found = Joint(reduced, reduced.reduce(model.y[:, None] ** 2), reml=True)
    agree(found, Criterion(replace(model, y=model.y**2), reml=True), 0, np.array([1.0, 0.5, 2.0]))


@pytest.mark.parametrize(
    ("responses", "sentence"),
    [
        (np.ones((3, 1)), r"responses of shape \(3, 1\); expected \(40, b\)"),
        (np.ones(40), r"responses of shape \(40,\)"),
        (np.ones((40, 0)), "b at least 1"),
        (np.full((40, 1), np.inf), "a response is not finite everywhere"),
        (np.full((40, 2), np.nan), "a response is not finite everywhere"),
    ],
)
def test_responses_that_do_not_fit_have_a_sentence(
    responses: NDArray[np.float64], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Reduction(example("scalar")).reduce(responses)


def test_a_model_that_leaves_no_residual_has_a_sentence() -> None:
    model = example("scalar")
    with pytest.raises(ValueError, match="more rows than coefficients"):
        Reduction(replace(model, weights=np.zeros(model.n)))
    full = replace(model, X=np.random.default_rng(1).normal(size=(model.n, model.n)))
    with pytest.raises(ValueError, match="more rows than coefficients"):
        Reduction(full)
    with pytest.raises(ValueError, match="gaussian, not poisson"):
        Reduction(replace(model, family="poisson", link="log"))


def test_columns_that_nearly_agree_are_two_and_their_basis_is_orthonormal() -> None:
    """Of a column of 100 that varies by 1e-6 a share of 1e-8 is its own."""
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(3), 8)
    columns = np.column_stack([np.ones(24), 1e2 + 1e-6 * rng.normal(size=24)])
    model = Model(rng.normal(size=24), np.ones((24, 1)), (Block(codes, columns, 3),))
    (piece,) = rotate(model)
    assert piece.kept.all()
    basis = piece.basis.toarray()
    assert basis.T @ basis == pytest.approx(np.eye(6), abs=1e-14)


@pytest.mark.parametrize(("levels", "narrow"), [(100, True), (101, False)])
def test_up_to_two_hundred_effects_a_component_is_narrow(levels: int, *, narrow: bool) -> None:
    """Crossed factors are one component of all of their levels."""
    rows = np.arange(levels * 100)
    one = np.ones((len(rows), 1))
    blocks = (Block(rows % 100, one, 100), Block(rows // 100, one, levels))
    assert are_narrow(blocks) == narrow
