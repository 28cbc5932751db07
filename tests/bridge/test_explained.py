"""R squared and ICC: by hand, and against R's performance where that counts every random effect."""

from __future__ import annotations

from math import exp, log, pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array
from scipy.special import polygamma

from bridge import glmer, glmer_nb, lm, lmer
from bridge.errors import ArgumentError, NotDefinedError
from bridge.variance_shares import (
    VarianceShares,
    covariates,
    distribution_variance,
    mean_variance,
)
from tests.bridge.recorded_fit import oracle

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.fit import Fit

DATA = Path(__file__).parents[2] / "parity" / "data" / "datasets"


def test_the_mean_variance_of_slopes_is_the_mean_over_the_rows() -> None:
    z = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0]])
    covariance = np.array([[4.0, 0.5], [0.5, 9.0]])
    by_row = [4, 4 + 2 * 0.5 + 9, 4 + 2 * 0.5 * 3 + 81]
    assert mean_variance(z, covariance) == pytest.approx(sum(by_row) / 3, rel=1e-15)


def test_covariates_of_random_effects_come_out_of_z() -> None:
    # Two levels of g with an intercept and x, then three levels of h with an intercept.
    x = [5.0, 6.0, 7.0]
    Z = np.array(
        [
            [1, x[0], 0, 0, 1, 0, 0],
            [0, 0, 1, x[1], 0, 1, 0],
            [1, x[2], 0, 0, 0, 0, 1],
        ]
    )
    found = covariates(csc_array(Z), {"g": 2, "h": 3}, {"g": 2, "h": 1})
    assert found["g"].tolist() == [[1, 5], [1, 6], [1, 7]]
    assert found["h"].tolist() == [[1], [1], [1]]


def test_shares_add_up() -> None:
    shares = VarianceShares(fixed=1, random=2, dispersion=4, distribution=8)
    assert (shares.residual, shares.total) == (12, 15)


DEFINED: list[tuple[str, str, dict[str, Any], float]] = [
    ("binomial", "logit", {}, pi**2 / 3),
    ("binomial", "probit", {}, 1),
    ("binomial", "cloglog", {}, pi**2 / 6),
    ("poisson", "sqrt", {}, 0.25),
    ("poisson", "log", {}, log(1 + 1 / 4)),
    ("poisson", "log", {"approximation": "delta"}, 1 / 4),
    ("poisson", "log", {"approximation": "trigamma"}, float(polygamma(1, 4))),
    ("Negative Binomial(2)", "log", {"size": 2.0}, log(1 + 1 / 4 + 1 / 2)),
    ("Negative Binomial(2)", "log", {"size": 2.0, "approximation": "delta"}, 3 / 4),
    (
        "Negative Binomial(2)",
        "log",
        {"size": 2.0, "approximation": "trigamma"},
        float(polygamma(1, 4 / 3)),
    ),
    ("Gamma", "log", {"scale": 0.5}, log(1.5)),
    ("Gamma", "log", {"scale": 0.5, "approximation": "delta"}, 0.5),
    ("Gamma", "log", {"scale": 0.5, "approximation": "trigamma"}, float(polygamma(1, 2))),
]


@pytest.mark.parametrize(("family", "link", "arguments", "expected"), DEFINED)
def test_the_distributions_variance(
    family: str, link: str, arguments: dict[str, Any], expected: float
) -> None:
    given = {"mean": 4.0, "scale": 1.0, "size": None} | arguments
    # Closed forms.
    assert distribution_variance(family, link, **given) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("family", "link"),
    [
        ("binomial", "cauchit"),
        ("binomial", "log"),
        ("poisson", "identity"),
        ("Gamma", "inverse"),
        ("gaussian", "log"),
        ("inverse.gaussian", "1/mu^2"),
    ],
)
def test_what_has_no_definition_is_refused(family: str, link: str) -> None:
    with pytest.raises(NotDefinedError, match=f"family {family} with the link"):
        distribution_variance(family, link, mean=4.0, scale=1.0, size=None)


def test_another_approximation_is_refused() -> None:
    with pytest.raises(ArgumentError, match="trigamma"):
        distribution_variance(
            "poisson",
            "log",
            mean=4.0,
            scale=1.0,
            size=None,
            approximation="exact",  # type: ignore[arg-type]
        )


def _read(name: str, *categories: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv").astype(dict.fromkeys(categories, "category"))


def _sleep(formula: str) -> Fit:
    return lmer(formula, _read("sleepstudy", "Subject"))


def _herds(link: str) -> Fit:
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return glmer(formula, _read("cbpp", "herd", "period"), family="binomial", link=link)


def _ticks(terms: str, link: str = "log") -> Fit:
    data = _read("grouseticks", "YEAR", "BROOD", "INDEX").iloc[::4].reset_index(drop=True)
    return glmer(f"TICKS ~ {terms}", data, family="poisson", link=link)


PERFORMANCE: dict[str, Callable[[], Fit]] = {
    "sleep_reml": lambda: _sleep("Reaction ~ Days + (Days | Subject)"),
    "penicillin": lambda: lmer(
        "diameter ~ 1 + (1 | plate) + (1 | sample)", _read("penicillin", "plate", "sample")
    ),
    "cake": lambda: lmer(
        "angle ~ recipe + temp + (1 | replicate:recipe)", _read("cake", "recipe", "replicate")
    ),
    "herds": lambda: _herds("logit"),
    "herds_probit": lambda: _herds("probit"),
    "herds_cloglog": lambda: _herds("cloglog"),
    "ticks": lambda: _ticks("YEAR + (1 | BROOD)"),
    "ticks_sqrt": lambda: _ticks("YEAR + (1 | BROOD)", "sqrt"),
    "ticks_by_row": lambda: _ticks("YEAR + (1 | BROOD) + (1 | INDEX)"),
}


@pytest.mark.r
@pytest.mark.parametrize("name", PERFORMANCE)
def test_shares_are_those_of_performance(name: str) -> None:
    fit, recorded = PERFORMANCE[name](), oracle()["explained"][name]
    same = fit.versions["lme4"].replace("-", ".") == oracle()["versions"]["lme4"].replace("-", ".")
    # Where an optimizer stops: R's own runs differ by 1e-10; another lme4 may stop elsewhere.
    near: dict[str, Any] = {"rel": 1e-6 if same else 1e-3, "abs": 1e-12}
    r2, icc = fit.r2(), fit.icc()
    parts = r2.variances
    assert parts == icc.variances
    expected = {key: float(value) for key, value in recorded.items() if key in _NUMBERS}
    for key in ("fixed", "random", "dispersion"):
        assert getattr(parts, key) == pytest.approx(expected[key], **near), key
    if fit.link == "log":
        # performance 0.10.2 leaves the variance of the random effects out of the mean.
        theirs = log(1 + exp(-expected["null_intercept"]))
        assert theirs == pytest.approx(expected["distribution"], rel=1e-12)
        ours = log(1 + 1 / float(fit.response.mean()))
        assert parts.distribution == pytest.approx(ours, rel=1e-14)
        return
    assert parts.distribution == pytest.approx(expected["distribution"], **near)
    assert r2.marginal == pytest.approx(expected["marginal"], **near)
    assert r2.conditional == pytest.approx(expected["conditional"], **near)
    assert icc.adjusted == pytest.approx(expected["adjusted"], **near)
    assert icc.unadjusted == pytest.approx(expected["unadjusted"], **near)


_NUMBERS = (
    "fixed", "random", "dispersion", "distribution", "marginal", "conditional", "adjusted",
    "unadjusted", "null_intercept",
)  # fmt: skip


@pytest.mark.r
def test_shares_of_random_slopes_by_hand() -> None:
    fit = _sleep("Reaction ~ Days + (Days | Subject)")
    assert fit.varcorr is not None
    intercept, slope, both = fit.varcorr["vcov"].iloc[:3]
    days = fit.data["Days"].to_numpy(np.float64)
    random = float((intercept + 2 * days * both + days**2 * slope).mean())
    fixed = float(np.var(fit.fixef["Days"] * days, ddof=1))
    total = fixed + random + fit.sigma**2
    # The same sums in another order.
    assert fit.r2().marginal == pytest.approx(fixed / total, rel=1e-12)
    assert fit.r2().conditional == pytest.approx((fixed + random) / total, rel=1e-12)
    assert fit.icc().adjusted == pytest.approx(random / (random + fit.sigma**2), rel=1e-12)
    assert fit.icc().unadjusted == pytest.approx(random / total, rel=1e-12)


@pytest.mark.r
def test_every_block_counts_where_performance_forgets_the_second() -> None:
    fit = _sleep("Reaction ~ Days + (Days || Subject)")
    assert fit.varcorr is not None
    intercept, slope = fit.varcorr["vcov"].iloc[:2]
    days = fit.data["Days"].to_numpy(np.float64)
    expected = intercept + slope * float((days**2).mean())
    assert fit.r2().variances.random == pytest.approx(expected, rel=1e-12)
    # (ML there, REML here, so only near) performance has the intercept's variance alone.
    recorded = float(oracle()["explained"]["sleep_apart"]["random"])
    assert recorded == pytest.approx(intercept, rel=0.1)


@pytest.mark.r
def test_a_slope_that_is_no_fixed_effect_counts_too() -> None:
    fit = _sleep("Reaction ~ 1 + (Days | Subject)")
    assert fit.varcorr is not None
    intercept, slope, both = fit.varcorr["vcov"].iloc[:3]
    days = fit.data["Days"].to_numpy(np.float64)
    expected = float((intercept + 2 * days * both + days**2 * slope).mean())
    assert fit.r2().variances.random == pytest.approx(expected, rel=1e-12)
    # X beta is one number, its variance the rounding of it.
    assert fit.r2().marginal == pytest.approx(0, abs=1e-20)


@pytest.mark.r
def test_random_columns_go_by_z_and_not_by_the_names_of_x() -> None:
    # X is coded by sums and names its columns recipe1, recipe2; Z has a column for each recipe.
    data = _read("cake", "recipe", "replicate")
    formula = "angle ~ recipe + (0 + recipe | replicate)"
    plain = lmer(formula, data).r2()
    coded = lmer(formula, data, contrasts={"recipe": "sum"}).r2()
    # Another start of the same search: the optimizer's tolerance.
    assert coded.variances.random == pytest.approx(plain.variances.random, rel=1e-3)
    assert coded.marginal == pytest.approx(plain.marginal, rel=1e-3)


@pytest.mark.r
def test_the_mean_of_a_count_may_come_from_the_model_without_covariates() -> None:
    fit, null = _ticks("YEAR + (1 | BROOD)"), _ticks("1 + (1 | BROOD)")
    assert null.varcorr is not None
    mean = exp(float(null.fixef.iloc[0]) + null.varcorr["vcov"].sum() / 2)
    found = fit.r2(null=null).variances.distribution
    assert found == pytest.approx(log(1 + 1 / mean), rel=1e-12)
    assert fit.icc(null=null).variances.distribution == found
    with pytest.raises(ArgumentError, match="only fixed effect"):
        fit.r2(null=fit)


@pytest.mark.r
def test_a_negative_binomial_has_its_size() -> None:
    data = _read("grouseticks", "YEAR", "BROOD").iloc[::4].reset_index(drop=True)
    fit = glmer_nb("TICKS ~ YEAR + (1 | BROOD)", data)
    size = float(str(fit.family).partition("(")[2].rstrip(")"))
    mean = float(fit.response.mean())
    # The family's name has some four digits of the size.
    expected = log(1 + 1 / mean + 1 / size)
    assert fit.r2().variances.distribution == pytest.approx(expected, rel=1e-3)


@pytest.mark.r
def test_an_lm_has_neither() -> None:
    fit = lm("Reaction ~ Days", _read("sleepstudy"))
    for ask in (fit.r2, fit.icc):
        with pytest.raises(NotDefinedError, match="r_squared"):
            ask()
