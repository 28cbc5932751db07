"""`parity hunt`: random models, fitted and judged; what loses is shrunk to a case file."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING

from parity import tolerance
from parity.commands.output import say
from parity.commands.progress import bar
from parity.examination import InputError
from parity.panel import assemble

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from parity.hunt.signature import Signature
    from parity.hunt.tally import Tally
    from parity.panel import Panel

_BROKEN_OFF = 130


def execute(arguments: argparse.Namespace) -> int:
    """Hunt, write what was found, and return the exit code: 1 where an engine lost.

    ``hunt.json`` and the case files are written as losses are shrunk, so that nothing is lost
    where the hunt is broken off.
    """
    if find_spec("hypothesis") is None:
        raise InputError("A hunt needs hypothesis: install lme4-parity[hunt].")
    from parity.hunt.chase import Plan, hunt  # noqa: PLC0415 - hypothesis takes 0.3 s to import
    from parity.hunt.strategy import FAMILIES  # noqa: PLC0415 - as above
    from parity.hunt.tally import Tally  # noqa: PLC0415 - as above
    from parity.hunt.trial import Ground  # noqa: PLC0415 - as above

    if arguments.models < 1 or arguments.effort < 1 or arguments.seed < 0:
        raise InputError("A hunt draws 1 model or more, from a seed of 0 or above, with an effort.")
    if not 0 < arguments.time_limit < inf:
        raise InputError("The time limit of a fit is a number of seconds above 0.")
    panel = assemble(arguments.engine, arguments.reference, time_limit=arguments.time_limit)
    plan = Plan(
        arguments.models, arguments.seed, tuple(arguments.family or FAMILIES), arguments.effort
    )
    arguments.folder.mkdir(parents=True, exist_ok=True)
    tally, started = Tally(), time.perf_counter()
    keep = _keeper(arguments.folder, panel, tally, (plan.seed, started))
    with bar(None) as progress:
        ground = Ground(panel, tolerance.load_tolerances(), progress)
        hunt(ground, plan, tally, keep)
    with _undisturbed():
        keep()
    say(_summary(tally, arguments.folder))
    if tally.interrupted:
        return _BROKEN_OFF
    return 1 if tally.losses else 0


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C cost what the first one left to be written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keeper(
    folder: Path, panel: Panel, tally: Tally, about: tuple[int, float]
) -> Callable[..., None]:
    """Return what writes every capture and the tally so far."""
    from parity.hunt.casebook import write_case  # noqa: PLC0415 - as above

    versions = panel.versions
    seed, started = about

    def keep(_: Signature | None = None) -> None:
        for signature, capture in tally.captures.items():
            write_case(folder, signature, capture, versions, seed)
        text = tally.to_json(
            seed=seed,
            seconds=round(time.perf_counter() - started, 1),
            reference=panel.reference.name,
            candidates=[engine.name for engine in panel.candidates],
            versions=versions,
        )
        (folder / "hunt.json").write_text(text, encoding="utf-8")

    return keep


def _summary(tally: Tally, folder: Path) -> str:
    """Return how many models, and each loss with how many models show it."""
    drawn = (
        f"{tally.models} models ({tally.fair} fair questions, {tally.unfair.total()} without a "
        f"unique optimum, {tally.refused.total()} refused), {tally.trials} more to shrink losses"
    )
    lines = [drawn]
    lines += [f"{count:6d}  {signature}" for signature, count in tally.losses.most_common()]
    only = [signature for signature in sorted(tally.captures) if signature not in tally.losses]
    lines += [f"     -  {signature}, met while shrinking" for signature in only]
    if tally.interrupted:
        lines.append("broken off")
    lines.append(f"The case files and hunt.json are in {folder}.")
    return "\n".join(lines) + "\n"
