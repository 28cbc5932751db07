"""Optima inside and on the boundary, and proofs that must not succeed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from parity.criterion import lmm
from parity.criterion.optimum import find
from parity.referee.chart import Chart, Face
from parity.referee.optimum import prove, prove_on
from parity.referee.proof import ProofError
from parity.referee.start import candidates
from tests.parity.referee.corners import lines_through_one_point, two_minima
from tests.parity.referee.shipped import CASES, statement_of
from tests.parity.referee.textbook import balls, criterion_of, example, inside, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parity.criterion.model import Model
    from parity.referee.optimum import Optimum


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(256):
        yield


def _model(name: str) -> Model:
    return statement_of(CASES[name]).model


def _proven(model: Model, theta: list[float], *, reml: bool = True) -> Optimum:
    criterion = criterion_of(model, reml=reml)
    return prove(criterion, candidates(model, np.array(theta)))


def test_a_variance_of_zero_is_proven_by_the_slope_there() -> None:
    optimum = _proven(_model("dyestuff2-reml"), [1e-9])
    assert [face.rank for face in optimum.chart.faces] == [0]
    assert optimum.phi[0].is_zero()
    assert optimum.radius is None
    assert optimum.slopes[0][0, 0].overlaps(arb("9.9048623693342057034 +/- 2e-19"))


def test_a_variance_of_zero_is_refused_where_the_criterion_falls_off_it() -> None:
    model = _model("dyestuff-reml")
    with pytest.raises(ProofError, match="not proven to rise off the face"):
        prove_on(criterion_of(model, reml=True), Chart((Face((0,), 0),)), [])


def test_no_interior_optimum_is_proven_where_there_is_none() -> None:
    model = _model("dyestuff2-reml")
    with pytest.raises(ProofError):
        prove_on(criterion_of(model, reml=True), inside(model), [arb("0.1")])


def test_a_maximum_between_two_minima_is_no_optimum() -> None:
    model = two_minima("inside")
    with pytest.raises(ProofError, match="not proven positive definite"):
        prove_on(criterion_of(model, reml=False), inside(model), [arb("0.118")])


def test_a_search_that_crept_to_the_boundary_is_put_on_it() -> None:
    optimum = _proven(_model("jsp-class-ml"), [0.367602, 2.9e-5], reml=False)
    assert [face.rank for face in optimum.chart.faces] == [1, 0]
    assert bool(optimum.slopes[1][0, 0] > 2)


# the factor that the search in double precision ends at
RANK_1 = {0: [2.0822, -0.5503, 0.0], 2: [1.8972, -0.3945, 0.0], 5: [1.9672, -0.4278, 0.0]}


@pytest.mark.parametrize("seed", RANK_1)
def test_a_covariance_of_rank_1_satisfies_the_conditions_of_a_minimum(seed: int) -> None:
    optimum = _proven(lines_through_one_point(seed), RANK_1[seed])
    (face,) = optimum.chart.faces
    assert face.rank == 1
    D, Gamma = _matrix(optimum.phi), _matrix(optimum.evaluation.gradient)
    Gamma[0, 1] /= 2
    Gamma[1, 0] /= 2
    assert D.det().contains(0)
    assert all(entry.contains(0) for entry in (Gamma * D).entries())
    assert bool(Gamma.trace() > 0)
    assert optimum.singular


@pytest.mark.parametrize("seed", RANK_1)
def test_the_criterion_rises_from_a_proven_boundary_in_every_direction(seed: int) -> None:
    """Points around it, all of positive semidefinite D: none is lower."""
    model = lines_through_one_point(seed)
    criterion = criterion_of(model, reml=True)
    optimum = _proven(model, RANK_1[seed])
    lowest = criterion.value(optimum.phi)
    D = np.array([[float(x) for x in row] for row in _matrix(optimum.phi).tolist()])
    for nearby in _around(D):
        height = criterion.value([arb(nearby[0, 0]), arb(nearby[1, 0]), arb(nearby[1, 1])])
        assert bool(height > lowest)


def _around(D: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    half = np.linalg.cholesky(D + 1e-12 * np.eye(2))
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(10):
            moved = half + size * rng.normal(size=(2, 2))
            yield moved @ moved.T


def _matrix(entries: tuple[arb, ...]) -> arb_mat:
    a, b, c = entries
    return arb_mat([[a, b], [b, c]])


class Slope(Face):
    """Not a face: slopes alone vary, so that the covariance with the intercept is left out."""

    @property
    def width(self) -> int:
        return 2


def test_a_chart_that_leaves_out_directions_proves_nothing() -> None:
    """Its point is stationary for slopes alone, and the criterion falls with their covariance."""
    model = lines_through_one_point(2)
    (block,) = model.blocks
    alone = replace(model, blocks=(replace(block, columns=block.columns[:, 1:]),))
    (start,) = find(lmm.Criterion(alone, reml=True)).theta
    chart = Chart((Slope((1,), 1),))
    with pytest.raises(ProofError, match="not stationary along the face"):
        prove_on(criterion_of(model, reml=True), chart, [arb(float(start))])


def test_the_wrong_rank_is_refused() -> None:
    model = lines_through_one_point(0)
    criterion = criterion_of(model, reml=True)
    with pytest.raises(ProofError):
        prove_on(criterion, Chart((Face((0, 1), 0),)), [])
    interior = criterion_of(_model("sleepstudy-slope-reml"), reml=True)
    with pytest.raises(ProofError):
        prove_on(interior, Chart((Face((0, 1), 1),)), [arb(1), arb("0.2")])


def test_the_reasons_of_every_face_that_was_tried_are_told() -> None:
    model = _model("dyestuff-reml")
    with pytest.raises(ProofError, match=r"rank \[0\]: The criterion is not proven to rise"):
        prove(criterion_of(model, reml=True), [(Chart((Face((0,), 0),)), [])])


def test_charts_have_the_derivatives_that_they_state() -> None:
    chart = Chart((Face((2, 0, 1), 2), Face((0,), 1), Face((1, 0), 0)))
    psi = balls([*parameters(example("wide"))[:5], 3])  # type: ignore[list-item] # a whole number is a fraction
    gradient = [arb(k + 1) / 7 for k in range(10)]
    zero = arb_mat(10, 10)
    pulled, bent = chart.pulled_back(psi, gradient, zero)
    step = arb("1e-25")
    for a in range(len(psi)):
        above, below = list(psi), list(psi)
        above[a] += step
        below[a] -= step
        heights = [
            sum((g * x for g, x in zip(gradient, chart.phi(at), strict=True)), arb(0))
            for at in (above, below)
        ]
        # phi is quadratic: central differences are exact but for rounding
        assert abs((heights[0] - heights[1]) / (2 * step) - pulled[a]) < arb("1e-45")
        sides = [chart.pulled_back(at, gradient, zero)[0] for at in (above, below)]
        for b in range(len(psi)):
            assert abs((sides[0][b] - sides[1][b]) / (2 * step) - bent[a, b]) < arb("1e-45")


def test_a_null_space_is_one() -> None:
    face = Face((2, 0, 1), 2)
    psi = balls(parameters(example("wide"))[:5])
    product = face.covariance(psi) * face.null_space(psi)
    assert all(abs(entry) < arb("1e-70") for entry in product.entries())
