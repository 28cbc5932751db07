"""The answers so far: each (case, engine) fitted once, each data set read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from parity.case import Case, NestedPair
from parity.dataset import DataMissingError
from parity.lrt import likelihood_ratio
from parity.result import FitResult, failed, unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parity.dataset import Dataset
    from parity.engine import Engine
    from parity.panel import Panel
    from parity.result import Key

Progress = Callable[[str], None]


@runtime_checkable
class Restartable(Protocol):
    """An engine that can start from the parameters that others found."""

    def refit(
        self, case: Case, data: pd.DataFrame, starts: Sequence[Mapping[Key, float]]
    ) -> FitResult:
        """Fit from scratch and from each theta, by (group, row, column); return the best."""
        ...


@runtime_checkable
class Tests(Protocol):
    """An engine that has likelihood-ratio tests of its own."""

    def test(self, pair: NestedPair, small: FitResult) -> FitResult | None:
        """Return its test of two nested models, None where it has none of these."""
        ...


@dataclass(slots=True)
class Bench:
    """The answers so far: each (case, engine) is fitted once, each data set read once."""

    panel: Panel
    progress: Progress = lambda _: None
    answers: dict[tuple[str, str], FitResult] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame | DataMissingError] = field(default_factory=dict)

    def answer(self, question: Case | NestedPair, engine: Engine) -> FitResult:
        """Return an engine's answer, fitted when it is first asked for.

        Raises
        ------
        DataMissingError
            Where the case's data are not to be had.
        """
        if isinstance(question, NestedPair):
            return self._test(question, engine)
        key = (question.name, engine.name)
        if key not in self.answers:
            data = self.frame(question.dataset)
            self.progress(f"{question.name}: {engine.name}")
            self.answers[key] = attempt(engine, question, data, self._starts(question, engine))
        return self.answers[key]

    def _test(self, pair: NestedPair, engine: Engine) -> FitResult:
        """Return an engine's likelihood-ratio test: its own where it has one, else of its fits."""
        small, large = (self.answer(case, engine) for case in (pair.small, pair.large))
        if isinstance(engine, Tests) and small.fitted:
            own = engine.test(pair, small)
            if own is not None:
                return own
        return likelihood_ratio(pair.name, small, large)

    def _starts(self, case: Case, engine: Engine) -> list[Mapping[Key, float]]:
        """Return the thetas of the other engines, for one that can start from them."""
        if not isinstance(engine, Restartable):
            return []
        others = [self.answer(case, e) for e in self.panel.engines if e.name != engine.name]
        return [other.values["theta"] for other in others if "theta" in other.values]  # noqa: PD011 - FitResult.values, no data frame's

    def frame(self, dataset: Dataset) -> pd.DataFrame:
        """Return the data; where they are missing, `DataMissingError` at once from then on."""
        if dataset.name not in self.frames:
            try:
                self.frames[dataset.name] = dataset.load()
            except DataMissingError as error:
                self.frames[dataset.name] = error
        found = self.frames[dataset.name]
        if isinstance(found, DataMissingError):
            raise found
        return found


def attempt(
    engine: Engine, case: Case, data: pd.DataFrame, starts: Sequence[Mapping[Key, float]] = ()
) -> FitResult:
    """Return an engine's answer to a case; an exception becomes an answer with its message.

    Parameters
    ----------
    engine, case, data
        Who is asked what.
    starts
        Thetas of other engines, for one that is `Restartable`.
    """
    about = (engine.name, case.name, case.spec.kind)
    try:
        reason = engine.unsupported(case)
        if reason is not None:
            return unsupported(*about, reason)
        if isinstance(engine, Restartable):
            result = engine.refit(case, data.copy(), starts)
        else:
            result = engine.fit(case, data.copy())
    except Exception as error:  # noqa: BLE001 - a failed fit is a finding, whatever was raised
        return failed(*about, f"{type(error).__name__}: {error}")
    return _as_asked(result, about)


def _as_asked(result: FitResult, about: tuple[str, str, str]) -> FitResult:
    """Return the answer where it answers what was asked under its own name, else a failed one."""
    if not isinstance(result, FitResult):
        return failed(*about, f"the engine returned {type(result).__name__}, no FitResult")  # type: ignore[unreachable] # an engine may come from anywhere
    asked = dict(zip(("engine", "case", "kind"), about, strict=True))
    for what, wanted in asked.items():
        given = getattr(result, what)
        if given != wanted:
            return failed(
                *about, f"the engine returned an answer of {what} {given!r}, not {wanted!r}"
            )
    return result
