"""A trial of one prey: who lost, by what, and whether it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from parity.answer import answer
from parity.court import Court
from parity.design.statement import state
from parity.finding import Comparison, Finding
from parity.formula import parse
from parity.hunt import trial
from parity.hunt.prey import Prey, settle
from parity.hunt.trial import CRASH, HARNESS
from parity.judge import preside
from parity.verdict import Verdict
from tests.parity.hunt.planted import Planted, ground, none, short, wrong_errors_of_slopes

if TYPE_CHECKING:
    from parity.case import Case
    from parity.result import FitResult


def prey() -> Prey:
    """Return 30 rows in 6 groups whose intercepts and slopes vary."""
    rng = np.random.default_rng(4)
    groups, x = np.repeat(np.arange(6), 5), rng.normal(size=30)
    y = 1.0 + x + 2.0 * rng.normal(size=6)[groups] + 2.0 * x * rng.normal(size=6)[groups]
    data = {"y": y + rng.normal(size=30), "x": x, "g1": pd.Categorical(groups.astype(str))}
    return Prey(parse("y ~ 1 + x + (1 + x | g1)"), settle(pd.DataFrame(data)), "made")


def beside(result: FitResult, case: Case, data: pd.DataFrame) -> FitResult:
    """Stop so near the optimum that no test would be decided otherwise."""
    statement = state(case.spec, data)
    seat = preside(statement, ())
    point = seat.criterion.at(1.003 * seat.optimum.theta)
    return answer(statement, point, engine=result.engine, case=case.name, converged=True)


@pytest.mark.parametrize(("fault", "size"), [(short, "over"), (beside, "under")])
def test_who_misses_the_optimum_loses_with_a_class_of_its_size(fault: object, size: str) -> None:
    found = ground(Planted("own", fault)).judge(prey())  # type: ignore[arg-type] # both are faults
    (loss,) = found.losses
    assert (loss.engine, loss.layer) == ("own", "C")
    assert loss.what == f"optimum missed by {size} 0.001"
    assert found.verdicts == {"own": loss.verdict}
    assert found.fair


def test_a_candidate_that_contradicts_itself_is_not_at_the_optimum_with_another_answer() -> None:
    (loss,) = ground(Planted("own", wrong_errors_of_slopes)).judge(prey()).losses
    assert (loss.engine, loss.layer, loss.what) == ("own", "E", "vcov_conditional")


def test_of_a_question_that_is_not_fair_the_losses_are_told_and_do_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("parity.hunt.trial.unfair", lambda _: "odd")
    found = ground(Planted("own", short)).judge(prey())
    assert (found.unfair, found.fair) == ("odd", False)
    assert {loss.engine for loss in found.losses} == {"own"}

    def break_down(*_: object) -> None:
        raise ArithmeticError("no verdict")

    monkeypatch.setattr(Court, "hear", break_down)
    found = ground(Planted("own", none)).judge(prey())
    assert (found.unfair, found.fair) == ("odd", False)
    assert {(loss.engine, loss.verdict) for loss in found.losses} == {(HARNESS, CRASH)}


def test_an_engine_that_raises_loses_once_and_by_its_own_words() -> None:
    def raises(*_: object) -> FitResult:
        raise ZeroDivisionError("3 levels of 'g1' are too many")

    found = ground(Planted("own", raises), Planted("other")).judge(prey())
    (loss,) = found.losses
    assert (loss.engine, loss.verdict, loss.layer) == ("own", "FAILED", "")
    assert found.verdicts == {"own": "FAILED", "other": "AGREE"}


def test_the_first_quantity_is_the_first_of_the_layer_where_it_goes_wrong() -> None:
    """Of a comparison of layer E one that is red at D alone is not what it is about."""

    def finding(quantity: str, verdict: Verdict) -> Finding:
        return Finding(quantity, (), 1.0, 2.0, 1.0, "relative", 1e-6, 0.0, verdict, "a band")

    red = (finding("sigma", Verdict.DIFFER), finding("vcov_conditional", Verdict.DIFFER))
    green = finding("fixef", Verdict.AGREE)
    for layer, quantity in (("D", "sigma"), ("E", "vcov_conditional"), ("H", "sigma")):
        pair = Comparison("prey", "right", "own", Verdict.DIFFER, layer, "", (green, *red))
        assert trial._first(pair) == quantity  # noqa: SLF001
