"""The Bayesian mixed models against their own posterior, written out; and at the gate."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from parity import gate
from parity.casefile import load_suite
from parity.design.statement import state
from parity.engine import Engine
from parity.engines.lme4_recorded import Lme4Recorded
from parity.engines.statsmodels_bayes import StatsmodelsBayes
from parity.result import Status
from parity.verdict import Verdict
from tests.parity.engines.statsmodels_questions import case, data, jsp2

if TYPE_CHECKING:
    from parity.criterion.model import Model, Vector
    from parity.result import FitResult

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
NULL = "cbind(incidence, size - incidence) ~ 1 + (1 | herd)"


@cache
def of_cbpp(formula: str = CBPP) -> FitResult:
    return answered(formula, data("cbpp"))


def answered(formula: str, frame: pd.DataFrame, family: str = "binomial") -> FitResult:
    result = StatsmodelsBayes().fit(case(formula, "ML", family), frame)
    assert result.fitted, result.message
    return result


def number(sentence: str, name: str) -> float:
    """Return the number that follows a name in a condition."""
    return float(sentence.partition(f"{name} ")[2].replace(",", " ").replace(";", " ").split()[0])


def test_it_is_an_engine_that_takes_part_only_where_it_is_asked_for() -> None:
    engine = StatsmodelsBayes()
    assert isinstance(engine, Engine)
    assert engine.on_request
    assert engine.missing() is None
    assert {"statsmodels", "python"} <= set(engine.versions())


def bound(x: Vector, model: Model) -> float:
    """Return minus the evidence lower bound of a mean-field normal, up to a constant.

    E log p(y | eta) by Gauss-Hermite in place of statsmodels' ten Gauss-Legendre nodes; x holds the
    means and then the log SDs of beta, log s, b.
    """
    q, half = model.blocks[0].levels, len(x) // 2
    mean, sd = x[:half], np.exp(x[half:])
    Z = np.eye(q)[model.blocks[0].codes]
    eta = model.X @ mean[: model.p] + Z @ mean[model.p + 1 :]
    spread = np.sqrt(model.X**2 @ sd[: model.p] ** 2 + Z @ sd[model.p + 1 :] ** 2)
    nodes, weights = special.roots_hermitenorm(30)
    logs = np.logaddexp(0.0, eta[:, None] + spread[:, None] * nodes) @ weights / weights.sum()
    total = model.weights @ (model.y * eta - logs)
    log_s, sd_s = mean[model.p], sd[model.p]
    inside = (mean[model.p + 1 :] ** 2 + sd[model.p + 1 :] ** 2).sum()
    total -= inside * np.exp(2.0 * (sd_s**2 - log_s)) / 2.0 + q * log_s
    total -= (log_s**2 + sd_s**2) / 2.0
    total -= (mean[: model.p] ** 2 + sd[: model.p] ** 2).sum() / 8.0
    return -float(total + np.log(sd).sum())


def test_vb_is_the_maximum_of_its_bound() -> None:
    result = of_cbpp(NULL)
    model = state(case(NULL, "ML", "binomial").spec, data("cbpp")).model
    start = np.concatenate([np.zeros(17), np.full(17, -0.5)])
    found = optimize.minimize(bound, start, args=(model,), method="L-BFGS-B", tol=1e-10)
    # differences in place of derivatives, and statsmodels' ten nodes on -5 to 5: 3 digits
    assert result.values["fixef"]["(Intercept)",] == pytest.approx(found.x[0], rel=2e-3)
    assert result.values["sd"]["herd", "(Intercept)"] == pytest.approx(np.exp(found.x[1]), rel=2e-3)
    effects = list(result.values["ranef"].values())
    assert effects == pytest.approx(found.x[2:17].tolist(), abs=2e-3)


def test_the_gate_says_that_another_question_was_answered() -> None:
    question = next(case for case in load_suite().cases if case.name == "cbpp")
    frame = question.dataset.load()
    reference = Lme4Recorded().fit(question, frame)
    result = StatsmodelsBayes().fit(question, frame)
    assert gate.closed(reference, result) == (
        Verdict.INCOMPARABLE,
        "another criterion: ML in lme4-recorded, VB in statsmodels-bayes",
    )


def test_the_numbers_are_in_words_beside() -> None:
    result = of_cbpp()
    priors, vb, mode, *rest = result.conditions
    assert priors == ("priors: fixed effects N(0, 2), log SDs N(0, 1) (SDs; statsmodels' defaults)")
    for (name,), value in result.values["fixef"].items():
        assert number(vb, f"{name}") == pytest.approx(value, rel=1e-5)  # six digits are printed
    assert number(vb, "herd (Intercept)") == pytest.approx(0.690283, rel=1e-5)
    assert mode.startswith("MAP: fixed effects (Intercept) -1.28")
    assert any("random effects vanish" in word for word in rest)


def test_the_mode_of_the_joint_posterior_is_where_the_effects_vanish() -> None:
    # q log SDs' worth of density against the prior: s = -q, at b = 0; 15 herds, SD exp(-15)
    mode = of_cbpp().conditions[2]
    assert number(mode, "herd (Intercept)") == pytest.approx(np.exp(-15.0), rel=1e-3)
    # fixed effects there: a logistic regression with a N(0, 2) prior
    model = state(case(CBPP, "ML", "binomial").spec, data("cbpp")).model

    def posterior(beta: Vector) -> float:
        eta = model.X @ beta
        fit = model.weights @ (model.y * eta - np.logaddexp(0.0, eta))
        return -float(fit - (beta @ beta) / 8.0)

    ridge = optimize.minimize(posterior, np.zeros(4), tol=1e-10).x
    for name, value in zip(["(Intercept)", "period2", "period3", "period4"], ridge, strict=True):
        assert number(mode, name) == pytest.approx(value, rel=1e-3)  # where its search gave up


def test_the_same_question_has_the_same_answer() -> None:
    again = StatsmodelsBayes().fit(case(CBPP, "ML", "binomial"), data("cbpp"))
    assert again.values == of_cbpp().values
    assert again.conditions == of_cbpp().conditions


def test_the_seeds_effects_are_drawn_to_the_priors() -> None:
    result = answered("fail ~ raven + (1 | school)", jsp2())
    # with prior SD 2 an intercept of -6.5 (the likelihood's) is far out
    assert result.values["fixef"]["(Intercept)",] == pytest.approx(-5.34074, rel=1e-4)
    assert result.values["sd"]["school", "(Intercept)"] == pytest.approx(2.34872, rel=1e-4)
    assert result.values["converged"][()] == 1.0


def test_crossed_factors_of_counts_are_fitted() -> None:
    draw = np.random.default_rng(6)
    g, h, x = np.arange(120) % 10, np.arange(120) % 7, draw.normal(size=120)
    eta = 0.5 + 0.3 * x + 0.6 * draw.normal(size=10)[g] + 0.4 * draw.normal(size=7)[h]
    frame = pd.DataFrame({"y": draw.poisson(np.exp(eta)), "x": x}).assign(
        g=pd.Categorical(g.astype(str)), h=pd.Categorical(h.astype(str))
    )
    result = answered("y ~ x + (1 | g) + (0 + x | h)", frame, "poisson")
    effects = result.values["ranef"]
    beta = result.values["fixef"]
    row = 17
    linear = (
        beta["(Intercept)",]
        + beta["x",] * x[row]
        + effects["g", str(g[row]), "(Intercept)"]
        + effects["h", str(h[row]), "x"] * x[row]
    )
    assert result.values["fitted"][str(row + 1),] == pytest.approx(np.exp(linear), rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("x ~ y + (1 | g)", "gaussian", "generalised"),
        ("y ~ x + (x | g)", "binomial", "independent"),
        ("y ~ x + (0 + f | g)", "binomial", "independent"),
        ("exp(x) ~ y + (1 | g)", "Gamma", "no class for Gamma"),
    ],
)
def test_what_it_cannot_state_is_a_reason(formula: str, family: str, reason: str) -> None:
    frame = pd.DataFrame({"y": np.arange(40) % 2, "x": np.linspace(-1.0, 1.0, 40)}).assign(
        g=pd.Categorical((np.arange(40) % 8).astype(str)),
        f=pd.Categorical(np.where(np.arange(40) % 3, "a", "b")),
    )
    result = StatsmodelsBayes().fit(case(formula, "ML", family), frame)
    assert result.status is Status.UNSUPPORTED
    assert reason in result.message


def test_a_search_that_ran_away_is_a_failure_with_its_gradient() -> None:
    draw = np.random.default_rng(1)
    x = 1e4 * draw.normal(size=60)  # its exponent overflows at once
    frame = pd.DataFrame({"y": draw.poisson(2.0, 60), "x": x}).assign(
        g=pd.Categorical((np.arange(60) % 6).astype(str))
    )
    result = StatsmodelsBayes().fit(case("y ~ x + (1 | g)", "ML", "poisson"), frame)
    assert result.status is Status.FAILED
    assert "gradient of its bound" in result.message
