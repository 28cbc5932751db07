"""statsmodels' names: what they hold, against statsmodels itself where its fit is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from bridge import lmer
from bridge.errors import ArgumentError, NotDefinedError
from bridge.statsmodels_names import covariances_by_level, effects_by_level, joined_covariance
from tests.bridge.recorded_fit import RecordedFit

if TYPE_CHECKING:
    from bridge.fit import Fit

DATA = Path(__file__).parents[2] / "parity" / "data" / "datasets"


def test_the_names_are_the_fixed_effects() -> None:
    fit = RecordedFit("sleep_reml")
    assert fit.params is fit.fixef
    assert fit.fe_params is fit.fixef
    assert fit.bse_fe is fit.bse
    assert fit.k_fe == 2
    assert fit.llf == fit.loglik
    assert fit.scale == fit.sigma**2


def test_conf_int_is_statsmodels_for_an_lm() -> None:
    cake = pd.read_csv(DATA / "cake.csv")
    wls: Any = smf.wls
    theirs = wls("angle ~ recipe + temp", cake, weights=cake["temp"]).fit()
    fit = RecordedFit("line_weighted")
    found = fit.conf_int(0.1)
    assert found.columns.tolist() == theirs.conf_int().columns.tolist() == [0, 1]
    assert found.index.tolist() == fit.fixef.index.tolist()
    # Two solvers of one least-squares problem.
    assert found.to_numpy() == pytest.approx(theirs.conf_int(0.1).to_numpy(), rel=1e-9)
    assert fit.cov_params().to_numpy() == pytest.approx(theirs.cov_params().to_numpy(), rel=1e-9)
    R = np.array([[0, 1, -1, 0], [0, 0, 0, 1]])
    whole = theirs.cov_params().to_numpy()
    # Off the diagonal it is a difference of equals: 0 but for rounding.
    assert fit.cov_params(R).to_numpy() == pytest.approx(R @ whole @ R.T, rel=1e-9, abs=1e-14)
    variance = fit.bse["temp"] ** 2
    assert fit.cov_params([0, 0, 0, 2]).to_numpy() == pytest.approx(4 * variance, rel=1e-12)
    assert fit.scale == pytest.approx(theirs.scale, rel=1e-9)


def test_conf_int_of_a_mixed_model_is_lme4s_by_wald() -> None:
    fit = RecordedFit("sleep_reml")
    limits = fit.tidy("fixed", conf_int=True, conf_level=0.9)
    # One computes by SciPy's upper tail, the other by its quantile function.
    expected = limits[["conf.low", "conf.high"]].to_numpy()
    assert fit.conf_int(0.1).to_numpy() == pytest.approx(expected, rel=1e-14)


def test_some_rows_of_conf_int_by_name_or_position() -> None:
    fit = RecordedFit("cake")
    whole = fit.conf_int()
    pd.testing.assert_frame_equal(
        fit.conf_int(cols=["temp", 0]), whole.loc[["temp", "(Intercept)"]]
    )
    for wrong in ("tempo", 4, -1):
        with pytest.raises(ArgumentError, match="recipeB"):
            fit.conf_int(cols=[wrong])
    with pytest.raises(ArgumentError, match="alpha is 95"):
        fit.conf_int(95)


def test_random_effects_of_one_factor_go_by_level() -> None:
    fit = RecordedFit("sleep_reml")
    assert fit.ranef is not None
    found = fit.random_effects
    assert list(found) == fit.ranef["Subject"].index.tolist()
    assert found["308"].to_dict() == fit.ranef["Subject"].loc["308"].to_dict()
    assert found["308"].index.tolist() == ["(Intercept)", "Days"]


def test_random_effects_of_several_factors_go_by_factor_and_level() -> None:
    fit = RecordedFit("penicillin")
    assert fit.ranef is not None
    found = fit.random_effects
    assert len(found) == 24 + 6
    assert found["sample", "C"]["(Intercept)"] == fit.ranef["sample"].loc["C", "(Intercept)"]


def test_cov_re_is_a_variance_in_the_units_of_the_response() -> None:
    fit = RecordedFit("sleep_reml")
    assert fit.varcorr is not None
    intercept, slope, both, _ = fit.varcorr["vcov"].to_list()
    found = fit.cov_re
    assert found.index.tolist() == found.columns.tolist() == ["(Intercept)", "Days"]
    assert found.to_numpy().tolist() == [[intercept, both], [both, slope]]
    assert fit.vcomp.to_dict() == {"(Intercept)": intercept, "Days": slope}


def test_cov_re_of_uncorrelated_blocks_and_of_several_factors_has_zeros_between() -> None:
    apart = RecordedFit("sleep_apart").cov_re
    assert apart.index.tolist() == ["(Intercept)", "Days"]
    assert apart.to_numpy()[~np.eye(2, dtype=bool)].tolist() == [0, 0]
    crossed = RecordedFit("penicillin")
    labels = crossed.cov_re.index.to_frame().to_numpy().tolist()
    assert labels == [["plate", "(Intercept)"], ["sample", "(Intercept)"]]
    assert crossed.varcorr is not None
    assert crossed.vcomp.tolist() == crossed.varcorr["vcov"].tolist()[:2]


def test_blocks_are_placed_one_after_the_other() -> None:
    two = pd.DataFrame([[4.0, 1.0], [1.0, 9.0]], index=["a", "b"], columns=["a", "b"])
    one = pd.DataFrame([[16.0]], index=["a"], columns=["a"])
    found = joined_covariance({"g": two, "h": one}, ["g", "h"])
    assert found.to_numpy().tolist() == [[4, 1, 0], [1, 9, 0], [0, 0, 16]]
    assert found.columns.equals(pd.MultiIndex.from_tuples([("g", "a"), ("g", "b"), ("h", "a")]))


def test_keys_of_effects_and_of_their_covariances_are_the_same() -> None:
    effects = {"g": pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "b"])}
    covariance = pd.DataFrame([[1.0]], index=["x"], columns=["x"])
    by_level = {"g": {"a": covariance, "b": 4 * covariance}}
    assert set(effects_by_level(effects)) == set(covariances_by_level(by_level)) == {"a", "b"}
    more = {**by_level, "h": {"a": covariance}}
    assert set(covariances_by_level(more)) == {("g", "a"), ("g", "b"), ("h", "a")}
    assert covariances_by_level(more)["g", "b"].loc["x", "x"] == 4


@pytest.mark.parametrize("name", ["random_effects", "random_effects_cov", "cov_re", "vcomp"])
def test_an_lm_has_no_random_effects(name: str) -> None:
    with pytest.raises(NotDefinedError, match="fitted by lm"):
        getattr(RecordedFit("line"), name)


@pytest.mark.parametrize(
    ("r_matrix", "words"), [([1, 2, 3], r"\(1, 3\).*\(k, 2\)"), ("Days", "expected a matrix")]
)
def test_weights_of_another_shape_are_refused(r_matrix: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        RecordedFit("line").cov_params(r_matrix)


@pytest.mark.r
def test_a_live_fit_answers_as_statsmodels_mixedlm_does(sleepstudy: pd.DataFrame) -> None:
    fit: Fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    mixedlm: Any = smf.mixedlm
    theirs = mixedlm("Reaction ~ Days", sleepstudy, groups="Subject", re_formula="~Days").fit()
    # Two optimizers: statsmodels stops within some 1e-4 of the optimum's parameters.
    near: dict[str, Any] = {"rel": 1e-3}
    assert fit.fe_params.to_numpy() == pytest.approx(theirs.fe_params.to_numpy(), **near)
    assert fit.scale == pytest.approx(theirs.scale, **near)
    assert fit.llf == pytest.approx(theirs.llf, rel=1e-7)
    assert fit.cov_re.to_numpy() == pytest.approx(theirs.cov_re.to_numpy(), rel=2e-3)
    assert fit.conf_int().to_numpy() == pytest.approx(theirs.conf_int().iloc[:2].to_numpy(), **near)
    ours, effects = fit.random_effects, theirs.random_effects
    # Levels are text as in R, and numbers in statsmodels.
    assert list(ours) == [str(level) for level in effects]
    for level in effects:
        # Some modes are near 0, so that they are compared in the response's unit.
        assert ours[str(level)].to_numpy() == pytest.approx(effects[level].to_numpy(), abs=0.02)
        covariance = theirs.random_effects_cov[level].to_numpy()
        assert fit.random_effects_cov[str(level)].to_numpy() == pytest.approx(covariance, rel=5e-3)
    assert fit.fittedvalues.to_numpy() == pytest.approx(theirs.fittedvalues.to_numpy(), **near)
