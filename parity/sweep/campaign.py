"""A sweep from its first model to its last, resumed where it was interrupted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from parity.sweep import folder
from parity.sweep.crew import Crew, Death
from parity.sweep.lottery import draw
from parity.sweep.refusal import SweepError
from parity.sweep.row import ask, lost
from parity.sweep.station import fit, muster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parity.sweep.plan import Plan
    from parity.sweep.row import Row
    from parity.sweep.station import Versions


def sweep(
    plan: Plan,
    text: str,
    path: Path,
    crew: Crew,
    *,
    anew: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Fit all models of a plan that the folder has no rows of, and write theirs as they come.

    Parameters
    ----------
    plan, text
        What is drawn, and the file that says so, of which the folder keeps a copy.
    path
        The folder.
    crew
        Who fits.
    anew
        Forget the rows that are there.
    progress
        Called with the name of each model that has ended.

    Raises
    ------
    EngineError
        Where an engine cannot run.
    SweepError
        Where the folder's rows are of another design or of other versions, another sweep writes to
        it, or the workers differ in their versions.
    """
    with folder.lease(path, anew=anew):
        folder.require_design(path, plan)
        ledger = folder.Ledger.open(path, plan.engines)
        missing = [index for index in range(plan.models) if index not in ledger.done]
        if not missing:
            return
        versions = _muster(plan, crew)
        folder.identify(path, plan, text, versions)
        for outcome in crew.outcomes(partial(fit, plan), missing):
            if isinstance(outcome, Death):
                index, rows = outcome.index, _epitaph(plan, outcome, versions)
            else:
                index, shipment = outcome
                folder.require_versions(versions, shipment.versions, "The first worker has")
                rows = shipment.rows
            ledger.enter(index, rows)
            progress(f"model {index}")
        lost_models = sorted(set(missing) - ledger.done)
        if lost_models:
            raise SweepError(
                f"{len(lost_models)} models never came back, {lost_models[0]} among them."
            )


def _muster(plan: Plan, crew: Crew) -> Versions:
    """Return the versions of the engines at a worker's."""
    for outcome in crew.outcomes(partial(_mustered, plan), [0]):
        if isinstance(outcome, Death):
            raise SweepError(f"A worker cannot start the engines: {outcome.reason}.")
        return outcome[1]
    raise SweepError("No worker answered.")


def _mustered(plan: Plan, _: int) -> Versions:
    return muster(plan)


def _epitaph(plan: Plan, death: Death, versions: Versions) -> tuple[Row, ...]:
    """Return the rows of a model that no worker survives."""
    question = ask(draw(plan, death.index), death.index)
    return tuple(
        (
            question,
            lost(
                engine,
                death.reason,
                reference=engine == plan.reference,
                versions=versions[engine],
            ),
        )
        for engine in plan.engines
    )
