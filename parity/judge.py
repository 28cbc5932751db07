"""The judge of a case: its criterion, the optimum, and the word on each answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from parity.answer import answer, theta_implied, theta_vector
from parity.appraisal import Appraisal, appraise, reported
from parity.criterion.lmm import Criterion
from parity.criterion.optimum import Optimum, decrement, find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.criterion.lmm import Point
    from parity.design.statement import Statement
    from parity.result import FitResult


_BELIEVED = 1e-4
"""A deviance this close to the criterion's belongs to the parameters."""


class Place(Protocol):
    """The criterion at some parameters."""

    @property
    def deviance(self) -> float:
        """-2 log-likelihood there."""
        ...


class Judge(ABC):
    """The criterion of one case."""

    @abstractmethod
    def at(self, result: FitResult) -> Place | str:
        """Return the criterion at an answer's parameters, or the reason why it has none."""

    @abstractmethod
    def appraise(self, result: FitResult) -> Appraisal:
        """Return the criterion's word on an answer."""

    def deviance(self, result: FitResult) -> float | None:
        """Return the criterion at an answer's parameters, None where it gives none."""
        place = self.at(result)
        return None if isinstance(place, str) else place.deviance


@dataclass(frozen=True)
class LinearJudge(Judge):
    """The criterion of a linear mixed model, and its optimum.

    Attributes
    ----------
    statement
        The model stated on the data.
    criterion
        Its deviance.
    optimum
        The lowest deviance that Newton's method finds.
    """

    statement: Statement
    criterion: Criterion
    optimum: Optimum

    def at(self, result: FitResult) -> Point | str:
        """Return the criterion at an answer's theta, or the reason why it has none."""
        if not result.fitted:
            return result.message
        if "theta" not in result.values:
            return f"it gives no theta: {result.absent['theta']}"
        try:
            return self.criterion.at(theta_vector(self.statement, result.values["theta"]))
        except (KeyError, ValueError) as error:
            return str(error.args[0])

    def appraise(self, result: FitResult) -> Appraisal:
        """Return the criterion's word on an answer."""
        point = self.at(result)
        if isinstance(point, str):
            return Appraisal(result.engine, result.case, silence=point)
        point = self._meant(result, point)
        implied = answer(
            self.statement, point, engine="criterion", case=result.case, converged=True
        )
        return appraise(
            result,
            implied,
            optimum=self.optimum.deviance,
            decrement=decrement(self.criterion, point.theta),
        )

    def _meant(self, result: FitResult, point: Point) -> Point:
        """Return the criterion where the answer's own deviance puts it.

        That is its theta; or, where the deviance contradicts theta and is right at the variances
        that it reports over sigma^2, the theta of those: then theta is what is misreported.
        """
        said, implied = reported(result), theta_implied(self.statement, result)
        if said is None or implied is None or abs(said - point.deviance) <= _BELIEVED:
            return point
        other = self.criterion.at(implied)
        return other if abs(said - other.deviance) <= _BELIEVED else point


def preside(statement: Statement, answers: Iterable[FitResult]) -> LinearJudge:
    """Return the judge of a case: its optimum is searched from every answer's parameters, too."""
    criterion = Criterion(statement.model, statement.spec.criterion == "REML")
    starts = [
        theta_vector(statement, result.values["theta"])
        for result in answers
        if set(result.values.get("theta", {})) == set(statement.theta_keys)
    ]
    return LinearJudge(statement, criterion, find(criterion, starts))
