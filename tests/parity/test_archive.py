"""A recorded answer is the answer, to the last bit, or is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from parity.archive import RecordError, from_json, to_json
from parity.case import Case
from parity.dataset import Dataset
from parity.formula import parse
from parity.quantity import applicable
from parity.result import Design, FitResult

ROWS = ("1", "2", "4")


@pytest.fixture
def case() -> Case:
    dataset = Dataset("d", Path("d.csv"), "ab" * 32)
    return Case("c", dataset, parse("y ~ x + (1 | g)", criterion="ML"))


@pytest.fixture
def answer() -> FitResult:
    values: dict[str, dict[tuple[str, ...], float]] = {
        "fixef": {("(Intercept)",): 0.1 + 0.2, ("x",): -0.0},
        "fitted": {(row,): float(row) / 3 for row in ROWS},
        "resid": {(row,): 1e-300 * float(row) for row in ROWS},
        "ranef": {("g", "a, b", "(Intercept)"): 1e22, ("g", "é", "(Intercept)"): -1e-17},
        "loglik": {(): -875.9696722323599},
    }
    absent = {name: "not asked" for name in applicable("lmm") if name not in values}
    design = Design(("(Intercept)", "x"), np.array([[1.0, 1 / 3], [1.0, -0.0], [1.0, 5e-324]]))
    return FitResult(
        "lme4", "c", "lmm", criterion="ML", rows=ROWS, groups={"g": ("a, b", "é")},
        design=design, values=values, absent=absent, conditions=("warning: x",),
        versions={"lme4": "1.1-31"},
    )  # fmt: skip


def bits(result: FitResult) -> dict[str, dict[tuple[str, ...], str]]:
    return {
        name: {key: number.hex() for key, number in elements.items()}
        for name, elements in result.values.items()
    }


def test_what_is_recorded_comes_back_to_the_last_bit(case: Case, answer: FitResult) -> None:
    back = from_json(to_json(answer, case), case, "lme4-recorded")
    assert bits(back) == bits(answer)
    assert isinstance(back.design, Design)
    assert isinstance(answer.design, Design)
    assert back.design.matrix.tobytes() == answer.design.matrix.tobytes()
    assert back.design.columns == answer.design.columns
    same = dataclasses.replace(back, engine="lme4", design="x", values=answer.values)
    assert same == dataclasses.replace(answer, design="x")


def test_one_line_holds_one_quantity(case: Case, answer: FitResult) -> None:
    lines = to_json(answer, case).splitlines()
    assert sum('"fixef"' in line for line in lines) == 1


def test_rows_of_data_that_are_not_shipped_are_not_recorded(case: Case, answer: FitResult) -> None:
    closed = dataclasses.replace(case, record_rows=False)
    back = from_json(to_json(answer, closed), closed, "lme4-recorded")
    assert "fitted" not in back.values
    assert "not recorded" in back.absent["fitted"]
    assert isinstance(back.design, str)
    assert bits(back)["ranef"] == bits(answer)["ranef"]


@pytest.mark.parametrize(
    "key",
    ["formula", "sha256", "criterion", "family", "link", "nagq", "weights", "case", "schema"],
)
def test_an_answer_to_another_question_is_refused(case: Case, answer: FitResult, key: str) -> None:
    content = json.loads(to_json(answer, case))
    content[key] = "another"
    with pytest.raises(RecordError, match=rf"has {key} 'another'"):
        from_json(json.dumps(content), case, "lme4-recorded")


def test_a_row_too_few_is_refused(case: Case, answer: FitResult) -> None:
    content = json.loads(to_json(answer, case))
    content["values"]["fitted"].pop()
    with pytest.raises(ValueError, match="shorter"):
        from_json(json.dumps(content), case, "lme4-recorded")


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_record_is_refused(case: Case, text: str) -> None:
    with pytest.raises(RecordError, match="recorded answer to c is no"):
        from_json(text, case, "lme4-recorded")
