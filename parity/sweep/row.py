"""One row of a sweep: a fit, what it was asked, what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.simulation import Design


@dataclass(frozen=True, slots=True)
class Question:
    """The columns that tell a model's design; its scales are those of `parity.simulation`.

    Attributes
    ----------
    model, seed
        Its number in the sweep, and the seed of its data.
    family, link, criterion, trials, rows, balance, intercept, sigma, formula
        As in `Design` and its `spec`.
    factors, levels
        Grouping factors as the formula writes them, and how many levels each has in all.
    terms
        Random terms as the formula writes them, in the order of `factors`.
    variance_ratios, smallest_ratio
        Of all random effects in the order of the terms, over sigma squared; and the least of them,
        0 at the boundary.
    correlations
        One of each term.
    fixed, effects
        Names of the fixed part's terms beside the intercept, and all their coefficients.
    """

    model: int
    seed: int
    family: str
    link: str
    criterion: str
    trials: int
    rows: int
    balance: float
    factors: tuple[str, ...]
    levels: tuple[int, ...]
    terms: tuple[str, ...]
    variance_ratios: tuple[float, ...]
    smallest_ratio: float
    correlations: tuple[float, ...]
    fixed: tuple[str, ...]
    effects: tuple[float, ...]
    intercept: float
    sigma: float
    formula: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The columns that tell what an engine made of it.

    Attributes
    ----------
    engine, reference
        Its name, and whether the others are held against it.
    status, conditions
        FITTED, UNSUPPORTED or FAILED, and its messages and warnings, a line each.
    verdict, green
        The arbiter's on the pair with the reference, and whether nobody has anything to do.
    layer, finding, message
        The first layer that diverges, the first number that does, and one sentence; empty where
        none does.
    worst, digits
        The number with the largest error over its tolerance, and the digits in which it agrees.
    deviance
        -2 log-likelihood as the engine reports it.
    above, decrement
        By how much deviance its parameters lie above the criterion's optimum, and their Newton
        decrement.
    singular, converged
        As it says.
    seconds
        That the fit took.
    versions
        Program and version, by ``;``.
    reasons
        Column → why it is empty.
    """

    engine: str
    reference: bool
    status: str
    conditions: str
    verdict: str | None
    green: bool
    layer: str
    finding: str
    message: str
    worst: str | None
    digits: float | None
    deviance: float | None
    above: float | None
    decrement: float | None
    singular: bool | None
    converged: bool | None
    seconds: float | None
    versions: str
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an empty column without a reason, a reason without one, and what is not finite."""
        empty = {name for name in NULLABLE if getattr(self, name) is None}
        if empty != set(self.reasons) or not all(self.reasons.values()):
            raise ValueError(
                f"{self.engine}: {', '.join(sorted(empty)) or 'nothing'} is empty, and reasons are "
                f"given for {', '.join(sorted(self.reasons)) or 'nothing'}"
            )
        for name in ("digits", "deviance", "above", "decrement", "seconds"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{self.engine}: {name} is {value}; a number is finite or absent")


NULLABLE = (
    "verdict", "worst", "digits", "deviance", "above", "decrement", "singular", "converged",
    "seconds",
)  # fmt: skip

Row = tuple[Question, Outcome]


def as_record(row: Row) -> dict[str, Any]:
    """Return column → value; the reasons of a row are one text."""
    question, outcome = row
    told = {name: getattr(question, name) for name in _names(Question)}
    told |= {name: getattr(outcome, name) for name in _names(Outcome) if name != "reasons"}
    told["reason"] = _told(outcome.reasons)
    return told


def _told(reasons: Mapping[str, str]) -> str:
    """Return ``"deviance, above: no fit; digits: ..."``, columns of one reason together."""
    columns: dict[str, list[str]] = {}
    for name, why in reasons.items():
        columns.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in columns.items())


def _names(kind: type[Question | Outcome]) -> list[str]:
    return [entry.name for entry in fields(kind)]


def ask(design: Design, index: int) -> Question:
    """Return the columns that tell a model's design."""
    spec = design.spec
    ratios = tuple(sd**2 for term in design.terms for sd in term.sds)
    return Question(
        model=index,
        seed=design.seed,
        family=spec.family,
        link=spec.link,
        criterion=spec.criterion,
        trials=design.trials,
        rows=design.rows,
        balance=design.balance,
        factors=tuple(":".join(design.ancestry(term.factor)) for term in design.terms),
        levels=tuple(design.levels(term.factor) for term in design.terms),
        terms=tuple(design.block(term) for term in design.terms),
        variance_ratios=ratios,
        smallest_ratio=min(ratios),
        correlations=tuple(term.correlation for term in design.terms),
        fixed=tuple(covariate.name for covariate in design.fixed),
        effects=tuple(effect for covariate in design.fixed for effect in covariate.effects),
        intercept=design.intercept,
        sigma=design.sigma,
        formula=design.formula,
    )


def written(versions: Mapping[str, str]) -> str:
    """Return programs and versions as one text."""
    return "; ".join(f"{program} {version}" for program, version in sorted(versions.items()))


def lost(engine: str, reason: str, *, reference: bool, versions: Mapping[str, str]) -> Outcome:
    """Return the columns of a fit of which nothing but the reason is known."""
    return Outcome(
        engine=engine,
        reference=reference,
        status="FAILED",
        conditions="",
        verdict=None if reference else "FAILED",
        green=False,
        layer="",
        finding="",
        message=reason,
        worst=None,
        digits=None,
        deviance=None,
        above=None,
        decrement=None,
        singular=None,
        converged=None,
        seconds=None,
        versions=written(versions),
        reasons={name: reason for name in NULLABLE if reference or name != "verdict"},
    )
