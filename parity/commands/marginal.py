"""`parity marginal CASE`: a generalised mixed model's effects, conditional and marginal."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parity import adequacy, casefile
from parity.adequacy import Adequacy
from parity.averaging import attenuated
from parity.case import CaseError
from parity.commands.output import say
from parity.criterion.glmm import Criterion
from parity.criterion.glmm_answers import vcov_joint
from parity.criterion.glmm_optimum import find
from parity.design.statement import state
from parity.engines.statsmodels_gee import PopulationFit
from parity.engines.statsmodels_gee import fit as fit_gee
from parity.marginal import RATIOS, Population, Ratio, ratio
from parity.places import Place, centre, places
from parity.reports.as_text import WIDTH, table
from parity.reports.blocks import Table, printable

if TYPE_CHECKING:
    import argparse

    from parity.case import Case
    from parity.criterion.model import Vector
    from parity.design.statement import Statement

_NONE = "-"


@dataclass(frozen=True)
class Reading:
    """A fit by one number of nodes.

    Attributes
    ----------
    population
        The model at its theta and beta.
    errors
        Standard errors of beta, ``(p,)``.
    title
        By how many nodes.
    """

    population: Population
    errors: Vector
    title: str


def execute(arguments: argparse.Namespace) -> int:
    """Print what the case's effects are, with the random effects held and averaged over.

    Raises
    ------
    CaseError
        Where the case is unknown, or has no population that could be averaged.
    """
    say(describe(_find(arguments)))
    return 0


def describe(case: Case) -> str:
    """Return the page of a case."""
    if case.spec.kind != "glmm":
        raise CaseError(
            f"{case.name} is a linear model: its effects are the population's, too. Give a case "
            "of a binomial or Poisson model."
        )
    statement = state(case.spec, case.dataset.load())
    judged = adequacy.check(statement)
    counts = [case.spec.nagq]
    if isinstance(judged, Adequacy) and judged.verdict == "poor":
        counts.append(judged.nodes)
    lines = [f"{case.name}: {case.spec.formula}; {case.spec.family}({case.spec.link})"]
    said = judged if isinstance(judged, str) else judged.sentence
    lines += textwrap.wrap(printable(f"Adequacy: {said}"), WIDTH)
    population = fit_gee(statement)
    for nodes in counts:
        try:
            reading = _read(statement, nodes)
            title = textwrap.wrap(reading.title, WIDTH, subsequent_indent="    ")
            lines += ["", *title, *_effects(reading, population), "", *_means(reading)]
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            raise CaseError(f"{case.name} has no marginal reading: {error.args[0]}.") from error
    lines += [
        "",
        *(
            line
            for text in _legend(statement.spec.link, population)
            for line in textwrap.wrap(text, WIDTH)
        ),
    ]
    return "\n".join(lines) + "\n"


def _find(arguments: argparse.Namespace) -> Case:
    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    for case in suite.cases:
        if case.name == arguments.case:
            return case
    raise CaseError(f"No case is called {arguments.case!r}; `parity list` shows their names.")


def _read(statement: Statement, nodes: int) -> Reading:
    model = statement.model
    # refuses what has no population before an optimum is sought
    Population(statement, np.zeros(model.slices[-1].stop), np.zeros(model.p))
    found = find(Criterion(model, nodes))
    if not found.converged:
        raise ArithmeticError("the likelihood has no maximum that the search could reach")
    errors = np.sqrt(np.diag(vcov_joint(found.hessian, model.p)))
    label = "Laplace's approximation" if nodes == 1 else f"Quadrature of {nodes} nodes"
    spreads = ", ".join(
        f"{group}[{row}, {column}] {value:.5g}"
        for (group, row, column), value in zip(statement.theta_keys, found.theta, strict=True)
    )
    title = f"{label}: log-likelihood {-0.5 * found.deviance:.4f}; theta {spreads}"
    return Reading(Population(statement, found.theta, found.beta), errors, title)


def _effects(reading: Reading, gee: PopulationFit | str) -> list[str]:
    population = reading.population
    statement, link = population.statement, population.statement.spec.link
    place = centre(statement, population.beta)
    X = place.x[None]
    slopes, errors = population.slopes(X)
    sd = float(population.sd(X)[0])
    rows = []
    for j, name in enumerate(statement.coefficients):
        beta, se = float(population.beta[j]), float(reading.errors[j])
        cells = [name, f"{beta:.5g}", f"{se:.3g}", *_ratio(ratio(link, beta, se))]
        if name == "(Intercept)":
            cells += [_NONE] * 3
        else:
            formula = attenuated(link, beta, sd)
            near = _NONE if isinstance(formula, str) else f"{formula:.5g}"
            cells += [f"{slopes[0, j]:.5g}", f"{errors[0, j]:.0e}", near]
        cells += [_NONE] * 2
        if isinstance(gee, PopulationFit):
            found = gee.estimates[name]
            cells[-2:] = [f"{found.value:.5g}", f"{found.robust:.3g}"]
        rows.append(tuple(cells))
    ratios = RATIOS.get(link, "exp")
    header = (
        "coefficient", "conditional", "SE", ratios, "2.5 %", "97.5 %", "marginal", "± error",
        "by formula", "GEE", "robust SE",
    )  # fmt: skip
    block = Table(header, tuple(rows), frozenset(range(1, len(header))), indent=2)
    return [f"Marginal slopes at {place.name}", *table(block)]


def _ratio(found: Ratio | str) -> list[str]:
    return [_NONE] * 3 if isinstance(found, str) else [f"{number:.5g}" for number in found]


def _means(reading: Reading) -> list[str]:
    population = reading.population
    where: tuple[Place, ...] = places(population.statement, population.beta)
    X = np.array([place.x for place in where])
    averaged, inner = population.means(X), population.conditional(X)
    rows = tuple(
        (place.name, f"{held:.5g}", f"{mean:.5g}", f"{error:.0e}")
        for place, held, mean, error in zip(
            where, inner, averaged.values, averaged.errors, strict=True
        )
    )
    noun = "probability" if population.statement.spec.family == "binomial" else "mean"
    header = ("at", f"{noun} where b = 0", f"population's {noun}", "± error")
    return table(Table(header, rows, frozenset({1, 2, 3}), indent=2))


def _legend(link: str, gee: PopulationFit | str) -> list[str]:
    about = (
        "A conditional effect holds within a group, its random effects the same; a marginal slope "
        "is the derivative of the link of the population's mean at the place named above it, the "
        "random effects integrated out. By formula: attenuated as a logistic curve nearly is "
        "(Zeger, Liang & Albert 1988), exactly for probit. Errors are the quadrature's."
    )
    lines = [about]
    missing = (ratio(link, 0.0, 0.0), attenuated(link, 0.0, 0.0))
    lines += [f"No number: {reason}." for reason in missing if isinstance(reason, str)]
    if isinstance(gee, str):
        return [*lines, f"GEE: none: {gee}."]
    word = "" if gee.working == "independence" else f", correlation {gee.correlation:.3g}"
    lines.append(
        f"GEE: statsmodels, {gee.working} working correlation{word}; the slopes of the mean itself."
    )
    return [*lines, *(printable(f"{note}.") for note in gee.conditions)]
