"""Means over random effects against closed forms, mpmath, other quadratures and simulation."""

from __future__ import annotations

import os
from argparse import Namespace
from functools import cache
from typing import TYPE_CHECKING, Any

import mpmath as untyped
import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from parity.archive import from_json
from parity.averaging import LINKS, attenuated, average
from parity.case import CaseError
from parity.casefile import SHIPPED, load_suite
from parity.commands import marginal as command
from parity.criterion.quadrature import Rule
from parity.dataset import DATA_FOLDER_VARIABLE
from parity.design.statement import Statement, state
from parity.formula import parse
from parity.marginal import Population, Ratio, ratio
from parity.places import centre, places
from tests.parity.engines.statsmodels_questions import BESIDE_CHECKOUT, data, jsp2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector

mpmath: Any = untyped
WHERE = [(0.0, 0.0), (-1.3, 0.3), (0.4, 1.0), (-6.5, 3.2), (-8.8, 5.4), (3.0, 2.0), (-30.0, 1.5)]
INVERSES = {
    "logit": lambda z: 1 / (1 + mpmath.exp(-z)),
    "probit": mpmath.ncdf,
    "cloglog": lambda z: -mpmath.expm1(-mpmath.exp(z)),
}
LME4 = (np.array([5.365]), np.array([-8.79907, -0.24086]))
"""Theta and beta of the seed's model as lme4 prints them, by Laplace's approximation."""
EXACT = (np.array([3.215052147192707]), np.array([-6.50217863234041, -0.224695123106256]))
"""The same from the certified maximum of the likelihood itself."""


def columns(name: str, eta: list[float], sd: list[float]) -> tuple[Vector, Vector]:
    link = LINKS[name]
    found = average(lambda z, _: link.mean(z), np.array(eta), np.array(sd))
    return found.values, found.errors


def precisely(link: str, eta: float, sd: float, size: float) -> float:
    """Return the mean by mpmath in 20 digits, given its size: its quadrature stops at 1e-20."""
    inverse = INVERSES[link]
    with mpmath.workdps(20):
        ends = [-24, *range(-12, 13, 4), 16, 24]
        scaled = mpmath.quad(lambda x: inverse(eta + sd * x) * mpmath.npdf(x) / size, ends)
        return float(scaled * size)


@pytest.mark.parametrize("link", INVERSES)
@pytest.mark.parametrize(("eta", "sd"), WHERE)
def test_means_are_those_of_thirty_digits_within_their_errors(
    link: str, eta: float, sd: float
) -> None:
    (value,), (error,) = columns(link, [eta], [sd])
    truth = precisely(link, eta, sd, float(value))
    assert value == pytest.approx(truth, rel=2e-13, abs=0.0)  # rounding, magnified by eta
    assert abs(value - truth) <= error
    assert error <= 5e-13 * value


def test_probits_means_have_a_closed_form() -> None:
    eta, sd = np.array(WHERE).T
    values, _ = columns("probit", eta.tolist(), sd.tolist())
    truth = special.ndtr(eta / np.sqrt(1.0 + sd**2))
    assert values == pytest.approx(truth, rel=2e-13, abs=0.0)  # rounding, magnified by eta


def test_places_are_averaged_each_for_itself() -> None:
    eta, sd = np.array(WHERE).T.tolist()
    together, _ = columns("logit", eta, sd)
    alone = [columns("logit", [a], [b])[0][0] for a, b in WHERE]
    assert together == pytest.approx(
        alone, rel=1e-13, abs=0.0
    )  # another range of nodes, rounding alone


def test_gauss_hermite_agrees_where_it_converges() -> None:
    rule = Rule(60)
    hermite = (special.expit(0.7 + 0.8 * rule.nodes) * rule.weights).sum()
    (value,), _ = columns("logit", [0.7], [0.8])
    assert value == pytest.approx(hermite, rel=1e-12)  # 60 nodes at so small an SD


def test_gauss_hermite_does_not_at_the_seeds_spread() -> None:
    rule = Rule(25)
    hermite = (special.expit(-8.8 + 5.366 * rule.nodes) * rule.weights).sum()
    (value,), _ = columns("logit", [-8.8], [5.366])
    assert abs(hermite / value - 1.0) > 1e-3  # why the trapezoidal rule is taken


def test_a_mean_that_does_not_stand_still_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="not found to 13 digits"):
        average(lambda z, _: np.heaviside(z - 0.3, 0.5), np.array([0.0]), np.array([1.0]))


@cache
def seed() -> Statement:
    return state(parse("fail ~ raven + (1 | school)", family="binomial"), jsp2())


def at(raven: float) -> Matrix:
    return np.array([[1.0, raven]])


def test_the_seeds_probability_is_that_of_a_school_whose_effect_is_0() -> None:
    # problem e: "Probability of Failure = 1 / (1 + exp(8.79907)) = 0.00015", centred raven 0
    population = Population(seed(), *LME4)
    assert population.conditional(at(0.0))[0] == pytest.approx(0.00015, abs=5e-6)
    (mean,) = population.means(at(0.0)).values
    truth, error = integrate.quad(
        lambda x: special.expit(-8.79907 + 5.365 * x) * stats.norm.pdf(x), -12, 16, limit=400
    )
    assert mean == pytest.approx(truth, abs=10.0 * error)
    assert mean == pytest.approx(0.0600670734293, rel=1e-10)  # 400 times as much
    assert seed().model.y.mean() == pytest.approx(44 / 1154)  # what was seen


def test_the_seeds_odds_ratio_is_printed_cut_off() -> None:
    # "exp(-0.24086) = 0.785 ... a reduction by about 21.5 %": conditional on the school
    found = ratio("logit", -0.24086, 0.04442)
    assert isinstance(found, Ratio)
    assert f"{found.estimate:.5f}" == "0.78595"
    assert f"{100.0 * (1.0 - found.estimate):.1f} %" == "21.4 %"
    ends = np.exp(-0.24086 + np.array([-1.0, 1.0]) * 1.959963984540054 * 0.04442)
    assert [found.lower, found.upper] == pytest.approx(ends.tolist(), rel=1e-14)


def test_at_the_likelihoods_maximum_the_seeds_population_fails_less_often() -> None:
    by_laplace, exact = Population(seed(), *LME4), Population(seed(), *EXACT)
    assert exact.means(at(0.0)).values[0] == pytest.approx(0.03905563567912, rel=1e-10)
    X = seed().model.X
    over = [population.means(X).values.mean() for population in (by_laplace, exact)]
    # 44 of 1154 fail, 3.8 %
    assert over == pytest.approx([0.06564861639655, 0.04851319787084], rel=1e-10)


def test_means_are_what_a_simulated_population_shows() -> None:
    population = of_slopes("logit")
    X = np.array([[1.0, 0.7]])
    draw = np.random.default_rng(8)
    size = 400_000
    b = draw.normal(size=(size, 2)) @ np.array([[0.9, 0.0], [-0.4, 0.6]]).T
    seen = special.expit(X[0] @ population.beta + b @ X[0])
    error = seen.std() / np.sqrt(size)
    assert population.means(X).values[0] == pytest.approx(seen.mean(), abs=4.0 * error)


def frame(n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(4)
    g, h = np.arange(n) % 6, np.arange(n) % 5
    x = draw.normal(size=n)
    y = draw.integers(0, 2, n)
    return pd.DataFrame(
        {"y": y, "x": x, "g": pd.Categorical(g.astype(str)), "h": pd.Categorical(h.astype(str))}
    )


def of_slopes(link: str) -> Population:
    """Return a population whose slopes vary: its SD depends on where it is looked at."""
    family = "poisson" if link == "log" else "binomial"
    statement = state(parse("y ~ x + (x | g)", family=family, link=link), frame())
    return Population(statement, np.array([0.9, -0.4, 0.6]), np.array([-0.5, 0.8]))


def differences(population: Population, X: Matrix) -> NDArray[np.float64]:
    """Return the slopes of the link of the mean by fourth-order differences, ``(k, p)``."""

    def g(x: Matrix) -> Vector:
        return population.link.link(population.means(x).values)

    slopes, width = np.zeros(X.shape), 1e-3
    for j in range(X.shape[1]):
        step = np.zeros(X.shape[1])
        step[j] = width
        near, far = g(X + step) - g(X - step), g(X + 2 * step) - g(X - 2 * step)
        slopes[:, j] = (8.0 * near - far) / (12.0 * width)
    return slopes


@pytest.mark.parametrize("link", LINKS)
def test_marginal_slopes_are_derivatives_of_the_link_of_the_mean(link: str) -> None:
    population = of_slopes(link)
    X = np.array([[1.0, -1.0], [1.0, 0.0], [1.0, 0.625], [1.0, 2.0]])
    slopes, errors = population.slopes(X)
    # of the differences: 1e-12 by their order, 1e-13 / 1e-3 by rounding
    assert slopes[:, 1] == pytest.approx(differences(population, X)[:, 1], rel=1e-8, abs=1e-9)
    assert (errors <= 1e-10 * np.abs(slopes)).all()


def test_slopes_of_the_seeds_model_are_the_differences() -> None:
    population = Population(seed(), *LME4)
    slopes, _ = population.slopes(at(0.0))
    assert slopes[0] == pytest.approx(differences(population, at(0.0))[0], rel=1e-9)
    assert slopes[0, 1] == pytest.approx(-0.08963366, rel=1e-6)  # conditional: -0.24086


@pytest.mark.parametrize("link", LINKS)
def test_without_spread_marginal_is_conditional(link: str) -> None:
    here = of_slopes(link)
    population = Population(here.statement, np.zeros(3), here.beta)
    X = np.array([[1.0, -1.0], [1.0, 2.0]])
    assert population.means(X).values == pytest.approx(population.conditional(X), rel=1e-13)
    # by rounding of the mean: the link's steepness at 1 - mu is larger
    assert population.slopes(X)[0] == pytest.approx(np.tile(here.beta, (2, 1)), rel=1e-11)


def test_poissons_means_are_log_normal_and_its_quadrature_finds_them() -> None:
    population = of_slopes("log")
    X = np.array([[1.0, 0.7]])
    sd = population.sd(X)
    assert sd[0] ** 2 == pytest.approx(0.81 + 2 * 0.7 * -0.36 + 0.49 * 0.52, rel=1e-14)
    found = average(lambda z, _: LINKS["log"].mean(z), X @ population.beta, sd)
    assert population.means(X).values == pytest.approx(found.values, rel=1e-12)


def test_variances_of_crossed_factors_add_up() -> None:
    statement = state(parse("y ~ x + (1 | g) + (1 | h)", family="binomial"), frame())
    population = Population(statement, np.array([0.6, 0.8]), np.array([0.1, 0.2]))
    assert population.sd(np.array([[1.0, 3.0]]))[0] == pytest.approx(1.0, rel=1e-15)


def test_the_formula_is_exact_for_probit_and_near_for_logit() -> None:
    for link, near in (("probit", 1e-12), ("logit", 0.05)):  # logit: 4.95 % off here
        statement = state(parse("y ~ x + (1 | g)", family="binomial", link=link), frame())
        population = Population(statement, np.array([1.2]), np.array([0.3, 0.8]))
        slope = population.slopes(np.array([[1.0, 0.0]]))[0][0, 1]
        assert attenuated(link, 0.8, 1.2) == pytest.approx(slope, rel=near)
    assert attenuated("log", 0.8, 1.2) == 0.8
    assert attenuated("cloglog", 0.8, 1.2) == "there is no formula for the cloglog link"


def test_ratios_of_lme4s_estimates_are_lme4s() -> None:
    case = next(case for case in load_suite().cases if case.name == "cbpp")
    text = (SHIPPED.parent / "references" / "cbpp.json").read_text(encoding="utf-8")
    recorded = from_json(text, case, "lme4-recorded").values
    for (name,), beta in recorded["fixef"].items():
        found = ratio("logit", beta, recorded["se_joint"][name,])
        assert isinstance(found, Ratio)
        limits = [np.exp(recorded["wald_ci"][name, limit]) for limit in ("2.5 %", "97.5 %")]
        assert found.estimate == pytest.approx(recorded["odds_ratio"][name,], rel=1e-14)
        assert [found.lower, found.upper] == pytest.approx(limits, rel=1e-13)
    assert ratio("probit", 0.1, 0.2) == "exp of a coefficient has no meaning on the probit link"


def test_places_are_the_quartiles_of_a_covariate() -> None:
    found = places(seed(), LME4[1])
    assert [place.name for place in found] == ["raven = -4", "raven = 0", "raven = 4"]
    assert found[1].x.tolist() == [1.0, 0.0]
    assert centre(seed(), LME4[1]).x.tolist() == [1.0, 0.0]


def test_places_of_a_factor_are_its_levels() -> None:
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    statement = state(parse(formula, family="binomial"), data("cbpp"))
    found = places(statement, np.array([-1.4, -1.0, -1.1, -1.6]))
    assert [place.name for place in found] == [
        "period4 = 1", "period3 = 1", "period2 = 1", "every covariate 0",
    ]  # fmt: skip


def test_places_of_products_are_rows() -> None:
    rows = frame().assign(z=lambda f: f["x"] ** 2)
    statement = state(parse("y ~ x * z + (1 | g)", family="binomial"), rows)
    beta = np.array([0.1, 0.5, -0.2, 0.3])
    eta = statement.model.X @ beta
    found = places(statement, beta)
    assert all(any((place.x == row).all() for row in statement.model.X) for place in found)
    assert [float(place.x @ beta) for place in found] == pytest.approx(
        np.sort(eta)[[15, 30, 44]].tolist(), rel=1e-12
    )


def test_a_factor_beside_a_covariate_stays_at_its_reference() -> None:
    rows = frame().assign(f=lambda f: pd.Categorical(np.where(f["x"] > 0.5, "b", "a")))
    statement = state(parse("y ~ x + f + (1 | g)", family="binomial"), rows)
    found = places(statement, np.array([0.1, 0.5, -0.2]))
    assert [place.name.split(" = ")[0] for place in found] == ["x", "x", "x", "fb", "fb"]
    assert [place.x[2] for place in found] == [0.0, 0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("x ~ 1 + (1 | g)", "gaussian", "is not averaged here"),
        ("y ~ 1 + (0 + x | g)", "binomial", "are none of X's"),
    ],
)
def test_what_cannot_be_averaged_is_refused(formula: str, family: str, reason: str) -> None:
    statement = state(parse(formula, family=family), frame())
    with pytest.raises(ValueError, match=reason):
        Population(statement, np.array([0.5]), np.array([0.1]))


def page(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert command.execute(Namespace(case=name, cases=None)) == 0
    return capsys.readouterr().out


def row(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.strip().startswith(name))


def test_the_page_of_a_case_has_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    text = page("cbpp", capsys)
    assert "Adequacy: Laplace is adequate here" in text
    assert row(text, "period2")[:6] == [
        "period2", "-0.99233", "0.307", "0.37071", "0.20325", "0.67616",
    ]  # fmt: skip
    assert row(text, "period2")[6] == "-0.92843"
    assert row(text, "period2")[8:] == ["-0.92832", "-0.97446", "0.391"]
    assert row(text, "(Intercept)")[6:9] == ["-", "-", "-"]
    assert row(text, "every covariate 0")[3:5] == ["0.19805", "0.21609"]
    assert "exchangeable working correlation, correlation 0.0297" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_page_of_the_seeds_model_shows_the_fit_that_should_be_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jsp2()
    with pytest.MonkeyPatch.context() as patch:
        if DATA_FOLDER_VARIABLE not in os.environ:
            patch.setenv(DATA_FOLDER_VARIABLE, str(BESIDE_CHECKOUT))
        laplace, _, quadrature = page("seed-fail", capsys).partition("Quadrature of 25 nodes")
    assert row(laplace, "raven = 0")[3:5] == ["0.00015076", "0.060091"]
    assert row(quadrature, "raven = 0")[3:5] == ["0.001495", "0.039042"]
    assert "GEE does not converge with the exchangeable" in quadrature


def test_a_link_without_a_ratio_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = page("cbpp-probit", capsys)
    assert "No number: exp of a coefficient has no meaning on the probit link." in text
    assert row(text, "period2")[3:6] == ["-", "-", "-"]
    assert row(text, "period2")[6] == row(text, "period2")[8]  # the formula is exact


def test_a_model_without_gee_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = page("grouseticks", capsys)
    assert "GEE: none: GEE takes one grouping factor; the model has several." in text
    assert row(text, "YEAR96")[1] == row(text, "YEAR96")[6]  # a log link's slopes are marginal


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "No case is called"),
        ("sleepstudy-slope-ml", "linear model"),
        ("gamma-sim", "is not averaged here"),
    ],
)
def test_a_case_without_a_page_is_refused(name: str, reason: str) -> None:
    with pytest.raises(CaseError, match=reason):
        command.execute(Namespace(case=name, cases=None))
