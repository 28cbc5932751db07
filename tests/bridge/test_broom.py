"""tidy, glance and augment against broom.mixed's and broom's recorded answers."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from bridge import glm, glmer, lm, lmer
from bridge.errors import ArgumentError, BridgeError, DataError, RWarning
from bridge.limits import confint_names, variance_limits
from bridge.tidied import level_coefficients, random_parameters
from bridge.varcorr import covariance_blocks, grouping_factor, variance_parameters
from tests.bridge.recorded_fit import RecordedFit, oracle, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.fit import Fit

DATA = Path(__file__).parents[2] / "parity" / "data" / "datasets"

# The same figures of R's go in on both sides: what differs is the order of additions.
SAME_FIGURES = 1e-12
# By the same lme4 the live fit is the recorded one, but for what an optimizer makes of rounding: R
# itself gives Penicillin's estimates with other digits from the tenth on in another process, and
# of a residual near 0 that is 1e-8.
SAME_LME4 = 1e-7
# No search, but another BLAS may add in another order.
SOLVED = 1e-10
# Another lme4 may stop its search elsewhere: estimates to some 1e-4 of a standard error.
OTHER_LME4 = 1e-3

MIXED = [
    "sleep_reml", "sleep_ml", "sleep_apart", "sleep_random_slope", "penicillin", "cake", "machines",
    "herds", "ticks",
]  # fmt: skip
PLAIN = ["line", "line_weighted", "odds", "gamma"]

ARGUMENTS: dict[str, dict[str, Any]] = {
    "default": {},
    "fixed": {"effects": "fixed"},
    "ran_pars": {"effects": ["ran_pars"]},
    "ran_vals": {"effects": "ran_vals"},
    "ran_coefs": {"effects": "ran_coefs"},
    "all": {"effects": ["ran_pars", "fixed", "ran_vals", "ran_coefs"]},
    "limits": {"conf_int": True, "conf_level": 0.9},
    "limits_of_modes": {"effects": ["fixed", "ran_vals"], "conf_int": True},
    "vcov": {"effects": ["ran_pars", "fixed"], "scales": ["vcov", None]},
    "power": {"conf_int": True, "exponentiate": True},
    "profile": {"conf_int": True, "conf_method": "profile"},
    "Satterthwaite": {"conf_int": True, "ddf": "Satterthwaite"},
    "Kenward-Roger": {"conf_int": True, "ddf": "Kenward-Roger"},
}


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float) -> None:
    """Assert the same columns in the same order, text and gaps, numbers to a relative tolerance.

    A number smaller than the column's largest by 1e-8 is compared with that size: it is a
    difference of larger ones.
    """
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected) > 0
    for name in expected.columns:
        given, wanted = found[name], expected[name]
        if wanted.dtype == object:
            missing = wanted.isna()
            assert (given.isna() == missing).all(), name
            assert given[~missing].tolist() == wanted[~missing].tolist(), name
            continue
        assert given.dtype.kind == wanted.dtype.kind, (name, given.dtype, wanted.dtype)
        one, other = given.to_numpy(np.float64), wanted.to_numpy(np.float64)
        assert (np.isnan(one) == np.isnan(other)).all(), name
        if np.isnan(other).all():
            continue
        size = np.maximum(np.abs(other), 1e-8 * np.nanmax(np.abs(other)))
        apart = np.abs(one - other) / np.where(size > 0, size, 1.0)
        assert np.nanmax(apart) <= tolerance, (name, np.nanmax(apart), found, expected)


def asked(name: str, call: str) -> dict[str, Any]:
    """Return the arguments of tidy that answer what R was asked."""
    plain = name in PLAIN
    if call == "limits" and plain:
        return {"conf_int": True}
    return ARGUMENTS[call]


CALLS = [(name, call) for name in MIXED + PLAIN for call in oracle()["models"][name]["tidy"]]


@pytest.mark.parametrize(("name", "call"), CALLS)
def test_tidy_is_brooms(name: str, call: str) -> None:
    expected = table_of(oracle()["models"][name]["tidy"][call])
    assert_same(RecordedFit(name).tidy(**asked(name, call)), expected, SAME_FIGURES)


@pytest.mark.parametrize("name", MIXED + PLAIN)
def test_glance_is_brooms(name: str) -> None:
    expected = table_of(oracle()["models"][name]["glance"])
    found = RecordedFit(name).glance()
    # R's degrees of freedom of an F are doubles there, and integers here in neither.
    assert_same(found, expected, SAME_FIGURES)


def test_the_oracle_has_every_call_for_some_model() -> None:
    assert {call for _, call in CALLS} == set(ARGUMENTS)


def test_variances_have_limits_of_variances_and_covariances_none() -> None:
    fit = RecordedFit("sleep_reml")
    deviations = _limits(fit.tidy("ran_pars", conf_int=True, conf_method="profile"))
    variances = _limits(fit.tidy("ran_pars", conf_int=True, conf_method="profile", scales="vcov"))
    for term in ("(Intercept)", "Days", "Observation"):
        low, high = deviations[f"sd__{term}"]
        assert variances[f"var__{term}"] == (low**2, high**2)
    assert all(map(np.isnan, variances["cov__(Intercept).Days"]))


def _limits(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    pairs = zip(table["conf.low"].to_list(), table["conf.high"].to_list(), strict=True)
    return dict(zip(table["term"].to_list(), pairs, strict=True))


def test_the_profile_is_asked_for_once() -> None:
    fit = RecordedFit("sleep_reml")
    fit.tidy(conf_int=True, conf_method="profile")
    assert fit.asked == ["profile"]


def test_limits_go_by_name_and_not_by_position() -> None:
    fit = RecordedFit("sleep_reml")
    assert fit.varcorr is not None
    known = fit.confint("profile", level=0.95).iloc[:-2]
    straight = variance_limits(fit.varcorr, known, ["Subject"], "sdcor")
    assert (variance_limits(fit.varcorr, known.iloc[::-1], ["Subject"], "sdcor") == straight).all()
    with pytest.raises(BridgeError, match=r"sd_Days\|Subject"):
        variance_limits(fit.varcorr, known.drop("sd_Days|Subject"), ["Subject"], "sdcor")


def test_the_limits_of_three_correlations_are_named_as_lme4_names_them() -> None:
    fit = RecordedFit("machines")
    assert fit.varcorr is not None
    parameters = variance_parameters(fit.varcorr, "sdcor")
    assert [name for one in parameters for name in confint_names(one, ["Worker"])] == [
        "sd_(Intercept)|Worker", "cor_MachineB.(Intercept)|Worker",
        "cor_MachineC.(Intercept)|Worker", "sd_MachineB|Worker", "cor_MachineC.MachineB|Worker",
        "sd_MachineC|Worker", "sigma",
    ]  # fmt: skip


def test_a_second_block_of_a_factor_is_found_by_either_name() -> None:
    fit = RecordedFit("sleep_apart")
    assert fit.varcorr is not None
    known = fit.confint("profile", level=0.95).iloc[:-2]
    found = variance_limits(fit.varcorr, known, ["Subject"], "sdcor")
    renamed = known.rename(index={"sd_Days|Subject": "sd_Days|Subject.1"})
    assert (variance_limits(fit.varcorr, renamed, ["Subject"], "sdcor") == found).all()
    for wrong in (known.iloc[[0, 2]], pd.concat([known, known.iloc[[1]]])):
        with pytest.raises(BridgeError, match="limits of"):
            variance_limits(fit.varcorr, wrong, ["Subject"], "sdcor")


def test_a_grouping_factor_may_be_called_residual() -> None:
    table = pd.DataFrame(
        {
            "grp": ["Residual", "Residual"],
            "var1": pd.Series(["(Intercept)", None], dtype=object),
            "var2": pd.Series([None, None], dtype=object),
            "vcov": [4.0, 9.0],
            "sdcor": [2.0, 3.0],
        }
    )
    assert random_parameters(table, "sdcor")["term"].tolist() == [
        "sd__(Intercept)",
        "sd__Observation",
    ]
    assert list(covariance_blocks(table)) == ["Residual"]


@pytest.mark.parametrize(
    ("block", "factors", "expected"),
    [
        ("g", ["g"], "g"),
        ("g.1", ["g"], "g"),
        ("g.1", ["g", "g.1"], "g.1"),
        ("a:b.12", ["a:b", "a"], "a:b"),
        ("a.b", ["a:b", "a"], "a:b"),
        ("a.b.1", ["a:b", "a"], "a:b"),
    ],
)
def test_a_numbered_block_is_its_factors(block: str, factors: list[str], expected: str) -> None:
    assert grouping_factor(block, factors) == expected


def test_a_block_without_a_factor_is_an_error() -> None:
    with pytest.raises(BridgeError, match="'h'"):
        grouping_factor("h", ["g"])


def test_a_block_of_two_possible_factors_is_an_error() -> None:
    with pytest.raises(BridgeError, match=r"'a\.b\.1'"):
        grouping_factor("a.b.1", ["a:b", "a.b"])


def test_coefficients_of_a_level_are_means_plus_modes() -> None:
    fixef = pd.Series({"(Intercept)": 10.0, "x": 2.0})
    modes = {"g": pd.DataFrame({"z": [1.0, -1.0], "x": [0.5, 0.25]}, index=["a", "b"])}
    found = level_coefficients(fixef, modes).set_index(["term", "level"])["estimate"]
    assert found.index.get_level_values("term").unique().tolist() == ["z", "(Intercept)", "x"]
    assert found.to_dict() == {
        ("z", "a"): 1.0, ("z", "b"): -1.0, ("(Intercept)", "a"): 10.0, ("(Intercept)", "b"): 10.0,
        ("x", "a"): 2.5, ("x", "b"): 2.25,
    }  # fmt: skip


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("sleep_reml", {"effects": "random"}, "ran_vals"),
    ("sleep_reml", {"effects": []}, "expected some of"),
    ("line", {"effects": "ran_pars"}, "fixed"),
    ("sleep_reml", {"scales": "var"}, "'vcov'"),
    ("sleep_reml", {"scales": ["vcov"]}, "ran_pars, fixed"),
    ("sleep_reml", {"conf_int": True, "conf_method": "bayes"}, "'boot'"),
    ("sleep_reml", {"conf_int": True, "conf_level": 95}, "conf_level is 95"),
    ("sleep_reml", {"n_boot": 50}, "conf_int is False"),
    ("sleep_reml", {"conf_int": True, "n_boot": 50}, "take no option"),
    (
        "sleep_reml",
        {"conf_int": True, "ddf": "Satterthwaite", "conf_method": "profile"},
        "goes with Wald",
    ),
    (
        "sleep_reml",
        {"effects": "ran_vals", "conf_int": True, "conf_method": "profile"},
        "Wald limits alone",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "words"), WRONG)
def test_what_has_no_meaning_is_refused(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        RecordedFit(name).tidy(**arguments)


# Live: the fits of this R, with the columns by row that no record can give.


def _read(name: str, *categories: str) -> pd.DataFrame:
    table = pd.read_csv(DATA / f"{name}.csv")
    return table.astype(dict.fromkeys(categories, "category"))


def _sleep(formula: str, **arguments: Any) -> Fit:  # noqa: ANN401
    return lmer(formula, _read("sleepstudy", "Subject"), **arguments)


def _cake() -> pd.DataFrame:
    return _read("cake", "recipe", "replicate").drop(columns="temperature", errors="ignore")


def _ticks() -> pd.DataFrame:
    return _read("grouseticks", "YEAR", "BROOD", "INDEX").iloc[::4].reset_index(drop=True)


HERDS = "cbind(incidence, size - incidence) ~ period"
LIVE: dict[str, Callable[[], Fit]] = {
    "sleep_reml": lambda: _sleep("Reaction ~ Days + (Days | Subject)"),
    "sleep_ml": lambda: _sleep("Reaction ~ Days + (Days | Subject)", REML=False),
    "sleep_apart": lambda: _sleep("Reaction ~ Days + (Days || Subject)", REML=False),
    "penicillin": lambda: lmer(
        "diameter ~ 1 + (1 | plate) + (1 | sample)", _read("penicillin", "plate", "sample")
    ),
    "cake": lambda: lmer("angle ~ recipe + temp + (1 | replicate:recipe)", _cake()),
    "herds": lambda: glmer(f"{HERDS} + (1 | herd)", _read("cbpp", "herd", "period")),
    "ticks": lambda: glmer("TICKS ~ YEAR + (1 | BROOD)", _ticks(), family="poisson"),
    "line": lambda: lm("Reaction ~ Days", _read("sleepstudy")),
    "line_weighted": lambda: lm("angle ~ recipe + temp", _cake(), weights="temp"),
    "odds": lambda: glm(HERDS, _read("cbpp", "herd", "period"), family="binomial"),
    "gamma": lambda: glm("angle ~ recipe + temp", _cake(), family="Gamma", link="log"),
}


@pytest.fixture(scope="module")
def live() -> Callable[[str], Fit]:
    """Fit each model once."""
    made: dict[str, Fit] = {}

    def fit(name: str) -> Fit:
        if name not in made:
            made[name] = LIVE[name]()
        return made[name]

    return fit


def tolerance(fit: Fit) -> float:
    """Return how near a live fit is to the recorded one; lm and glm need no search."""
    if not fit.is_mixed:
        return SOLVED
    recorded = oracle()["versions"]["lme4"].replace("-", ".")
    return SAME_LME4 if fit.versions["lme4"].replace("-", ".") == recorded else OTHER_LME4


@pytest.mark.r
@pytest.mark.parametrize("name", LIVE)
def test_augment_is_brooms_by_row(live: Callable[[str], Fit], name: str) -> None:
    fit = live(name)
    # lme4's own words about a glmer's hat matrix, which broom.mixed passes on too.
    said = pytest.warns(RWarning, match="hat matrix") if fit.kind == "glmer" else nullcontext()
    with said:
        found = fit.augment()
    figures = found[[column for column in found.columns if column.startswith(".")]]
    expected = table_of(oracle()["models"][name]["augment"])
    assert_same(figures.reset_index(drop=True), expected, tolerance(fit))
    own = found.drop(columns=figures.columns).rename(columns={"(weights)": ".weights"})
    pd.testing.assert_frame_equal(own, fit.data, check_names=False)


@pytest.mark.r
@pytest.mark.parametrize("name", LIVE)
def test_a_live_fit_gives_brooms_tables(live: Callable[[str], Fit], name: str) -> None:
    fit = live(name)
    recorded = oracle()["models"][name]
    assert_same(fit.glance(), table_of(recorded["glance"]), tolerance(fit))
    assert_same(fit.tidy(), table_of(recorded["tidy"]["default"]), tolerance(fit))


@pytest.mark.r
@pytest.mark.parametrize(("name", "call"), [pair for pair in CALLS if pair[0] in LIVE])
def test_a_live_fit_has_brooms_limits_modes_and_degrees(
    live: Callable[[str], Fit], name: str, call: str
) -> None:
    fit = live(name)
    expected = table_of(oracle()["models"][name]["tidy"][call])
    # A profile is interpolated between the points that its own search visits.
    slack = 10 if call == "profile" else 1
    assert_same(fit.tidy(**asked(name, call)), expected, slack * tolerance(fit))


@pytest.mark.r
def test_augment_takes_other_columns_and_skips_the_rows_that_were_not_used() -> None:
    data = _read("sleepstudy", "Subject").set_index(pd.Index([f"r{k}" for k in range(180)]))
    data["shift"] = np.arange(180)
    data.loc[["r3", "r9"], "Reaction"] = np.nan
    for na_action in ("omit", "exclude"):
        fit = lmer("Reaction ~ Days + (1 | Subject)", data, na_action=na_action)
        found = fit.augment(data)
        assert found.index.tolist() == [f"r{k}" for k in range(180) if k not in (3, 9)]
        assert found["shift"].tolist() == [k for k in range(180) if k not in (3, 9)]
        assert not found.isna().any(axis=None)
        rebuilt = found[".fitted"] + found[".resid"]
        # A sum of two rounded numbers.
        assert np.allclose(rebuilt, found["Reaction"], rtol=1e-14, atol=0)
    with pytest.raises(DataError, match="180"):
        fit.augment(data.iloc[:5])


@pytest.mark.r
def test_weights_that_came_as_values_do_not_hide_lme4s() -> None:
    data = _read("sleepstudy", "Subject")
    weights = np.linspace(1, 2, 180)
    found = lmer("Reaction ~ Days + (1 | Subject)", data, weights=weights).augment()
    assert found["(weights)"].tolist() == weights.tolist()
    assert found[".weights"].tolist() == weights.tolist()


@pytest.mark.r
def test_deletion_sigma_is_that_of_the_model_without_the_row() -> None:
    data = _read("sleepstudy")
    whole = lm("Reaction ~ Days", data).augment()
    without = lm("Reaction ~ Days", data.drop(index=57))
    # Closed form against a second fit: rounding of sums over 180 rows.
    assert whole[".sigma"][57] == pytest.approx(without.sigma, rel=1e-12)
