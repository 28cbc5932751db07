"""The judge of a generalised linear mixed model: Laplace's approximation of its likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parity.answer import theta_vector
from parity.answer_glmm import answer
from parity.appraisal import Appraisal, appraise
from parity.criterion.dispersion import criterion_of
from parity.criterion.glmm_descent import decrement
from parity.criterion.glmm_hessian import differentiate, inverted, widths
from parity.criterion.glmm_optimum import Optimum, find
from parity.criterion.glmm_search import Search
from parity.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.criterion.glmm import Criterion, Point
    from parity.criterion.model import Vector
    from parity.design.statement import Statement
    from parity.result import FitResult


@dataclass(frozen=True)
class GeneralisedJudge(Judge):
    """The criterion of a generalised linear mixed model, and its optimum.

    Attributes
    ----------
    statement
        The model stated on the data.
    criterion
        Its deviance, by Laplace's approximation or by the quadrature that was asked for.
    optimum
        The lowest deviance that is found.
    """

    statement: Statement
    criterion: Criterion
    optimum: Optimum

    def at(self, result: FitResult) -> Point | str:
        """Return the criterion at an answer's theta and beta, or the reason why it has none."""
        if not result.fitted:
            return result.message
        for name in ("theta", "fixef"):
            if name in result.absent:
                return f"it gives no {name}: {result.absent[name]}"
        try:
            return self.criterion.at(*parameters(self.statement, result))
        except (ArithmeticError, KeyError, ValueError) as error:
            return str(error.args[0])

    def appraise(self, result: FitResult) -> Appraisal:
        """Return the criterion's word on an answer."""
        point = self.at(result)
        if isinstance(point, str):
            return Appraisal(result.engine, result.case, silence=point)
        search = Search(self.criterion, point.state)
        near = inverted(self.optimum.hessian)
        hessian = differentiate(search, point, widths(search, point, near))
        implied = answer(
            self.statement, point, hessian, engine="criterion", case=result.case, converged=True
        )
        return appraise(
            result,
            implied,
            optimum=self.optimum.deviance,
            decrement=decrement(point, inverted(hessian)),
        )


def parameters(statement: Statement, result: FitResult) -> tuple[Vector, Vector]:
    """Return theta ``(m,)`` and beta ``(p,)`` of an answer, in the order of the model's arrays.

    Raises
    ------
    KeyError
        Where an element is missing, or one is there that the model does not have.
    """
    fixef = result.values["fixef"]
    if {name for (name,) in fixef} != set(statement.coefficients):
        raise KeyError(f"fixef names {sorted(fixef)}; the model has {statement.coefficients}")
    beta = np.array([fixef[(name,)] for name in statement.coefficients])
    return theta_vector(statement, result.values["theta"]), beta


def preside(statement: Statement, answers: Iterable[FitResult]) -> GeneralisedJudge:
    """Return the judge of a case: its optimum is searched from every answer's parameters, too."""
    criterion = criterion_of(statement.model, statement.spec.nagq)
    starts = [
        parameters(statement, result)
        for result in answers
        if {"theta", "fixef"} <= set(result.values)
        and set(result.values["theta"]) == set(statement.theta_keys)
        and {name for (name,) in result.values["fixef"]} == set(statement.coefficients)
    ]
    return GeneralisedJudge(statement, criterion, find(criterion, starts))
