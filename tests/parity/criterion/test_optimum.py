"""The optimum: printed values, closed forms, the boundary, far starts and other units."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.casefile import SHIPPED
from parity.certificate import from_json
from parity.criterion import optimum as module
from parity.criterion.covariance import factors, pack
from parity.criterion.derivative import differentiate
from parity.criterion.lmm import Criterion
from parity.criterion.model import Block, Model
from parity.criterion.objective import Separate
from parity.criterion.optimum import Optima, decrement, find, in_units, minimise, units_of
from tests.parity.criterion.dense import LAYOUTS, example
from tests.parity.stated_cases import SMALL, stated

if TYPE_CHECKING:
    from parity.criterion.optimum import Optimum

CERTIFIED = SHIPPED.parent / "certified"
# Deviance has 16 digits, of which sums of a thousand logarithms lose a few units of the last.
ROUNDING = 1e-14
# theta is where the derivative vanishes: its error is eps times the curvature's condition number,
# at worst 3e-13 (penicillin-ml).
THETA = 1e-11


@cache
def best(name: str) -> Optimum:
    """Return where the search on a case of the suite ends."""
    return find(stated(name).criterion)


@pytest.mark.parametrize("name", SMALL)
def test_every_case_ends_at_the_certified_optimum(name: str) -> None:
    case = stated(name)
    certified = from_json((CERTIFIED / f"{name}.json").read_text(encoding="utf-8")).values
    found = best(name)
    assert found.converged
    assert found.deviance == pytest.approx(float(certified["deviance"][()]), rel=ROUNDING)
    theta = np.array([float(certified["theta"][key]) for key in case.statement.theta_keys])
    sizes = np.maximum(np.abs(theta), 1e-3 * np.abs(theta).max(initial=1e-300))
    assert np.max(np.abs(found.theta - theta) / sizes) <= THETA
    assert found.singular == bool((np.abs(theta) < 1e-12).any())


@pytest.mark.parametrize("name", SMALL)
def test_lme4_is_never_lower(name: str) -> None:
    case = stated(name)
    recorded = case.recorded.values["deviance"][()]
    # the recorded deviance is itself rounded
    assert best(name).deviance <= recorded + ROUNDING * abs(recorded)


# The referee's figures of the seed's data, and closed forms of balanced ones.
PRINTED = {
    "seed-gender-reml": ([0.44923001496855278625], 6772.375446155666255768945),
    "seed-raven-reml": ([0.43958961316703213546], 6856.939107575218993152576),
    "seed-social-reml": ([0.44088305378958685385], 6849.178100163205142568803),
    "seed-slope-reml": (
        [0.49979797998285, -0.22808253812758, 0.52730651629282],
        4537.613691040064193471567,
    ),
    "seed-raven-ml": (None, 6850.884097769951896502533),
    "seed-social-ml": (None, 6842.766603638490033441810),
    "sleepstudy-slope-reml": (
        [0.96673295186480, 0.015169054270405, 0.23090959476048],
        1743.628271958490760688055,
    ),
    "sleepstudy-slope-ml": (None, 1751.939344463197620766681),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_optimum_has_the_digits_that_the_study_printed(name: str) -> None:
    theta, deviance = PRINTED[name]
    found = best(name)
    assert found.deviance == pytest.approx(deviance, rel=ROUNDING)
    if theta is not None:
        # 14 digits were printed
        assert found.theta == pytest.approx(theta, rel=2e-13)


@pytest.mark.parametrize(
    ("name", "ratio"),
    [("dyestuff-reml", Fraction(35281, 49025)), ("dyestuff-ml", Fraction(3332, 5883))],
)
def test_a_balanced_designs_variance_ratio_is_its_closed_form(name: str, ratio: Fraction) -> None:
    found = best(name)
    assert found.theta[0] ** 2 == pytest.approx(float(ratio), rel=1e-13)


@pytest.mark.parametrize(
    ("name", "sigma2"),
    [
        ("pastes-reml", Fraction(678, 1000)),
        ("sleepstudy-slope-reml", Fraction(778069940161891, 1188000000000)),
    ],
)
def test_a_balanced_designs_residual_variance_is_its_closed_form(
    name: str, sigma2: Fraction
) -> None:
    case = stated(name)
    sigma = case.criterion.at(best(name).theta).sigma
    assert sigma**2 == pytest.approx(float(sigma2), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "slope", "sigma2"),
    [
        ("dyestuff2-reml", 9.9048623693342057034, Fraction(125119681, 9062500)),
        ("dyestuff2-ml", 14.384340382069867969, Fraction(125119681, 9375000)),
    ],
)
def test_at_the_boundary_the_variance_is_exactly_zero(
    name: str, slope: float, sigma2: Fraction
) -> None:
    criterion = stated(name).criterion
    found = find(criterion)
    assert found.theta.tolist() == [0.0]
    assert (found.converged, found.singular) == (True, True)
    point = criterion.at(found.theta)
    assert point.sigma**2 == pytest.approx(float(sigma2), rel=1e-14)
    assert point.beta == pytest.approx([3541 / 625], rel=1e-14)
    assert differentiate(point).gradient == pytest.approx([slope], rel=1e-12)


def started(criterion: Criterion, size: float) -> Optima:
    """Search from one multiple of the identity only, as if it were the best."""
    blocks = [size * np.eye(block.width) for block in criterion.model.blocks]
    return minimise(Separate([criterion]), [pack(blocks)[None]])


STARTS = (0.0, 1e-6, 1e-3, 30.0, 1e3)
STARTS_OF_A_SEARCH = (1.0, 0.3, 0.1, 3.0)


@pytest.mark.parametrize("size", STARTS)
@pytest.mark.parametrize(
    "name",
    [
        "sleepstudy-slope-reml",
        "sleepstudy-uncorrelated-ml",
        "penicillin-reml",
        "pastes-ml",
        "dyestuff-ml",
        "dyestuff2-reml",
        "machines-nested-reml",
    ],
)
def test_a_saddle_and_far_starts_lead_to_the_same_optimum(name: str, size: float) -> None:
    criterion = stated(name).criterion
    found = started(criterion, size)
    assert found.heights[0] == pytest.approx(best(name).deviance, rel=ROUNDING)
    assert found.converged[0]


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("name", ["jsp-slope-reml", "sleepstudy-slope-ml"])
def test_a_covariate_in_other_units_scales_theta_and_nothing_else(name: str, unit: float) -> None:
    criterion = stated(name).criterion
    model = criterion.model
    (block,) = model.blocks
    units = np.array([1.0, unit])
    moved = replace(
        model, X=model.X * units, blocks=(replace(block, columns=block.columns * units),)
    )
    here, there = best(name), find(Criterion(moved, criterion.reml))
    assert there.theta * [1.0, unit, unit] == pytest.approx(here.theta, rel=1e-10)
    shift = 2.0 * np.log(unit) if criterion.reml else 0.0  # log|X'V^-1 X|
    assert there.deviance == pytest.approx(here.deviance + shift, rel=ROUNDING)
    assert (there.converged, there.singular) == (here.converged, here.singular)


@pytest.mark.parametrize("unit", [1e-100, 1e-6, 1e6, 1e100])
@pytest.mark.parametrize("layout", ["scalar", "vector", "nested"])
def test_a_response_in_other_units_leaves_theta(layout: str, unit: float) -> None:
    model = example(layout)
    moved = Criterion(Model(unit * model.y, model.X, model.blocks), reml=True)
    here, there = find(Criterion(model, reml=True)), find(moved)
    assert there.theta == pytest.approx(here.theta, rel=1e-9, abs=1e-9)
    assert there.converged


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_point_nearby_is_lower(layout: str, *, reml: bool) -> None:
    criterion = Criterion(example(layout, dressed=True), reml)
    found = find(criterion)
    assert found.converged
    assert 0.0 <= decrement(criterion, found.theta) < 1e-20  # rounding of the gradient, squared
    rng = np.random.default_rng(9)
    for size in (1e-5, 1e-3, 1e-1):
        for _ in range(20):
            near = found.theta + size * rng.normal(size=len(found.theta))
            assert criterion.deviance(near) >= found.deviance - ROUNDING * abs(found.deviance)


def test_a_start_that_is_offered_is_used_where_it_is_best() -> None:
    criterion = stated("jsp-slope-reml").criterion
    assert find(criterion, [best("jsp-slope-reml").theta]).steps <= 2


def test_starts_do_not_move_the_optimum() -> None:
    criterion = stated("sleepstudy-slope-reml").criterion
    expected = best("sleepstudy-slope-reml").theta
    # the deviance of the last one is not defined
    for start in ([0.0, 0.0, 0.0], [1e6, 0.0, 1e-6], [1.0, -9.0, 0.0], [1e200, 1e200, 1e200]):
        assert find(criterion, [np.array(start)]).theta == pytest.approx(expected, rel=1e-12)


def test_the_decrement_is_the_deviance_still_to_be_gained() -> None:
    criterion = stated("sleepstudy-slope-reml").criterion
    lowest = best("sleepstudy-slope-reml")
    near = lowest.theta * [1.001, 0.99, 0.999]
    gap = criterion.deviance(near) - lowest.deviance
    assert decrement(criterion, near) == pytest.approx(gap, rel=0.01)


@pytest.mark.parametrize("theta", [1e-6, 1e-3])
def test_beside_a_saddle_at_the_boundary_the_decrement_is_that_of_the_variance(
    theta: float,
) -> None:
    """In theta the slope vanishes with theta: what can be gained would look like nothing."""
    criterion = stated("dyestuff-reml").criterion
    there = differentiate(criterion.at(np.array([theta])))
    expected = there.gradient[0] ** 2 / there.hessian[0, 0] / 2.0
    assert expected > 2.5
    assert decrement(criterion, np.array([theta])) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_diagonal_of_lambda_is_not_negative(layout: str) -> None:
    model = example(layout)
    for factor in factors(model, find(Criterion(model, reml=False)).theta):
        assert (np.diag(factor) >= 0.0).all()


def test_of_two_minima_the_lower_one_is_found() -> None:
    """Eight rows in four groups, weights and a slope: the best start is not the best one's."""
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = int(rng.integers(6, 12))
        x = np.exp(rng.normal(size=rows))
        block = Block(np.arange(rows) % 3, np.column_stack([np.ones(rows), x]), 3)
        weights = np.exp(2.0 * rng.normal(size=rows))
        model = Model(rng.standard_cauchy(rows), np.ones((rows, 1)), (block,), weights=weights)
        scaled = Criterion(in_units(model, units_of(model)), reml=False)
        best = find(Criterion(model, reml=False)).deviance
        alone = [started(scaled, size).heights[0] for size in STARTS_OF_A_SEARCH]
        assert best <= min(alone) + 1e-9 * abs(min(alone))
        found += max(alone) > best + 1e-6
    assert found >= 1  # somewhere a start ended higher


def test_another_minimum_is_taken_where_it_is_lower_or_as_low_and_arrived_at() -> None:
    """A higher one is not, though a search has arrived there and at the lower one none has."""

    def ended(heights: list[float], arrived: list[bool]) -> Optima:
        count, none = len(heights), np.zeros(len(heights))
        return Optima(
            np.zeros((count, 1)), np.array(heights), none, none.astype(np.intp),
            np.array(arrived), none.astype(bool),
        )  # fmt: skip

    known = ended([5.0, 5.0, 5.0, 5.0, np.inf, 5.0], [True, False, False, True, False, False])
    other = ended([4.0, 5.0, 6.0, 5.0, 7.0, 5.0], [False, True, True, True, False, False])
    found = module._are_better(other, known)  # noqa: SLF001
    assert found.tolist() == [True, True, False, False, True, False]


def test_a_degenerate_response_has_a_sentence() -> None:
    rows = np.arange(12)
    block = Block(rows % 3, np.ones((12, 1)), 3)
    model = Model(np.zeros(12), np.ones((12, 1)), (block,))
    with pytest.raises(ValueError, match="not finite at any start"), np.errstate(divide="ignore"):
        find(Criterion(model, reml=True))
