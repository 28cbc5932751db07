"""GEE against its estimating equations, written out, and against other ways to ask."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import special

from parity.design.statement import Statement, state
from parity.engines.statsmodels_gee import PopulationFit, fit, trials
from parity.formula import parse
from tests.parity.engines.statsmodels_questions import data, jsp2

if TYPE_CHECKING:
    from parity.criterion.model import Matrix, Vector

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def stated(
    formula: str, frame: pd.DataFrame, family: str = "binomial", weights: str | None = None
) -> Statement:
    return state(parse(formula, family=family, weights=weights), frame)


@cache
def of_cbpp() -> tuple[Statement, PopulationFit]:
    statement = stated(CBPP, data("cbpp"))
    found = fit(statement)
    assert isinstance(found, PopulationFit)
    return statement, found


@cache
def of_seed() -> tuple[Statement, PopulationFit]:
    statement = stated("fail ~ raven + (1 | school)", jsp2())
    found = fit(statement)
    assert isinstance(found, PopulationFit)
    return statement, found


def beta_of(found: PopulationFit) -> Vector:
    return np.array([estimate.value for estimate in found.estimates.values()])


class Equations:
    """Liang & Zeger's estimating equations of a logistic model at beta and alpha, dense."""

    def __init__(self, statement: Statement, beta: Vector, alpha: float) -> None:
        rows = trials(statement)
        groups = statement.model.blocks[0].codes[rows.source]
        p = len(beta)
        self.score, self.bread, self.meat = np.zeros(p), np.zeros((p, p)), np.zeros((p, p))
        products, pairs, squares = 0.0, 0.0, 0.0
        for group in np.unique(groups):
            inside = groups == group
            X, mu = rows.X[inside], special.expit(rows.X[inside] @ beta)
            sd = np.sqrt(mu * (1.0 - mu))
            n = len(mu)
            V = np.outer(sd, sd) * ((1.0 - alpha) * np.eye(n) + alpha)
            D = (sd**2)[:, None] * X
            solved = np.linalg.solve(V, D)
            share = solved.T @ (rows.y[inside] - mu)
            self.score += share
            self.bread += D.T @ solved
            self.meat += np.outer(share, share)
            pearson = (rows.y[inside] - mu) / sd
            products += (pearson.sum() ** 2 - (pearson**2).sum()) / 2.0
            pairs += n * (n - 1) / 2.0
            squares += pearson @ pearson
        scale = squares / (len(rows.y) - p)
        self.alpha = products / scale / (pairs - p)
        """The moment estimate of the correlation (Liang & Zeger 1986, section 4)."""

    @property
    def sandwich(self) -> Matrix:
        inverse = np.linalg.inv(self.bread)
        return np.asarray(inverse @ self.meat @ inverse)


def test_the_estimates_solve_the_equations_with_the_correlation_they_imply() -> None:
    statement, found = of_cbpp()
    assert found.working == "exchangeable"
    equations = Equations(statement, beta_of(found), found.correlation)
    # the step that is left, in standard errors
    left = np.linalg.solve(equations.bread, equations.score)
    assert np.abs(left).max() < 1e-8
    assert found.correlation == pytest.approx(equations.alpha, rel=1e-6)  # where it stopped


def test_robust_and_naive_errors_are_sandwich_and_bread() -> None:
    statement, found = of_cbpp()
    equations = Equations(statement, beta_of(found), found.correlation)
    robust = [estimate.robust for estimate in found.estimates.values()]
    naive = [estimate.naive for estimate in found.estimates.values()]
    assert robust == pytest.approx(np.sqrt(np.diag(equations.sandwich)), rel=1e-6)
    assert naive == pytest.approx(np.sqrt(np.diag(np.linalg.inv(equations.bread))), rel=1e-6)


def test_shares_with_sizes_are_the_same_trials() -> None:
    frame = data("cbpp").assign(share=lambda f: f["incidence"] / f["size"])
    found = fit(stated("share ~ period + (1 | herd)", frame, weights="size"))
    assert isinstance(found, PopulationFit)
    assert beta_of(found) == pytest.approx(beta_of(of_cbpp()[1]), rel=1e-12)


def test_trials_add_up_to_the_response() -> None:
    statement = of_cbpp()[0]
    rows = trials(statement)
    model = statement.model
    assert len(rows.y) == model.weights.sum() == 842
    successes = np.bincount(rows.source, weights=rows.y, minlength=model.n)
    assert successes == pytest.approx(model.weights * model.y, abs=1e-12)
    assert np.array_equal(model.X[rows.source], rows.X)


def test_the_seeds_model_has_no_exchangeable_fit_and_independence_stands_in() -> None:
    statement, found = of_seed()
    assert found.working == "independence"
    assert found.correlation == 0.0
    assert found.conditions == ("GEE does not converge with the exchangeable working correlation",)
    equations = Equations(statement, beta_of(found), 0.0)
    assert np.abs(equations.score).max() < 1e-8
    assert beta_of(found) == pytest.approx([-3.356274, -0.0901571], rel=1e-6)  # glm's estimates
    robust = [estimate.robust for estimate in found.estimates.values()]
    assert robust == pytest.approx(np.sqrt(np.diag(equations.sandwich)), rel=1e-8)


def test_the_seeds_equations_have_no_solution_that_implies_its_own_correlation() -> None:
    # followed from independence, the solution ends (a fold) between 0.11 and 0.12, and all along
    # the residuals imply a larger correlation than the one that was put in
    statement, beta = of_seed()[0], beta_of(of_seed()[1])
    for alpha in (0.0, 0.04, 0.08, 0.11):
        for _ in range(60):
            equations = Equations(statement, beta, alpha)
            step = np.linalg.solve(equations.bread, equations.score)
            beta = beta + 0.5 * step * min(1.0, 0.2 / np.abs(step).max())
            if np.abs(step).max() < 1e-4:
                break
        assert np.abs(step).max() < 1e-2
        assert equations.alpha > alpha + 0.1


def test_poissons_rows_are_its_trials() -> None:
    draw = np.random.default_rng(2)
    g = np.repeat(np.arange(15), 6)
    x = draw.normal(size=90)
    y = draw.poisson(np.exp(0.4 + 0.3 * x + 0.3 * draw.normal(size=15)[g]))
    frame = pd.DataFrame({"y": y, "x": x, "g": pd.Categorical(g.astype(str))})
    statement = stated("y ~ x + (1 | g)", frame, "poisson")
    found = fit(statement)
    assert isinstance(found, PopulationFit)
    X, mu = statement.model.X, np.exp(statement.model.X @ beta_of(found))
    score = np.zeros(2)
    for group in range(15):
        inside, alpha = g == group, found.correlation
        sd = np.sqrt(mu[inside])
        V = np.outer(sd, sd) * ((1.0 - alpha) * np.eye(6) + alpha)
        D = mu[inside][:, None] * X[inside]
        score += D.T @ np.linalg.solve(V, y[inside] - mu[inside])
    assert np.abs(score).max() < 1e-6


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("y ~ x + (1 | g) + (1 | h)", "binomial", "one grouping factor"),
        ("exp(x) ~ y + (1 | g)", "Gamma", "not asked for Gamma(inverse)"),
    ],
)
def test_what_gee_is_not_asked_is_a_reason(formula: str, family: str, reason: str) -> None:
    draw = np.random.default_rng(2)
    frame = pd.DataFrame({"y": np.arange(40) % 2, "x": draw.normal(size=40)}).assign(
        g=pd.Categorical((np.arange(40) % 8).astype(str)),
        h=pd.Categorical((np.arange(40) % 5).astype(str)),
    )
    found = fit(stated(formula, frame, family))
    assert isinstance(found, str)
    assert reason in found


def test_sizes_that_are_no_whole_numbers_are_a_reason() -> None:
    frame = data("cbpp").assign(share=lambda f: f["incidence"] / f["size"], half=2.5)
    found = fit(stated("share ~ period + (1 | herd)", frame, weights="half"))
    assert found == "sizes or successes are no whole numbers: there are no trials to list"
