"""What is drawn: model by model, from the seed and its number alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from parity.sweep.lottery import draw
from parity.sweep.plan import FamilyShare, Plan
from parity.sweep.planfile import SHIPPED, load_plan
from parity.sweep.refusal import SweepError
from parity.sweep.spread import Choice, Range

PLAN = load_plan(SHIPPED)


def plain(**changes: object) -> Plan:
    """Return the shipped plan with one factor, random intercepts and many rows."""
    settled = replace(PLAN, factors=Choice((1,)), slopes=Choice((0,)), rows=Choice((2000,)))
    return replace(settled, **changes)  # type: ignore[arg-type] # the tests' own


def test_a_model_depends_neither_on_order_nor_on_the_number_of_models() -> None:
    forwards = [draw(PLAN, index) for index in range(40)]
    backwards = [draw(replace(PLAN, models=40), index) for index in reversed(range(40))]
    assert forwards == backwards[::-1]


def test_models_and_seeds_differ() -> None:
    assert len({draw(PLAN, index).seed for index in range(300)}) == 300
    assert draw(PLAN, 0) != draw(replace(PLAN, seed=2), 0)


def test_families_come_by_their_weights() -> None:
    families = (FamilyShare("gaussian", 3.0), FamilyShare("poisson", 1.0))
    plan = plain(families=families)
    counts = Counter(draw(plan, index).family for index in range(2000))
    assert counts["gaussian"] / 2000 == pytest.approx(0.75, abs=0.03)


def test_the_declared_share_of_the_variances_is_exactly_zero() -> None:
    plan = plain(boundary=0.25)
    sds = [term.sds[0] for index in range(2000) for term in draw(plan, index).terms]
    assert sds.count(0.0) / len(sds) == pytest.approx(0.25, abs=0.03)


def test_ratios_are_variances_spread_evenly_on_the_logarithmic_scale() -> None:
    """Planted fault: a ratio taken for a standard deviation would reach 1e-4 and 1e2 itself."""
    plan = plain(boundary=0.0, families=(FamilyShare("gaussian", 1.0),))
    logs = np.log10([draw(plan, index).terms[0].sds[0] ** 2 for index in range(2000)])
    assert logs.min() == pytest.approx(-4, abs=0.05)
    assert logs.max() == pytest.approx(2, abs=0.05)
    assert np.median(logs) == pytest.approx(-1, abs=0.2)


def test_whole_numbers_reach_both_ends_of_their_range() -> None:
    random = np.random.default_rng(1)
    for spread in (Range(3, 6), Range(3, 6, "log_uniform")):
        assert {spread.whole(random) for _ in range(500)} == {3, 4, 5, 6}


def test_every_design_has_fewer_random_effects_than_rows() -> None:
    for index in range(200):
        design = draw(PLAN, index)
        effects = [design.levels(term.factor) * len(term.columns) for term in design.terms]
        assert sum(effects) < design.rows


def test_terms_without_correlation_and_nested_factors_are_drawn() -> None:
    formulas = [draw(PLAN, index).formula for index in range(200)]
    assert any("||" in formula for formula in formulas)
    assert any("g2:g1" in formula for formula in formulas)


def test_a_plan_that_no_design_can_follow_is_refused_in_a_sentence() -> None:
    plan = plain(rows=Choice((10,)), levels=Choice((50,)))
    with pytest.raises(SweepError, match="1000 draws gave no design that is possible; the last:"):
        draw(plan, 0)
