"""Laplace's adequacy against the certified optima of the integral itself."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from parity.adequacy import OFFERED, POOR, SUFFICIENT, Adequacy, check
from parity.casefile import SHIPPED
from parity.design.statement import Statement, state
from parity.formula import parse
from tests.parity.engines.statsmodels_questions import data, jsp2

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def certified(name: str) -> dict[str, list[float]]:
    """Return the certified values of a case by quantity, in the order of the file."""
    text = (SHIPPED.parent / "certified" / f"{name}.json").read_text(encoding="utf-8")
    return {
        quantity: [float(element[-1]) for element in elements]
        for quantity, elements in json.loads(text)["values"].items()
    }


def stated(
    formula: str, frame: pd.DataFrame, family: str = "binomial", *, nagq: int = 1
) -> Statement:
    return state(parse(formula, family=family, nagq=nagq), frame)


@cache
def of_seed(nagq: int = 1) -> Adequacy:
    found = check(stated("fail ~ raven + (1 | school)", jsp2(), nagq=nagq))
    assert isinstance(found, Adequacy)
    return found


@cache
def of_cbpp() -> Adequacy:
    found = check(stated(CBPP, data("cbpp")))
    assert isinstance(found, Adequacy)
    return found


def test_laplace_is_poor_on_the_seeds_model_and_the_sentence_says_what_to_do() -> None:
    assert of_seed().sentence == (
        "Laplace is poor here: its theta is 67 % above that of 199 nodes (5.366, 3.215), its "
        "fixed effects up to 2.2 standard errors away; use nAGQ = 25."
    )
    assert of_seed().verdict == "poor"


def test_both_fits_of_the_seeds_model_are_the_certified_ones() -> None:
    found, laplace, integral = of_seed(), certified("seed-fail"), certified("seed-fail-integral")
    # float64 optima of a flat criterion: 9 digits
    assert found.asked.theta == pytest.approx(laplace["theta"][0], rel=1e-9)
    assert found.asked.loglik == pytest.approx(laplace["loglik"][0], abs=1e-9)
    # what "stands still" leaves: the 199 nodes are 1e-8 from the integral
    assert found.settled.theta == pytest.approx(integral["theta"][0], rel=1e-8)
    assert found.settled.loglik == pytest.approx(integral["loglik"][0], abs=1e-7)
    assert list(found.settled.beta) == pytest.approx(integral["fixef"], rel=1e-8)
    assert found.loglik_excess == pytest.approx(
        laplace["loglik"][0] - integral["loglik"][0], abs=1e-7
    )


@pytest.mark.parametrize("name", ["seed-fail", "cbpp"])
def test_the_distances_are_those_of_the_certified_values(name: str) -> None:
    found = of_seed() if name == "seed-fail" else of_cbpp()
    one, other = certified(name), certified(f"{name}-integral")
    assert found.theta_excess == pytest.approx(one["theta"][0] / other["theta"][0] - 1.0, rel=1e-6)
    shifts = [
        (a - b) / se
        for a, b, se in zip(one["fixef"], other["fixef"], other["se_joint"], strict=True)
    ]
    assert list(found.beta_shift) == pytest.approx(shifts, rel=1e-6)


def test_laplace_is_adequate_on_cbpp() -> None:
    assert of_cbpp().verdict == "adequate"
    assert "its theta is 0.81 % below that of 49 nodes" in of_cbpp().sentence
    assert "nAGQ" not in of_cbpp().sentence


@pytest.mark.parametrize(
    ("nodes", "words"),
    [(9, "its theta is 0.84 % above"), (25, "its theta is that of 199 nodes to three digits")],
)
def test_the_number_of_nodes_that_a_model_asks_for_is_what_is_judged(
    nodes: int, words: str
) -> None:
    assert of_seed(nodes).sentence.startswith(f"nAGQ = {nodes} is adequate here: {words}")


def test_fewer_nodes_than_those_advised_do_not_suffice() -> None:
    integral, fewer = certified("seed-fail-integral"), certified("seed-fail-agq9")
    advised = certified("seed-fail-agq25")
    off = [abs(fit["theta"][0] / integral["theta"][0] - 1.0) for fit in (fewer, advised)]
    assert off[0] > SUFFICIENT[0] > off[1]
    assert of_seed().nodes == 25
    assert of_cbpp().nodes == min(n for n in OFFERED if n > 1)


def test_a_bias_of_beta_alone_is_poor_too() -> None:
    edge = replace(of_cbpp(), beta_shift=(0.0, -1.01 * POOR[1]))
    assert edge.verdict == "poor"
    assert replace(edge, beta_shift=(0.0, -0.99 * POOR[1])).verdict == "adequate"
    assert replace(of_cbpp(), theta_error=1.01 * POOR[0]).verdict == "poor"


def test_nodes_that_lme4_does_not_take_are_not_advised() -> None:
    sentence = replace(of_seed(), nodes=199).sentence
    assert "use nAGQ" not in sentence
    assert "lme4's largest nAGQ, 100, does not suffice" in sentence


def simulated(sd: float, seed: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(20), 10)
    x = draw.normal(size=200)
    eta = -0.3 + 0.5 * x + sd * x * draw.normal(size=20)[group]
    y = draw.binomial(1, 1.0 / (1.0 + np.exp(-eta)))
    return pd.DataFrame({"y": y, "x": x, "g": pd.Categorical(group.astype(str))})


def test_the_unit_of_the_column_that_varies_changes_nothing() -> None:
    frame = simulated(0.4)
    found = check(stated("y ~ x + (0 + x | g)", frame))
    scaled = check(stated("y ~ x + (0 + x | g)", frame.assign(x=frame["x"] * 1000.0)))
    assert isinstance(found, Adequacy)
    assert isinstance(scaled, Adequacy)
    assert scaled.theta_error == pytest.approx(found.theta_error, rel=1e-4, abs=1e-9)
    assert scaled.nodes == found.nodes


def test_a_variance_of_zero_has_no_relative_error_and_says_so() -> None:
    # every group has the same share: less spread than a binomial response's own
    frame = pd.DataFrame({"y": [0, 1, 0, 1] * 10, "g": pd.Categorical(np.repeat(range(10), 4))})
    found = check(stated("y ~ 1 + (1 | g)", frame))
    assert isinstance(found, Adequacy)
    assert found.settled.theta == 0.0
    assert found.theta_excess == "the settled theta is 0"
    assert found.sentence == (
        "Laplace is adequate here: its theta is 0 and that of 49 nodes 0, its fixed effects "
        "within 0.001 standard errors."
    )


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("y ~ x + (1 | g) + (1 | h)", "binomial", "one scalar random effect"),
        ("y ~ x + (x | g)", "binomial", "one scalar random effect"),
        ("x ~ y + (1 | g)", "gaussian", "exact"),
        ("exp(x) ~ y + (1 | g)", "Gamma", "not Gamma"),
    ],
)
def test_another_structure_is_a_reason(formula: str, family: str, reason: str) -> None:
    frame = simulated(0.4).assign(h=lambda f: pd.Categorical(np.arange(len(f)) % 7))
    found = check(stated(formula, frame, family))
    assert isinstance(found, str)
    assert reason in found


def test_separated_data_are_a_reason() -> None:
    frame = simulated(0.4).assign(y=lambda f: (f["x"] > 0).astype(int))
    found = check(stated("y ~ x + (1 | g)", frame))
    assert isinstance(found, str)
    assert "no optimum" in found or "no number" in found
