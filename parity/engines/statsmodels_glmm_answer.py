"""A case that asks for a GLMM, answered with parity's class on statsmodels' likelihood model."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from parity.answer_glmm import answer
from parity.design.statement import state
from parity.design.terms import UnusableDataError
from parity.engines.statsmodels_glmm import GLMM
from parity.engines.statsmodels_glmm_family import named
from parity.engines.statsmodels_glmm_random import RandomEffects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from parity.case import Case
    from parity.design.statement import Statement
    from parity.result import FitResult

OWN = (
    "statsmodels itself has no maximum-likelihood GLMM; this is parity's GLMM, a class on its "
    "likelihood model, families and links"
)


def fit_glmm(
    case: Case, data: pd.DataFrame, *, engine: str, versions: Mapping[str, str]
) -> FitResult:
    """Return every quantity of a generalised linear mixed model.

    Raises
    ------
    NotExpressibleError, UnusableDataError
        With the reason.
    """
    statement = state(case.spec, data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = model_of(statement)
        except ValueError as error:
            raise UnusableDataError(str(error)) from error
        optimum = model.fit(nagq=case.spec.nagq).optimum
    found = answer(
        statement,
        optimum.point,
        optimum.hessian,
        engine=engine,
        case=case.name,
        converged=optimum.converged,
    )
    spoken = [f"{entry.category.__name__}: {entry.message}" for entry in caught]
    return replace(found, conditions=(OWN, *dict.fromkeys(spoken)), versions=versions)


def model_of(statement: Statement) -> GLMM:
    """Return the class's model of the arrays that R's formula gives."""
    model = statement.model
    return GLMM(
        model.y,
        pd.DataFrame(model.X, columns=list(statement.coefficients)),
        random=tuple(_random(statement)),
        family=named(model.family, model.link),
        weights=model.weights,
        offset=model.offset,
    )


def _random(statement: Statement) -> Iterator[RandomEffects]:
    for term, names, levels, block in zip(
        statement.spec.random,
        statement.terms,
        statement.levels,
        statement.model.blocks,
        strict=True,
    ):
        yield RandomEffects(term.group, block.codes, pd.Index(levels), block.columns, names)
