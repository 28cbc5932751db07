"""What a fit answers is what R answers: to the last bit, unless it is said why not."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bridge import Fit, glm, glmer, glmer_nb, lm, lmer

pytestmark = [pytest.mark.r, pytest.mark.filterwarnings("ignore::bridge.errors.RWarning")]
HERE = Path(__file__).parent
SLEEP = "Reaction ~ Days + (Days | Subject)"
HERDS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
DATASETS = HERE.parents[1] / "parity" / "data" / "datasets"
NEW = {"Days": [0.5, 3.0, 12.0], "Subject": ["308", "372", "999"]}
L = np.array([[0.0, 1.0], [1.0, 10.0]])
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """R's answers: question -> table."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("there is no Rscript here")
    folder = tmp_path_factory.mktemp("surface")
    subprocess.run(
        [rscript, str(HERE / "surface.R"), str(folder)], check=True, stderr=subprocess.DEVNULL
    )
    cells: dict[str, dict[tuple[str, str], float]] = {}
    for line in (folder / "surface.txt").read_text(encoding="utf-8").splitlines():
        question, row, column, number = line.split("\t")
        cells.setdefault(question, {})[row, column] = float.fromhex(number)
    return {question: tabulated(found) for question, found in cells.items()}


def tabulated(cells: dict[tuple[str, str], float]) -> pd.DataFrame:
    rows = list(dict.fromkeys(row for row, _ in cells))
    columns = list(dict.fromkeys(column for _, column in cells))
    numbers = [[cells[row, column] for column in columns] for row in rows]
    return pd.DataFrame(numbers, index=rows, columns=columns)


@pytest.fixture(scope="module")
def fits(sleepstudy: pd.DataFrame, cbpp: pd.DataFrame) -> dict[str, Fit]:
    text = dict.fromkeys(("replicate", "recipe", "temperature"), "category")
    cake = pd.read_csv(DATASETS / "cake.csv", dtype=text)
    ticks = pd.read_csv(DATASETS / "grouseticks.csv", dtype={"YEAR": "str", "BROOD": "str"})
    return {
        "sleep": lmer(SLEEP, sleepstudy),
        "sleep_ml": lmer(SLEEP, sleepstudy, REML=False),
        "herds": glmer(HERDS, cbpp),
        "cakes": lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", cake),
        "line": lm("Reaction ~ Days", sleepstudy),
        "counts": glm("cbind(incidence, size - incidence) ~ period", cbpp),
        "ticks": glmer_nb("TICKS ~ YEAR + (1 | BROOD)", ticks),
    }


def numbers_of(found: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    if isinstance(found, pd.DataFrame):
        found = found.select_dtypes("number")
    cells = np.asarray(found, dtype=np.float64)
    return cells.reshape(-1, 1) if cells.ndim == 1 else cells


def boot(fits: dict[str, Fit], kind: Any) -> pd.DataFrame:  # noqa: ANN401
    return fits["sleep_ml"].confint("boot", n_boot=60, seed=11, boot_type=kind)


def counts(fit: Fit) -> pd.DataFrame:
    data = fit.data
    return pd.DataFrame({"yes": data["incidence"], "no": data["size"] - data["incidence"]})


Question = Callable[[dict[str, Fit]], Any]
SAME: dict[str, Question] = {
    "sleep coef": lambda f: f["sleep"].coef["Subject"],
    "sleep ranef_cov 308": lambda f: f["sleep"].ranef_cov["Subject"]["308"],
    "sleep Z": lambda f: f["sleep"].get_me("Z").toarray()[:, :4],
    "sleep Lambda": lambda f: f["sleep"].get_me("Lambda").toarray(),
    "sleep pca": lambda f: f["sleep"].re_pca()["Subject"][["sdev"]].T,
    "sleep loadings": lambda f: f["sleep"].re_pca()["Subject"][["term1", "term2"]].T,
    "sleep ranef table": lambda f: f["sleep"].ranef_table()[["condval", "condsd"]],
    "cakes means at": lambda f: f["cakes"].emmeans("recipe", by="temperature").means,
    "sleep means at": lambda f: (
        f["sleep"]
        .emmeans("Days", at={"Days": [0, 5]})
        .means[["emmean", "SE", "df", "lower.CL", "upper.CL"]]
    ),
    "sleep profile table": lambda f: f["sleep"].profile("sd_(Intercept)|Subject")[
        [".zeta", "sigma", "Days", ".focal"]
    ],
    "sleep all_fit": lambda f: f["sleep"].all_fit()[["loglik"]].loc[["bobyqa", "Nelder_Mead"]].T,
    "line simulate": lambda f: f["line"].simulate(2, seed=5),
    "counts predict link": lambda f: f["counts"].predict(
        f["counts"].data.iloc[:3], type="link", se=True
    ),
    "herds covariance rx": lambda f: f["herds"].covariance(use_hessian=False),
    "herds covariance full": lambda f: f["herds"].covariance(full=True),
    "sleep satterthwaite": lambda f: f["sleep"].coef_table("Satterthwaite"),
    "sleep kenward": lambda f: f["sleep"].coef_table("Kenward-Roger"),
    "sleep anova 3": lambda f: f["sleep"].anova().table,
    "cakes anova 1": lambda f: f["cakes"].anova(type=1).table,
    "cakes anova 2": lambda f: f["cakes"].anova(type=2).table,
    "cakes anova 3 kr": lambda f: f["cakes"].anova(type=3, ddf="Kenward-Roger").table,
    "cakes ranova": lambda f: f["cakes"].ranova().table,
    "sleep drop1": lambda f: f["sleep"].drop1().table,
    "herds drop1": lambda f: f["herds"].drop1().table,
    "herds anova": lambda f: f["herds"].anova().table,
    "sleep contest": lambda f: f["sleep"].contest(L, np.zeros(2), joint=False),
    "sleep contest joint": lambda f: f["sleep"].contest(L, np.zeros(2), joint=True),
    "sleep profile": lambda f: f["sleep"].confint("profile"),
    "herds profile": lambda f: f["herds"].confint("profile", parm="period2"),
    "herds boot": lambda f: f["herds"].confint("boot", n_boot=20, seed=11),
    "sleep predict new": lambda f: f["sleep"].predict(NEW, allow_new_levels=True),
    "sleep predict population": lambda f: f["sleep"].predict(NEW, re_form="~0"),
    "herds predict link": lambda f: f["herds"].predict(type="link"),
    "herds predict response": lambda f: f["herds"].predict(f["herds"].data.iloc[:4]),
    "sleep simulate": lambda f: f["sleep"].simulate(2, seed=5),
    "sleep simulate use_u": lambda f: f["sleep"].simulate(1, seed=5, use_u=True),
    "herds simulate": lambda f: f["herds"].simulate(1, seed=5),
    "sleep_ml refit": lambda f: f["sleep_ml"].refit(f["sleep_ml"].response.to_numpy()[::-1]).fixef,
    "herds refit": lambda f: f["herds"].refit(counts(f["herds"]).to_numpy()[::-1]).fixef,
    "herds residuals response": lambda f: f["herds"].residuals("response"),
    "herds residuals pearson": lambda f: f["herds"].residuals("pearson"),
    "herds residuals deviance": lambda f: f["herds"].residuals("deviance"),
    "herds residuals working": lambda f: f["herds"].residuals("working"),
    "sleep hat": lambda f: f["sleep"].hat_values(),
    "sleep cook": lambda f: f["sleep"].cooks_distance(),
    "herds hat": lambda f: f["herds"].hat_values(),
    "herds means": lambda f: f["herds"].emmeans("period", type="response").means,
    "herds contrasts": lambda f: (
        f["herds"].emmeans("period", type="response", contrast="pairwise", adjust="tukey").contrasts
    ),
    "cakes means kr": lambda f: f["cakes"].emmeans("recipe", ddf="Kenward-Roger").means,
    "line confint": lambda f: f["line"].confint(),
    "line predict": lambda f: f["line"].predict({"Days": [1, 12]}, se=True),
    "line anova": lambda f: f["line"].anova().table,
    "line drop1": lambda f: f["line"].drop1(test="F").table,
    "counts confint": lambda f: f["counts"].confint("profile"),
    "counts confint wald": lambda f: f["counts"].confint("wald"),
    "counts coef": lambda f: f["counts"].coef_table(),
    "counts one": lambda f: [f["counts"].deviance, f["counts"].null_deviance, f["counts"].aic],
    "counts anova": lambda f: f["counts"].anova().table,
    "ticks": lambda f: [
        float(f["ticks"].get_me("glmer.nb.theta")[0]),
        f["ticks"].loglik,
        *f["ticks"].fixef,
    ],
}


@pytest.mark.parametrize("question", SAME)
def test_the_answer_is_r_s_own(question: str, fits: dict[str, Fit], asked: Tables) -> None:
    found, expected = numbers_of(SAME[question](fits)), asked[question].to_numpy()
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


# Computed in another way than R does: the bands are rounding's, times what magnifies it.
NEAR: dict[str, tuple[Question, float]] = {
    # SDs by VarCorr, where lme4's bootstrap takes them from theta
    "sleep_ml boot perc": (lambda f: boot(f, "perc"), 1e-14),
    "sleep_ml boot basic": (lambda f: boot(f, "basic"), 1e-14),
    "sleep_ml boot norm": (lambda f: boot(f, "norm"), 1e-14),
    # estimate plus a quantile times the standard error, in another order of operations
    "sleep wald": (lambda f: f["sleep"].confint(), 1e-14),
    # R multiplies by the derivative of the link before or after it takes the root
    "counts predict": (lambda f: f["counts"].predict(f["counts"].data.iloc[:3], se=True), 1e-14),
    # lme4 deletes by a subset of the rows, this by leaving them out: another sum in another order
    "sleep influence fixed": (
        lambda f: f["sleep"].influence("Subject").deleted[["(Intercept)", "Days"]], 1e-7,
    ),
    "sleep influence cook": (lambda f: f["sleep"].influence("Subject").cooks_distance, 1e-5),
    # our refits start from the fit's theta, a whole lmer from its own start
    "sleep boot replicates": (lambda f: f["sleep"].bootstrap(5, seed=11).replicates, 1e-4),
}  # fmt: skip


@pytest.mark.parametrize("question", NEAR)
def test_the_answer_is_near_r_s(question: str, fits: dict[str, Fit], asked: Tables) -> None:
    ask, band = NEAR[question]
    found, expected = numbers_of(ask(fits)), asked[question].to_numpy()
    assert found.shape == expected.shape
    # A correlation near 0 is as exact as one near 1: in units of 1, not of itself.
    np.testing.assert_allclose(found, expected, rtol=band, atol=band)


def test_every_question_to_r_is_held_against_an_answer(asked: Tables) -> None:
    assert set(asked) == set(SAME) | set(NEAR)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (
            "sleep profile",
            [
                *("sd_(Intercept)|Subject", "cor_Days.(Intercept)|Subject", "sd_Days|Subject"),
                *("sigma", "(Intercept)", "Days"),
            ],
        ),
        ("sleep_ml boot perc", None),
        ("herds boot", None),
        ("cakes anova 2", None),
        ("counts confint", None),
    ],
)
def test_rows_have_r_s_names(
    question: str, names: list[str] | None, fits: dict[str, Fit], asked: Tables
) -> None:
    ask = SAME[question] if question in SAME else NEAR[question][0]
    found = list(ask(fits).index)
    assert found == list(asked[question].index)
    assert names is None or found == names


def test_limits_are_named_as_in_r(fits: dict[str, Fit]) -> None:
    fit = fits["line"]
    for level, names in [
        (0.95, ["2.5 %", "97.5 %"]),
        (0.9, ["5 %", "95 %"]),
        (0.99, ["0.5 %", "99.5 %"]),
        (0.999, ["0.05 %", "99.95 %"]),
    ]:
        assert list(fit.confint(level=level).columns) == names


def test_labels_stand_by_their_numbers(fits: dict[str, Fit]) -> None:
    fit = fits["sleep"]
    assert fit.ranef is not None
    table = fit.ranef_table().set_index(["grpvar", "term", "grp"])["condval"]
    assert table["Subject", "Days", "372"] == fit.ranef["Subject"].loc["372", "Days"]
    modes = fit.ranef["Subject"]["Days"]
    assert fit.coef["Subject"]["Days"]["372"] == pytest.approx(
        fit.fixef["Days"] + modes["372"], rel=1e-15
    )
    tried = fit.all_fit()
    assert (tried["below_best"] >= 0).all()
    assert tried["below_best"].min() == 0
    assert tried["loglik"].idxmax() == tried["below_best"].idxmin()
    assert tried.loc["bobyqa", "Days"] == pytest.approx(fit.fixef["Days"], rel=1e-6)
    shares = fit.re_pca()["Subject"]
    variances = shares["sdev"] ** 2
    np.testing.assert_allclose(shares["proportion"], variances / variances.sum(), rtol=1e-14)
    means = fits["cakes"].emmeans("recipe", by="temperature").means
    assert (means["recipe"][0], means["temperature"][0]) == ("A", "175")
    assert list(fits["herds"].emmeans("period", contrast="pairwise").means["period"]) == list(
        "1234"
    )


def test_the_table_of_an_lm_has_the_df_of_its_p_values(fits: dict[str, Fit]) -> None:
    table = fits["line"].coef_table()
    assert table["df"].tolist() == [178.0, 178.0]
    expected = 2 * stats.t.sf(table["statistic"].abs(), table["df"])
    np.testing.assert_allclose(table["p_value"], expected, rtol=1e-9)
    assert list(fits["sleep"].coef_table().columns) == ["estimate", "std_error", "statistic"]


def test_what_is_deleted_is_named(fits: dict[str, Fit], sleepstudy: pd.DataFrame) -> None:
    found = fits["sleep"].influence("Subject")
    less = lmer(SLEEP, sleepstudy[sleepstudy["Subject"].astype(str) != "372"])
    # Two searches from two starts; deletions of other subjects lie 0.01 and more apart.
    assert found.deleted["Days"]["372"] == pytest.approx(less.fixef["Days"], abs=1e-5)
    assert (found.deleted["Days"].drop("372") - less.fixef["Days"]).abs().min() > 1e-3
    assert found.cooks_distance.index.equals(found.deleted.index)


@pytest.mark.parametrize("ddf", ["Satterthwaite", "Kenward-Roger"])
def test_sums_of_coefficients_have_their_own_degrees_of_freedom(
    ddf: Any,  # noqa: ANN401  (either name)
    fits: dict[str, Fit],
) -> None:
    fit, zero = fits["sleep"], np.zeros(2)
    each, alone = (
        fit.contest(L, zero, joint=False, ddf=ddf),
        "Days = 0, (Intercept) + 10 * Days = 0",
    )
    found = fit.t_test(alone, ddf=ddf)
    assert found.effect.tolist() == each["Estimate"].tolist()
    assert found.sd.tolist() == each["Std. Error"].tolist()
    assert found.df_denom.tolist() == each["df"].tolist()
    assert found.pvalue.tolist() == each["Pr(>|t|)"].tolist()
    joint, together = fit.contest(L, zero, joint=True, ddf=ddf), fit.wald_test(alone, ddf=ddf)
    assert (together.statistic, together.df_denom) == (joint["F value"][0], joint["DenDF"][0])
