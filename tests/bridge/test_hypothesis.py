"""wald_test and t_test: what text means, and what is judged, against statsmodels and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from bridge.constraint import read_constraints
from bridge.contrast import ContrastTest, WaldTest
from bridge.errors import ArgumentError
from bridge.hypothesis import natural_df
from tests.bridge.recorded_fit import RecordedFit

DATA = Path(__file__).parents[2] / "parity" / "data" / "datasets"
NAMES = ["(Intercept)", "x1", "x2", "x1:x2", "poly(x, 2)1", "`my x`", "gendergirl", "x.1"]

MEANS: list[tuple[object, list[dict[str, float]], list[float]]] = [
    ("x1 - x2 = 0", [{"x1": 1, "x2": -1}], [0]),
    ("x1", [{"x1": 1}], [0]),
    ("x1 = 3, x2 = -0.5", [{"x1": 1}, {"x2": 1}], [3, -0.5]),
    ("x1 = x2 = gendergirl", [{"x1": 1, "x2": -1}, {"x2": 1, "gendergirl": -1}], [0, 0]),
    ("2 * (x1 + x2) / 4 = 1 + 1e-3", [{"x1": 0.5, "x2": 0.5}], [1.001]),
    ("-(x1 - -x2) + 5 = x1 + 2", [{"x1": -2, "x2": -1}], [-3]),
    ("(Intercept) = 250", [{"(Intercept)": 1}], [250]),
    ("`(Intercept)`-x1", [{"(Intercept)": 1, "x1": -1}], [0]),
    ("((Intercept) + x1) * .5", [{"(Intercept)": 0.5, "x1": 0.5}], [0]),
    ("poly(x, 2)1 = 0, x1:x2=0", [{"poly(x, 2)1": 1}, {"x1:x2": 1}], [0, 0]),
    ("`poly(x, 2)1` = 0", [{"poly(x, 2)1": 1}], [0]),
    ("`my x` = 1", [{"`my x`": 1}], [1]),
    ("x.1 = x1", [{"x.1": 1, "x1": -1}], [0]),
    ("x1 * 3 - x1", [{"x1": 2}], [0]),
    (["x1", "x2 = 2"], [{"x1": 1}, {"x2": 1}], [0, 2]),
    ([0, 1, 0, 0, 0, 0, 0, 0], [{"x1": 1}], [0]),
    (np.eye(8)[1:3], [{"x1": 1}, {"x2": 1}], [0, 0]),
    ((np.eye(8)[1:3], [4, 5]), [{"x1": 1}, {"x2": 1}], [4, 5]),
]


@pytest.mark.parametrize(
    ("hypothesis", "weights", "targets"), MEANS, ids=lambda value: str(value)[:30]
)
def test_a_hypothesis_means_its_weights(
    hypothesis: object, weights: list[dict[str, float]], targets: list[float]
) -> None:
    found = read_constraints(hypothesis, NAMES)
    expected = [[row.get(name, 0.0) for name in NAMES] for row in weights]
    # Exact but for the division by 4 and the sum with a decimal.
    assert found.matrix == pytest.approx(np.array(expected), abs=1e-15)
    assert found.targets == pytest.approx(np.array(targets), abs=1e-15)


def test_constraints_are_named_in_words() -> None:
    found = read_constraints("2*x1 - `(Intercept)` = 3, x2", NAMES)
    assert found.labels == ("-(Intercept) + 2 * x1 = 3", "x2 = 0")


REFUSED: list[tuple[object, str]] = [
    ("", "ends where a coefficient belongs"),
    ("x1 =", "ends where a coefficient belongs"),
    ("x1 = 0,", "ends where a coefficient belongs"),
    ("x3 = 0", r"no coefficient 'x3'\. The coefficients are '\(Intercept\)'"),
    ("x11 = 0", "no coefficient 'x11'"),
    ("2x1 = 0", "no coefficient '2x1'"),
    ("gender = 0", "Did you mean 'gendergirl'"),
    ("`zz` = 0", "no coefficient 'zz'"),
    ("x1 * x2 = 0", "not linear"),
    ("1 / x1 = 0", "not linear"),
    ("x1 / 0", "divides by 0"),
    ("x1 / (x2 - x2)", "divides by 0"),
    ("(x1 + x2 = 0", "closing parenthesis"),
    ("x1 + x2) = 0", "cannot be read at"),
    ("x1 x2", "cannot be read at 'x2'"),
    ("x1 * , x2", "has ',' where a coefficient belongs"),
    ("1 = 1", "names no coefficient"),
    ("x1 - x1 = 0", "names no coefficient"),
    ("__import__('os').system('touch pwned')", "no coefficient"),
    ("x1; x2", "no coefficient"),
    ("(" * 60 + "x1" + ")" * 60, "more than 50"),
    ("x1 == 0", "has '=' where a coefficient belongs"),
    ("x1 > 0", "no coefficient '>'"),
    (["x1", 3], "texts alone"),
    ([], r"shape \(1, 0\)"),
    (3.5, "shape"),
    (None, "missing or infinite|shape"),
    ([[1, 0]], r"expected \(k, 8\)"),
    ((np.eye(8)[1:3], [1]), "shape"),
    ([[np.nan] * 8], "missing or infinite"),
    ({"x1": 0}, "expected text"),
    ("x1 - " * 400, "ends where"),
]


@pytest.mark.parametrize(("hypothesis", "words"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_cannot_be_read_is_refused_in_words(hypothesis: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        read_constraints(hypothesis, NAMES)


@pytest.fixture(scope="module")
def ordinary() -> Any:  # noqa: ANN401
    """Fit the model of the oracle's `line_weighted` in statsmodels."""
    cake = pd.read_csv(DATA / "cake.csv")
    wls: Any = smf.wls
    return wls("angle ~ recipe + temp", cake, weights=cake["temp"]).fit()


def _as_patsy(hypothesis: str) -> str:
    return hypothesis.replace("recipeB", "recipe[T.B]").replace("recipeC", "recipe[T.C]")


@pytest.mark.parametrize(
    "hypothesis", ["temp = 0.1", "recipeB = 0, recipeC = 0", "recipeB - recipeC = 1, 2 * temp = 0"]
)
def test_an_lm_is_tested_as_statsmodels_tests_it(ordinary: Any, hypothesis: str) -> None:  # noqa: ANN401
    fit = RecordedFit("line_weighted")
    theirs = ordinary.wald_test(_as_patsy(hypothesis), scalar=True, use_f=True)
    joint = fit.wald_test(hypothesis)
    # Two least-squares solvers, one by QR and one by a pseudo-inverse.
    close: dict[str, Any] = {"rel": 1e-9}
    assert joint.distribution == "F"
    assert joint.fvalue == pytest.approx(float(theirs.fvalue), **close)
    assert joint.pvalue == pytest.approx(float(theirs.pvalue), **close)
    assert (joint.df_num, joint.df_denom) == (theirs.df_num, theirs.df_denom)
    each, of_each = fit.t_test(hypothesis), ordinary.t_test(_as_patsy(hypothesis))
    assert each.distribution == "t"
    for name in ("effect", "sd", "tvalue", "pvalue"):
        assert getattr(each, name) == pytest.approx(np.ravel(getattr(of_each, name)), **close)
    assert each.conf_int(0.1) == pytest.approx(of_each.conf_int(0.1), **close)
    ours, frame = each.summary_frame(), of_each.summary_frame()
    assert ours.columns.tolist() == frame.columns.tolist()
    assert ours.to_numpy() == pytest.approx(frame.to_numpy(), **close)


def test_an_lm_is_tested_by_chi2_where_that_is_asked(ordinary: Any) -> None:  # noqa: ANN401
    theirs = ordinary.wald_test("recipe[T.B] = 0, temp = 0", scalar=True, use_f=False)
    ours = RecordedFit("line_weighted").wald_test("recipeB, temp", use_f=False)
    assert (ours.distribution, ours.df_num, ours.df_denom) == ("chi2", 2, theirs.df_denom)
    # See above.
    assert ours.statistic == pytest.approx(float(theirs.statistic), rel=1e-9)
    assert ours.pvalue == pytest.approx(float(theirs.pvalue), rel=1e-9)


def test_a_mixed_model_is_tested_by_the_normal_distribution() -> None:
    fit = RecordedFit("sleep_reml")
    one = fit.t_test("Days = 8")
    z = (fit.fixef["Days"] - 8) / fit.bse["Days"]
    # By hand: a quotient, and a tail of SciPy's.
    assert one.tvalue == pytest.approx([z], rel=1e-12)
    assert one.pvalue == pytest.approx([2 * stats.norm.sf(abs(z))], rel=1e-12)
    assert one.distribution == "norm"
    assert np.isinf(one.df_denom).all()
    joint = fit.wald_test("Days = 8")
    assert joint.distribution == "chi2"
    assert joint.statistic == pytest.approx(z**2, rel=1e-12)
    assert joint.pvalue == pytest.approx(one.pvalue[0], rel=1e-12)
    with pytest.raises(ArgumentError, match="has no F"):
        _ = joint.fvalue


def test_all_zero_is_the_quadratic_form_of_all() -> None:
    fit = RecordedFit("cake")
    joint = fit.wald_test(["recipeB", "recipeC", "temp"])
    beta, vcov = fit.fixef.to_numpy()[1:], fit.vcov.to_numpy()[1:, 1:]
    # By hand, by an inverse.
    assert joint.statistic == pytest.approx(beta @ np.linalg.inv(vcov) @ beta, rel=1e-10)


@pytest.mark.parametrize("ddf", ["Satterthwaite", "Kenward-Roger"])
def test_degrees_of_freedom_of_one_coefficient(ddf: str) -> None:
    fit = RecordedFit("cake")
    table = fit.coef_table(ddf=ddf)
    found = fit.t_test("recipeB, -2 * temp = 0", ddf=ddf)
    rows = table.loc[["recipeB", "temp"]]
    assert found.df_denom.tolist() == rows["df"].tolist()
    assert found.sd.tolist() == [rows["std_error"].iloc[0], 2 * rows["std_error"].iloc[1]]
    # R's own p-values, by its own tails of t; of the smaller one 30 digits are zeros.
    assert found.pvalue == pytest.approx(rows["p_value"].to_numpy(), rel=1e-8)
    one = fit.wald_test("temp", ddf=ddf)
    assert (one.distribution, one.df_num) == ("F", 1)
    assert one.df_denom == rows["df"].iloc[1]
    assert one.statistic == pytest.approx(rows["statistic"].iloc[1] ** 2, rel=1e-12)
    assert one.pvalue == pytest.approx(rows["p_value"].iloc[1], rel=1e-8)


def test_kenward_roger_has_its_own_standard_errors() -> None:
    fit = RecordedFit("cake")
    table = fit.coef_table(ddf="Kenward-Roger")
    found = fit.t_test("(Intercept)", ddf="Kenward-Roger")
    assert found.sd.tolist() == [table.loc["(Intercept)", "std_error"]]


@pytest.mark.parametrize(
    ("name", "call", "arguments", "words"),
    [
        ("cake", "t_test", {"r_matrix": "temp", "ddf": "Satterthwaite", "use_t": False}, "leave"),
        ("herds", "t_test", {"r_matrix": "period2", "ddf": "Satterthwaite"}, "is for an lmer"),
        ("cake", "t_test", {"r_matrix": "temp", "use_t": True}, "needs degrees of freedom"),
        ("cake", "wald_test", {"r_matrix": "temp", "use_f": True}, "needs degrees of freedom"),
        ("cake", "wald_test", {"r_matrix": "temp", "scalar": False}, "one number"),
        ("cake", "wald_test", {"r_matrix": "temp, 2 * temp = 1"}, "only 1 of them"),
        (
            "cake",
            "wald_test",
            {"r_matrix": "recipeB = recipeC, recipeC = temp, recipeB = temp"},
            "only 2 of them",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused(
    name: str, call: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        getattr(RecordedFit(name), call)(**arguments)


def test_all_pairs_are_tested_each_though_they_repeat_each_other() -> None:
    found = RecordedFit("cake").t_test("recipeB, recipeC, recipeB - recipeC")
    assert found.effect.shape == (3,)
    assert found.effect[2] == found.effect[0] - found.effect[1]


@pytest.mark.parametrize(
    ("name", "distribution"), [("odds", "norm"), ("gamma", "t"), ("herds", "norm")]
)
def test_a_glm_is_judged_as_its_summary_is(name: str, distribution: str) -> None:
    fit = RecordedFit(name)
    last = str(fit.fixef.index[-1])
    found = fit.t_test(f"`{last}`")
    assert found.distribution == distribution
    # R's own p-value of that coefficient.
    assert found.pvalue == pytest.approx([fit.pvalues.iloc[-1]], rel=1e-8)


@pytest.mark.parametrize(
    ("kind", "family", "expected"),
    [
        ("lm", None, 17.0),
        ("glm", "binomial", np.inf),
        ("glm", "poisson", np.inf),
        ("glm", "Gamma", 17.0),
        ("glm", "gaussian", 17.0),
        ("lmer", None, np.inf),
        ("glmer", "Gamma", np.inf),
        ("glmer_nb", "Negative Binomial(2)", np.inf),
    ],
)
def test_degrees_of_freedom_are_those_of_rs_summary(
    kind: str, family: str | None, expected: float
) -> None:
    assert natural_df(kind, family, 17) == expected


def test_results_print_their_constraints_and_are_frozen() -> None:
    fit = RecordedFit("line")
    each, joint = fit.t_test("Days = 10"), fit.wald_test("Days = 10")
    assert isinstance(each, ContrastTest)
    assert isinstance(joint, WaldTest)
    assert "Days = 10" in str(each)
    assert "t with 178 df" in str(each)
    assert str(joint).startswith("Days = 10\nF(1, 178) = ")
    assert "normal" in str(RecordedFit("cake").t_test("temp"))
    with pytest.raises(AttributeError):
        joint.statistic = 0.0  # type: ignore[misc]
    with pytest.raises(ArgumentError, match="above 0 and below 1"):
        each.conf_int(95)
