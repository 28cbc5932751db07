"""What differs goes before the criterion: its judge for each case, its word on each answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from parity import judge, judge_glmm, unit
from parity.appraisal import Appraisal
from parity.arbiter import settle
from parity.case import Case, NestedPair
from parity.ratio import settle_ratio
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parity.bench import Bench
    from parity.engine import Engine
    from parity.finding import Comparison
    from parity.result import Key
    from parity.tolerance import Tolerances

_HEARD = frozenset({Verdict.DIFFER, Verdict.KNOWN})
_SMALL = 1e7
"""Rows times random effects up to which answers that agree are heard as well, which takes a
fraction of a second: they may be short of the optimum, or wrong, together."""


@runtime_checkable
class Evaluates(Protocol):
    """An engine that can say what its own log-likelihood is at parameters of another."""

    def loglik_at(self, case: Case, data: pd.DataFrame, theta: Mapping[Key, float]) -> float:
        """Return its profiled log-likelihood at theta, over sigma."""
        ...


@dataclass(slots=True)
class Court:
    """The criterion's word on the answers of a run.

    Attributes
    ----------
    bench
        The answers.
    tolerances
        What counts as a difference.
    """

    bench: Bench
    tolerances: Tolerances
    _judges: dict[str, judge.Judge | str] = field(default_factory=dict)
    _appraisals: dict[tuple[str, str], Appraisal] = field(default_factory=dict)

    def hear(
        self, question: Case | NestedPair, comparison: Comparison, engines: tuple[Engine, Engine]
    ) -> Comparison:
        """Return a comparison with the criterion's verdict, where numbers differ.

        Parameters
        ----------
        question
            What was asked.
        comparison
            What came of it.
        engines
            Reference and candidate.
        """
        if comparison.verdict is Verdict.INCOMPARABLE:
            return replace(comparison, declared=bool(getattr(engines[1], "incomparable", "")))
        if not self._is_heard(question, comparison):
            return comparison
        if isinstance(question, NestedPair):
            reference, candidate = (
                (self.appraise(question.small, engine), self.appraise(question.large, engine))
                for engine in engines
            )
            return settle_ratio(comparison, reference, candidate)
        words = [
            self.cross_examine(question, engine, other)
            for engine, other in (engines, engines[::-1])
        ]
        one, other = words

        def limits(quantity: str) -> float:
            return self.tolerances.resolve(quantity, other.engine, question.name).limit

        return settle(comparison, one, other, limits)

    def _is_heard(self, question: Case | NestedPair, comparison: Comparison) -> bool:
        if comparison.verdict in _HEARD:
            return True
        if comparison.verdict is not Verdict.AGREE or isinstance(question, NestedPair):
            return False
        groups = self.bench.answer(question, self.bench.panel.reference).groups
        effects = sum(len(levels) for levels in groups.values())
        rows = len(self.bench.frame(question.dataset))
        return question.spec.kind == "lmm" and rows * effects <= _SMALL

    def appraise(self, case: Case, engine: Engine) -> Appraisal:
        """Return the criterion's word on an engine's answer."""
        key = (case.name, engine.name)
        if key not in self._appraisals:
            self._appraisals[key] = self._appraise(case, engine)
        return self._appraisals[key]

    def _appraise(self, case: Case, engine: Engine) -> Appraisal:
        """Return the word on an answer; where the criterion breaks down there, its complaint."""
        seated = self.judge_of(case)
        if isinstance(seated, str):
            return Appraisal(engine.name, case.name, silence=seated)
        try:
            return seated.appraise(self.bench.answer(case, engine))
        except (ArithmeticError, ValueError) as error:
            return Appraisal(engine.name, case.name, silence=str(error))

    def judge_of(self, case: Case) -> judge.Judge | str:
        """Return the judge of a case, or the reason why there is none."""
        if case.name not in self._judges:
            self._judges[case.name] = self._seat(case)
        return self._judges[case.name]

    def notes(self, question: Case | NestedPair) -> tuple[str, ...]:
        """Return what the model itself has to say: how far Laplace is from the likelihood."""
        if isinstance(question, NestedPair) or question.spec.kind != "glmm":
            return ()
        from parity import adequacy  # noqa: PLC0415 - generalised models only
        from parity.design.statement import state  # noqa: PLC0415 - patsy takes 0.2 s to import
        from parity.design.terms import (  # noqa: PLC0415 - as above
            NotExpressibleError,
            UnusableDataError,
        )

        try:
            statement = state(question.spec, self.bench.frame(question.dataset))
            found = adequacy.check(statement)
        except (NotExpressibleError, UnusableDataError, ValueError) as error:
            found = str(error)
        told = f"not measured: {found}" if isinstance(found, str) else found.sentence
        return (f"laplace-adequacy: {told}",)

    def _seat(self, case: Case) -> judge.Judge | str:
        from parity.design.statement import state  # noqa: PLC0415 - patsy takes 0.2 s to import
        from parity.design.terms import (  # noqa: PLC0415 - as above
            NotExpressibleError,
            UnusableDataError,
        )

        if case.spec.kind == "lm":
            return "a linear model has no theta"
        answers = [self.bench.answer(case, engine) for engine in self.bench.panel.engines]
        preside = judge.preside if case.spec.kind == "lmm" else judge_glmm.preside
        try:
            statement = state(case.spec, self.bench.frame(case.dataset))
            return preside(statement, answers)
        except (ArithmeticError, NotExpressibleError, UnusableDataError, ValueError) as error:
            return str(error)

    def cross_examine(self, case: Case, engine: Engine, other: Engine) -> Appraisal:
        """Return the word on an engine's answer, and how its likelihood does at the other's.

        The engine's own log-likelihood is asked at the other's parameters, and held against the
        criterion there.
        """
        word, answer = self.appraise(case, engine), self.bench.answer(case, other)
        seated = self.judge_of(case)
        if word.silence or isinstance(seated, str) or not isinstance(engine, Evaluates):
            return word
        there = seated.deviance(answer)
        if there is None:
            return word
        theta = answer.values["theta"]  # noqa: PD011 - FitResult.values, no data frame's
        try:
            own = engine.loglik_at(case, self.bench.frame(case.dataset), theta)
        except Exception as error:  # noqa: BLE001 - whatever an engine raises is what it has to say
            return replace(word, evaluated={other.name: f"{type(error).__name__}: {error}"})
        return replace(word, evaluated={other.name: unit.digits(there, -2.0 * own)})
