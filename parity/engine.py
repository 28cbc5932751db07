"""What an engine is, and which ones are installed."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult

GROUP = "parity.engines"


class EngineError(RuntimeError):
    """An engine that is not there, or is there twice, with the cure."""


@runtime_checkable
class Engine(Protocol):
    """A program that fits mixed models, as the harness sees it.

    To register one, publish an entry point of the group ``parity.engines`` that names a class
    without constructor arguments. An engine whose ``on_request`` is true takes part only where it
    is named; one that states an ``incomparable`` reason answers another question, and that it is
    INCOMPARABLE is then no failure.
    """

    name: str

    def missing(self) -> str | None:
        """Return None where the engine can run here, else the reason and the cure."""
        ...

    def unsupported(self, case: Case) -> str | None:
        """Return None where the engine can express the model, else the reason."""
        ...

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Fit the case's model from scratch and return everything, read at once."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Return program → version of all that takes part in the numbers."""
        ...


@runtime_checkable
class Isolable(Protocol):
    """An engine whose program can run in a process of its own, each call within a time limit."""

    def isolate(self, time_limit: float) -> None:
        """Let it, from now on; the limit is in seconds."""
        ...


def discover() -> dict[str, EntryPoint]:
    """Return name → entry point of the engines that are installed; none is imported."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


def create(name: str) -> Engine:
    """Return a new engine of that name.

    Raises
    ------
    EngineError
        Where none is registered under the name, or importing it fails.
    """
    found = discover()
    if name not in found:
        raise EngineError(f"No engine is called {name!r}; installed are {', '.join(found)}.")
    try:
        engine = found[name].load()()
    except ImportError as error:
        raise EngineError(f"The engine {name!r} cannot be imported: {error}.") from error
    if not isinstance(engine, Engine):
        raise EngineError(f"{found[name].value} is no engine: see parity.engine.Engine.")
    return engine
