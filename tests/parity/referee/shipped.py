"""The shipped cases, and what the referee finds on them; each found once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from parity import casefile
from parity.design.statement import Statement, state
from parity.referee import store
from parity.referee.certify import certify

if TYPE_CHECKING:
    from parity.case import Case, NestedPair
    from parity.certificate import Certificate

CASES: dict[str, Case] = {case.name: case for case in casefile.load_suite().cases}
PAIRS: dict[str, NestedPair] = {pair.name: pair for pair in casefile.load_suite().pairs}
LARGE = frozenset({"insteval-reml"})
"""Their proofs take minutes."""
LINEAR = tuple(name for name, case in CASES.items() if case.spec.kind == "lmm")
QUICK = tuple(name for name in LINEAR if name not in LARGE and CASES[name].dataset.url is None)


def statement_of(case: Case) -> Statement:
    """Return a case's model on its data."""
    return state(case.spec, case.dataset.load())


@cache
def found(name: str) -> Certificate:
    """Return a case's certificate, made now."""
    return certify(CASES[name], CASES[name].dataset.load())


@cache
def stored(name: str) -> Certificate:
    """Return the certificate that is shipped."""
    certificate = store.read(name)
    assert certificate is not None, f"no certificate of {name} is shipped"
    return certificate
