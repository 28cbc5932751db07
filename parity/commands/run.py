"""`parity run`: the cases of a case file, fitted, compared, reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity import casefile, known, tolerance
from parity.commands.output import deliver, refuse_unwritable
from parity.commands.progress import bar
from parity.engine import discover
from parity.panel import assemble
from parity.run import fits_of, run

if TYPE_CHECKING:
    import argparse


def execute(arguments: argparse.Namespace) -> int:
    """Run the cases that match and return the exit code.

    A case file of the user's own has no declared differences but those of ``--known``.
    """
    shipped = arguments.cases is None
    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    tolerances = tolerance.load_tolerances(arguments.tolerances or tolerance.SHIPPED)
    if shipped and arguments.tolerances is None:
        names = [*(case.name for case in suite.cases), *(pair.name for pair in suite.pairs)]
        tolerances.refuse_stale(discover(), names)
    register = known.load_known(arguments.known) if arguments.known else ()
    if shipped and arguments.known is None:
        register = known.load_known()
    chosen = suite.select(tuple(arguments.patterns))
    refuse_unwritable(arguments.output)
    panel = assemble(arguments.engine, arguments.reference)
    with bar(fits_of(chosen, panel)) as progress:
        report = run(chosen, panel, tolerances, register, progress, arguments.jobs)
    return deliver(report, arguments)
