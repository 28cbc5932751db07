"""Every quantity that theta implies, against lme4's recorded answers and the certified ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.answer import answer, theta_vector
from parity.casefile import SHIPPED
from parity.certificate import from_json
from parity.criterion.lmm import Criterion
from parity.criterion.optimum import find
from parity.unit import error
from tests.parity.stated_cases import SMALL, Stated, stated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from parity.result import FitResult, Key

CERTIFIED = SHIPPED.parent / "certified"
# Of lme4 itself, whose beta and conditional SDs come from another factorisation; seen: 1e-9.
RECORDED = 1e-8
# Of the search and of float64: the worst of all quantities and cases is 9e-13.
PROVEN = 1e-11


def answered(case: Stated, *, at: np.ndarray) -> FitResult:
    """Return the answer at some theta."""
    point = case.criterion.at(at)
    return answer(case.statement, point, engine="criterion", case=case.case.name, converged=True)


def worst(
    reference: Mapping[Key, float], quantity: str, candidate: FitResult, context: FitResult
) -> float:
    """Return the largest error of a quantity, in its unit; the keys must be the same."""
    found = candidate.values[quantity]
    assert set(found) == set(reference)
    return max(
        abs(error(quantity, key, (reference[key], found[key]), context)) for key in reference
    )


@pytest.mark.parametrize("name", SMALL)
def test_every_quantity_of_lme4s_answer_follows_from_its_theta(name: str) -> None:
    case = stated(name)
    found, recorded = answered(case, at=case.theta), case.recorded
    errors = {
        quantity: worst(elements, quantity, found, recorded)
        for quantity, elements in recorded.values.items()
        if quantity != "converged"  # was handed in
    }
    assert len(errors) >= 20  # of every layer of a diagnosis
    assert {quantity: size for quantity, size in errors.items() if size > RECORDED} == {}


def test_weights_are_rows_times_their_roots() -> None:
    """Scaled residuals are ``sqrt(w) e / sigma``, lme4's Pearson residuals over sigma."""
    case = stated("sleepstudy-slope-reml")
    weights: NDArray[np.float64] = np.linspace(0.5, 3.0, case.statement.model.n)
    statement = replace(case.statement, model=replace(case.statement.model, weights=weights))
    point = Criterion(statement.model, reml=True).at(case.theta)
    found = answer(statement, point, engine="criterion", case="weighted", converged=True)
    scaled = np.sqrt(weights) * point.resid / point.sigma
    assert found.values["scaled_resid_quantile"]["Max",] == pytest.approx(scaled.max(), rel=1e-14)
    assert found.values["scaled_resid_quantile"]["Min",] == pytest.approx(scaled.min(), rel=1e-14)


@pytest.mark.parametrize("name", SMALL)
def test_rows_groups_and_design_are_lme4s(name: str) -> None:
    case = stated(name)
    found, recorded = answered(case, at=case.theta), case.recorded
    assert (found.rows, dict(found.groups)) == (recorded.rows, dict(recorded.groups))
    assert not isinstance(found.design, str)
    if not isinstance(recorded.design, str):
        assert found.design.columns == recorded.design.columns
        assert np.array_equal(found.design.matrix, recorded.design.matrix)


@pytest.mark.parametrize("name", SMALL)
def test_at_our_optimum_every_quantity_is_the_certified_one(name: str) -> None:
    case = stated(name)
    certificate = from_json((CERTIFIED / f"{name}.json").read_text(encoding="utf-8"))
    found = answered(case, at=find(case.criterion).theta)
    errors = {}
    for quantity, elements in certificate.values.items():
        reference = {key: float(number) for key, number in elements.items()}
        errors[quantity] = worst(reference, quantity, found, found)
    assert {quantity: size for quantity, size in errors.items() if size > PROVEN} == {}


def test_at_the_boundary_joint_standard_errors_have_a_reason_instead() -> None:
    case = stated("dyestuff2-reml")
    found = answered(case, at=np.zeros(1))
    for quantity in ("vcov_joint", "se_joint"):
        assert "at the boundary" in found.absent[quantity]
    assert found.values["singular"] == {(): 1.0}


def test_at_a_saddle_joint_standard_errors_have_a_reason_instead() -> None:
    case = stated("sleepstudy-intercept-reml")
    found = answered(case, at=np.array([50.0]))
    assert "not positive definite" in found.absent["se_joint"]


def test_without_two_terms_of_positive_variance_a_correlation_has_a_reason_instead() -> None:
    case = stated("sleepstudy-slope-reml")
    assert "two terms" in answered(case, at=np.array([1.0, 0.0, 0.0])).absent["correlation"]
    assert ("Subject", "Days", "(Intercept)") in answered(case, at=case.theta).values["correlation"]


def test_named_theta_takes_the_order_of_the_arrays() -> None:
    statement = stated("sleepstudy-slope-reml").statement
    named: dict[Key, float] = {
        ("Subject", "Days", "Days"): 3.0,
        ("Subject", "(Intercept)", "(Intercept)"): 1.0,
        ("Subject", "Days", "(Intercept)"): 2.0,
    }
    assert theta_vector(statement, named).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("extra", [{}, {("Subject", "(Intercept)", "(Intercept)"): 1.0}])
def test_theta_with_other_names_is_refused(extra: Mapping[Key, float]) -> None:
    statement = stated("sleepstudy-slope-reml").statement
    with pytest.raises(KeyError, match="the model has"):
        theta_vector(statement, extra)
