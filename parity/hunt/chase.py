"""The chase: hypothesis draws quarries, and shrinks each loss that is new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings

from parity.hunt.strategy import quarries
from parity.hunt.trim import trim
from parity.simulation import DesignError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parity.hunt.prey import Prey
    from parity.hunt.quarry import Quarry
    from parity.hunt.signature import Signature
    from parity.hunt.tally import Tally
    from parity.hunt.trial import Ground, Trial

    Keep = Callable[[Signature | None], None]


_REPEATED = 20
"""Quarries that hypothesis may draw again: each search begins with the simplest ones."""


_EVERY = 20
"""Models between two times that what was found is kept."""


class _LostError(Exception):
    """What hypothesis sees of a loss, and shrinks."""


class _SpentError(BaseException):
    """Nothing is left to shrink by: beyond hypothesis, which would go on for minutes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to hunt.

    Attributes
    ----------
    models
        How many to draw.
    seed
        Of all draws.
    families
        Of the response.
    effort
        How many models may be fitted to shrink one loss, half of them by hypothesis.
    """

    models: int
    seed: int
    families: Sequence[str]
    effort: int


@dataclass(slots=True)
class _Target:
    """A loss that is being shrunk, and what is left to spend on it.

    A quarry that has been tried keeps its answer: hypothesis asks for its best ones again.
    """

    signature: Signature
    left: int
    known: dict[Quarry, bool] = field(default_factory=dict)


def hunt(ground: Ground, plan: Plan, tally: Tally, keep: Keep = lambda _: None) -> None:
    """Draw, judge and shrink until the plan is met; the tally holds all that came of it.

    An interruption ends it early, with everything until then in the tally.

    Parameters
    ----------
    ground
        Who is tried, and by which tolerances.
    plan
        How many, from which seed.
    tally
        Filled in.
    keep
        Called with the signature of each loss when it has been shrunk, and with None now and then:
        what it writes is there whatever ends the hunt.
    """
    tried: set[Quarry] = set()
    turn = 0
    try:
        while tally.models < plan.models:
            before = tally.models
            _search(ground, plan, tally, tried, (turn, keep))
            turn += 1
            if tally.models == before:
                break
        for signature in sorted(tally.captures):
            if not tally.captures[signature].shrunk:
                _trim(ground, plan, tally, signature)
                keep(signature)
    except KeyboardInterrupt:
        tally.interrupted = True


def _search(
    ground: Ground, plan: Plan, tally: Tally, tried: set[Quarry], turn: tuple[int, Keep]
) -> None:
    """Draw until a loss is new, and shrink it; or until enough have been drawn."""
    target: _Target | None = None

    @seed(1000 * plan.seed + turn[0])
    @settings(
        max_examples=plan.models - tally.models + _REPEATED,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(quarries(plan.families))
    def look(quarry: Quarry) -> None:
        nonlocal target
        if target is None:
            if quarry in tried or tally.models >= plan.models:
                return
            tried.add(quarry)
            target = _first_new(_drawn(ground, quarry, tally), tally, plan, quarry)
            if tally.models % _EVERY == 0:
                turn[1](None)
            lost = target is not None
        else:
            lost = _still(ground, quarry, tally, target)
        if lost:
            raise _LostError

    try:
        look()
    except (_LostError, _SpentError):
        assert target is not None  # noqa: S101 - it is what was raised for
        _trim(ground, plan, tally, target.signature)
        turn[1](target.signature)


def _drawn(ground: Ground, quarry: Quarry, tally: Tally) -> Trial:
    try:
        prey = quarry.prey()
    except DesignError:
        reject()
    trial = ground.judge(prey)
    tally.count(trial)
    return trial


def _first_new(trial: Trial, tally: Tally, plan: Plan, quarry: Quarry) -> _Target | None:
    """Return the first loss of a trial that nothing has been shrunk to yet."""
    if not trial.fair:
        return None
    new = [s for s in sorted(trial.losses) if not tally.captures[s].shrunk]
    return _Target(new[0], plan.effort // 2, {quarry: True}) if new else None


def _still(ground: Ground, quarry: Quarry, tally: Tally, target: _Target) -> bool:
    """Return whether a smaller quarry has the same loss; raise `_SpentError` where all is spent."""
    if quarry not in target.known:
        if not target.left:
            raise _SpentError
        target.left -= 1
        try:
            prey = quarry.prey()
        except DesignError:
            return False
        target.known[quarry] = _shows(ground, prey, tally, target.signature)
    return target.known[quarry]


def _shows(ground: Ground, prey: Prey, tally: Tally, signature: Signature) -> bool:
    trial = ground.judge(prey)
    tally.trials += 1
    tally.notice(trial)
    return trial.fair and signature in trial.losses


def _trim(ground: Ground, plan: Plan, tally: Tally, signature: Signature) -> None:
    left = plan.effort - plan.effort // 2

    def keeps(prey: Prey) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and _shows(ground, prey, tally, signature)

    trim(tally.captures[signature].prey, keeps)
    tally.finish(signature)
