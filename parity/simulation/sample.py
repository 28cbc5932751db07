"""Data drawn from a design: the same design, the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from parity.simulation.design import HITS, MISSES, RESPONSE
from parity.simulation.feasibility import DesignError
from parity.simulation.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from parity.simulation.design import Covariate, Design, Term
    from parity.simulation.layout import Codes

    Vector: TypeAlias = NDArray[np.float64]

MOST_MEAN = 1e9
"""The largest mean of a count that is drawn: counts beyond are no test of a model of counts."""
# Each purpose draws from a stream of its own: another variance, or one covariate more, leaves all
# other draws as they are.
_LAYOUT, _COVARIATE, _EFFECTS, _RESPONSE = range(4)


def simulate(design: Design) -> pd.DataFrame:
    """Return data that follow a design, from its seed alone.

    The columns are those that `Design.formula` names; grouping factors and categorical covariates
    are categories of text, levels in order, and every level occurs.

    Raises
    ------
    DesignError
        Where a mean of a Poisson response is too large to be drawn.
    """
    codes = lay_out(design, _stream(design, _LAYOUT))
    columns: dict[str, Vector | pd.Categorical] = {}
    predictor = np.full(design.rows, design.intercept)
    for place, covariate in enumerate(design.fixed):
        random = _stream(design, _COVARIATE, place)
        columns[covariate.name], part = _covariate(design, covariate, codes, random)
        predictor += part
    for place, term in enumerate(design.terms):
        random = _stream(design, _EFFECTS, place)
        predictor += _effects(design, term, columns, codes[term.factor], random)
    grouping = {name: _grouping(design, name, found) for name, found in codes.items()}
    response = _respond(design, predictor, _stream(design, _RESPONSE))
    return pd.DataFrame({**response, **columns, **grouping})


def covariance_factor(term: Term) -> Vector:
    """Return the lower triangular factor of a block's covariance over sigma squared, ``(q, q)``.

    The closed form of Cholesky's decomposition of equal correlations, which their boundaries do
    not break: below the diagonal all entries of a column are one number.
    """
    q = len(term.columns)
    factor = np.zeros((q, q))
    explained = 0.0
    for column in range(q):
        rest = 1.0 - explained
        if rest <= np.finfo(np.float64).eps * q:
            break
        factor[column, column] = np.sqrt(rest)
        below = (term.correlation - explained) / factor[column, column]
        factor[column + 1 :, column] = below
        explained += below**2
    scaled: Vector = np.array(term.sds)[:, np.newaxis] * factor
    return scaled


def _stream(design: Design, *purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([design.seed, *purpose]))


def _covariate(
    design: Design, covariate: Covariate, codes: Mapping[str, Codes], random: np.random.Generator
) -> tuple[Vector | pd.Categorical, Vector]:
    """Return a covariate's column and its part of the linear predictor, both ``(n,)``."""
    size = design.rows if covariate.per is None else design.levels(covariate.per)
    places = np.arange(design.rows) if covariate.per is None else codes[covariate.per]
    if not covariate.categorical:
        drawn = covariate.centre + covariate.scale * random.standard_normal(size)
        return drawn[places], covariate.effects[0] * drawn[places]
    effects = np.array([0.0, *covariate.effects])
    dealt = random.permutation(np.arange(size) % len(effects))[places]
    return _labelled(covariate.name, dealt, len(effects)), effects[dealt]


def _labelled(name: str, codes: Codes, levels: int) -> pd.Categorical:
    """Return a category whose labels' order is that of their numbers."""
    width = len(str(levels))
    labels = [f"{name}{number:0{width}d}" for number in range(1, levels + 1)]
    return pd.Categorical([labels[code] for code in codes.tolist()], categories=labels)


def _grouping(design: Design, name: str, codes: Codes) -> pd.Categorical:
    levels = design.factor(name).levels
    return _labelled(name, codes % levels, levels)


def _effects(
    design: Design,
    term: Term,
    columns: Mapping[str, Vector | pd.Categorical],
    codes: Codes,
    random: np.random.Generator,
) -> Vector:
    """Return a block's part of the linear predictor, ``(n,)``."""
    normal = random.standard_normal((design.levels(term.factor), len(term.columns)))
    factor = design.sigma * covariance_factor(term)
    part = np.zeros(design.rows)
    for row, name in enumerate(term.columns):
        # Sums in a fixed order: a library's product of matrices may have other last bits elsewhere.
        effect = np.zeros(len(normal))
        for column in range(row + 1):
            effect += factor[row, column] * normal[:, column]
        slope = 1.0 if name == "1" else np.asarray(columns[name], dtype=np.float64)
        part += slope * effect[codes]
    return part


def _respond(
    design: Design, predictor: Vector, random: np.random.Generator
) -> dict[str, Vector | NDArray[np.int64]]:
    """Return the response's columns at a linear predictor ``(n,)``."""
    if design.family == "gaussian":
        return {RESPONSE: predictor + design.sigma * random.standard_normal(design.rows)}
    if design.family == "poisson":
        highest = float(predictor.max())
        if highest > np.log(MOST_MEAN):
            raise DesignError(
                f"The design is impossible: a row's mean is exp({highest:.4g}), and counts are "
                f"drawn up to a mean of {MOST_MEAN:g}. Lower the intercept, the effects or the "
                "standard deviations."
            )
        return {RESPONSE: random.poisson(np.exp(predictor))}
    hits = _hits(design, predictor, random)
    return {RESPONSE: hits} if design.trials == 1 else {HITS: hits, MISSES: design.trials - hits}


def _hits(design: Design, predictor: Vector, random: np.random.Generator) -> NDArray[np.int64]:
    """Return the successes of each row: of a latent variable above 0, no inverse link is asked."""
    size = (design.rows, design.trials)
    latent: dict[str, Callable[[], Vector]] = {
        "logit": lambda: random.logistic(size=size),
        "probit": lambda: random.standard_normal(size),
        "cauchit": lambda: random.standard_cauchy(size),
        "cloglog": lambda: random.gumbel(size=size),
    }
    above = predictor[:, np.newaxis] + latent[design.link or "logit"]() > 0
    hits: NDArray[np.int64] = above.sum(axis=1, dtype=np.int64)
    return hits
