"""`parity list`: the cases of a case file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity import casefile
from parity.commands.output import say
from parity.reports.as_text import table
from parity.reports.blocks import Table, counted

if TYPE_CHECKING:
    import argparse

    from parity.case import Case


def execute(arguments: argparse.Namespace) -> int:
    """Print the cases and the pairs of nested models that match."""
    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    chosen = suite.select(tuple(arguments.patterns))
    rows = [
        (case.name, _method(case), case.dataset.name, case.spec.formula) for case in chosen.cases
    ]
    rows += [
        (pair.name, "LRT", pair.small.dataset.name, f"{pair.small.name} against {pair.large.name}")
        for pair in chosen.pairs
    ]
    block = Table(("case", "method", "data", "model"), tuple(rows), elastic=3)
    say("\n".join([*table(block), "", _count(len(chosen.cases), len(chosen.pairs))]) + "\n")
    return 0


def _method(case: Case) -> str:
    return case.spec.family if case.spec.kind == "glmm" else case.spec.criterion


def _count(cases: int, pairs: int) -> str:
    tests = counted(pairs, "likelihood-ratio test")
    return f"{counted(cases, 'case')}, {tests}; run them with `parity run NAME`."
