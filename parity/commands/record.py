"""`parity record`: live lme4's answers, written down for machines without R."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity import casefile
from parity.commands.output import say
from parity.commands.progress import bar
from parity.engines.lme4_recorded import SHIPPED
from parity.record import record

if TYPE_CHECKING:
    import argparse


def execute(arguments: argparse.Namespace) -> int:
    """Write an answer for each case that matches and print the files' names."""
    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    chosen = suite.select(tuple(arguments.patterns))
    with bar(len(chosen.cases)) as progress:
        files = record(chosen, arguments.folder or SHIPPED, progress)
    say("".join(f"{file}\n" for file in files))
    return 0
