"""A result is complete at birth: a value or a stated reason, and nothing that is no number."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from parity.result import Design, FitResult, Status, failed, unsupported
from tests.meta.answers import answer
from tests.parity.fake_engines import with_element, with_numbers, without

RESULT = answer("slope_reml")


def test_a_complete_result_is_fitted() -> None:
    assert RESULT.fitted
    assert RESULT.status is Status.FITTED


def test_a_result_is_frozen_and_picklable() -> None:
    back = pickle.loads(pickle.dumps(RESULT))  # noqa: S301 - our own bytes
    assert back.values == RESULT.values
    with pytest.raises(FrozenInstanceError):
        RESULT.engine = "other"  # type: ignore[misc] # that it cannot be set is the test


@pytest.mark.parametrize(("make", "status"), [(failed, "FAILED"), (unsupported, "UNSUPPORTED")])
def test_an_answer_without_numbers_needs_a_reason(make: object, status: str) -> None:
    assert callable(make)
    result = make("engine", "case", "lmm", "the reason")
    assert (result.fitted, result.status, result.message) == (False, status, "the reason")
    with pytest.raises(ValueError, match=r"engine on case: .* needs a reason"):
        make("engine", "case", "lmm", "")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_only_finite_numbers(number: float) -> None:
    with pytest.raises(ValueError, match=r"lme4 on sleepstudy: fixef\['Days'\] is (nan|inf|-inf)"):
        with_element(RESULT, "fixef", ("Days",), number)


def test_no_empty_mapping() -> None:
    with pytest.raises(ValueError, match="theta: an empty mapping; state in `absent` why"):
        with_numbers(RESULT, "theta", {})


def test_no_gap() -> None:
    values = {k: v for k, v in RESULT.values.items() if k not in {"theta", "sd"}}
    with pytest.raises(ValueError, match="sd, theta: neither given nor absent"):
        replace(RESULT, values=values)


def test_no_overlap() -> None:
    with pytest.raises(ValueError, match="theta: both given and absent"):
        replace(RESULT, absent={**RESULT.absent, "theta": "why"})


def test_no_quantity_of_another_kind() -> None:
    with pytest.raises(ValueError, match="r2: no quantity of a lmm"):
        replace(RESULT, absent={**RESULT.absent, "r2": "why"})


def test_no_absence_without_a_reason() -> None:
    with pytest.raises(ValueError, match="theta is absent without a reason"):
        without(RESULT, "theta", "")


def test_keys_have_the_declared_shape() -> None:
    with pytest.raises(ValueError, match=r"fixef: key \('Days', 'x'\) should name"):
        with_element(RESULT, "fixef", ("Days", "x"), 1.0)


def test_rows_are_as_many_as_are_counted() -> None:
    with pytest.raises(ValueError, match="179 rows, 180 rows of X, 180 nobs"):
        replace(RESULT, rows=RESULT.rows[1:])
    with pytest.raises(ValueError, match="0 rows, 180 nobs"):
        replace(RESULT, rows=(), design="not shown")
    assert replace(without(RESULT, "nobs", "why"), design="not shown").fitted


def test_a_fit_without_rows_is_none() -> None:
    with pytest.raises(ValueError, match="0 rows; a fit has the same of each"):
        replace(without(RESULT, "nobs", "why"), rows=(), design="not shown")


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 3)])
def test_a_design_has_a_name_for_each_column(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="has 2 column names"):
        Design(("a", "b"), np.zeros(shape))


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), -float("inf")])
def test_a_design_is_finite(cell: float) -> None:
    matrix = np.ones((4, 2))
    matrix[2, 1] = cell
    with pytest.raises(ValueError, match=r"design\[b\] is (nan|inf|-inf) in row 3; X is finite"):
        Design(("a", "b"), matrix)


def test_a_made_up_kind_has_no_quantities() -> None:
    with pytest.raises(ValueError, match="no quantity of a gam"):
        FitResult("engine", "case", "gam", rows=("1",), values={"nobs": {(): 1.0}})
