"""The JSON report is strict, whole, exact, and what its schema says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError

import parity
from parity.reports.as_json import render
from parity.verdict import Verdict
from tests.parity.reports.sample import AGREEING, ALL, GREEN, case, finding, pair, report

SCHEMA = json.loads((Path(parity.__file__).parent / "data" / "report.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def refuse(constant: str) -> NoReturn:
    raise AssertionError(constant)


def read(text: str) -> dict[str, Any]:
    document = json.loads(text, parse_constant=refuse)
    assert isinstance(document, dict)
    return document


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [f for case in document["cases"] for pair in case["pairs"] for f in pair["findings"]]


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sample", [ALL, GREEN, report()])
def test_reports_fit_the_schema(sample: Any) -> None:  # noqa: ANN401 - parametrised
    VALIDATOR.validate(read(render(sample)))


def test_every_element_is_there_and_counted() -> None:
    document = read(render(ALL))
    assert document["compared"] == len(findings(document)) == ALL.compared == 14
    counts = {"AGREE": 3, "UNSUPPORTED": 3, "KNOWN": 1, "WORSE": 1, "DIFFER": 1, "FAILED": 1}
    assert document["summary"] == counts
    assert (document["schema"], document["reference"], document["agrees"]) == (1, "lme4", False)


def test_infinite_error_is_null_with_its_reason() -> None:
    missing = [f for f in findings(read(render(ALL))) if f["error"] is None]
    assert [f["error_reason"] for f in missing] == [
        "the element is missing in third",
        "the number is not below the printed bound",
    ]
    assert missing[0]["candidate"] is None


def test_reasons_stand_where_something_is_off_only() -> None:
    for entry in findings(read(render(ALL))):
        assert ("why" in entry) == (entry["verdict"] != "AGREE")


@pytest.mark.parametrize(
    "number", [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 1 / 3, float(np.float64(np.pi))]
)
def test_numbers_come_back_to_the_last_bit(number: float) -> None:
    one = finding("fixef", ("x",), (number, np.float64(number)), error=number, unit="se")
    document = read(render(report(case("c", pair("c", Verdict.AGREE, findings=(one,))))))
    (entry,) = findings(document)
    assert [entry[name].hex() for name in ("reference", "candidate", "error")] == [number.hex()] * 3


def test_one_finding_a_line() -> None:
    assert sum('"quantity": "fixef"' in line for line in render(GREEN).splitlines()) == 2


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("extra",), 1),
        (("schema",), 2),
        (("cases", 0, "extra"), 1),
        (("cases", 0, "method"), "OLS"),
        (("cases", 0, "pairs", 0, "verdict"), "FINE"),
        (("cases", 0, "pairs", 0, "findings", 0, "digits"), 99),
        (("cases", 0, "pairs", 0, "findings", 0, "error"), None),
        (("cases", 0, "pairs", 0, "findings", 0, "why"), "x"),
        (("cases", 0, "pairs", 0, "findings", 0, "verdict"), "DIFFER"),
        (("cases", 0, "pairs", 0, "findings", 0, "candidate"), None),
        (("summary", "AGREE"), 0),
        (("summary", "FINE"), 1),
    ],
)
def test_schema_refuses_planted_faults(where: tuple[str | int, ...], value: object) -> None:
    document: Any = read(render(GREEN))
    place = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


def test_a_number_that_is_not_finite_is_refused() -> None:
    wrong = replace(AGREEING[0], reference=float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        render(report(case("c", pair("c", Verdict.AGREE, findings=(wrong,)))))
