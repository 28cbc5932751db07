"""The judge of a case: its criterion, the optimum, and the word on each answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from parity import unit
from parity.answer import answer, theta_implied, theta_vector
from parity.appraisal import Appraisal, contradictions, reported
from parity.criterion.lmm import Criterion
from parity.criterion.optimum import Optimum, decrement, find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.criterion.lmm import Point
    from parity.design.statement import Statement
    from parity.result import FitResult


_BELIEVED = 1e-4
"""A deviance this close to the criterion's belongs to the parameters."""


class Judge(Protocol):
    """The criterion of one case."""

    def appraise(self, result: FitResult) -> Appraisal:
        """Return the criterion's word on an answer."""
        ...

    def deviance(self, result: FitResult) -> float | None:
        """Return the criterion at an answer's parameters, None where it gives none."""
        ...


@dataclass(frozen=True)
class LinearJudge:
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

    def deviance(self, result: FitResult) -> float | None:
        """Return the criterion at an answer's parameters, None where it gives none."""
        point = self.at(result)
        return None if isinstance(point, str) else point.deviance

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
        about, point = (result.engine, result.case), self.at(result)
        if isinstance(point, str):
            return Appraisal(*about, silence=point)
        point = self._meant(result, point)
        implied = answer(
            self.statement, point, engine="criterion", case=result.case, converged=True
        )
        said = reported(result)
        return Appraisal(
            *about,
            deviance=point.deviance,
            optimum=min(self.optimum.deviance, point.deviance),
            decrement=decrement(self.criterion, point.theta),
            contradictions=contradictions(result, implied),
            stated=point.deviance if said is None else said,
            judged=frozenset(implied.values),
            digits=0.0 if said is None else unit.digits(point.deviance, said),
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
