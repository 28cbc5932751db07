"""Places where R, lme4 or a bridge to them gives a wrong number without a word: ours does not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge import ArgumentError, DataError, Fit, anova, glm, glmer, lm, lmer

pytestmark = [pytest.mark.r, pytest.mark.filterwarnings("ignore::bridge.errors.RWarning")]
N = 240


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    random = np.random.default_rng(1)
    group = random.integers(0, 12, N)
    x = random.normal(size=N)
    table = pd.DataFrame(
        {
            "x": x,
            "z": random.normal(5, 2, N),
            "f": random.choice(list("abc"), N),
            "g": [f"s{k}" for k in group],
            "off": random.normal(size=N),
            "w": np.where(np.arange(N) < N // 2, 1.0, 100.0),
            "s": random.binomial(10, 0.4, N),
        }
    )
    return table.assign(
        y=x + random.normal(size=12)[group] + random.normal(size=N),
        other=3 * x + random.normal(size=N),
        rest=10 - table["s"],
    )


def same(one: Fit, other: Fit) -> None:
    assert one.loglik == other.loglik
    assert one.pvalues.equals(other.pvalues)
    assert one.drop1().table.equals(other.drop1().table)
    assert one.ranova().table.equals(other.ranova().table)
    assert one.anova(ddf="Kenward-Roger").table.equals(other.anova(ddf="Kenward-Roger").table)
    assert one.all_fit()["loglik"].equals(other.all_fit()["loglik"])
    assert one.update(REML=False).loglik == other.update(REML=False).loglik
    assert one.emmeans("f").means.equals(other.emmeans("f").means)


def test_a_refit_answers_for_its_own_response(data: pd.DataFrame) -> None:
    fit = lmer("y ~ x + f + (1 | g)", data)
    fit.coef_table("Satterthwaite")  # what lmerTest finds of the first is no answer of the second
    again = fit.refit(data["other"])
    assert again.formula == fit.formula
    same(again, lmer("y ~ x + f + (1 | g)", data.assign(y=data["other"])))


def test_a_refit_of_a_transformed_response_has_a_column_for_it(data: pd.DataFrame) -> None:
    fit = lmer("log(abs(y) + 1) ~ x + f + (1 | g)", data)
    again = fit.refit(data["other"].to_numpy())
    assert again.formula == ".response ~ x + f + (1 | g)"
    same(again, lmer("y ~ x + f + (1 | g)", data.assign(y=data["other"])))


def test_a_refit_leaves_a_response_that_is_a_covariate(data: pd.DataFrame) -> None:
    fit = lmer("y ~ x + scale(y) + (1 | g)", data)
    assert fit.refit(data["other"]).formula.startswith(".response ~ x + scale(y)")


def test_errors_of_a_weighted_model_are_drawn_by_weight(data: pd.DataFrame) -> None:
    fit = lmer("y ~ x + (1 | g)", data, weights="w")
    drawn = fit.simulate(400, seed=2, use_u=True).sub(fit.fitted, axis=0).to_numpy()
    heavy = (data["w"] == 100).to_numpy()
    # 48000 draws each: the SD of their SD is 0.3 %.
    assert drawn[~heavy].std() == pytest.approx(fit.sigma, rel=0.02)
    assert drawn[heavy].std() == pytest.approx(fit.sigma / 10, rel=0.02)
    limits = fit.confint("boot", n_boot=100, seed=1).loc["sigma"]
    assert limits.iloc[0] < fit.sigma < limits.iloc[1]


def test_weights_of_one_change_no_draw(data: pd.DataFrame) -> None:
    plain = lmer("y ~ x + (1 | g)", data)
    fit = lmer("y ~ x + (1 | g)", data, weights=np.r_[1.0 + 1e-12, np.ones(N - 1)])
    # Drawn by another way: rounding, and a weight that is not 1 in its last digits.
    np.testing.assert_allclose(fit.simulate(2, seed=3), plain.simulate(2, seed=3), rtol=1e-6)


def test_a_constant_weight_changes_nothing_that_is_given(data: pd.DataFrame) -> None:
    plain, weighted = (
        lmer("y ~ x + f + (1 | g)", data, weights=weights) for weights in (None, np.full(N, 7.0))
    )
    np.testing.assert_allclose(weighted.r2().marginal, plain.r2().marginal, rtol=1e-5)
    found, expected = (fit.coef_table("Satterthwaite")["df"] for fit in (weighted, plain))
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # by finite differences, at two optima
    with pytest.raises(ArgumentError, match="leaves the weights out"):
        weighted.coef_table("Kenward-Roger")
    with pytest.raises(ArgumentError, match="leaves the weights out"):
        weighted.emmeans("f", ddf="Kenward-Roger")
    with pytest.raises(ArgumentError, match="a constant weight"):
        weighted.confint("profile", parm="x")
    assert weighted.confint("profile", parm="sigma").shape == (1, 2)


def test_rows_that_were_dropped_take_no_part_in_a_draw(data: pd.DataFrame) -> None:
    gaps = data.copy()
    gaps.loc[[1, 5], "x"] = np.nan
    for action in ("omit", "exclude"):
        fit = glmer("cbind(s, rest) ~ x + (1 | g)", gaps, na_action=action)
        drawn = fit.simulate(1, seed=1)
        assert (drawn.sum(axis=1) == 10).all()
        assert drawn.index.equals(gaps.index.drop([1, 5]))
        assert not fit.bootstrap(2, seed=1).errors
    w = np.where(np.arange(N) < N // 2, 1.0, 1e4)
    line = lm("y ~ x", gaps, weights=w, na_action="exclude")
    spread = line.simulate(300, seed=1).to_numpy().std(axis=1)
    expected = line.sigma / np.sqrt(np.delete(w, [1, 5]))
    np.testing.assert_allclose(spread, expected, rtol=0.25)  # 300 draws a row: SD of an SD is 4 %


def test_a_bootstrap_of_a_singular_model_finds_the_optimum(data: pd.DataFrame) -> None:
    noise = data.assign(noise=np.random.default_rng(5).normal(size=N))
    for formula in ("noise ~ x + (x | g)",):
        fit = lmer(formula, noise)
        assert fit.singular
        found = fit.bootstrap(12, seed=3)
        draws = fit.simulate(12, seed=3)
        for k in range(12):
            whole = lmer(formula, noise.assign(noise=draws[f"sim_{k + 1}"]))
            np.testing.assert_allclose(
                found.replicates.iloc[k], whole.bootstrap(1, seed=1).estimates, rtol=1e-9
            )


def test_means_are_over_the_rows_used(data: pd.DataFrame) -> None:
    used = (data["x"] < 0).to_numpy()
    part = lm("y ~ f + z", data, subset=used).emmeans("f").means
    alone = lm("y ~ f + z", data[used]).emmeans("f").means
    assert part.equals(alone)


@pytest.mark.parametrize("formula", ["y ~ x + off", "y ~ x + off + (1 | g)"])
def test_a_column_is_offset_and_covariate_at_once(data: pd.DataFrame, formula: str) -> None:
    fit = (lmer if "|" in formula else lm)(formula, data, offset="off")
    np.testing.assert_allclose(fit.predict(data), fit.fitted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("function", [lm, lmer])
def test_an_offset_that_begins_with_zeros_counts(data: pd.DataFrame, function: Any) -> None:  # noqa: ANN401
    late = data.assign(late=np.where(np.arange(N) < 60, 0.0, data["off"]))
    formula = "y ~ x" if function is lm else "y ~ x + (1 | g)"
    fit = function(formula, late, offset="late")
    np.testing.assert_allclose(fit.predict(late), fit.fitted, rtol=1e-9, atol=1e-12)


def test_models_of_other_weights_are_not_compared(data: pd.DataFrame) -> None:
    plain, weighted = lmer("y ~ 1 + (1 | g)", data), lmer("y ~ x + (1 | g)", data, weights="w")
    with pytest.raises(DataError, match="different weights"):
        anova(plain, weighted)
    assert anova(lmer("y ~ 1 + (1 | g)", data, weights="w"), weighted).refitted


def test_likelihoods_with_other_constants_are_not_compared(data: pd.DataFrame) -> None:
    one = glmer("s ~ x + (1 | g)", data, family="poisson")
    other = glmer("s ~ 1 + (1 | g)", data, family="poisson", nAGQ=9)
    with pytest.raises(ArgumentError, match="same nAGQ"):
        anova(one, other)


def test_scaled_residuals_of_a_glm_are_over_its_own_sigma(data: pd.DataFrame) -> None:
    fit = glm("s + 1 ~ x", data, family="Gamma")
    np.testing.assert_allclose(fit.residuals("pearson", scaled=True), fit.scaled_resid, rtol=1e-14)


@pytest.mark.parametrize(
    "term", ["I(x - mean(x))", "rank(x)", "I(x / sd(x))", "pmin(x, max(x) / 2)"]
)
@pytest.mark.parametrize("place", ["{} + (1 | g)", "x + (0 + {} | g)"])
@pytest.mark.parametrize("largest", [3, 150, N - 2])
def test_a_function_of_the_whole_column_has_no_value_elsewhere(
    data: pd.DataFrame, term: str, place: str, largest: int
) -> None:
    data = data.copy()
    data.loc[largest, "x"] = 9.0
    fit = lmer("y ~ " + place.format(term), data)
    with pytest.raises(ArgumentError, match="depends on all rows together"):
        fit.predict(data.iloc[:5])


@pytest.mark.parametrize("term", ["poly(x, 2)", "scale(x)", "ns(x, 3)", "factor(f)", "log(z + 9)"])
def test_bases_of_the_fit_are_kept_for_new_rows(data: pd.DataFrame, term: str) -> None:
    fit = lmer(f"y ~ {term} + (1 | g)", data)
    rows = data.iloc[[7, 3, 100]]
    np.testing.assert_allclose(fit.predict(rows), fit.fitted.iloc[[7, 3, 100]], rtol=1e-10)


def test_a_new_row_that_misses_a_value_has_no_prediction(data: pd.DataFrame) -> None:
    rows = data.head(4).copy()
    rows.loc[0, "g"] = None
    rows.loc[1, "f"] = None
    rows.loc[2, "g"] = "new"
    fit = lmer("y ~ x + f + (1 | g)", data)
    found = pd.DataFrame(fit.predict(rows, allow_new_levels=True, se=True))
    assert found.isna().all(axis=1).tolist() == [True, True, False, False]
    np.testing.assert_allclose(found["fit"].iloc[3], fit.fitted.iloc[3], rtol=1e-12)


def test_a_covariate_called_sigma_is_not_the_residual_sd(data: pd.DataFrame) -> None:
    fit = lmer("y ~ sigma + (1 | g)", data.rename(columns={"x": "sigma"}))
    with pytest.raises(ArgumentError, match="Two parameters are called `sigma`"):
        fit.confint("profile")
    with pytest.raises(ArgumentError, match="2 parameters bear"):
        fit.confint("profile", parm="sigma")
    assert fit.confint("wald").index.tolist() == ["(Intercept)", "sigma"]
    assert len(fit.influence("g").cooks_distance) == 12


def test_a_deletion_that_changes_the_model_says_so(data: pd.DataFrame) -> None:
    fit = lmer("y ~ x + f + (1 | g)", data)
    assert set(fit.influence("f").errors) == {"a", "b", "c"}
    assert not fit.influence().cooks_distance.isna().any()


def test_values_by_row_survive_an_update(data: pd.DataFrame) -> None:
    given: Any = {"weights": data["w"].to_numpy(), "offset": data["off"]}
    given["subset"] = data["x"] < 1
    fit = lmer("y ~ x + (1 | g)", data, **given)
    assert (
        fit.update(REML=False).loglik == lmer("y ~ x + (1 | g)", data, REML=False, **given).loglik
    )


def test_rows_of_a_glm_with_gaps_and_of_weight_zero(data: pd.DataFrame) -> None:
    gaps = data.copy()
    gaps.loc[[1, 5], "x"] = np.nan
    fit = glm("y > 0 ~ x", gaps, na_action="exclude")
    assert len(fit.row_parts()) == len(fit.augment()) == N - 2
    line = lm("y ~ x", data, weights=(np.arange(N) % 3).astype(float))
    leverage = line.hat_values().to_numpy()
    assert leverage.shape == (N,)
    assert leverage[::3].tolist() == [0.0] * (N // 3)
    assert leverage.sum() == pytest.approx(2, rel=1e-12)


def test_names_with_spaces_reach_every_question(data: pd.DataFrame) -> None:
    odd = data.rename(columns={"x": "a b", "g": "g g"})
    fit = lmer("y ~ `a b` + (`a b` | `g g`)", odd)
    plain = lmer("y ~ x + (x | g)", data)
    for found, expected in (
        (fit.predict(odd, se=True), plain.predict(data, se=True)),
        (fit.predict(odd, re_form="~ (1 | `g g`)"), plain.predict(data, re_form="~ (1 | g)")),
        (fit.confint("profile", parm="`a b`"), plain.confint("profile", parm="x")),
        (fit.drop1().table, plain.drop1().table),
    ):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
