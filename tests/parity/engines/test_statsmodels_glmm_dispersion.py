"""Families with a dispersion, by lme4's convention: what its glmer says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from statsmodels.genmod import families

from parity.bench import attempt
from parity.casefile import load_suite
from parity.engines.lme4_recorded import Lme4Recorded
from parity.engines.statsmodels_glmm import GLMM
from parity.engines.statsmodels_lmm import StatsmodelsLMM

if TYPE_CHECKING:
    import pandas as pd

CASE = next(case for case in load_suite().cases if case.name == "gamma-sim")
FORMULA = "y ~ x + (1 | g)"
_families: Any = families  # untyped
LOG = _families.Gamma(_families.links.Log())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return CASE.dataset.load()


def test_the_engine_says_what_glmer_says_but_at_the_optimum(data: pd.DataFrame) -> None:
    found, recorded = attempt(StatsmodelsLMM(), CASE, data), Lme4Recorded().fit(CASE, data)
    assert found.values["deviance"][()] == pytest.approx(936.514529475, abs=1e-8)
    assert found.values["deviance"][()] < recorded.values["deviance"][()]
    assert set(found.values) == set(recorded.values)
    for name in (
        "variance",
        "se_conditional",
        "npar",
        "df_resid",
        "ranef_sd",
        "scaled_resid_quantile",
    ):
        for key, number in found.values[name].items():
            assert number == pytest.approx(recorded.values[name][key], rel=2e-3), (name, key)


def test_the_class_counts_the_dispersion_and_scales_by_it(data: pd.DataFrame) -> None:
    fit = GLMM.from_formula(FORMULA, data, family=LOG).fit()
    recorded = Lme4Recorded().fit(CASE, data).values
    assert fit.aic == pytest.approx(recorded["aic"][()], abs=2e-3)
    assert fit.bic == pytest.approx(recorded["bic"][()], abs=2e-3)
    assert fit.df_resid == recorded["df_resid"][()]
    variance = recorded["variance"]["g", "(Intercept)"]
    assert fit.cov_re[0].to_numpy()[0, 0] == pytest.approx(variance, rel=1e-4)
    errors = [recorded["se_conditional"][key] for key in recorded["fixef"]]
    assert fit.bse_rx.tolist() == pytest.approx(errors, rel=1e-3)
    joint = [recorded["se_joint"][key] for key in recorded["fixef"]]
    assert fit.bse_joint.tolist() == pytest.approx(joint, rel=1e-3)


def test_a_response_that_is_not_positive_is_refused(data: pd.DataFrame) -> None:
    data = data.assign(y=data["y"].where(data.index > 0, 0.0))
    with pytest.raises(ValueError, match="A response of this family is positive"):
        GLMM.from_formula(FORMULA, data, family=LOG).fit()


def test_quadrature_is_refused_for_a_family_with_a_dispersion(data: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"quadrature|node"):
        GLMM.from_formula(FORMULA, data, family=LOG).fit(nagq=9)
