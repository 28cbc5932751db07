"""The population-averaged fit of a mixed model's fixed part: statsmodels' GEE.

It estimates the marginal slopes themselves (Liang & Zeger 1986), not the conditional ones, and
states no distribution of random effects: no engine of a panel, but what a marginal slope is set
beside. Importing this module starts no statsmodels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector
    from parity.design.statement import Statement

Working = Literal["exchangeable", "independence"]

_LINKS = {
    ("binomial", "logit"): ("Binomial", "Logit"),
    ("binomial", "probit"): ("Binomial", "Probit"),
    ("binomial", "cloglog"): ("Binomial", "CLogLog"),
    ("poisson", "log"): ("Poisson", "Log"),
}


@dataclass(frozen=True)
class Estimate:
    """A population-averaged slope.

    Attributes
    ----------
    value
        On the link's scale.
    robust
        Its sandwich standard error: holds whatever the correlation within groups.
    naive
        Its standard error if the working correlation were the true one.
    """

    value: float
    robust: float
    naive: float


@dataclass(frozen=True)
class PopulationFit:
    """What GEE estimates.

    Attributes
    ----------
    estimates
        Coefficient → estimate, under R's names.
    working
        The working correlation.
    correlation
        Within a group, as estimated with the slopes; 0 for independence.
    conditions
        What was said and done on the way.
    """

    estimates: Mapping[str, Estimate]
    working: Working
    correlation: float
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Trials:
    """One row for each trial.

    Attributes
    ----------
    y
        ``(N,)``, 0 or 1 of a binomial response.
    X
        ``(N, p)``.
    source
        The row of the model that each is of, ``(N,)``.
    """

    y: Vector
    X: Matrix
    source: NDArray[np.intp]


def trials(statement: Statement) -> Trials:
    """Return a binomial response's trials one by one; other responses as they are.

    A random intercept makes every two trials of a group equally dependent, those of one row too:
    rows of shares would say otherwise.

    Raises
    ------
    ValueError
        Where sizes or successes are no whole numbers, or another family has prior weights.
    """
    model = statement.model
    if model.family != "binomial":
        if (model.weights != 1.0).any():
            raise ValueError(f"a {model.family} response with prior weights is not expressed here")
        return Trials(model.y, model.X, np.arange(model.n))
    successes = model.weights * model.y
    whole = np.round(successes)
    # a share of a size is rounded once: it lies within a few units of the last place
    if (np.abs(whole - successes) > 1e-9 * np.maximum(model.weights, 1.0)).any() or (
        model.weights != np.round(model.weights)
    ).any():
        raise ValueError("sizes or successes are no whole numbers: there are no trials to list")
    counts = np.column_stack([whole, model.weights - whole]).astype(int).ravel()
    source = np.repeat(np.repeat(np.arange(model.n), 2), counts)
    y = np.repeat(np.tile([1.0, 0.0], model.n), counts)
    return Trials(y, model.X[source], source)


def fit(statement: Statement) -> PopulationFit | str:
    """Return GEE's fit of the fixed part, groups those of the random effects, or why there is none.

    The working correlation is exchangeable, as a random intercept implies; where GEE does not
    converge with it, independence, whose robust standard errors hold all the same.

    Parameters
    ----------
    statement
        A generalised mixed model of one grouping factor.
    """
    model = statement.model
    if (model.family, model.link) not in _LINKS:
        return f"GEE is not asked for {model.family}({model.link}) here"
    if len(set(statement.spec.groups)) > 1:
        return "GEE takes one grouping factor; the model has several"
    try:
        rows = trials(statement)
    except ValueError as error:
        return str(error)
    notes: list[str] = []
    for working in ("exchangeable", "independence"):
        found = _attempt(statement, rows, working, notes)
        if found is not None:
            return found
    return "; ".join(notes)


def _attempt(
    statement: Statement, rows: Trials, working: Working, notes: list[str]
) -> PopulationFit | None:
    """Return the fit with one working correlation; None, with a note, where it fails."""
    structure, result, said = _run(statement, rows, working)
    numbers = np.array([result.params, result.bse, result.standard_errors("naive")])
    if not (result.converged and np.isfinite(numbers).all()):
        notes.append(f"GEE does not converge with the {working} working correlation")
        return None
    estimates = {
        name: Estimate(*column.tolist())
        for name, column in zip(statement.coefficients, numbers.T, strict=True)
    }
    correlation = 0.0 if working == "independence" else float(structure.dep_params)
    return PopulationFit(estimates, working, correlation, (*notes, *said))


def _run(statement: Statement, rows: Trials, working: Working) -> tuple[Any, Any, tuple[str, ...]]:
    """Return the working correlation, statsmodels' result, and its warnings."""
    from statsmodels.genmod import cov_struct, families  # noqa: PLC0415 - lazy by design
    from statsmodels.genmod.generalized_estimating_equations import (  # noqa: PLC0415 - as above
        GEE,
    )

    kinds: Any = cov_struct
    groups: Any = families
    estimator: Any = GEE
    family, link = _LINKS[statement.model.family, statement.model.link]
    structures = {
        "exchangeable": kinds.Exchangeable,
        "independence": kinds.Independence,
    }
    structure = structures[working]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = estimator(
            rows.y,
            rows.X,
            groups=statement.model.blocks[0].codes[rows.source],
            family=getattr(groups, family)(getattr(groups.links, link)()),
            cov_struct=structure,
        )
        # the default, 1e-6 of the score's norm, leaves six digits
        result = model.fit(maxiter=100, ctol=1e-10)
    spoken = dict.fromkeys(f"{entry.category.__name__}: {entry.message}" for entry in caught)
    return structure, result, tuple(spoken)
