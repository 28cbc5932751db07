"""The dictionary of quantities is whole."""

from __future__ import annotations

import pytest

from parity.quantity import LAYERS, QUANTITIES, UNITS, Quantity, applicable

KINDS = ("lm", "lmm", "glmm", "lrt")


@pytest.mark.parametrize("entry", QUANTITIES.values(), ids=QUANTITIES)
def test_an_entry_says_all_that_it_must(entry: Quantity) -> None:
    assert entry.unit in UNITS
    assert entry.layer in LAYERS
    assert entry.definition.endswith(".")
    assert entry.why.endswith(".")
    assert set(entry.kinds) <= set(KINDS)


def test_only_the_design_belongs_to_no_kind() -> None:
    assert [name for name, entry in QUANTITIES.items() if not entry.kinds] == ["design"]


@pytest.mark.parametrize("kind", KINDS)
def test_applicable_keeps_the_order_of_reports(kind: str) -> None:
    names = applicable(kind)
    assert names
    assert list(names) == [name for name in QUANTITIES if name in names]


def test_a_kind_that_is_none_has_no_quantity() -> None:
    assert applicable("gam") == ()
