"""Every quantity that theta and beta imply, against the certified values and lme4's recorded ones.

The arbiter takes what contradicts these for wrong, so that a fault in them would be everybody's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from parity.answer_glmm import answer
from parity.casefile import SHIPPED, load_suite
from parity.certificate import from_json
from parity.dataset import NotShippedError
from parity.design.statement import state
from parity.engines.lme4_recorded import Lme4Recorded
from parity.judge_glmm import GeneralisedJudge, preside
from parity.unit import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.result import FitResult, Key

CASES = {case.name: case for case in load_suite().cases if case.spec.kind == "glmm"}
CERTIFIED = ["cbpp", "cbpp-null", "seed-fail"]
# Of standard errors from differences of the gradient (10 digits) and their logarithms; the other
# quantities are below 1e-10.
PROVEN = 1e-7
# What glmer's tolPwrss of 1e-7 leaves: 1.3 % of a standard error, 2.6 % of its square.
RECORDED = 0.045
CONSTANT = frozenset({"loglik", "deviance", "aic", "bic"})


@cache
def seated(name: str, nagq: int) -> GeneralisedJudge:
    case = CASES[name]
    try:
        data = case.dataset.load()
    except NotShippedError as reason:
        pytest.skip(str(reason))
    return preside(state(replace(case.spec, nagq=nagq), data), ())


def answered(name: str, nagq: int) -> FitResult:
    seat = seated(name, nagq)
    best = seat.optimum
    return answer(
        seat.statement, best.point, best.hessian, engine="criterion", case=name, converged=True
    )


def worst(
    reference: Mapping[Key, float], quantity: str, found: FitResult, context: FitResult
) -> float:
    assert set(found.values[quantity]) == set(reference)
    return max(
        abs(error(quantity, key, (number, found.values[quantity][key]), context))
        for key, number in reference.items()
    )


@pytest.mark.parametrize("nagq", [1, 9, 25])
@pytest.mark.parametrize("name", CERTIFIED)
def test_at_our_optimum_every_quantity_is_the_certified_one(name: str, nagq: int) -> None:
    found = answered(name, nagq)
    suffix = "" if nagq == 1 else f"-agq{nagq}"
    file = SHIPPED.parent / "certified" / f"{name}{suffix}.json"
    certificate = from_json(file.read_text(encoding="utf-8"))
    errors = {
        quantity: worst({k: float(n) for k, n in elements.items()}, quantity, found, found)
        for quantity, elements in certificate.values.items()
    }
    assert len(errors) > 20
    assert {quantity: size for quantity, size in errors.items() if size > PROVEN} == {}


@pytest.mark.parametrize("name", sorted(set(CASES) - {"verbagg"}))
def test_lme4s_answer_is_what_its_optimum_implies_but_for_its_own_inexactness(name: str) -> None:
    case = CASES[name]
    found = answered(name, case.spec.nagq)
    recorded = Lme4Recorded().fit(case, case.dataset.load())
    # With quadrature lme4 leaves out a constant where a binomial response has sizes.
    left_out = CONSTANT if case.spec.nagq > 1 and case.dataset.name == "cbpp" else frozenset()
    errors = {
        quantity: worst(elements, quantity, found, recorded)
        for quantity, elements in recorded.values.items()
        if quantity not in left_out
    }
    assert {"resid", "fitted", "pvalue", "scaled_resid_quantile"} <= set(errors) | set(
        recorded.absent
    )
    assert {quantity: size for quantity, size in errors.items() if size > RECORDED} == {}


@pytest.mark.parametrize("nagq", [1, 9])
def test_the_judge_sees_how_far_an_answer_stopped_from_the_optimum(nagq: int) -> None:
    seat, best = seated("cbpp", nagq), answered("cbpp", nagq)
    assert seat.appraise(best).above < 1e-10
    theta = {key: 1.01 * number for key, number in best.values["theta"].items()}
    word = seat.appraise(replace(best, values={**best.values, "theta": theta}))
    assert word.above > 1e-4
    assert word.decrement == pytest.approx(word.above, rel=0.05)
