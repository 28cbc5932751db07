"""Strategies of hypothesis: quarries that shrink to one small balanced one-way model."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hypothesis import reject
from hypothesis import strategies as st

from parity.hunt.quarry import Quarry
from parity.simulation import Covariate, Design, DesignError, Factor, Term
from parity.simulation.design import INTERCEPT

if TYPE_CHECKING:
    from collections.abc import Sequence


T = TypeVar("T")
FAMILIES = ("gaussian", "binomial", "poisson")
_MOST_ROWS = 60
_FAR = 7 * 10**39 + 23
"""Where the numbers of options begin: where no program has a constant (see `_pick`)."""
# In each list the first is the simplest: hypothesis shrinks towards it.
_SHAPES: Sequence[Sequence[str | None]] = (
    (None,), (None, None), (None, "g1"), (None, "g1", None), (None, "g1", "g2"), (None,) * 3,
)  # fmt: skip
_RATIOS = (1.0, 0.0, 0.3, 3.0, 1e-3, 1e-2, 10.0, 100.0)
_RATIOS_OF_A_MEAN = (1.0, 0.0, 0.3, 1e-3, 2.0)
_CORRELATIONS = (0.0, 0.5, -0.5, 0.95, 1.0, -1.0)
_PLACES = ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (10.0, 1.0), (2000.0, 1.0), (0.0, 1e-3), (0.0, 1e4))
"""Means and SDs of covariates; both at once would leave X no digits (`parity.hunt.fairness`)."""
_BALANCES = (1.0, 0.5, 0.1, 0.01)
_LINKS = {"binomial": ("logit", "probit", "cloglog"), "poisson": ("log",)}


@st.composite
def quarries(draw: st.DrawFn, families: Sequence[str] = FAMILIES) -> Quarry:
    """Draw a quarry: one to three factors, intercepts and slopes, tidy or ill-scaled numbers."""
    family = _pick(draw, families)
    gaussian = family == "gaussian"
    factors = _factors(draw)
    fixed = _fixed(draw, factors, gaussian=gaussian)
    terms = _terms(draw, factors, fixed, gaussian=gaussian)
    shape = {
        "factors": factors, "fixed": fixed, "terms": terms, "family": family,
        "balance": _pick(draw, _BALANCES),
        "seed": _pick(draw, range(1000)),
    }  # fmt: skip
    if gaussian:
        shape["criterion"] = _pick(draw, ["REML", "ML"])
    else:
        shape["link"] = _pick(draw, _LINKS[family])
        shape["intercept"] = float(_pick(draw, [0, 1, -1, 3]))
    if family == "binomial":
        shape["trials"] = _pick(draw, [1, 5, 40])
    design = _sized(draw, shape)
    decimals = _pick(draw, [0, 1, 3, None])
    if not gaussian:
        return Quarry(design, decimals)
    plain = (1.0, 0.0)
    unit = _pick(draw, [plain, plain, plain, (1e6, 0.0), (1e-6, 0.0), (1.0, 1e4)])
    return Quarry(design, decimals, *unit)


def _pick(draw: st.DrawFn, options: Sequence[T]) -> T:
    """Draw one of some options, the first of which is the simplest.

    Into its numbers hypothesis mixes constants that it reads in whatever modules are loaded, and
    one seed would draw other models in another program: hence numbers that are none's constants.
    """
    return options[draw(st.integers(_FAR, _FAR + len(options) - 1)) - _FAR]


def _factors(draw: st.DrawFn) -> tuple[Factor, ...]:
    parents = _pick(draw, _SHAPES)
    return tuple(
        Factor(f"g{i}", _pick(draw, range(2, 8 if parent is None else 4)), parent)
        for i, parent in enumerate(parents, start=1)
    )


def _fixed(
    draw: st.DrawFn, factors: tuple[Factor, ...], *, gaussian: bool
) -> tuple[Covariate, ...]:
    covariates = []
    for name in _pick(draw, [(), ("x",), ("x", "z"), ("x", "z", "f")]):
        categorical = name == "f"
        per = None
        if name == "z":
            per = _pick(draw, [None, *(factor.name for factor in factors)])
        effects: tuple[float, ...] = (1.0,)
        if categorical:
            effects = _pick(draw, [(1.0,), (1.0, -1.0)])
        centre, scale = 0.0, 1.0
        if gaussian and not categorical:
            centre, scale = _pick(draw, _PLACES)
        covariates.append(Covariate(name, effects, per, categorical, centre, scale))
    return tuple(covariates)


def _terms(
    draw: st.DrawFn, factors: tuple[Factor, ...], fixed: tuple[Covariate, ...], *, gaussian: bool
) -> tuple[Term, ...]:
    sizes = {one.name: one.scale for one in fixed}
    slopes = [one.name for one in fixed if not one.categorical and one.per is None]
    choices: list[tuple[str, ...]] = [(INTERCEPT,)]
    choices += [(INTERCEPT, name) for name in slopes] + [(name,) for name in slopes]
    if len(slopes) > 1:
        choices.append((INTERCEPT, *slopes))
    terms = []
    for factor in factors:
        columns = _pick(draw, choices)
        ratios = _RATIOS if gaussian else _RATIOS_OF_A_MEAN
        sds = tuple(_pick(draw, ratios) / sizes.get(name, 1.0) for name in columns)
        correlated, correlation = True, 0.0
        if len(columns) > 1:
            correlated = not draw(st.booleans())
        if correlated and len(columns) > 1:
            least = -1.0 / (len(columns) - 1)
            correlation = max(_pick(draw, _CORRELATIONS), least)
        terms.append(Term(factor.name, columns, sds, correlation, correlated))
    return tuple(terms)


def _sized(draw: st.DrawFn, shape: dict[str, object]) -> Design:
    """Return the design with as few rows as it can have, and some more."""
    fewest = next((rows for rows in range(3, _MOST_ROWS) if _is_possible(rows, shape)), None)
    if fewest is None:
        reject()
    more = _pick(draw, range(_pick(draw, [13, _MOST_ROWS + 1])))
    return Design(rows=fewest + more, **shape)  # type: ignore[arg-type] # filled in above


def _is_possible(rows: int, shape: dict[str, object]) -> bool:
    try:
        Design(rows=rows, **shape)  # type: ignore[arg-type] # as above
    except DesignError:
        return False
    return True
