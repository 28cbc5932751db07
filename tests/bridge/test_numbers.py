"""Every number of a fit is R's own, to the last bit and under its own name."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bridge import Fit, anova, glmer, lm, lmer

pytestmark = pytest.mark.r
Answers = dict[str, dict[str, dict[str, float]]]

SLEEP = "Reaction ~ Days + (Days | Subject)"
HERDS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
BY_NAME = ("fixef", "bse", "tvalues", "theta", "scaled_resid_quantiles")
BY_ROW = ("fitted", "resid", "scaled_resid")


@pytest.fixture(scope="module")
def fits(sleepstudy: pd.DataFrame, cbpp: pd.DataFrame, sleep_fit: Fit) -> dict[str, Fit]:
    uncorrelated = "Reaction ~ Days + (Days || Subject)"
    return {
        "reml": sleep_fit,
        "ml": lmer(SLEEP, sleepstudy, REML=False, cond_var=True),
        "uncorrelated": lmer(uncorrelated, sleepstudy, cond_var=True),
        "herds": glmer(HERDS, cbpp, cond_var=True),
        "line": lm("Reaction ~ Days", sleepstudy),
    }


def flat(tables: Any) -> dict[str, float]:  # noqa: ANN401  (a mapping of data frames)
    return {
        f"{group} {name}": number
        for group, table in tables.items()
        for name, number in pairs(table).items()
    }


def pairs(table: pd.DataFrame) -> dict[str, float]:
    return {
        f"{row} {column}": float(table.to_numpy()[i, j])
        for i, row in enumerate(table.index)
        for j, column in enumerate(table.columns)
    }


def components(fit: Fit, column: str) -> dict[str, float]:
    assert fit.varcorr is not None
    table = fit.varcorr
    labels = table[["grp", "var1", "var2"]].to_numpy(dtype=object, na_value="NA").tolist()
    return dict(zip(map(" ".join, labels), table[column].tolist(), strict=True))


MIXED = ("reml", "ml", "uncorrelated", "herds")


@pytest.mark.parametrize("model", [*MIXED, "line"])
@pytest.mark.parametrize("quantity", BY_NAME)
def test_numbers_with_names(
    fits: dict[str, Fit], answers: Answers, model: str, quantity: str
) -> None:
    if quantity not in answers[model]:
        assert getattr(fits[model], quantity) is None
        return
    assert getattr(fits[model], quantity).to_dict() == answers[model][quantity]


@pytest.mark.parametrize("model", [*MIXED, "line"])
@pytest.mark.parametrize("quantity", BY_ROW)
def test_numbers_by_row(fits: dict[str, Fit], answers: Answers, model: str, quantity: str) -> None:
    if quantity not in answers[model]:
        assert model == "line"
        return
    assert getattr(fits[model], quantity).tolist() == list(answers[model][quantity].values())


@pytest.mark.parametrize("model", [*MIXED, "line"])
def test_single_numbers(fits: dict[str, Fit], answers: Answers, model: str) -> None:
    expected = dict(answers[model]["one"])
    expected.pop("f", None)
    assert len(expected) >= 7
    assert {name: getattr(fits[model], name) for name in expected} == expected


@pytest.mark.parametrize("model", [*MIXED, "line"])
def test_covariance_of_fixed_effects(fits: dict[str, Fit], answers: Answers, model: str) -> None:
    assert pairs(fits[model].vcov) == answers[model]["vcov"]


@pytest.mark.parametrize("model", MIXED)
def test_random_effects(fits: dict[str, Fit], answers: Answers, model: str) -> None:
    fit = fits[model]
    assert flat(fit.ranef) == answers[model]["ranef"]
    assert flat(fit.ranef_sd) == answers[model]["ranef_sd"]


@pytest.mark.parametrize("model", MIXED)
@pytest.mark.parametrize("column", ["vcov", "sdcor"])
def test_variance_components(
    fits: dict[str, Fit], answers: Answers, model: str, column: str
) -> None:
    assert components(fits[model], column) == answers[model][f"varcorr_{column}"]


def test_two_covariances_of_a_glmer(fits: dict[str, Fit], answers: Answers) -> None:
    fit = fits["herds"]
    assert fit.vcov_rx is not None
    assert pairs(fit.vcov_rx) == answers["herds"]["vcov_rx"]
    assert not fit.vcov.equals(fit.vcov_rx)


def test_p_values_where_r_prints_them(fits: dict[str, Fit], answers: Answers) -> None:
    for model in ("herds", "line"):
        pvalues = fits[model].pvalues
        assert pvalues is not None
        assert pvalues.to_dict() == answers[model]["pvalues"]
    # lme4 defines none for lmer: these are lmerTest's, held against it in test_surface.py.
    assert fits["reml"].pvalues.equals(fits["reml"].coef_table("Satterthwaite")["p_value"])


def test_linear_model_has_its_f_test(fits: dict[str, Fit], answers: Answers) -> None:
    fit = fits["line"]
    assert fit.fstatistic is not None
    assert (fit.fstatistic.value, fit.fstatistic.numdf, fit.fstatistic.dendf) == (
        answers["line"]["one"]["f"],
        1,
        178,
    )
    assert fit.resid_quantiles is not None
    assert fit.resid_quantiles.to_dict() == answers["line"]["resid_quantiles"]


def test_sleepstudy_as_published(sleep_fit: Fit) -> None:
    # Bates, Maechler, Bolker, Walker (2015), Journal of Statistical Software 67(1), section 5.2.2.
    assert sleep_fit.fixef.round(3).to_dict() == {"(Intercept)": 251.405, "Days": 10.467}
    assert sleep_fit.reml_criterion is not None
    assert round(sleep_fit.reml_criterion, 1) == 1743.6


def test_summary_is_what_r_prints(sleep_fit: Fit, reference_folder: Path) -> None:
    printed = (reference_folder / "summary.txt").read_text(encoding="utf-8").rstrip("\n")
    assert sleep_fit.summary().rstrip("\n") == printed.replace("Data: sleepstudy", "Data: data")


def test_reml_and_ml_are_told_apart(fits: dict[str, Fit]) -> None:
    assert (fits["reml"].criterion, fits["ml"].criterion) == ("REML", "ML")
    assert fits["ml"].reml_criterion is None
    assert fits["ml"].loglik != fits["reml"].loglik


@pytest.mark.may_skip
def test_the_exercise_in_its_own_figures(pupils: pd.DataFrame) -> None:
    fit = lmer("math ~ raven + gender + (1 | school)", pupils)
    assert fit.reml_criterion == pytest.approx(6772.375446155666, abs=1e-9)
    assert fit.theta is not None
    assert round(fit.theta["school.(Intercept)"], 6) == 0.449230
    assert fit.fixef.round(5).to_dict() == {
        "(Intercept)": -1.26915,
        "raven": 0.21442,
        "gendergirl": 2.51119,
    }
    assert fit.bse.round(5).to_dict() == {
        "(Intercept)": 0.34375,
        "raven": 0.02331,
        "gendergirl": 0.26684,
    }


@pytest.mark.may_skip
def test_the_exercise_compares_its_models(pupils: pd.DataFrame) -> None:
    small = lmer("math ~ raven + (1 | school)", pupils)
    large = lmer("math ~ raven + social + (1 | school)", pupils)
    compared = anova(small, large)
    second = compared.table.loc["model2"]
    assert (round(second["Chisq"], 4), second["Df"]) == (8.1175, 3)
    assert round(second["Pr(>Chisq)"], 5) == 0.04364
    assert compared.refitted


def test_anova_is_r_s(sleepstudy: pd.DataFrame, sleep_fit: Fit, answers: Answers) -> None:
    compared = anova(lmer("Reaction ~ 1 + (Days | Subject)", sleepstudy), sleep_fit)
    second = compared.table.loc["model2"]
    expected = answers["anova"]["one"]
    assert (second["Chisq"], second["Df"]) == (expected["chisq"], expected["df"])
    assert second["Pr(>Chisq)"] == expected["p"]
    assert list(compared.table.columns) == [
        *("npar", "AIC", "BIC", "logLik", "deviance", "Chisq", "Df", "Pr(>Chisq)")
    ]
    assert compared.message == "refitting model(s) with ML (instead of REML)"
    assert "model2: Reaction ~ Days + (Days | Subject)" in str(compared)


def test_anova_of_ml_fits_refits_nothing(fits: dict[str, Fit], sleepstudy: pd.DataFrame) -> None:
    compared = anova(lmer("Reaction ~ 1 + (Days | Subject)", sleepstudy, REML=False), fits["ml"])
    assert not compared.refitted
    assert compared.message == ""


def test_model_matrix_has_r_s_columns(sleepstudy: pd.DataFrame, fits: dict[str, Fit]) -> None:
    X = fits["reml"].model_matrix
    assert list(X.columns) == ["(Intercept)", "Days"]
    assert X["Days"].tolist() == sleepstudy["Days"].tolist()
    assert list(fits["herds"].model_matrix.columns) == [
        *("(Intercept)", "period2", "period3", "period4")
    ]
