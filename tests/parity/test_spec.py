"""The question, free of any engine."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from parity.formula import parse
from parity.spec import RandomTerm


@pytest.mark.parametrize(
    ("formula", "family", "kind"),
    [
        ("y ~ x", "gaussian", "lm"),
        ("y ~ x + (1 | g)", "gaussian", "lmm"),
        ("y ~ x + (1 | g)", "binomial", "glmm"),
    ],
)
def test_the_kind_of_a_model(formula: str, family: str, kind: str) -> None:
    assert parse(formula, family=family).kind == kind


def test_grouping_factors_are_named_once() -> None:
    assert parse("y ~ x + (1 | g) + (0 + x | g) + (1 | h)").groups == ("g", "h")


def test_intercept_only() -> None:
    assert RandomTerm(("1",), "g", ("g",)).intercept_only
    assert not RandomTerm(("1", "x"), "g", ("g",)).intercept_only
    assert not RandomTerm(("x",), "g", ("g",)).intercept_only


def test_a_spec_is_frozen_and_picklable() -> None:
    spec = parse("y ~ x + (1 | g)")
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    with pytest.raises(FrozenInstanceError):
        spec.criterion = "ML"  # type: ignore[misc] # that it cannot be set is the test
