"""The live reference: names, scales and criterion of what lme4 answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bridge import glmer
from parity.bench import attempt
from parity.case import Case
from parity.casefile import load_suite
from parity.checkup import FrameDataset, check
from parity.engine import create
from parity.formula import parse

if TYPE_CHECKING:
    from bridge import Fit
    from parity.result import FitResult
    from parity.spec import ModelSpec

pytestmark = pytest.mark.r

CASES = {case.name: case for case in load_suite().cases}
SHIPPED_LMM = [
    name
    for name, case in CASES.items()
    if case.spec.kind == "lmm" and case.dataset.url is None and not name.startswith("insteval")
]


def answer_to(case: Case) -> FitResult:
    return attempt(create("lme4"), case, case.dataset.load())


@pytest.mark.parametrize("name", SHIPPED_LMM)
def test_theta_and_the_variances_are_one_covariance(name: str) -> None:
    result = answer_to(CASES[name])
    assert result.fitted, result.message
    sigma = result.values["sigma"][()]
    for term in CASES[name].spec.random:
        blocks = [(g, c) for g, r, c in result.values["theta"] if g == term.group and r == c]
        for group, row in blocks:
            factor = {
                c: t for (g, r, c), t in result.values["theta"].items() if (g, r) == (group, row)
            }
            variance = sigma**2 * sum(t**2 for t in factor.values())
            assert result.values["variance"][group, row] == pytest.approx(variance, rel=1e-12)
    for (group, row, column), rho in result.values.get("correlation", {}).items():
        theta = {(r, c): t for (g, r, c), t in result.values["theta"].items() if g == group}
        names = [r for r, c in theta if r == c]
        lower = np.array([[theta.get((r, c), 0.0) for c in names] for r in names])
        covariance = sigma**2 * lower @ lower.T
        i, j = names.index(row), names.index(column)
        expected = covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j])
        assert rho == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", SHIPPED_LMM)
def test_residuals_are_the_response_less_the_fit(name: str) -> None:
    case = CASES[name]
    data = case.dataset.load()
    result = answer_to(case)
    for (row,), fitted in result.values["fitted"].items():
        observed = float(data[case.spec.response][int(row) - 1])
        scale = abs(observed) + abs(fitted)
        assert result.values["resid"][row,] == pytest.approx(observed - fitted, abs=1e-13 * scale)


def test_sleepstudy_is_what_lme4_prints() -> None:
    # summary(lmer(Reaction ~ Days + (Days | Subject), sleepstudy)), R 4.2.2, lme4 1.1-31
    values = answer_to(CASES["sleepstudy-slope-reml"]).values
    assert values["deviance"][()] == pytest.approx(1743.6283, abs=5e-5)
    assert values["fixef"]["Days",] == pytest.approx(10.4673, abs=5e-5)
    assert values["se_conditional"]["Days",] == pytest.approx(1.5458, abs=5e-5)
    assert values["variance"]["Subject", "(Intercept)"] == pytest.approx(612.10, abs=5e-3)
    assert values["sd"]["Subject", "Days"] == pytest.approx(5.922, abs=5e-4)
    assert values["correlation"]["Subject", "Days", "(Intercept)"] == pytest.approx(0.07, abs=5e-3)
    assert values["ranef"]["Subject", "308", "(Intercept)"] == pytest.approx(2.2586, abs=5e-4)
    assert values["npar"][()] == 6


def test_reml_and_ml_are_not_confused() -> None:
    reml = answer_to(CASES["sleepstudy-slope-reml"])
    ml = answer_to(CASES["sleepstudy-slope-ml"])
    assert (reml.criterion, ml.criterion) == ("REML", "ML")
    assert reml.values["deviance"][()] == pytest.approx(-2 * reml.values["loglik"][()], rel=1e-14)
    assert ml.values["deviance"][()] == pytest.approx(1751.939344463197, abs=1e-6)


def test_the_two_standard_errors_of_glmer_are_two() -> None:
    # cbpp, lme4 1.1-31: vcov(m) and vcov(m, use.hessian = FALSE)
    values = answer_to(CASES["cbpp"]).values
    assert values["se_joint"]["(Intercept)",] == pytest.approx(0.2312, abs=5e-4)
    assert values["se_conditional"]["(Intercept)",] == pytest.approx(0.2279, abs=5e-4)
    assert values["tvalue"]["(Intercept)",] == pytest.approx(
        values["fixef"]["(Intercept)",] / values["se_joint"]["(Intercept)",], rel=1e-12
    )


def test_the_inner_factor_is_called_as_lme4_calls_it() -> None:
    result = answer_to(CASES["pastes-reml"])
    assert set(result.groups) == {spec.group for spec in CASES["pastes-reml"].spec.random}
    assert result.values["ngroups"]["batch",] == 10


def test_a_group_that_is_called_like_a_numbered_block_keeps_its_name() -> None:
    data = CASES["penicillin-reml"].dataset.load().rename(columns={"sample": "plate.1"})
    dataset = FrameDataset("d", Path(), None, frame=data)
    spec = parse("diameter ~ 1 + (1 | plate) + (1 | plate.1)")
    result = answer_to(Case("own", dataset, spec))
    assert set(result.values["variance"]) == {("plate", "(Intercept)"), ("plate.1", "(Intercept)")}


def test_a_residual_that_lme4_cannot_give_costs_no_other_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # counts of 0, 1 and 2 in three groups: where 1 is fitted by 1 + 1e-11 the root is of -1e-16
    data = pd.DataFrame({"y": [0, 1, 2], "g": pd.Categorical(["a", "b", "c"])})

    def with_nan(spec: ModelSpec, data: pd.DataFrame, *, cond_var: bool) -> Fit:
        fit = glmer(spec.formula, data, family="poisson", cond_var=cond_var)
        resid = fit.resid.copy()
        resid.iloc[1] = np.nan
        return replace(fit, resid=resid)

    monkeypatch.setattr("parity.engines.lme4._ask", with_nan)
    dataset = FrameDataset("d", Path(), None, frame=data)
    result = answer_to(Case("own", dataset, parse("y ~ 1 + (1 | g)", family="poisson")))
    assert result.fitted, result.message
    assert "row 2 is NaN" in result.absent["resid"]
    assert result.values["fitted"]["2",] == pytest.approx(1.0)


def test_split_blocks_of_an_interaction_are_its_factors() -> None:
    # lme4's names of these blocks are sample.batch and sample.batch.1, with a full stop
    data = CASES["pastes-reml"].dataset.load()
    data["x"] = (np.arange(len(data)) * 7 % 11).astype("float64")
    dataset = FrameDataset("d", Path(), None, frame=data)
    spec = parse("strength ~ 1 + x + (1 + x || cask:batch)")
    result = answer_to(Case("own", dataset, spec))
    assert set(result.values["variance"]) == {
        ("cask:batch", "(Intercept)"), ("cask:batch", "x"),
    }  # fmt: skip
    assert set(result.values["ngroups"]) == {("cask:batch",)}


@pytest.mark.parametrize("name", ["T", "pi"])
def test_a_grouping_column_may_be_called_like_a_constant(name: str) -> None:
    data = CASES["rail-reml"].dataset.load().rename(columns={"Rail": name})
    report = check(f"travel ~ 1 + (1 | {name})", data, engines=("statsmodels-polished",))
    assert report.agrees, str(report)


def test_errors_of_a_glmer_without_a_hessian_are_not_called_joint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_hessian(spec: ModelSpec, data: pd.DataFrame, *, cond_var: bool) -> Fit:
        control = {"calc.derivs": False}
        return glmer(spec.formula, data, control=control, cond_var=cond_var)

    monkeypatch.setattr("parity.engines.lme4._ask", without_hessian)
    result = answer_to(CASES["cbpp"])
    assert result.fitted, result.message
    assert {"se_joint", "vcov_joint", "corr_joint"} <= set(result.absent)
    assert result.values["se_conditional"]["(Intercept)",] == pytest.approx(0.2279, abs=5e-4)
