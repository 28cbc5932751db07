"""Certificates of generalised models: the study's values, complete, and found again."""

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib.resources import files

import pytest

from parity.case import Case
from parity.certificate import OBJECTIVES, Certificate, digits, from_json, to_json
from parity.dataset import NotShippedError
from parity.design.statement import state
from parity.formula import parse
from parity.quantity import QUANTITIES, applicable
from parity.referee import store
from parity.referee.certify import certify
from parity.referee.glmm import STORED_BITS, certify_glmm
from parity.referee.glmm_cells import UncertifiableError
from parity.referee.table import render
from tests.parity.referee.glmm_examples import alike, counts, statement
from tests.parity.referee.shipped import CASES

# theta, beta, standard errors (from the Hessian) and log-likelihood of a study with a prototype;
# figures are cut off there, not rounded
STUDY = {
    "seed-fail": (
        "5.366150600603934015",
        ("-8.79964234001934587", "-0.24086711449676763"),
        ("1.84001550", "0.04441962"),
        "-130.34078023987551",
    ),
    "seed-fail-agq9": (
        "3.242194206573497414",
        ("-6.55129644832326408", "-0.22445679410207723"),
        ("1.02163468", "0.04186580"),
        "-133.01609749299695",
    ),
    "seed-fail-agq25": (
        "3.215918681110042248",
        ("-6.50413075612980552", "-0.22465856388409461"),
        ("1.03035508", "0.04216142"),
        "-133.18595387031971",
    ),
    "seed-fail-integral": (
        "3.215052147192706699",
        ("-6.50217863234040876", "-0.22469512310625560"),
        ("1.03827490", "0.04222853"),
        "-133.19161885899467",
    ),
    "cbpp": (
        "0.642261448442895563",
        ("-1.39853214", "-0.99233273", "-1.12867208", "-1.58031389"),
        ("0.23247199", "0.30664250", "0.32663785", "0.42743659"),
        "-92.02628186475708",
    ),
    "cbpp-integral": (
        "0.647518477997017660",
        ("-1.39923044", "-0.99140367", "-1.12781947", "-1.57947075"),
        ("0.23351159", "0.30676799", "0.32676837", "0.42759450"),
        "-91.98336903731052",
    ),
}
SUFFIXES = {name: suffix for name, suffix in OBJECTIVES.items() if name != "likelihood"}
NAMES = [
    case + suffix
    for case in ("cbpp-null", "cbpp", "cbpp-share", "seed-fail")
    for suffix in SUFFIXES.values()
]
OBJECTIVE = {suffix: objective for objective, suffix in SUFFIXES.items()}


def stored(name: str) -> Certificate:
    certificate = store.read(name)
    assert certificate is not None, f"no certificate {name} is shipped"
    return certificate


@cache
def found(name: str) -> Certificate:
    certificate = stored(name)
    case = CASES[certificate.case]
    try:
        data = statement(case.name)
    except NotShippedError as reason:
        pytest.skip(str(reason))
    return certify_glmm(case, data, objective=certificate.objective, bits=STORED_BITS)


def begins(number: str, figures: str) -> bool:
    """Whether a number is these figures, up to one unit of their last place."""
    unit = Decimal(10) ** -len(figures.partition(".")[2])
    return abs(Decimal(number) - Decimal(figures)) <= unit


@pytest.mark.parametrize("name", STUDY)
def test_the_values_of_the_study_are_met(name: str) -> None:
    theta, beta, errors, loglik = STUDY[name]
    values = stored(name).values
    assert begins(next(iter(values["theta"].values())), theta)
    assert begins(values["loglik"][()], loglik)
    for number, figures in zip(values["fixef"].values(), beta, strict=True):
        assert begins(number, figures)
    for number, figures in zip(values["se_joint"].values(), errors, strict=True):
        assert begins(number, figures)


@pytest.mark.parametrize(
    ("name", "deviance", "bound"),
    [
        ("seed-fail-integral", "266.383237717989346530981041410", "4.5e-28"),
        ("cbpp-integral", "183.966738074621047999337529", "2.9e-25"),
    ],
)
def test_the_exact_deviances_of_the_study_are_met_within_its_bounds(
    name: str, deviance: str, bound: str
) -> None:
    found = Decimal(stored(name).values["deviance"][()])
    assert abs(found - Decimal(deviance)) < Decimal(bound)


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_says_something_of_every_quantity(name: str) -> None:
    certificate = stored(name)
    assert set(certificate.values) | set(certificate.absent) == set(applicable("glmm"))
    for quantity, elements in certificate.values.items():
        assert elements
        assert certificate.proven[quantity] == "proven"
        for key in elements:
            assert len(key) == len(QUANTITIES[quantity].key)


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_has_its_digits(name: str) -> None:
    for quantity, elements in stored(name).values.items():
        long = quantity.startswith(("vcov_", "corr_", "ranef"))
        for number in elements.values():
            # one digit may be a zero at the end that rounding gave
            assert "." not in number or digits(number) == (25 if long else 50)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("cbpp")])
def test_a_shipped_certificate_is_found_again(name: str) -> None:
    again, kept = found(name), stored(name)
    assert replace(again, versions={}) == replace(kept, versions={})


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("seed")])
def test_a_certificate_of_the_exercise_is_found_again(name: str) -> None:
    again, kept = found(name), stored(name)
    assert replace(again, versions={}) == replace(kept, versions={})


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_survives_its_file_and_has_a_page(name: str) -> None:
    certificate = stored(name)
    assert from_json(to_json(certificate)) == certificate
    page = render(certificate, CASES[certificate.case].dataset)
    assert certificate.values["loglik"][()] in page


@pytest.mark.parametrize("name", ["cbpp-null", "cbpp", "cbpp-share", "seed-fail"])
def test_keys_are_lme4s_and_numbers_near_its_own(name: str) -> None:
    path = files("parity") / "data" / "references" / f"{name}.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))["values"]
    certificate = stored(name)
    # glmer's Hessian is a finite difference of a noisy criterion; the rest is its tolerance
    loose = {"se_joint", "vcov_joint", "corr_joint", "tvalue", "wald_ci", "ranef"}
    for quantity, rows in recorded.items():
        if quantity in certificate.absent or quantity in {"pvalue", "wald_p"}:
            continue
        theirs = {tuple(row[:-1]): float(row[-1]) for row in rows}
        ours = {key: float(number) for key, number in certificate.values[quantity].items()}
        assert ours.keys() == theirs.keys()
        scale = max(abs(number) for number in theirs.values()) or 1.0
        for key, number in ours.items():
            assert abs(number - theirs[key]) <= (3e-2 if quantity in loose else 2e-3) * scale


def test_tight_lme4_has_the_same_conditional_errors() -> None:
    # glmer of lme4 1.1-31, bobyqa with rhoend 1e-9, tolPwrss = 1e-10, vcov(use.hessian = FALSE)
    theirs = {
        ("(Intercept)", "(Intercept)"): 0.0519342548344,
        ("period2", "(Intercept)"): -0.0244532249711,
        ("period2", "period2"): 0.0932603233363,
        ("period4", "period3"): 0.0260651192637,
        ("period4", "period4"): 0.1838651717692,
    }
    ours = stored("cbpp").values["vcov_conditional"]
    for key, number in theirs.items():
        # PIRLS stops on a relative change of 1e-10 of the penalised deviance, its weights some
        # 1e-6 before the mode's
        assert float(ours[key]) == pytest.approx(number, rel=2e-5)


@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_shares_with_their_trials_as_weights_are_counts(suffix: str) -> None:
    shares, counted = stored(f"cbpp-share{suffix}"), stored(f"cbpp{suffix}")
    assert shares.values == counted.values
    assert shares.weights == "size"
    page = render(shares, CASES["cbpp-share"].dataset)
    assert "\nWeights:    size\n" in page
    assert "as many trials as size says" in page


def test_a_case_of_quadrature_is_certified_by_its_own_nodes() -> None:
    case = CASES["cbpp-agq9"]
    made = certify(case, case.dataset.load())
    assert (made.objective, made.name) == ("AGQ 9", "cbpp-agq9")
    assert made.values == stored("cbpp-agq9").values
    assert made.values != stored("cbpp").values


def test_every_logistic_case_of_one_scalar_effect_is_certified() -> None:
    specs = {name: case.spec for name, case in CASES.items() if case.spec.kind == "glmm"}
    logistic = {
        name
        for name, spec in specs.items()
        if spec.link == "logit" and len(spec.random) == 1 and len(spec.random[0].columns) == 1
    }
    assert logistic
    assert logistic <= set(NAMES)


def test_an_unknown_objective_is_refused_by_name() -> None:
    with pytest.raises(UncertifiableError, match="'AGQ 3' is unknown; expected one of Laplace"):
        certify_glmm(CASES["cbpp"], statement("cbpp"), objective="AGQ 3")


def test_a_poisson_model_has_no_odds_ratio() -> None:
    data = replace(statement("cbpp-null"), coefficients=("(Intercept)", "x"), model=counts(),
                   levels=(tuple("abcdef"),), terms=(("z",),))  # fmt: skip
    certificate = certify_glmm(CASES["cbpp-null"], data)
    assert "not for poisson(log)" in certificate.absent["odds_ratio"]
    assert set(certificate.values) | set(certificate.absent) == set(applicable("glmm"))


@pytest.mark.parametrize("objective", SUFFIXES)
def test_a_certificate_at_the_boundary_is_complete(objective: str) -> None:
    data = replace(statement("cbpp-null"), coefficients=("(Intercept)", "x"), model=alike(),
                   levels=(tuple("abcdef"),))  # fmt: skip
    certificate = certify_glmm(CASES["cbpp-null"], data, objective=objective)
    assert certificate.values["singular"] == {(): "1"}
    assert set(certificate.values["ranef"].values()) == {"0"}
    assert set(certificate.values["ranef_sd"].values()) == {"0"}
    # 15 of 30 successes in both halves: both coefficients are 0
    assert certificate.values["fixef"]["(Intercept)",] == "0"
    assert certificate.proven["fixef"].startswith("checked: proven but for zeros; 2 elements,")
    assert certificate.proven["ranef"] == "proven"
    assert any("variance is exactly 0" in text for text in certificate.statements)
    assert set(certificate.values) | set(certificate.absent) == set(applicable("glmm"))


# glmer(TICKS ~ YEAR + c + (1 | BROOD), grouseticks with c = round(cHEIGHT, 3), poisson) of lme4
# 1.1-31 with bobyqa, rhoend 1e-9, tolPwrss 1e-10: theta, fixef, their errors by Hessian and by RX
TICKS = {
    "Laplace": (
        0.949694383479,
        (0.509176582788, 1.13589476997, -1.00112996949, -0.0238662600886),
        (0.18661542836335, 0.24238608142052, 0.26968324645126, 0.00301065251214),
        (0.18280746171278, 0.24068170878598, 0.26997429911035, 0.00299863466896),
    ),
    "AGQ 9": (
        0.954054285883,
        (0.509896557664, 1.1349815856, -1.00063191302, -0.0238442892573),
        (0.18719826229519, 0.24326638070649, 0.27068719443300, 0.00302112052042),
        (0.18346839974330, 0.24161804285057, 0.27088504255702, 0.00300921789924),
    ),
}


@pytest.mark.parametrize("objective", ["Laplace", pytest.param("AGQ 9", marks=pytest.mark.slow)])
def test_tight_lme4_agrees_on_a_model_of_counts(objective: str) -> None:
    dataset = CASES["grouseticks"].dataset
    data = dataset.load()
    data["c"] = data["cHEIGHT"].round(3)
    spec = parse("TICKS ~ YEAR + c + (1 | BROOD)", criterion="ML", family="poisson")
    certificate = certify_glmm(
        Case("ticks", dataset, spec), state(spec, data), objective=objective, bits=128
    )
    theta, beta, joint, conditional = TICKS[objective]
    ours = {name: [*map(float, parts.values())] for name, parts in certificate.values.items()}
    # a derivative-free search ends some 1e-6 of a parameter away, its differences 1e-4
    assert ours["theta"] == pytest.approx([theta], rel=1e-5)
    assert ours["fixef"] == pytest.approx(list(beta), rel=1e-5)
    assert ours["se_joint"] == pytest.approx(list(joint), rel=2e-4)
    assert ours["se_conditional"] == pytest.approx(list(conditional), rel=1e-5)
    if objective == "Laplace":
        assert ours["loglik"] == pytest.approx([-989.03774626], abs=1e-5)
