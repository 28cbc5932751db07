"""Prediction lines: the values are those of predict, the rest is held where it is said."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from numpy.typing import NDArray

from bridge import glmer, lm, lmer
from bridge.errors import ArgumentError, BridgeError
from bridge.fit import Fit
from bridge.plots import Plots
from bridge.plots.prediction_lines import predict_lines
from tests.bridge.plots.fake_fits import fake_fit

pytestmark = pytest.mark.r


def curves(ax: Axes) -> list[NDArray[Any]]:
    """All lines that were drawn, (k, 2) each; the population's is the last."""
    return [np.column_stack(line.get_data()) for line in ax.lines]


def by_hand(fit: Fit, x: NDArray[Any], columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """X beta at `x`, the columns of X given by name."""
    names = list(fit.fixef.index)
    assert set(columns) <= set(names)
    X = np.column_stack([columns.get(name, np.zeros(len(x))) for name in names])
    return np.asarray(X @ np.asarray(fit.fixef))


def test_lines_are_x_beta_and_z_b(sleep_fit: Fit) -> None:
    panel = Plots(sleep_fit).lines("Days")
    *lines, population = curves(panel)
    x = population[:, 0]
    assert (x[0], x[-1]) == (0.0, 9.0)
    fixed = by_hand(sleep_fit, x, {"(Intercept)": np.ones(len(x)), "Days": x})
    # Sums of four products: some roundings of numbers below 500.
    np.testing.assert_allclose(population[:, 1], fixed, rtol=1e-13)
    modes = sleep_fit.ranef["Subject"]  # type: ignore[index]
    assert len(lines) == len(modes) == 18
    for line, (_, b) in zip(lines, modes.iterrows(), strict=True):
        np.testing.assert_allclose(line[:, 1], fixed + b["(Intercept)"] + b["Days"] * x, rtol=1e-13)
    (points,) = (each for each in panel.collections if isinstance(each, PathCollection))
    data = sleep_fit.data
    np.testing.assert_array_equal(points.get_offsets(), data[["Days", "Reaction"]])
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("Days", "Reaction")
    assert panel.get_title(loc="left") == "Predictions, each Subject"


def test_the_rest_is_held_at_mean_and_reference_level(school_fit: Fit) -> None:
    lines = predict_lines(school_fit, "raven", None, {})
    assert lines.held == {"gender": "boy", "social": "1"}
    x = np.array(lines.x)
    fixed = by_hand(school_fit, x, {"(Intercept)": np.ones(len(x)), "raven": x})
    np.testing.assert_allclose(lines.population, fixed, rtol=1e-13)
    modes = school_fit.ranef["school"]["(Intercept)"]  # type: ignore[index]
    assert lines.levels == tuple(modes.index)
    np.testing.assert_allclose(lines.by_level, fixed + modes.to_numpy()[:, None], rtol=1e-12)
    panel = Plots(school_fit).lines()
    title = panel.get_title(loc="left")
    assert title == "Predictions, each school, at gender = boy, social = 1"
    labels = [text.get_text() for text in panel.get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == ["each school (49)", "population"]


def test_other_values_can_be_held(school_fit: Fit) -> None:
    usual = predict_lines(school_fit, "raven", None, {}).population
    at = predict_lines(school_fit, "raven", None, {"gender": "girl", "social": 9})
    assert at.held == {"gender": "girl", "social": "9"}
    moved = school_fit.fixef["gendergirl"] + school_fit.fixef["social9"]
    np.testing.assert_allclose(at.population, usual + moved, rtol=1e-12)


def test_a_number_is_held_at_its_mean(school_fit: Fit) -> None:
    lines = predict_lines(school_fit, "gender", None, {})
    mean = float(school_fit.data["raven"].astype(float).mean())
    assert lines.held == {"raven": mean, "social": "1"}
    assert lines.x == ("boy", "girl")
    base = school_fit.fixef["(Intercept)"] + mean * school_fit.fixef["raven"]
    np.testing.assert_allclose(
        lines.population, [base, base + school_fit.fixef["gendergirl"]], rtol=1e-13
    )


@pytest.mark.parametrize(
    ("covariate", "at", "text"),
    [
        ("ravn", {}, "not 'ravn'. It has 'raven', 'gender', 'social'"),
        ("school", {}, "not 'school'"),
        ("raven", {"raven": 1}, "'raven', which is not held"),
        ("raven", {"gender": "x"}, "its levels are 'boy', 'girl'"),
        ("gender", {"raven": "many"}, "expected a finite number"),
        ("gender", {"raven": np.inf}, "expected a finite number"),
    ],
)
def test_what_cannot_be_held_is_said(
    school_fit: Fit, covariate: str, at: dict[str, Any], text: str
) -> None:
    with pytest.raises(ArgumentError, match=text):
        Plots(school_fit).lines(covariate, at=at)


def test_a_category_has_its_levels_and_the_glmer_its_scale(cbpp_fit: Fit) -> None:
    panel = Plots(cbpp_fit).lines("period")
    *lines, population = curves(panel)
    effects = cbpp_fit.fixef.to_numpy()
    eta = effects[0] + np.array([0.0, *effects[1:]])
    # A logistic function's roundings.
    np.testing.assert_allclose(population[:, 1], 1 / (1 + np.exp(-eta)), rtol=1e-13)
    modes = cbpp_fit.ranef["herd"]["(Intercept)"]  # type: ignore[index]
    for line, mode in zip(lines, modes, strict=True):
        np.testing.assert_allclose(line[:, 1], 1 / (1 + np.exp(-eta - mode)), rtol=1e-13)
    assert [text.get_text() for text in panel.get_xticklabels()] == ["1", "2", "3", "4"]
    (points,) = (each for each in panel.collections if isinstance(each, PathCollection))
    assert np.asarray(points.get_offsets())[:, 1].tolist() == cbpp_fit.response.tolist()


def test_of_nested_groups_the_inner_one_has_both_effects(nested_fit: Fit) -> None:
    inner = predict_lines(nested_fit, "nitro", "Variety:Block", {})
    outer = predict_lines(nested_fit, "nitro", "Block", {})
    assert (len(inner.levels), len(outer.levels)) == (18, 6)
    plots = nested_fit.ranef["Variety:Block"]["(Intercept)"]  # type: ignore[index]
    blocks = nested_fit.ranef["Block"]["(Intercept)"]  # type: ignore[index]
    for level, line in zip(inner.levels, inner.by_level, strict=True):
        own = plots[level] + blocks[level.split(":")[1]]
        np.testing.assert_allclose(line, inner.population + own, rtol=1e-12)
    for level, line in zip(outer.levels, outer.by_level, strict=True):
        np.testing.assert_allclose(line, outer.population + blocks[level], rtol=1e-12)


@pytest.mark.parametrize("bars", ["(x | plate) + (1 | sample)", "(x || plate) + (1 | sample)"])
def test_of_crossed_groups_the_other_one_is_at_zero(crossed_fit: Fit, bars: str) -> None:
    x = np.random.default_rng(2).normal(size=crossed_fit.nobs)
    data = crossed_fit.data.assign(x=x)
    data["diameter"] += 0.8 * x * data["plate"].cat.codes.map(lambda code: code % 3)
    fit = lmer(f"diameter ~ x + {bars}", data)
    for group in ("plate", "sample"):
        lines = predict_lines(fit, "x", group, {})
        at = np.array(lines.x)
        for level, line in zip(lines.levels, lines.by_level, strict=True):
            b = fit.ranef[group].loc[level]  # type: ignore[index]
            own = b["(Intercept)"] + b.get("x", 0.0) * at
            np.testing.assert_allclose(line, lines.population + own, rtol=1e-10)


def test_a_model_without_groups_has_one_line(linear_fit: Fit) -> None:
    panel = Plots(linear_fit).lines()
    (line,) = curves(panel)
    x = line[:, 0]
    intercept, slope = linear_fit.fixef
    np.testing.assert_allclose(line[:, 1], intercept + slope * x, rtol=1e-13)
    assert panel.get_title(loc="left") == "Predictions"
    with pytest.raises(ArgumentError, match="no random effects"):
        Plots(linear_fit).lines(group="Subject")


def test_rows_with_gaps_are_not_drawn(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.copy()
    data.loc[[3, 50], "Reaction"] = np.nan
    fit = lmer("Reaction ~ Days + (1 | Subject)", data)
    panel = Plots(fit).lines()
    (points,) = (each for each in panel.collections if isinstance(each, PathCollection))
    kept = data.drop(index=[3, 50])[["Days", "Reaction"]]
    np.testing.assert_array_equal(points.get_offsets(), kept)
    assert len(np.asarray(Plots(fit).residuals().collections[0].get_offsets())) == 178


def test_numbers_made_factors_and_truth_values_have_their_own_values(
    sleepstudy: pd.DataFrame,
) -> None:
    data = sleepstudy.assign(late=sleepstudy["Days"] > 4, dose=sleepstudy["Days"] % 3)
    fit = lmer("Reaction ~ late + factor(dose) + (1 | Subject)", data)
    lines = predict_lines(fit, "dose", None, {})
    assert lines.x == (0.0, 1.0, 2.0)
    assert lines.held == {"late": False}
    base = fit.fixef["(Intercept)"]
    steps = [0.0, fit.fixef["factor(dose)1"], fit.fixef["factor(dose)2"]]
    np.testing.assert_allclose(lines.population, base + np.array(steps), rtol=1e-13)
    late = predict_lines(fit, "late", None, {"dose": 2})
    assert late.x == (0.0, 1.0)
    np.testing.assert_allclose(
        late.population, base + steps[2] + np.array([0.0, fit.fixef["lateTRUE"]]), rtol=1e-13
    )


def test_an_offset_is_held_at_its_mean(cbpp: pd.DataFrame) -> None:
    data = cbpp.assign(exposure=np.log(cbpp["size"]), x=np.linspace(-1, 1, len(cbpp)))
    fit = glmer("incidence ~ x + offset(exposure) + (1 | herd)", data, family="poisson")
    lines = predict_lines(fit, "x", None, {})
    assert lines.held == {"exposure": pytest.approx(data["exposure"].mean(), rel=1e-15)}
    x = np.array(lines.x)
    eta = fit.fixef["(Intercept)"] + fit.fixef["x"] * x + data["exposure"].mean()
    np.testing.assert_allclose(lines.population, np.exp(eta), rtol=1e-12)


def test_odd_names_are_drawn(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.rename(columns={"Days": "days of it", "Subject": "who (id)"})
    fit = lmer("Reaction ~ `days of it` + (1 | `who (id)`)", data)
    panel = Plots(fit).lines()
    assert panel.get_xlabel() == "days of it"
    assert len(curves(panel)) == 19


def test_few_groups_have_a_colour_and_a_name_each(crossed_fit: Fit) -> None:
    data = crossed_fit.data.assign(x=np.arange(144) % 7)
    panel = Plots(lmer("diameter ~ x + (1 | sample)", data)).lines()
    labels = [text.get_text() for text in panel.get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == [*"ABCDEF", "population"]
    looks = {(line.get_color(), str(line.get_linestyle())) for line in panel.lines[:-1]}
    assert len({colour for colour, _ in looks}) == 6


def test_a_model_without_covariates_has_no_lines(crossed_fit: Fit) -> None:
    with pytest.raises(ArgumentError, match="It has none"):
        Plots(crossed_fit).lines()


def test_points_can_be_left_out(sleep_fit: Fit) -> None:
    assert len(Plots(sleep_fit).lines(points=False).collections) == 0


def test_a_prediction_that_is_missing_is_an_error(linear_fit: Fit) -> None:
    def predict(grid: pd.DataFrame, **_: object) -> "pd.Series[float]":
        return pd.Series(np.nan, index=grid.index)

    parts = {"formula": "Reaction ~ Days", "ranef": None, "predict": predict}
    fit = fake_fit(**parts, data=linear_fit.data, rows=linear_fit.rows)
    with pytest.raises(BridgeError, match="missing or infinite"):
        Plots(fit).lines()


def test_a_dot_stands_for_all_other_columns(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.assign(w=np.linspace(1, 2, 180))[["Reaction", "Days", "w"]]
    lines = predict_lines(lm("Reaction ~ .", data), None, None, {})
    assert (lines.covariate, list(lines.held)) == ("Days", ["w"])
    weighted = lm("Reaction ~ Days", data, weights="w")
    assert predict_lines(weighted, None, None, {}).held == {}


def test_excluded_rows_leave_no_gap(sleepstudy: pd.DataFrame) -> None:
    data = sleepstudy.assign(w=np.linspace(1.0, 2.0, 180))
    data.loc[[3, 50], "Reaction"] = np.nan
    fit = lmer("Reaction ~ Days + (1 | Subject)", data, weights="w", na_action="exclude")
    assert len(fit.fitted) == 180
    (page,) = (ax for ax in Plots(fit).diagnostics().flat if "Residuals" in ax.get_title("left"))
    (points,) = (each for each in page.collections if isinstance(each, PathCollection))
    kept = fit.fitted.dropna()
    assert np.asarray(points.get_offsets())[:, 0].tolist() == kept.tolist()
    assert len(kept) == 178


def test_values_given_as_offset_are_held_at_their_mean(cbpp: pd.DataFrame) -> None:
    offset = np.log(cbpp["size"].to_numpy())
    data = cbpp.assign(x=np.linspace(-1, 1, len(cbpp)))
    fit = glmer("incidence ~ x + (1 | herd)", data, family="poisson", offset=offset)
    lines = predict_lines(fit, "x", None, {})
    x = np.array(lines.x)
    eta = fit.fixef["(Intercept)"] + fit.fixef["x"] * x + offset.mean()
    np.testing.assert_allclose(lines.population, np.exp(eta), rtol=1e-12)


def test_a_fit_from_a_file_has_the_same_pictures(sleep_fit: Fit) -> None:
    again = pickle.loads(pickle.dumps(sleep_fit))  # noqa: S301  (our own bytes)
    for one, two in zip(
        curves(Plots(sleep_fit).lines()), curves(Plots(again).lines()), strict=True
    ):
        np.testing.assert_array_equal(one, two)
