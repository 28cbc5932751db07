"""`parity check`: one model of the user's own on a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.checkup import check
from parity.commands.output import deliver, refuse_unwritable
from parity.commands.progress import bar
from parity.commands.spreadsheet import read_spreadsheet, refuse_stray_text
from parity.formula import parse

if TYPE_CHECKING:
    import argparse


def execute(arguments: argparse.Namespace) -> int:
    """Fit the model with every engine and return the exit code."""
    spec = parse(arguments.formula, family=arguments.family, link=arguments.link)
    data = read_spreadsheet(arguments.csv, tuple(arguments.factor))
    refuse_stray_text(data, spec.variables, tuple(arguments.factor))
    refuse_unwritable(arguments.output)
    with bar(None) as progress:
        report = check(
            arguments.formula,
            data,
            REML=not arguments.ml,
            family=arguments.family,
            link=arguments.link,
            nagq=arguments.nagq,
            weights=arguments.weights,
            engines=arguments.engine,
            reference=arguments.reference,
            name=arguments.csv.name.removesuffix(".gz").removesuffix(".csv"),
            known=arguments.known,
            tolerances=arguments.tolerances,
            progress=progress,
        )
    return deliver(report, arguments)
