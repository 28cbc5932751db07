"""What makes a design impossible, each in one sentence."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

from parity.syntax import SYNTACTIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.simulation.design import Covariate, Design, Factor, Term

LINKS = {
    "gaussian": ("identity",),
    "binomial": ("logit", "probit", "cauchit", "cloglog"),
    "poisson": ("log",),
}
"""Links whose inverse is a mean of the family whatever the effects are."""
_TAKEN = ("y", "hits", "misses")
_FEWEST = 2


class DesignError(ValueError):
    """A design that no data can follow, in one sentence."""


def require_possible(design: Design) -> None:
    """Return where data can be drawn from a design and its model be told from them.

    Raises
    ------
    DesignError
        Where not.
    """
    _require_names(design)
    _require_distribution(design)
    _require_shape(design)
    seen: list[Factor] = []
    for factor in design.factors:
        _require_factor(factor, [one.name for one in seen])
        seen.append(factor)
    for covariate in design.fixed:
        _require_covariate(design, covariate)
    if not design.terms:
        _refuse("it has no random term; expected at least one")
    for term in design.terms:
        _require_term(design, term)
    _require_distinct(
        "the random effect",
        chain.from_iterable(
            [f"{column} | {term.factor}" for column in term.columns] for term in design.terms
        ),
    )
    _require_rows(design)


def rows_needed(design: Design, name: str) -> int:
    """Return how many rows one level of a factor needs for every level within it to occur."""
    inner = [one for one in design.factors if one.nested_in == name]
    return max((one.levels * rows_needed(design, one.name) for one in inner), default=1)


def _refuse(what: str) -> NoReturn:
    raise DesignError(f"The design is impossible: {what}.")


def _require_distinct(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            _refuse(f"{what} {name!r} is stated twice")
        seen.add(name)


def _require_names(design: Design) -> None:
    names = [factor.name for factor in design.factors]
    names += [covariate.name for covariate in design.fixed]
    for name in names:
        if not SYNTACTIC.fullmatch(name) or name in _TAKEN:
            _refuse(
                f"{name!r} is no name for a column; expected letters and digits, and not "
                f"{', '.join(_TAKEN)}, which the response takes"
            )
    _require_distinct("the name", names)


def _require_distribution(design: Design) -> None:
    if design.family not in LINKS:
        _refuse(f"the family is {design.family!r}; expected {', '.join(LINKS)}")
    if design.link is not None and design.link not in LINKS[design.family]:
        expected = ", ".join(LINKS[design.family])
        _refuse(f"{design.family} has the link {design.link!r}; expected {expected}")
    if not (math.isfinite(design.intercept) and math.isfinite(design.sigma) and design.sigma > 0):
        _refuse(
            f"intercept {design.intercept} and sigma {design.sigma}; expected finite numbers, "
            "and sigma above 0"
        )
    if design.family != "gaussian" and design.sigma != 1.0:
        _refuse(f"a {design.family} response has no sigma; leave it at 1")
    if design.trials < 1 or (design.trials > 1 and design.family != "binomial"):
        _refuse(
            f"{design.trials} trials of a {design.family} response; expected 1, or more of a "
            "binomial one"
        )


def _require_shape(design: Design) -> None:
    if design.criterion not in {"ML", "REML"}:
        _refuse(f"the criterion is {design.criterion!r}; expected 'ML' or 'REML'")
    if not 0 < design.balance <= 1:
        _refuse(f"the balance is {design.balance}; expected a number above 0, at most 1")
    if design.seed < 0:
        _refuse(f"the seed is {design.seed}; expected 0 or above")


def _require_factor(factor: Factor, before: list[str]) -> None:
    if factor.levels < _FEWEST:
        _refuse(f"{factor.name} has {factor.levels} levels; expected 2 or more")
    if factor.nested_in is not None and factor.nested_in not in before:
        _refuse(
            f"{factor.name} is nested in {factor.nested_in!r}; expected a factor stated before it"
        )


def _require_covariate(design: Design, covariate: Covariate) -> None:
    name = covariate.name
    _require_known(design, covariate.per, f"{name} is constant within")
    if not covariate.effects or not all(map(math.isfinite, covariate.effects)):
        _refuse(f"{name} has the effects {covariate.effects}; expected finite numbers")
    if not covariate.categorical and len(covariate.effects) != 1:
        _refuse(f"{name} is a column of numbers with {len(covariate.effects)} effects; expected 1")
    if not (math.isfinite(covariate.centre) and 0 < covariate.scale < math.inf):
        _refuse(
            f"{name} has centre {covariate.centre} and scale {covariate.scale}; expected finite "
            "numbers, and a scale above 0"
        )
    # Each covariate of a level takes degrees of freedom from those that levels have.
    for factor in design.factors:
        columns = 1 + sum(
            len(one.effects)
            for one in design.fixed
            if one.per is not None and one.per in design.ancestry(factor.name)
        )
        if columns > design.levels(factor.name):
            _refuse(
                f"{columns} coefficients, the intercept among them, are constant within the "
                f"{design.levels(factor.name)} levels of {factor.name}"
            )


def _require_known(design: Design, name: str | None, what: str) -> None:
    known = [factor.name for factor in design.factors]
    if name is not None and name not in known:
        _refuse(f"{what} {name!r}, which is none of its factors ({', '.join(known)})")


def _require_term(design: Design, term: Term) -> None:
    where = f"the random term of {term.factor}"
    _require_known(design, term.factor, "a random term varies over")
    if not term.columns or len(term.columns) != len(term.sds):
        _refuse(f"{where} has {len(term.columns)} columns and {len(term.sds)} standard deviations")
    if not all(math.isfinite(sd) and sd >= 0 for sd in term.sds):
        _refuse(f"{where} has the standard deviations {term.sds}; expected 0 or above")
    others = len(term.columns) - 1
    least = -1.0 / others if others else 0.0
    most = 1.0 if others and term.correlated else 0.0
    if not (least if term.correlated else 0.0) <= term.correlation <= most:
        _refuse(
            f"{where} has the correlation {term.correlation}; expected one from "
            f"{least if term.correlated else 0.0:.3g} to {most:.3g}"
        )
    _require_slopes(design, term)


def _require_slopes(design: Design, term: Term) -> None:
    numeric = {one.name: one for one in design.fixed if not one.categorical}
    for column in term.columns:
        if column == "1":
            continue
        if column not in numeric:
            _refuse(f"{column!r} has a random slope and is no numeric covariate of the fixed part")
        if numeric[column].per in design.ancestry(term.factor):
            _refuse(f"{column} has a random slope over {term.factor}, within which it is constant")


def _require_rows(design: Design) -> None:
    fixed = 1 + sum(len(covariate.effects) for covariate in design.fixed)
    needed = {"the fixed part": fixed + 1}
    for factor in design.factors:
        if factor.nested_in is None:
            needed[factor.name] = factor.levels * rows_needed(design, factor.name)
    if design.family == "gaussian":
        # As many random effects as rows would leave nothing to tell sigma by.
        for term in design.terms:
            effects = design.levels(term.factor) * (len(term.columns) if term.correlated else 1)
            needed[f"the random effects of {term.factor}"] = effects + 1
    for what, rows in needed.items():
        if design.rows < rows:
            _refuse(f"{what} needs {rows} rows or more, and it has {design.rows}")
