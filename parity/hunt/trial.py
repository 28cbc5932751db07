"""Trials: a prey is fitted by every engine and judged, and each loss has its signature."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.appraisal import CONVERGED
from parity.bench import Bench, Progress
from parity.court import Court
from parity.design.statement import state
from parity.design.terms import NotExpressibleError, UnusableDataError
from parity.examination import InputError, examine
from parity.hunt.fairness import unfair
from parity.hunt.signature import Signature, kind_of, sign
from parity.quantity import QUANTITIES
from parity.result import Status
from parity.run import judge
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.case import Case
    from parity.engine import Engine
    from parity.finding import Comparison
    from parity.hunt.prey import Prey
    from parity.panel import Panel
    from parity.tolerance import Tolerances

HARNESS = "harness"
"""Who loses where comparing or judging itself breaks."""
CRASH, SHORT = "CRASH", "SHORT"
"""Beside the arbiter's verdicts: the harness broke; engines agree and are both short."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one prey.

    Attributes
    ----------
    prey
        The model and its data.
    refused
        Why the model cannot be asked of the data; empty where it was.
    unfair
        Why no engine can be blamed for what it answers; empty where the question is fair.
    verdicts
        Candidate → verdict.
    losses
        Signature → what was found, and by how much, in a sentence.
    """

    prey: Prey
    refused: str = ""
    unfair: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    losses: Mapping[Signature, str] = field(default_factory=dict)

    @property
    def fair(self) -> bool:
        """Whether its losses count."""
        return not self.refused and not self.unfair


@dataclass(frozen=True, slots=True)
class Ground:
    """Where trials are held: the engines, and what counts as a difference."""

    panel: Panel
    tolerances: Tolerances
    progress: Progress = lambda _: None

    def judge(self, prey: Prey, name: str = "prey") -> Trial:
        """Return what comes of a prey; whatever raises, engine or harness, is a loss."""
        try:
            examine(prey.spec, prey.data)
        except InputError as error:
            return Trial(prey, refused=kind_of(str(error)))
        try:
            doubt = unfair(state(prey.spec, prey.data).model)
        except (NotExpressibleError, UnusableDataError) as error:
            return Trial(prey, refused=kind_of(str(error)))
        try:
            verdicts, losses = self._hold(prey.case(name))
        except Exception as error:  # noqa: BLE001 - a fault of the harness is the best of finds
            place = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error}"
            crash = sign(prey.spec, HARNESS, CRASH, "", f"{place.name}: {kind_of(told)}")
            return Trial(prey, unfair=doubt, losses={crash: told})
        return Trial(prey, "", doubt, verdicts, losses)

    def _hold(self, case: Case) -> tuple[dict[str, str], dict[Signature, str]]:
        court = Court(Bench(self.panel, self.progress), self.tolerances)
        answers = [court.bench.answer(case, engine) for engine in self.panel.engines]
        losses = {
            sign(case.spec, one.engine, Verdict.FAILED, "", kind_of(one.message)): one.message
            for one in answers
            if one.status is Status.FAILED
        }
        verdicts: dict[str, str] = {}
        reference = self.panel.reference
        compared = judge(answers, self.tolerances, ())
        for engine, plain in zip(self.panel.candidates, compared, strict=True):
            pair = court.hear(case, plain, (reference, engine))
            verdicts[engine.name] = pair.verdict
            if pair.verdict is not Verdict.FAILED or all(one.fitted for one in answers):
                losses |= _lost(court, case, pair, engine)
        if reference.name not in {loss.engine for loss in losses}:
            losses |= _short_together(case, court, verdicts)
        return verdicts, losses


def _lost(court: Court, case: Case, pair: Comparison, engine: Engine) -> dict[Signature, str]:
    """Return the loss of a comparison: the candidate's where it is red, the reference's of BETTER.

    The optimum counts as one quantity, with a class of its size: what follows from stopping short
    is not told apart by which number shows it first.
    """
    if pair.green and pair.verdict is not Verdict.BETTER:
        return {}
    loser = court.bench.panel.reference if pair.verdict is Verdict.BETTER else engine
    what = _first(pair)
    if pair.verdict is Verdict.INCOMPARABLE:
        what = pair.message.split(":")[0]
    elif pair.layer == "C":
        above = court.appraise(case, loser).above
        what = _class(above)
    elif not what:
        contradictions = court.appraise(case, loser).contradictions
        what = contradictions[0].quantity if contradictions else kind_of(pair.message)
    if pair.verdict is Verdict.DIFFER and _tied(court, case, engine, what):
        what = f"{what}, both at the optimum"
    told = ". ".join(dict.fromkeys(part for part in (pair.message, pair.diagnosis) if part))
    return {sign(case.spec, loser.name, pair.verdict, pair.layer, what): told}


def _tied(court: Court, case: Case, engine: Engine, quantity: str) -> bool:
    """Whether two answers differ though both are at the optimum, and neither contradicts itself."""
    if quantity not in QUANTITIES:
        return False
    limit = court.tolerances.resolve(quantity, engine.name, case.name).limit
    words = [court.appraise(case, one) for one in (court.bench.panel.reference, engine)]
    return all(
        not word.silence
        and word.arrived
        and not any(f.quantity == quantity and f.error > limit for f in word.contradictions)
        for word in words
    )


def _class(above: float) -> str:
    return f"optimum missed by {'over' if above > CONVERGED else 'under'} {CONVERGED:g}"


def _first(pair: Comparison) -> str:
    """Return the first quantity, in the dictionary's order, that is red where it goes wrong."""
    red = {
        finding.quantity
        for finding in pair.findings
        if finding.verdict is pair.verdict or not finding.verdict.green
    }
    there = [name for name in QUANTITIES if name in red and QUANTITIES[name].layer == pair.layer]
    return next(iter(there or [name for name in QUANTITIES if name in red]), "")


def _short_together(case: Case, court: Court, verdicts: Mapping[str, str]) -> dict[Signature, str]:
    """Return a loss of each engine that agrees with the reference on what is no optimum."""
    panel = court.bench.panel
    if Verdict.AGREE not in verdicts.values():
        return {}
    agreed = [one for one in panel.candidates if verdicts[one.name] == Verdict.AGREE]
    words = [court.appraise(case, engine) for engine in (panel.reference, *agreed)]
    return {
        sign(case.spec, word.engine, SHORT, "C", _class(word.above)): (
            f"{word.engine} agrees with another, and {word.sentence}"
        )
        for word in words
        if not word.silence and word.above > CONVERGED
    }
