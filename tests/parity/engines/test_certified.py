"""The certified values as an engine: what it reads, what it computes, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from parity.bench import Bench, attempt
from parity.casefile import load_suite
from parity.certificate import CertificateError
from parity.engine import create
from parity.engines.certified import Certified
from parity.engines.lme4_recorded import Lme4Recorded
from parity.panel import Panel
from parity.result import Status

if TYPE_CHECKING:
    from pathlib import Path

SUITE = load_suite()
CASES = {case.name: case for case in SUITE.cases}
PAIRS = {pair.name: pair for pair in SUITE.pairs}


def test_it_takes_part_only_where_it_is_asked_for() -> None:
    assert create("certified").on_request  # type: ignore[attr-defined] # it says so itself


def test_every_value_is_the_double_nearest_to_its_decimal() -> None:
    case = CASES["dyestuff-reml"]
    found = Certified().fit(case, case.dataset.load())
    assert found.values["fixef"] == {("(Intercept)",): 1527.5}
    assert found.values["sigma2"] == {(): 2451.25}
    assert found.values["loglik"][()] == -159.82713842112872823192769704613599723792910498240


def test_fitted_values_follow_from_the_certified_effects() -> None:
    case = CASES["sleepstudy-slope-reml"]
    data = case.dataset.load()
    found, recorded = Certified().fit(case, data), Lme4Recorded().fit(case, data)
    for name in ("fitted", "resid"):
        assert found.values[name].keys() == recorded.values[name].keys()
        for key, number in found.values[name].items():
            assert number == pytest.approx(recorded.values[name][key], abs=1e-3)
    for (row,), number in found.values["fitted"].items():
        y = float(data["Reaction"].iloc[int(row) - 1])
        assert number + found.values["resid"][(row,)] == pytest.approx(y, abs=1e-12)


def test_a_generalised_model_has_no_fitted_values_but_says_why() -> None:
    case = CASES["cbpp"]
    found = Certified().fit(case, case.dataset.load())
    assert found.absent["fitted"].startswith("not stored")
    assert found.values["theta"]["herd", "(Intercept)", "(Intercept)"] == 0.642261448442895563


def test_a_likelihood_ratio_test_keeps_the_digits_that_a_difference_would_lose() -> None:
    pair, engine = PAIRS["jsp-social-lrt"], Certified()
    bench = Bench(Panel(engine, ()))
    found = bench.answer(pair, engine)
    small, large = (bench.answer(case, engine) for case in (pair.small, pair.large))
    by_difference = 2 * (large.values["loglik"][()] - small.values["loglik"][()])
    assert found.values["lrt_chisq"][()] == pytest.approx(by_difference, abs=1e-11)
    assert found.values["lrt_chisq"][()] != by_difference
    assert found.rows == small.rows


def test_a_pair_without_a_certificate_is_tested_by_its_fits(tmp_path: Path) -> None:
    pair, whole = PAIRS["sleepstudy-slope-lrt"], Certified().folder
    for name in (pair.small.name, pair.large.name):
        (tmp_path / f"{name}.json").write_bytes((whole / f"{name}.json").read_bytes())
    engine = Certified(tmp_path)
    found = Bench(Panel(engine, ())).answer(pair, engine)
    assert found.values["lrt_chisq"][()] == pytest.approx(42.13929854, abs=1e-8)


def test_a_case_that_is_not_certified_is_unsupported() -> None:
    case = replace(CASES["cbpp"], name="another")
    found = attempt(Certified(), case, case.dataset.load())
    assert found.status is Status.UNSUPPORTED
    assert found.message == "another is not certified; `parity certify another` tries to"


def test_a_certificate_of_other_data_is_refused() -> None:
    case = CASES["dyestuff-reml"]
    other = replace(case, dataset=replace(case.dataset, sha256="0" * 64))
    with pytest.raises(CertificateError, match=r"has sha256 '4fa4c10f.*the case '0000"):
        Certified().fit(other, case.dataset.load())


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("cbpp-agq9", {"nagq": 25}, "has objective 'AGQ 9', the case 'AGQ 25'"),
        ("cbpp", {"nagq": 9}, "has objective 'Laplace', the case 'AGQ 9'"),
        ("cbpp-share", {"weights": None}, "has weights 'size', the case None"),
        ("dyestuff-reml", {"formula": "Yield ~ 0 + (1 | Batch)"}, "has formula 'Yield ~ 1"),
    ],
)
def test_a_certificate_of_another_model_is_refused(
    name: str, change: dict[str, Any], words: str
) -> None:
    case = CASES[name]
    other = replace(case, spec=replace(case.spec, **change))
    with pytest.raises(CertificateError, match=words.replace("~", ".")):
        Certified().fit(other, case.dataset.load())


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert Certified().missing() is None
    reason = Certified(tmp_path).missing()
    assert reason is not None
    assert "parity certify" in reason


def test_its_versions_are_the_referees() -> None:
    assert {"python-flint", "FLINT"} <= set(Certified().versions())
