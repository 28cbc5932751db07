"""MixedLM as it comes: the same fit that a user gets, under R's names and on lme4's scales."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM as UntypedMixedLM

from parity.engine import Engine
from parity.engines.statsmodels_lmm import StatsmodelsLMM, StatsmodelsPolished
from parity.result import Status
from tests.parity.engines.statsmodels_questions import ask, case, data, jsp2

if TYPE_CHECKING:
    from parity.spec import Criterion

MixedLM: Any = UntypedMixedLM
ONE_GROUP = {"groups": "whole"}


@pytest.mark.parametrize("criterion", ["REML", "ML"])
@pytest.mark.parametrize(
    ("name", "formula", "patsy", "call"),
    [
        ("sleepstudy", "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days",
         {"groups": "Subject", "re_formula": "Days"}),
        ("sleepstudy", "Reaction ~ Days + (Days || Subject)", "Reaction ~ Days",
         {"groups": "Subject", "re_formula": "1", "vc_formula": {"d": "0 + Days"}}),
        ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "diameter ~ 1",
         {**ONE_GROUP, "vc_formula": {"p": "0 + C(plate)", "s": "0 + C(sample)"}}),
        ("pastes", "strength ~ 1 + (1 | batch/cask)", "strength ~ 1",
         {"groups": "batch", "re_formula": "1", "vc_formula": {"c": "0 + C(cask)"}}),
        ("machines", "score ~ Machine + (Machine | Worker)", "score ~ Machine",
         {"groups": "Worker", "re_formula": "Machine"}),
        ("orthodont", "distance ~ age * Sex + (1 | Subject)", "distance ~ age * Sex",
         {"groups": "Subject"}),
    ],
)  # fmt: skip
def test_the_fit_is_the_one_that_a_user_gets(
    name: str, formula: str, patsy: str, call: dict[str, Any], criterion: Criterion
) -> None:
    frame = data(name)
    plain = frame.assign(whole=1).astype(
        {c: str for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM.from_formula(patsy, plain, **call).fit(reml=criterion == "REML")
        loglik, scale = float(theirs.llf), float(theirs.scale)
    ours = ask(StatsmodelsLMM(), formula, frame, criterion).values
    # Bit for bit where the BLAS does not mind how memory is aligned.
    assert ours["loglik"][()] == pytest.approx(loglik, rel=1e-13)
    assert ours["sigma"][()] == pytest.approx(np.sqrt(scale), rel=1e-12)
    assert sorted(ours["fixef"].values()) == pytest.approx(sorted(theirs.fe_params), rel=1e-12)
    assert sorted(ours["se_joint"].values()) == pytest.approx(sorted(theirs.bse_fe), rel=1e-11)
    assert list(ours["fitted"].values()) == pytest.approx(list(theirs.fittedvalues), rel=1e-12)


def test_both_classes_are_engines() -> None:
    for engine in (StatsmodelsLMM(), StatsmodelsPolished()):
        assert isinstance(engine, Engine)
        assert engine.missing() is None
        assert engine.versions().keys() >= {"statsmodels", "patsy", "python"}


def test_importing_the_engine_imports_no_statsmodels() -> None:
    program = (
        "import sys, parity.engines.statsmodels_lmm as m; m.StatsmodelsLMM().missing();"
        "sys.exit('statsmodels' in sys.modules or 'pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_joint_and_conditional_errors_are_two_quantities() -> None:
    # lme4 1.1-31: sqrt(diag(vcov(lmer(math ~ raven + gender + (1 | school))))); the joint ones are
    # certified to 20 digits by interval arithmetic (REFEREE.md, section 1).
    values = ask(StatsmodelsLMM(), "math ~ raven + gender + (1 | school)", jsp2()).values
    assert values["se_conditional"]["raven",] == pytest.approx(0.0233148666, rel=1e-4)
    assert values["se_joint"]["raven",] == pytest.approx(0.0233255289, rel=1e-4)
    assert values["se_joint"]["raven",] / values["se_conditional"]["raven",] > 1.0004


def test_its_ml_fits_of_the_seed_stop_early_and_the_ratio_shows_it() -> None:
    frame = jsp2()
    formulas = ("math ~ raven + (1 | school)", "math ~ raven + social + (1 | school)")
    small, large = (ask(StatsmodelsLMM(), formula, frame, "ML") for formula in formulas)
    statistic = 2 * (large.values["loglik"][()] - small.values["loglik"][()])
    assert statistic == pytest.approx(8.10915909, abs=1e-7)  # certified: 8.117494131461863
    assert any("ConvergenceWarning" in text for text in small.conditions)


def test_what_it_leaves_undefined_is_absent_with_the_reason() -> None:
    result = ask(StatsmodelsLMM(), "Reaction ~ Days + (1 | Subject)", data("sleepstudy"))
    assert "under REML" in result.absent["aic"]
    assert "n - rank(X)" in result.absent["df_resid"]
    assert "correlation" in result.absent


def test_its_own_aic_under_ml_counts_as_lme4_does() -> None:
    # lme4 1.1-31: AIC(lmer(Reaction ~ Days + (Days | Subject), REML = FALSE)) = 1763.939344
    values = ask(
        StatsmodelsLMM(), "Reaction ~ Days + (Days | Subject)", data("sleepstudy"), "ML"
    ).values
    assert values["aic"][()] == pytest.approx(1763.939344, abs=1e-5)


def test_dependent_columns_are_dropped_and_named() -> None:
    result = ask(
        StatsmodelsLMM(), "Reaction ~ Days + I(2 * Days) + (1 | Subject)", data("sleepstudy")
    )
    assert list(result.values["fixef"]) == [("(Intercept)",), ("Days",)]
    assert "I(2 * Days)" in result.conditions[0]


def test_rows_are_positions_in_the_file() -> None:
    frame = data("sleepstudy")
    frame.loc[[0, 4], "Reaction"] = np.nan
    frame.index = frame.index[::-1]
    result = ask(StatsmodelsLMM(), "Reaction ~ Days + (1 | Subject)", frame)
    assert result.rows[:4] == ("2", "3", "4", "6")
    assert result.values["nobs"][()] == 178


@pytest.mark.parametrize(
    ("formula", "family", "reason"),
    [
        ("Reaction ~ 1 + Days", "poisson", "a generalised model without random effects"),
        ("Reaction ~ ns(Days) + (1 | Subject)", "gaussian", "ns"),
        ("Reaction ~ Days + (Days | Subject) + (Days | half)", "gaussian", "several"),
        ("Reaction ~ Days + (Days | Subject) + (1 | day)", "gaussian", "correlated block"),
        ("Reaction ~ Days + (1 | Subject) + (1 + Days || Subject)", "gaussian", "same effect"),
    ],
)
def test_what_mixedlm_cannot_state_is_unsupported(formula: str, family: str, reason: str) -> None:
    frame = data("sleepstudy")
    frame = frame.assign(day=frame["Days"], half=frame["Days"] > 4)
    result = StatsmodelsLMM().fit(case(formula, family=family), frame)
    assert result.status is Status.UNSUPPORTED
    assert reason in result.message


def test_crossed_factors_beyond_memory_are_unsupported() -> None:
    n = 40_000
    frame = pd.DataFrame(
        {"y": np.arange(n) % 7.0, "a": np.arange(n) % 701, "b": np.arange(n) // 50}
    )
    result = StatsmodelsLMM().fit(case("y ~ 1 + (1 | a) + (1 | b)"), frame)
    assert result.status is Status.UNSUPPORTED
    assert "60,040,000 numbers" in result.message


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("Reaction ~ Days + (1 | nobody)", "no column 'nobody'"),
        ("Reaction ~ Days + (1 | one)", "one level only"),
        ("Reaction ~ Days + (1 | each)", "cannot be told apart"),
    ],
)
def test_unusable_data_fail_in_a_sentence(formula: str, sentence: str) -> None:
    frame = data("sleepstudy").assign(one=1, each=range(180))
    for engine in (StatsmodelsLMM(), StatsmodelsPolished()):
        result = engine.fit(case(formula), frame)
        assert result.status is Status.FAILED
        assert sentence in result.message
