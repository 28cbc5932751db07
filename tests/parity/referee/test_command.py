"""`parity certify`: what it prints, writes and refuses."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from parity.case import CaseError
from parity.certificate import digits, from_json
from parity.commands import certify
from parity.engine import EngineError
from tests.parity.referee.shipped import stored

if TYPE_CHECKING:
    from pathlib import Path


def _arguments(case: str, **options: object) -> Namespace:
    defaults = {
        "cases": None, "digits": None, "format": "text", "store": False, "folder": None,
        "objective": None,
    }  # fmt: skip
    return Namespace(case=case, **(defaults | options))


def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert certify.execute(_arguments("dyestuff-reml")) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Certified values: dyestuff-reml\n")
    assert "The optimum is global" in printed


def test_json_is_the_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    certify.execute(_arguments("dyestuff-reml", format="json"))
    assert from_json(capsys.readouterr().out) == stored("dyestuff-reml")


def test_fewer_digits_are_rounded(capsys: pytest.CaptureFixture[str]) -> None:
    certify.execute(_arguments("dyestuff-reml", format="json", digits=12))
    values = from_json(capsys.readouterr().out).values
    assert values["deviance"] == {(): "319.654276842"}
    assert values["nobs"] == {(): "30"}
    assert all(digits(x) <= 12 for elements in values.values() for x in elements.values())


def test_more_digits_than_are_kept_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    certify.execute(_arguments("dyestuff-reml", format="json", digits=60))
    assert from_json(capsys.readouterr().out).values == stored("dyestuff-reml").values


def test_both_files_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certify.execute(_arguments("ergostool-type-lrt", store=True, folder=tmp_path))
    files = [tmp_path / f"ergostool-type-lrt.{ending}" for ending in ("json", "txt")]
    assert capsys.readouterr().out == "".join(f"{file}\n" for file in files)
    assert all(file.is_file() for file in files)


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(CaseError, match=r"^No case is called 'nonsense'"):
        certify.execute(_arguments("nonsense"))


def test_a_model_that_cannot_be_certified_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("y,x,g\n" + "0.30000000000000004,1,a\n2,3,b\n4,4,a\n" * 4)
    file = tmp_path / "cases.toml"
    file.write_text(
        'schema = 1\n[dataset.own]\nfile = "own.csv"\n'
        '[[case]]\nname = "mixed"\ndataset = "own"\nformula = "y ~ x + (1 | g)"\n'
        '[[case]]\nname = "plain"\ndataset = "own"\nformula = "y ~ x"\n'
    )
    with pytest.raises(CaseError, match=r"mixed is not certified: the response holds 0.3000"):
        certify.execute(_arguments("mixed", cases=file))
    with pytest.raises(CaseError, match="plain is not certified: plain has no random effects"):
        certify.execute(_arguments("plain", cases=file))


def test_the_cure_is_told_where_python_flint_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match=r"lme4-parity\[referee\]"):
        certify.execute(_arguments("dyestuff-reml"))
