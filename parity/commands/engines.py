"""`parity engines`: which engines are here, in which versions, and why others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.commands.output import say
from parity.engine import EngineError, create, discover
from parity.panel import LIVE, RECORDED
from parity.reports.as_text import table
from parity.reports.blocks import Table, printable

if TYPE_CHECKING:
    import argparse


def execute(_: argparse.Namespace) -> int:
    """Print each engine that is installed, and which would be the reference of a run."""
    found = {name: _state(name) for name in discover()}
    rows = tuple(
        (name, "here" if here else "missing", text) for name, (here, text) in found.items()
    )
    lines = table(Table(("engine", "", "versions, or why it is missing"), rows, elastic=2))
    for name in (LIVE, RECORDED):
        if found.get(name, (False, ""))[0]:
            lines += ["", f"The reference of a run is {name}."]
            break
    else:
        lines += ["", "No reference is here: neither live lme4 nor its recorded answers."]
    say("\n".join(lines) + "\n")
    return 0


def _state(name: str) -> tuple[bool, str]:
    """Return whether an engine can run here, and its versions or what it lacks."""
    try:
        engine = create(name)
    except EngineError as error:
        return False, printable(str(error))
    reason = engine.missing()
    if reason is not None:
        return False, printable(reason)
    versions = sorted(engine.versions().items())
    return True, printable(", ".join(f"{program} {version}" for program, version in versions))
