"""A fit is frozen and whole; what goes wrong is a sentence or a finding, never a crash."""

import dataclasses
import pickle
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge import (
    BridgeError,
    DataError,
    Fit,
    FitError,
    FormulaError,
    NotDefinedError,
    anova,
    glmer,
    lm,
    lmer,
)
from bridge.errors import ArgumentError
from bridge.session import current

pytestmark = pytest.mark.r
SLEEP = "Reaction ~ Days + (Days | Subject)"
INTERCEPT = "Reaction ~ Days + (1 | Subject)"


def test_rows_with_missing_values_are_known_and_labels_kept(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.set_index(pd.Index([f"row{k}" for k in range(180)]))
    data.loc["row3", "Reaction"] = np.nan
    data.loc["row170", "Days"] = np.nan
    fit = lmer(INTERCEPT, data)
    kept = [k for k in range(180) if k not in (3, 170)]
    assert fit.rows.tolist() == kept
    assert fit.nobs == 178
    for column in (fit.fitted, fit.resid, fit.scaled_resid, fit.model_matrix):
        assert column.index.tolist() == [f"row{k}" for k in kept]
    rebuilt = fit.fitted + fit.resid
    assert np.allclose(rebuilt, data["Reaction"].iloc[kept], rtol=1e-13, atol=0)


def test_a_gap_inside_factor_is_missing_and_no_level(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.assign(dose=(sleepstudy["Days"] % 3).astype(float))
    data.loc[[4, 50, 99], "dose"] = np.nan
    fit = lmer("Reaction ~ factor(dose) + (1 | Subject)", data)
    assert fit.nobs == 177
    assert list(fit.fixef.index) == ["(Intercept)", "factor(dose)1", "factor(dose)2"]
    whole = lmer("Reaction ~ factor(dose) + (1 | Subject)", data.dropna())
    assert fit.loglik == whole.loglik


def test_an_integer_overflow_in_r_is_an_error_and_no_lost_row(sleepstudy: pd.DataFrame) -> None:
    # 46340 squared is the last that 32 bits hold.
    data = sleepstudy.assign(a=46_336 + sleepstudy["Days"])
    with pytest.raises(FitError, match=r"integer overflow.*floating-point"):
        lmer("Reaction ~ I(a * a) + (1 | Subject)", data)


def test_a_model_without_fixed_effects_fits(sleepstudy: pd.DataFrame) -> None:
    fit = lmer("Reaction ~ 0 + (1 | Subject)", sleepstudy)
    assert fit.fixef.empty
    assert fit.tvalues.empty
    assert fit.npar == 2


def test_series_with_other_row_labels_are_refused() -> None:
    y, x = pd.Series([1.0, 2, 3]), pd.Series([1.0, 2, 3], index=[1, 2, 3])
    with pytest.raises(DataError, match="'y' and 'x' are Series with different row labels"):
        lm("y ~ x", {"y": y, "x": x})


def test_integer_categories_are_groups_and_levels(sleepstudy: pd.DataFrame) -> None:
    numbers = sleepstudy["Subject"].astype(int)
    data = sleepstudy.assign(Subject=pd.Categorical(numbers, sorted(set(numbers), reverse=True)))
    fit = lmer(INTERCEPT, data)
    assert fit.ranef is not None
    assert list(fit.ranef["Subject"].index[:2]) == ["372", "371"]
    fixed = lm("Reaction ~ Days + Subject", data)
    assert "Subject371" in fixed.fixef.index
    assert "Subject372" not in fixed.fixef.index


def test_ordered_categories_get_treatment_contrasts(sleepstudy: pd.DataFrame) -> None:
    third = pd.Categorical(sleepstudy["Days"] // 4, [0, 1, 2], ordered=True)
    fit = lm("Reaction ~ third", sleepstudy.assign(third=third))
    assert list(fit.fixef.index) == ["(Intercept)", "third1", "third2"]


def test_order_of_rows_does_not_move_the_estimate(sleepstudy: pd.DataFrame, sleep_fit: Fit) -> None:
    shuffled = sleepstudy.sample(frac=1, random_state=3)
    fit = lmer(SLEEP, shuffled)
    assert np.allclose(fit.fixef, sleep_fit.fixef, rtol=1e-7, atol=0)
    aligned = fit.fitted.loc[sleep_fit.fitted.index]
    assert np.allclose(aligned, sleep_fit.fitted, rtol=1e-4, atol=0)


def test_a_fit_survives_pickling(sleep_fit: Fit, sleepstudy: pd.DataFrame) -> None:
    back = pickle.loads(pickle.dumps(sleep_fit))  # noqa: S301  (our own bytes)
    assert back.handle.key == sleep_fit.handle.key
    assert back.handle.session is None  # a session belongs to its process
    for field in dataclasses.fields(Fit):
        if field.name == "handle":
            continue
        assert same(getattr(back, field.name), getattr(sleep_fit, field.name)), field.name
    assert anova(back, lmer(INTERCEPT, sleepstudy)).refitted


def same(one: Any, other: Any) -> bool:  # noqa: ANN401  (any field of a fit)
    if isinstance(one, pd.Series | pd.DataFrame):
        return bool(one.equals(other))
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, pd.Index):
        return bool(one.equals(other))
    return bool(one == other)


def test_a_fit_is_frozen(sleep_fit: Fit) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        sleep_fit.sigma = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        sleep_fit.fixef["Days"] = 1.0
    data = sleep_fit.data
    data.loc[0, "Reaction"] = 0.0
    assert sleep_fit.data.loc[0, "Reaction"] != 0.0


def test_conditional_deviations_come_when_asked(sleepstudy: pd.DataFrame, sleep_fit: Fit) -> None:
    later = lmer(SLEEP, sleepstudy)
    assert later.ranef_sd["Subject"].equals(sleep_fit.ranef_sd["Subject"])
    assert later.ranef_sd is later.ranef_sd  # computed once
    with pytest.raises(NotDefinedError, match="no random effects"):
        _ = lm("Reaction ~ Days", sleepstudy).ranef_sd


def test_rank_deficiency_is_told(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.assign(Hours=24 * sleepstudy["Days"])
    fit = lmer("Reaction ~ Days + Hours + (1 | Subject)", data)
    assert fit.dropped_columns == ("Hours",)
    assert list(fit.fixef.index) == ["(Intercept)", "Days"] == list(fit.model_matrix.columns)
    assert [said.kind for said in fit.messages] == ["message"]
    assert "rank deficient" in fit.messages[0].text
    line = lm("Reaction ~ Days + Hours", data)
    assert line.dropped_columns == ("Hours",)
    assert list(line.fixef.index) == list(line.vcov.index) == list(line.model_matrix.columns)


def test_a_singular_fit_is_a_finding(sleepstudy: pd.DataFrame) -> None:
    subjects = sleepstudy.groupby("Subject", observed=True)["Reaction"]
    within = sleepstudy["Reaction"] - subjects.transform("mean")
    fit = lmer("within ~ 1 + (1 | Subject)", sleepstudy.assign(within=within))
    assert fit.singular
    assert fit.converged
    assert any("singular" in said.text for said in fit.messages)
    assert "singular" in repr(fit)


def test_a_fit_stopped_early_is_not_converged(sleepstudy: pd.DataFrame) -> None:
    control = {"optimizer": "Nelder_Mead", "optCtrl": {"maxfun": 20}}
    fit = lmer(SLEEP, sleepstudy, control=control)
    assert not fit.converged
    assert fit.optinfo is not None
    assert fit.optinfo.optimizer == "Nelder_Mead"
    assert fit.optinfo.code != 0
    assert any(said.kind == "warning" for said in fit.messages)
    assert "not converged" in repr(fit)


def test_an_optimizer_that_counts_no_evaluations(sleepstudy: pd.DataFrame) -> None:
    fit = lmer(SLEEP, sleepstudy, control={"optimizer": "nlminbwrap"})
    assert fit.optinfo is not None
    assert fit.optinfo.evaluations is None
    assert fit.reml_criterion == pytest.approx(1743.62827195849, abs=1e-8)
    pickled = pickle.loads(pickle.dumps(fit))  # noqa: S301 - our own bytes
    assert pickled.confint(method="wald").equals(fit.confint(method="wald"))


def test_control_reaches_lme4(sleepstudy: pd.DataFrame, cbpp: pd.DataFrame) -> None:
    fit = lmer(SLEEP, sleepstudy, control={"optimizer": "bobyqa"})
    assert fit.optinfo is not None
    assert fit.optinfo.optimizer == "bobyqa"
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    tight = glmer(formula, cbpp, control={"tolPwrss": 1e-13})
    loose = glmer(formula, cbpp, control={"tolPwrss": 1e-2})
    assert tight.loglik != loose.loglik


def test_family_link_and_quadrature_reach_lme4(cbpp: pd.DataFrame) -> None:
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    logit = glmer(formula, cbpp)
    probit = glmer(formula, cbpp, link="probit")
    finer = glmer(formula, cbpp, nAGQ=9)
    counts = glmer("incidence ~ period + (1 | herd)", cbpp, family="poisson")
    assert (logit.family, logit.link) == ("binomial", "logit")
    assert (probit.family, probit.link) == ("binomial", "probit")
    assert (counts.family, counts.link) == ("poisson", "log")
    assert finer.criterion == "ML (nAGQ = 9)"
    assert len({logit.loglik, probit.loglik, finer.loglik, counts.loglik}) == 4


def test_weights_by_name_and_by_value_are_one(sleepstudy: pd.DataFrame) -> None:
    w = 1.0 + np.arange(180) % 3
    plain = lmer(INTERCEPT, sleepstudy)
    named = lmer(INTERCEPT, sleepstudy.assign(w=w), weights="w")
    given = lmer(INTERCEPT, sleepstudy, weights=w)
    assert named.loglik == given.loglik != plain.loglik
    assert (
        lm("Reaction ~ Days", sleepstudy, weights=w).sigma
        != lm("Reaction ~ Days", sleepstudy).sigma
    )


def test_proportions_with_trials_equal_counts(cbpp: pd.DataFrame) -> None:
    counts = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp)
    data = cbpp.assign(rate=cbpp["incidence"] / cbpp["size"])
    rates = glmer("rate ~ period + (1 | herd)", data, weights="size")
    assert rates.loglik == pytest.approx(counts.loglik, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"Subject": "one"}, FitError, "one group only"),
        ({"Subject": [f"s{k}" for k in range(180)]}, FitError, "one group a row"),
        ({"Reaction": np.nan}, DataError, "response 'Reaction' is missing in all 180 rows"),
        ({"Days": np.inf}, DataError, "Column 'Days' holds inf in row 0"),
        ({"Days": pd.Timestamp("2020-01-01")}, DataError, "Column 'Days' is of type datetime64"),
        ({"Days": "always"}, FitError, "one level only"),
        ({"Reaction": "fast"}, FitError, "must be numbers"),
        (
            {"Reaction": [np.nan, 1.0] * 90, "Days": [1.0, np.nan] * 90},
            DataError,
            "Each of the 180 rows has a missing value",
        ),
    ],
)
def test_bad_data_get_one_sentence(
    sleepstudy: pd.DataFrame, change: dict[str, Any], error: type[BridgeError], words: str
) -> None:
    with pytest.raises(error) as caught:
        lmer(INTERCEPT, sleepstudy.assign(**change))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"REML": "no"}, ArgumentError, "REML is 'no'"),
        ({"cond_var": 1}, ArgumentError, "cond_var is 1"),
        ({"control": {"optimiser": "bobyqa"}}, ArgumentError, "`optimiser` is not a setting"),
        ({"control": {"optimizer": "system"}}, ArgumentError, "`system` is not an optimizer"),
        ({"control": {"optCtrl": object()}}, ArgumentError, "control['optCtrl']"),
        ({"control": "bobyqa"}, ArgumentError, "expected a mapping"),
        ({"weights": "wait"}, DataError, "no column 'wait'"),
        ({"weights": [1.0, 2.0]}, DataError, "shape (2,)"),
        ({"weights": [-1.0] * 180}, DataError, "negative"),
        ({"weights": "Subject"}, DataError, "expected numbers"),
        ({"weights": pd.Series([1.0] * 180, index=range(1, 181))}, DataError, "row labels"),
    ],
)
def test_bad_arguments_get_one_sentence(
    sleepstudy: pd.DataFrame, arguments: dict[str, Any], error: type[BridgeError], words: str
) -> None:
    with pytest.raises(error) as caught:
        lmer(INTERCEPT, sleepstudy, **arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"family": "quasi"}, "`quasi` is not a family"),
        ({"family": "system"}, "`system` is not a family"),
        ({"family": "gaussian"}, "use lmer"),
        ({"link": "system('touch pwned')"}, "is not a link of the family binomial"),
        ({"nAGQ": 1.5}, "nAGQ is 1.5"),
        ({"nAGQ": -1}, "nAGQ is -1"),
    ],
)
def test_bad_arguments_of_glmer(cbpp: pd.DataFrame, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, **arguments)
    assert words in str(caught.value)


def test_weights_are_no_term_of_a_dot(sleepstudy: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="would take the weights for a term"):
        lm("Reaction ~ .", sleepstudy, weights=[1.0] * 180)


def test_anova_refuses_other_rows_and_responses(sleepstudy: pd.DataFrame) -> None:
    whole = lmer(INTERCEPT, sleepstudy)
    part = lmer(INTERCEPT, sleepstudy.iloc[:170])
    with pytest.raises(DataError, match="different rows"):
        anova(whole, part)
    with pytest.raises(DataError, match="different responses"):
        anova(whole, lmer("log(Reaction) ~ Days + (1 | Subject)", sleepstudy))
    with pytest.raises(ArgumentError, match="two or more"):
        anova(whole)


def test_anova_of_glmer_fits_is_r_s(cbpp: pd.DataFrame) -> None:
    null = glmer("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", cbpp)
    full = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp)
    table = anova(null, full).table
    assert table["Chisq"].iloc[1] == pytest.approx(2 * (full.loglik - null.loglik), rel=1e-12)
    assert table["Df"].iloc[1] == 3
    expected = cbpp["incidence"] / cbpp["size"]
    assert np.allclose(full.response, expected, rtol=1e-15, atol=0)
    with pytest.raises(DataError, match="different responses"):
        anova(null, glmer("cbind(size - incidence, incidence) ~ period + (1 | herd)", cbpp))


def test_anova_of_linear_models_is_the_f_test(sleepstudy: pd.DataFrame) -> None:
    large = lm("Reaction ~ Days", sleepstudy)
    compared = anova(lm("Reaction ~ 1", sleepstudy), large)
    assert list(compared.table.index) == ["model1", "model2"]
    assert large.fstatistic is not None
    assert compared.table["F"].iloc[1] == pytest.approx(large.fstatistic.value, rel=1e-12)
    assert not compared.refitted


def test_threads_take_turns(sleepstudy: pd.DataFrame, sleep_fit: Fit) -> None:
    found: list[float] = []

    def work() -> None:
        found.extend(lmer(SLEEP, sleepstudy).loglik for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [sleep_fit.loglik] * 12


def test_nothing_reaches_the_console(
    sleepstudy: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    control = {"optimizer": "Nelder_Mead", "optCtrl": {"maxfun": 20}}
    assert lmer(SLEEP, sleepstudy, control=control).messages
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_an_unknown_function_of_r_is_an_error_of_ours() -> None:
    answer = current().call("no_such_function", {})
    assert answer.failure is not None
    assert "no_such_function" in answer.failure.text
