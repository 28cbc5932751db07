"""The pages for readers, and the files that hold certificates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity import casefile
from parity.case import CaseError
from parity.certificate import to_json
from parity.referee import store
from parity.referee.table import render
from tests.parity.referee.shipped import CASES, LINEAR, PAIRS, stored

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", [*LINEAR, "seed-social-lrt"])
def test_the_stored_page_is_that_of_the_stored_certificate(name: str) -> None:
    dataset = CASES[name].dataset if name in CASES else PAIRS[name].large.dataset
    page = (store.SHIPPED / f"{name}.txt").read_text(encoding="utf-8")
    assert page == render(stored(name), dataset)


def test_a_page_holds_all_that_is_needed_to_check_a_program() -> None:
    page = render(stored("sleepstudy-slope-reml"), CASES["sleepstudy-slope-reml"].dataset)
    for part in (
        "Reaction ~ Days + (Days | Subject)",
        "sleepstudy of lme4 1.1-31",
        "0a002bec8be2fa9d40dbbf3d5038e614d113a4fd5bf8813f6f4271c3d6294675",
        "log|X'V^-1 X|",
        "Krawczyk's test in 320-bit ball arithmetic",
        "  Days          10.467285959595959595959595959595959595959595959596",
        "  -871.81413597924538034402737933162172341921279917712",
        "fitted: not stored: 180 numbers",
    ):
        assert part in page


@pytest.mark.parametrize("name", LINEAR)
def test_lines_are_narrow(name: str) -> None:
    page = render(stored(name), CASES[name].dataset)
    assert max(map(len, page.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in page.splitlines())


def test_what_is_checked_only_is_marked() -> None:
    certificate = stored("dyestuff-ml")
    marked = replace(certificate, proven={**certificate.proven, "fixef": "checked: by hand"})
    page = render(marked, CASES["dyestuff-ml"].dataset)
    assert page.count("[checked: by hand]") == 1


def test_a_data_set_of_one_s_own_states_what_it_can() -> None:
    own = replace(CASES["dyestuff-ml"].dataset, source="", licence="", sha256=None, factors=())
    page = render(replace(stored("dyestuff-ml"), sha256=None), own)
    assert page.count("not stated") == 3
    assert "Factors:" not in page


def test_a_certificate_is_read_as_it_was_written(tmp_path: Path) -> None:
    certificate, dataset = stored("rail-ml"), CASES["rail-ml"].dataset
    files = store.write(certificate, dataset, tmp_path / "new")
    assert [file.name for file in files] == ["rail-ml.json", "rail-ml.txt"]
    assert store.read("rail-ml", tmp_path / "new") == certificate
    assert store.read("rail-reml", tmp_path / "new") is None


def test_cases_and_pairs_are_certified_by_name() -> None:
    suite = casefile.load_suite()
    found = {c.case: c for c, _ in store.certify_all(suite, ("ergostool-*",))}
    assert set(found) == {
        "ergostool-null-ml", "ergostool-ml", "ergostool-reml", "ergostool-type-lrt",
    }  # fmt: skip
    assert all(certificate == stored(name) for name, certificate in found.items())
    alone = [c.case for c, _ in store.certify_all(suite, ("ergostool-type-lrt",))]
    assert alone == ["ergostool-type-lrt"]


def test_one_case_or_pair_is_certified_anew() -> None:
    suite = casefile.load_suite()
    for name in ("dyestuff-ml", "ergostool-type-lrt"):
        certificate, dataset = store.certified(name, suite)
        assert to_json(certificate) == to_json(stored(name))
        assert dataset.name in {"dyestuff", "ergostool"}
    with pytest.raises(CaseError, match="No case is called 'nonsense'"):
        store.certified("nonsense", suite)
