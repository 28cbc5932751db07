"""Linear models by OLS against R's lm."""

from __future__ import annotations

import pytest

from parity.engines.statsmodels_lmm import StatsmodelsLMM
from tests.parity.engines.statsmodels_questions import ask, data


def test_every_figure_of_rs_summary() -> None:
    # Rscript: summary(lm(distance ~ age * Sex, Orthodont)); logLik, AIC, BIC; R 4.2.2
    values = ask(StatsmodelsLMM(), "distance ~ age * Sex", data("orthodont")).values
    expected = {
        "fixef": (17.372727272727, 0.479545454545, -1.032102272727, 0.304829545455),
        "se_conditional": (1.708030637202, 0.152163463108, 2.218796883389, 0.197666136869),
        "tvalue": (10.171203545380, 3.151515119014, -0.465163026167, 1.542143486404),
        "pvalue": (2.78808953777e-17, 2.12207897104e-03, 6.42787242679e-01, 1.26076109440e-01),
    }
    for name, numbers in expected.items():
        keys = [("(Intercept)",), ("age",), ("SexMale",), ("age:SexMale",)]
        assert dict(values[name]) == pytest.approx(dict(zip(keys, numbers, strict=True)), rel=1e-10)
    single = {
        "r2": 0.422728946704, "adj_r2": 0.406076897090, "fstat": 25.386000912513,
        "sigma": 2.256948889781, "loglik": -239.120879931840, "aic": 488.241759863680,
        "bic": 501.652415999301, "npar": 5, "df_resid": 104,
    }  # fmt: skip
    assert {name: values[name][()] for name in single} == pytest.approx(single, rel=1e-11)
    assert values["fstat_df"] == {("numdf",): 3.0, ("dendf",): 104.0}


def test_r2_without_intercept_is_not_centred_though_the_columns_span_one() -> None:
    # Rscript: summary(lm(distance ~ 0 + Sex, Orthodont)), R 4.2.2
    values = ask(StatsmodelsLMM(), "distance ~ 0 + Sex", data("orthodont")).values
    assert values["r2"][()] == pytest.approx(0.987710996032, rel=1e-11)
    assert values["adj_r2"][()] == pytest.approx(0.987479128032, rel=1e-11)
    assert values["fstat"][()] == pytest.approx(4259.798672436983, rel=1e-11)
    assert values["fstat_df"] == {("numdf",): 2.0, ("dendf",): 106.0}


def test_an_intercept_alone_has_no_f() -> None:
    # Rscript: AIC(lm(distance ~ 1, Orthodont)), R 4.2.2
    result = ask(StatsmodelsLMM(), "distance ~ 1", data("orthodont"))
    assert result.values["aic"][()] == pytest.approx(541.581642711, rel=1e-11)
    assert "no term" in result.absent["fstat"]
