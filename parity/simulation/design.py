"""A design: the model that is true, and the shape of the data that it is asked to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.formula import LINKS, parse
from parity.simulation.feasibility import require_possible

if TYPE_CHECKING:
    from parity.spec import Criterion, ModelSpec

INTERCEPT = "1"
RESPONSE, HITS, MISSES = "y", "hits", "misses"


@dataclass(frozen=True, slots=True)
class Factor:
    """A grouping factor.

    Attributes
    ----------
    name
        Of its column.
    levels
        How many it has; within each level of the other where it is nested.
    nested_in
        The factor that it is nested in, stated before it; None where it is crossed with all. Its
        labels then repeat in each level of the other, as in ``(1 | batch/cask)``.
    """

    name: str
    levels: int
    nested_in: str | None = None


@dataclass(frozen=True, slots=True)
class Covariate:
    """A term of the fixed part.

    Attributes
    ----------
    name
        Of its column.
    effects
        Its true coefficient; of a categorical one those of its second level and on, against the
        first (treatment contrasts), so that it has one level more than effects.
    per
        The factor within whose levels it is constant; None where it varies from row to row.
    categorical
        Whether it has levels instead of numbers.
    centre, scale
        Mean and standard deviation of the normal distribution that its numbers come from.
    """

    name: str
    effects: tuple[float, ...] = (1.0,)
    per: str | None = None
    categorical: bool = False
    centre: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Term:
    """A covariance block of random effects.

    Attributes
    ----------
    factor
        The name of its grouping factor.
    columns
        ``"1"`` for the intercept, and names of numeric covariates.
    sds
        The standard deviation of each column's effects over sigma, ``(q,)``; 0 is the boundary.
    correlation
        Of each pair of columns; with q columns from -1 / (q - 1) to 1, both boundaries.
    correlated
        False is lme4's ``||``: a block of its own for each column.
    """

    factor: str
    columns: tuple[str, ...] = (INTERCEPT,)
    sds: tuple[float, ...] = (1.0,)
    correlation: float = 0.0
    correlated: bool = True


@dataclass(frozen=True, slots=True)
class Design:
    """A true model and the shape of its data; an impossible one cannot be written.

    Attributes
    ----------
    rows
        How many.
    factors, terms, fixed
        Grouping factors, random effects, and the fixed part beside the intercept.
    intercept
        Its true coefficient, on the scale of the link.
    balance
        Of each factor the expected rows of its smallest level over those of its largest, the
        others lying geometrically between: 1 is equal sizes, towards 0 very unequal ones.
    sigma
        The residual standard deviation of a gaussian response; 1 for the other families.
    family, link
        ``gaussian``, ``binomial`` (logit, probit, cauchit or cloglog) or ``poisson`` (log); the
        family's canonical link for None.
    criterion
        Of a gaussian response; the others are fitted by ML.
    trials
        Of a binomial response: 1 is a column of 0 and 1, more are two of successes and failures.
    seed
        Of all that is drawn, 0 or above.

    Raises
    ------
    DesignError
        Where no data can follow the design, or no model could be told from them.
    """

    rows: int
    factors: tuple[Factor, ...]
    terms: tuple[Term, ...]
    fixed: tuple[Covariate, ...] = ()
    intercept: float = 0.0
    balance: float = 1.0
    sigma: float = 1.0
    family: str = "gaussian"
    link: str | None = None
    criterion: Criterion = "REML"
    trials: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is impossible."""
        require_possible(self)

    @property
    def response(self) -> str:
        """Text left of ``~``."""
        counted = self.family == "binomial" and self.trials > 1
        return f"cbind({HITS}, {MISSES})" if counted else RESPONSE

    @property
    def formula(self) -> str:
        """The model as lme4 reads it."""
        fixed = [INTERCEPT, *(covariate.name for covariate in self.fixed)]
        random = [self.block(term) for term in self.terms]
        return f"{self.response} ~ {' + '.join([*fixed, *random])}"

    @property
    def spec(self) -> ModelSpec:
        """The model, engine-free."""
        return parse(
            self.formula,
            criterion=self.criterion,
            family=self.family,
            link=self.link or LINKS[self.family][0],
        )

    def factor(self, name: str) -> Factor:
        """Return the grouping factor of that name."""
        return next(factor for factor in self.factors if factor.name == name)

    def ancestry(self, name: str) -> tuple[str, ...]:
        """Return a factor's name and those that it is nested in, the innermost first."""
        parent = self.factor(name).nested_in
        return (name,) if parent is None else (name, *self.ancestry(parent))

    def levels(self, name: str) -> int:
        """Return how many levels a factor has in all, those of its parents told apart."""
        total = 1
        for factor in self.ancestry(name):
            total *= self.factor(factor).levels
        return total

    def block(self, term: Term) -> str:
        """Return a random term as the formula writes it."""
        columns = term.columns if INTERCEPT in term.columns else ("0", *term.columns)
        bar = "|" if term.correlated or len(columns) == 1 else "||"
        return f"({' + '.join(columns)} {bar} {':'.join(self.ancestry(term.factor))})"
