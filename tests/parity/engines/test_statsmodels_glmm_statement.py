"""What a user states and asks of the GLMM: formulas, responses, families, rows, predictions."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.genmod import families as untyped_families
from statsmodels.genmod import generalized_linear_model
from statsmodels.tools.numdiff import approx_fprime as untyped_fprime
from statsmodels.tools.sm_exceptions import ConvergenceWarning, MissingDataError

from parity.engines import statsmodels_glmm
from parity.engines.statsmodels_glmm_random import RandomEffects
from tests.parity.engines.statsmodels_questions import data

GLMM: Any = statsmodels_glmm.GLMM  # its base classes are untyped
GLM: Any = generalized_linear_model.GLM
families: Any = untyped_families
approx_fprime: Any = untyped_fprime

CBPP = "cbind(incidence, size - incidence) ~ C(period) + (1 | herd)"


def cbpp() -> Any:  # noqa: ANN401 - its base classes are untyped
    return GLMM.from_formula(CBPP, data("cbpp"), family="binomial")


def test_shares_with_weights_are_successes_and_failures() -> None:
    frame = data("cbpp").assign(share=lambda d: d["incidence"] / d["size"])
    formula = "share ~ C(period) + (1 | herd)"
    by_name = GLMM.from_formula(formula, frame, family="binomial", weights="size").fit()
    by_array = GLMM.from_formula(formula, frame, family="binomial", weights=frame["size"]).fit()
    summed = GLMM.from_formula(
        "incidence + I(size - incidence) ~ C(period) + (1 | herd)", frame, family="binomial"
    ).fit()
    for fitted in (by_name, by_array, summed):
        np.testing.assert_allclose(fitted.params, cbpp().fit().params, rtol=1e-12)
        assert fitted.llf == pytest.approx(-92.02628186475708, abs=1e-11)


@pytest.mark.parametrize("flagged", ["flags", "labels", "category"])
def test_the_second_level_of_a_response_is_success(flagged: str) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 10), "x": rng.normal(size=80)})
    frame["y"] = (rng.random(80) < 0.4).astype(int)
    frame["flags"] = frame["y"] == 1
    frame["labels"] = np.where(frame["y"] == 1, "pass", "fail")
    frame["category"] = pd.Categorical(frame["labels"], ["fail", "pass"])
    with pytest.warns(ConvergenceWarning, match="boundary"):
        number = GLMM.from_formula("y ~ x + (1 | g)", frame, family="binomial").fit()
    with pytest.warns(ConvergenceWarning, match="boundary"):
        other = GLMM.from_formula(f"{flagged} ~ x + (1 | g)", frame, family="binomial").fit()
    np.testing.assert_array_equal(number.params, other.params)


def test_a_family_by_name_class_and_instance_is_one() -> None:
    logit = [cbpp().fit().llf] + [
        GLMM.from_formula(CBPP, data("cbpp"), family=family).fit().llf
        for family in (families.Binomial, families.Binomial())
    ]
    assert len(set(logit)) == 1


@pytest.mark.parametrize("link", ["Probit", "CLogLog"])
def test_other_links_have_the_likelihood_of_their_means(link: str) -> None:
    # at theta = 0 the likelihood is that of statsmodels' own GLM
    frame = data("cbpp")
    family = families.Binomial(getattr(families.links, link)())
    model = GLMM.from_formula(CBPP, frame, family=family)
    counts = frame[["incidence"]].assign(rest=frame["size"] - frame["incidence"])
    own = GLM(counts, model.exog, family=family)
    beta = np.array([-1.2, -0.3, 0.1, 0.2])
    assert model.loglike([*beta, 0.0]) == pytest.approx(own.loglike(beta), abs=1e-10)


def test_offsets_by_argument_by_column_and_in_the_formula_are_one() -> None:
    frame = data("grouseticks").assign(shift=lambda d: np.cos(d["HEIGHT"]) / 3)
    formula = "TICKS ~ cHEIGHT + (1 | BROOD)"
    fits = [
        GLMM.from_formula(formula, frame, family="poisson", offset="shift").fit(),
        GLMM.from_formula(formula, frame, family="poisson", offset=frame["shift"]).fit(),
        GLMM.from_formula(
            "TICKS ~ cHEIGHT + offset(shift) + (1 | BROOD)", frame, family="poisson"
        ).fit(),
    ]
    without = GLMM.from_formula(formula, frame, family="poisson").fit()
    assert abs(fits[0].llf - without.llf) > 0.01
    for fitted in fits:
        np.testing.assert_allclose(fitted.params, fits[0].params, rtol=1e-12)
    new = frame.head()
    shifted = fits[2].predict(new, which="linear") - fits[0].predict(new, which="linear")
    np.testing.assert_allclose(shifted, new["shift"], rtol=1e-10)
    given = fits[0].predict(new, offset=new["shift"])
    np.testing.assert_allclose(given, fits[2].predict(new), rtol=1e-10)


def test_predictions_of_the_population_and_given_the_effects() -> None:
    fitted, frame = cbpp().fit(), data("cbpp")
    beta, effects = fitted.params.to_numpy()[:4], fitted.random_effects[0]["Intercept"]
    population = fitted.model.exog @ beta
    given = population + effects.loc[frame["herd"]].to_numpy()
    np.testing.assert_allclose(fitted.predict(which="linear"), population)
    np.testing.assert_allclose(fitted.predict(frame, which="linear"), population)
    np.testing.assert_allclose(fitted.predict(frame), 1 / (1 + np.exp(-population)))
    np.testing.assert_allclose(fitted.predict(which="linear", conditional=True), given)
    np.testing.assert_allclose(fitted.predict(frame, conditional=True), 1 / (1 + np.exp(-given)))
    np.testing.assert_allclose(fitted.fittedvalues, fitted.predict(conditional=True))


def test_a_new_level_has_effects_of_zero() -> None:
    fitted = cbpp().fit()
    new = data("cbpp").head(2).assign(herd=["1", "none like it"])
    rows = fitted.predict(new, which="linear", conditional=True)
    population = fitted.predict(new, which="linear")
    assert rows.iloc[0] - population.iloc[0] == pytest.approx(
        fitted.random_effects[0].loc["1", "Intercept"]
    )
    assert rows.iloc[1] == population.iloc[1]


def test_arrays_and_formulas_are_one_model() -> None:
    frame = data("cbpp")
    formula = cbpp()
    counts = np.column_stack([frame["incidence"], frame["size"] - frame["incidence"]])
    arrays = GLMM(counts, formula.exog, groups=frame["herd"], family="binomial")
    assert arrays.data.param_names[-1] == "herd SD"
    np.testing.assert_allclose(arrays.fit().params, formula.fit().params, rtol=1e-13)
    nested = RandomEffects.of(frame[["period", "herd"]])
    both = GLMM(counts, formula.exog, frame["herd"], random=[nested], family="binomial")
    written = GLMM.from_formula(
        "cbind(incidence, size - incidence) ~ C(period) + (1 | herd) + (1 | period:herd)",
        frame, family="binomial",
    )  # fmt: skip
    assert both.fit().llf == pytest.approx(written.fit().llf, abs=1e-11)


def test_rows_with_missing_values_are_dropped_by_name_refused_by_wish() -> None:
    frame = data("cbpp")
    holes = frame.astype({"incidence": float, "herd": object})
    holes.loc[3, "incidence"] = np.nan
    holes.loc[7, "herd"] = None
    holes.loc[9, "period"] = np.nan
    kept = GLMM.from_formula(CBPP, holes, family="binomial").fit()
    dropped = GLMM.from_formula(CBPP, frame.drop([3, 7, 9]), family="binomial").fit()
    assert kept.nobs == 53
    np.testing.assert_allclose(kept.params, dropped.params, rtol=1e-12)
    assert list(kept.fittedvalues.index) == list(frame.drop([3, 7, 9]).index)
    with pytest.raises(MissingDataError, match="3 rows have a missing value"):
        GLMM.from_formula(CBPP, holes, family="binomial", missing="raise")


def test_a_subset_is_the_model_of_those_rows() -> None:
    frame = data("cbpp")
    chosen = frame["herd"] != "3"
    one = GLMM.from_formula(CBPP, frame, subset=chosen, family="binomial").fit()
    other = GLMM.from_formula(CBPP, frame[chosen], family="binomial").fit()
    assert one.llf == other.llf
    assert len(one.random_effects[0]) == 14


def test_formulas_see_the_callers_names_and_keep_transforms() -> None:
    frame = data("cbpp")
    half = 2.0

    def halved(values: pd.Series) -> pd.Series:
        return values / half

    formula = "cbind(incidence, size - incidence) ~ halved(size) + (1 | herd)"
    fitted = GLMM.from_formula(formula, frame, family="binomial").fit()
    plain = GLMM.from_formula(
        "cbind(incidence, size - incidence) ~ size + (1 | herd)", frame, family="binomial"
    ).fit()
    assert fitted.params["halved(size)"] == pytest.approx(2 * plain.params["size"], rel=1e-10)
    centred = GLMM.from_formula(
        "cbind(incidence, size - incidence) ~ center(size) + (1 | herd)", frame, family="binomial"
    ).fit()
    new = frame.head(3)
    np.testing.assert_allclose(centred.predict(new), plain.predict(new), rtol=1e-10)


def test_a_power_within_i_is_a_number_in_a_sum_an_interaction() -> None:
    frame = data("cbpp").assign(square=lambda d: d["size"] ** 2)
    left, right = "cbind(incidence, size - incidence) ~", "+ (1 | herd)"
    within, named, crossed, written = (
        GLMM.from_formula(f"{left} {terms} {right}", frame, family="binomial").exog
        for terms in ("I(size^2)", "square", "(size + C(period))^2", "size * C(period)")
    )
    np.testing.assert_array_equal(within, named)
    np.testing.assert_array_equal(crossed, written)


def test_a_fit_survives_pickling() -> None:
    fitted, frame = cbpp().fit(), data("cbpp")
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own
    assert again.llf == fitted.llf
    np.testing.assert_array_equal(again.predict(frame, conditional=True),
                                  fitted.predict(frame, conditional=True))  # fmt: skip
    assert again.model.loglike(again.params) == pytest.approx(fitted.llf, abs=1e-11)
