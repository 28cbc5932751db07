"""`parity sweep`: random designs by the thousand, one row a fit, resumed where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parity.commands.output import in_colour, painted, say
from parity.commands.progress import bar
from parity.sweep.campaign import sweep
from parity.sweep.crew import hire
from parity.sweep.parquet import arrow
from parity.sweep.planfile import SHIPPED, load_plan
from parity.sweep.refusal import SweepError
from parity.sweep.summary import render, summarise

if TYPE_CHECKING:
    import argparse


def execute(arguments: argparse.Namespace) -> int:
    """Sweep, print the table, and return the exit code: 0 where every row is green."""
    if arguments.design is None:
        raise SweepError(f"sweep needs a file that states what is drawn; an example is {SHIPPED}.")
    arrow()
    plan = load_plan(arguments.design)
    if arguments.models is not None:
        plan = replace(plan, models=arguments.models)
    path = arguments.output or Path(f"{arguments.design.stem}.parquet")
    text = arguments.design.read_text(encoding="utf-8")
    with bar(plan.models) as progress, hire(arguments.jobs, arguments.scheduler) as crew:
        sweep(plan, text, path, crew, anew=arguments.anew, progress=progress)
    scores = summarise(path, plan.engines)
    table = render(scores, path)
    say(painted(table) if in_colour() else table)
    return 1 if any(score.red for score in scores) else 0
