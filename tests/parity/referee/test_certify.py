"""The shipped certificates: complete, and found again to the last digit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parity.certificate import digits, from_json, to_json
from parity.criterion.lmm import Criterion
from parity.criterion.optimum import decrement
from parity.dataset import NotShippedError
from parity.design.statement import state
from parity.quantity import QUANTITIES, applicable
from parity.referee.certify import NoCertificateError, certify, default_bits
from parity.referee.proof import ProofError
from tests.parity.referee.shipped import CASES, LARGE, LINEAR, QUICK, found, stored

FETCHED = tuple(name for name in LINEAR if CASES[name].dataset.url is not None)
ONE_RATIO = tuple(
    name
    for name in LINEAR
    if len(CASES[name].spec.random) == 1 and CASES[name].spec.random[0].intercept_only
)


@pytest.mark.parametrize("name", QUICK)
def test_a_shipped_certificate_is_found_again(name: str) -> None:
    again, kept = found(name), stored(name)
    assert replace(again, versions=kept.versions) == kept


@pytest.mark.may_skip
@pytest.mark.parametrize("name", FETCHED)
def test_the_certificates_of_the_seed_are_found_again(name: str) -> None:
    try:
        CASES[name].dataset.locate()
    except NotShippedError as error:
        pytest.skip(str(error))
    again, kept = found(name), stored(name)
    assert replace(again, versions=kept.versions) == kept


@pytest.mark.parametrize("name", LINEAR)
def test_every_quantity_has_a_value_or_a_reason(name: str) -> None:
    certificate = stored(name)
    assert set(certificate.values) | set(certificate.absent) == set(applicable("lmm"))
    assert all(certificate.absent.values())
    for quantity, elements in certificate.values.items():
        assert elements
        assert all(len(key) == len(QUANTITIES[quantity].key) for key in elements)


@pytest.mark.parametrize("name", LINEAR)
def test_a_certificate_has_many_digits(name: str) -> None:
    fewest = 15 if name in LARGE else 50
    for quantity in ("loglik", "deviance", "fixef", "sigma", "sigma2", "variance", "theta"):
        for key, number in stored(name).values[quantity].items():
            enough = number == "0" or digits(number) >= fewest
            assert enough, f"{quantity}{list(key)} has {digits(number)} digits"


@pytest.mark.parametrize("name", LINEAR)
def test_a_certificate_survives_its_file(name: str) -> None:
    assert from_json(to_json(stored(name))) == stored(name)


@pytest.mark.parametrize("name", ONE_RATIO)
def test_one_variance_ratio_is_proven_global(name: str) -> None:
    assert any(text.startswith("The optimum is global") for text in stored(name).statements)


@pytest.mark.parametrize("name", [name for name in QUICK if name not in ONE_RATIO])
def test_several_parameters_are_called_local(name: str) -> None:
    assert not any("The optimum is global" in text for text in stored(name).statements)
    assert any("strict local one" in text for text in stored(name).statements)


@pytest.mark.slow
def test_insteval_is_the_optimum_of_the_criterion_in_double_precision() -> None:
    case, certificate = CASES["insteval-reml"], stored("insteval-reml")
    statement = state(case.spec, case.dataset.load())
    theta = np.array([float(certificate.values["theta"][key]) for key in statement.theta_keys])
    criterion = Criterion(statement.model, reml=True)
    # double precision evaluates a deviance of 2e5 to about 1e-9
    assert criterion.deviance(theta) == pytest.approx(
        float(certificate.values["deviance"][()]), abs=1e-7, rel=0
    )
    assert decrement(criterion, theta) < 1e-12


def test_a_large_model_is_certified_in_fewer_bits() -> None:
    case = CASES["insteval-reml"]
    assert stored(case.name).bits == 128
    assert default_bits(state(case.spec, case.dataset.load()).model) == 128


def test_more_bits_change_no_digit() -> None:
    case = CASES["orthodont-slope-reml"]
    finer = certify(case, case.dataset.load(), bits=400)
    assert finer.values == stored(case.name).values


def test_too_few_bits_certify_nothing() -> None:
    case = CASES["orthodont-slope-reml"]
    with pytest.raises((ProofError, ArithmeticError)):
        certify(case, case.dataset.load(), bits=24)


def test_a_linear_model_is_refused() -> None:
    case = replace(CASES["dyestuff-ml"], spec=CASES["seed-lm"].spec)
    with pytest.raises(NoCertificateError, match="no random effects"):
        certify(case, CASES["dyestuff-ml"].dataset.load())
