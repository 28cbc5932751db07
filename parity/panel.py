"""The engines of a run: which one is the reference, which ones are held against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.engine import Engine, EngineError, Isolable, create, discover

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LIVE, RECORDED, TIGHT, CERTIFIED = "lme4", "lme4-recorded", "lme4-tight", "certified"


@dataclass(frozen=True, slots=True)
class Panel:
    """The engines of a run.

    Attributes
    ----------
    reference
        The engine that the others are held against.
    candidates
        The others.
    left_out
        Engine → why it does not take part.
    by_name
        Whether the engines' names say all: another process can make the same ones of them.
    """

    reference: Engine
    candidates: tuple[Engine, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    by_name: bool = False

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Reference first."""
        return (self.reference, *self.candidates)

    @property
    def versions(self) -> dict[str, str]:
        """Program → version; where two engines disagree the reference's word stands."""
        merged: dict[str, str] = {}
        for engine in reversed(self.engines):
            merged.update(engine.versions())
        return merged

    @property
    def headline(self) -> str:
        """The first line of every report: what was held against what."""
        versions = self.reference.versions()
        programs = f"lme4 {versions.get('lme4', '?')} on R {versions.get('R', '?')}"
        others = ", ".join(engine.name for engine in self.candidates)
        if self.reference.name == CERTIFIED:
            return (
                f"Reference: certified optima of the criterion (python-flint "
                f"{versions.get('python-flint', '?')}) - held against them: {others}"
            )
        if self.reference.name == RECORDED:
            reason = self.left_out.get(LIVE, "it was not asked for")
            return (
                f"Reference: recorded answers of {programs}, not a live R ({reason}) - "
                f"held against it: {others}"
            )
        return f"Reference: {self.reference.name} ({programs}, live) - held against it: {others}"


def assemble(
    wanted: Sequence[str] = (), reference: str | None = None, *, time_limit: float | None = None
) -> Panel:
    """Return the engines for a run.

    Parameters
    ----------
    wanted
        Names of the candidates; for none all that are installed and can run, but live lme4 not
        where its recorded answers are the reference: no R starts then.
    reference
        Name of the reference; live lme4 where it runs, else the recorded answers, for None.
    time_limit
        Of a fit, in seconds, for a program that can run in a process of its own, and does then: a
        crash of its is a fit that failed.

    Raises
    ------
    EngineError
        Where an engine that was asked for is unknown or cannot run here.
    """
    asked = [*wanted, *([reference] if reference else [])]
    unneeded = {LIVE} if reference == RECORDED and LIVE not in wanted else set()
    engines, left_out = _gather(asked, unneeded, time_limit)
    chosen = reference or (RECORDED if LIVE in left_out else LIVE)
    for name in [chosen, *wanted]:
        if name in left_out:
            raise EngineError(f"The engine {name} cannot run here: {left_out[name]}")
    if chosen not in engines:
        raise EngineError(f"No engine is called {chosen!r}; installed are {', '.join(engines)}.")
    candidates = [
        engine
        for name, engine in engines.items()
        if name != chosen
        and name not in left_out
        and (name in wanted or not (wanted or getattr(engine, "on_request", False)))
    ]
    if not candidates:
        raise EngineError("There is no engine to hold against the reference.")
    return Panel(engines[chosen], tuple(candidates), left_out, by_name=True)


def summon(names: Sequence[str]) -> Panel:
    """Return the panel of exactly these engines, the reference first, as another process has it.

    Raises
    ------
    EngineError
        Where one of them is unknown or cannot run here.
    """
    engines = [create(name) for name in names]
    for engine in engines:
        reason = engine.missing()
        if reason is not None:
            raise EngineError(f"The engine {engine.name} cannot run in a worker process: {reason}")
    return Panel(engines[0], tuple(engines[1:]), by_name=True)


def _gather(
    asked: Sequence[str], unneeded: Collection[str], time_limit: float | None
) -> tuple[dict[str, Engine], dict[str, str]]:
    """Return name → engine of all that import, and name → why it cannot run.

    An engine that nobody asked for and that does not import is left out; one that was asked for
    raises `EngineError`.
    """
    engines: dict[str, Engine] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys([*discover(), *asked]):
        if name in unneeded:
            continue
        try:
            engine = engines[name] = create(name)
            if time_limit is not None and isinstance(engine, Isolable):
                engine.isolate(time_limit)
            reason = engine.missing()
        except EngineError as error:
            if name in asked:
                raise
            reason = str(error)
        if reason is not None:
            left_out[name] = reason
    return engines, left_out
