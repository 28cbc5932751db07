"""Design matrices: patsy's columns under R's names, and the columns that R would drop."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import patsy

from parity.engines.statsmodels_terms import NotExpressibleError, Terms
from parity.result import Design

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

RANK_TOLERANCE = 1e-7
"""Below this share of its length a column depends on earlier ones: R's lm, lme4's rank check."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A design matrix.

    Attributes
    ----------
    design
        Columns named and ordered as R does, ``(n, p)``.
    patsy_order
        Positions ``(p,)``: ``design.matrix[:, patsy_order]`` has the columns in patsy's order,
        which is the one that a user of statsmodels fits.
    """

    design: Design
    patsy_order: tuple[int, ...]

    def keep(self, columns: Sequence[int]) -> Coded:
        """Return the matrix with these columns alone, given in increasing order."""
        names = tuple(self.design.columns[j] for j in columns)
        place = {column: position for position, column in enumerate(columns)}
        order = tuple(place[j] for j in self.patsy_order if j in place)
        return Coded(Design(names, self.design.matrix[:, list(columns)]), order)


def code(terms: Terms, table: pd.DataFrame) -> Coded:
    """Return the design matrix of these terms on these rows.

    Raises
    ------
    NotExpressibleError
        Where patsy codes a factor otherwise than R, so that coefficients mean something else.
    """
    built = patsy.dmatrix(terms.text, table, NA_action="raise", return_type="matrix")
    info = built.design_info
    if not info.column_names:
        return Coded(Design((), np.empty((len(table), 0))), ())
    ordered = _in_r_order(patsy.ModelDesc.from_formula(terms.text).rhs_termlist)
    place = {patsy.EvalFactor(f"Q({name!r})"): (i, name) for i, name in enumerate(terms.atoms)}
    columns = [
        entry
        for term in ordered
        for entry in _term_columns(term, info, place, _full_codings(ordered, info, place))
    ]
    names = tuple(name for name, _ in columns)
    positions = [position for _, position in columns]
    matrix = np.ascontiguousarray(np.asarray(built, dtype=np.float64)[:, positions])
    return Coded(Design(names, matrix), tuple(int(j) for j in np.argsort(positions)))


def _in_r_order(terms: Sequence[Any]) -> list[Any]:
    """Return the terms as R sorts them: by degree, as written within a degree."""
    return sorted(terms, key=lambda term: len(term.factors))


def _factors(term: Any, place: Mapping[Any, tuple[int, str]]) -> list[Any]:  # noqa: ANN401 - patsy is untyped
    """Return a term's factors as R orders them: by first appearance in the formula."""
    return sorted(term.factors, key=lambda factor: place[factor][0])


def _full_codings(
    terms: Sequence[Any], info: Any, place: Mapping[Any, tuple[int, str]]  # noqa: ANN401 - patsy is untyped
) -> set[tuple[Any, Any]]:
    """Return the (term, factor) that R codes by all levels: no earlier term holds the margin.

    The rule is that of R's terms.formula (TermCode), with model.matrix's exception for the first
    factor of a model without intercept.
    """
    full: set[tuple[Any, Any]] = set()
    intercept = any(not term.factors for term in terms)
    for i, term in enumerate(terms):
        for factor in _factors(term, place):
            margin = set(term.factors) - {factor}
            covered = any(margin <= set(earlier.factors) for earlier in terms[:i])
            if margin and not covered:
                full.add((term, factor))
    for term in terms:
        categorical = [f for f in term.factors if info.factor_infos[f].type == "categorical"]
        if not intercept and len(term.factors) == 1 and categorical:
            full.add((term, categorical[0]))
            break
    return full


def _term_columns(
    term: Any,  # noqa: ANN401 - patsy is untyped
    info: Any,  # noqa: ANN401 - patsy is untyped
    place: Mapping[Any, tuple[int, str]],
    full: set[tuple[Any, Any]],
) -> Iterator[tuple[str, int]]:
    """Yield R's name and patsy's position of each column of a term, in R's order."""
    if not term.factors:
        yield "(Intercept)", info.term_slices[term].start
        return
    codings, mismatch = info.term_codings[term], False
    labels: dict[Any, list[str]] = {}
    for factor in _factors(term, place):
        name, levels = place[factor][1], info.factor_infos[factor].categories
        if levels is None:
            labels[factor] = [name]
            continue
        used = list(levels) if (term, factor) in full else list(levels)[1:]
        labels[factor] = [f"{name}{level}" for level in used]
        mismatch |= len(codings) != 1 or codings[0].contrast_matrices[factor].matrix.shape[1] != len(used)
    if mismatch or len(codings) != 1:
        raise NotExpressibleError(
            f"patsy codes the term {':'.join(place[f][1] for f in _factors(term, place))} otherwise "
            "than R, which has redundant columns there"
        )
    start, numbers = info.term_slices[term].start, _positions(codings[0].factors, labels)
    order = _factors(term, place)
    for chosen in product(*(range(len(labels[factor])) for factor in reversed(order))):
        levels = dict(zip(reversed(order), chosen, strict=True))
        name = ":".join(labels[factor][levels[factor]] for factor in order)
        yield name, start + numbers[tuple(levels[f] for f in codings[0].factors)]


def _positions(
    factors: Sequence[Any], labels: Mapping[Any, list[str]]
) -> dict[tuple[int, ...], int]:
    """Return level of each factor → column; patsy, like R, varies the first factor fastest."""
    ranges = [range(len(labels[factor])) for factor in reversed(factors)]
    return {tuple(reversed(chosen)): i for i, chosen in enumerate(product(*ranges))}


def independent(matrix: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the columns of X ``(n, p)`` that R keeps: each that earlier ones do not span.

    This is the outcome of LINPACK's dqrdc2 in R: a column whose remainder is below
    `RANK_TOLERANCE` of its length is moved to the end.
    """
    basis = np.empty((matrix.shape[0], 0))
    kept: list[int] = []
    for j, column in enumerate(matrix.T):
        remainder = column - basis @ (basis.T @ column)
        remainder -= basis @ (basis.T @ remainder)
        length = float(np.linalg.norm(remainder))
        if length > RANK_TOLERANCE * float(np.linalg.norm(column)):
            kept.append(j)
            basis = np.column_stack([basis, remainder / length])
    return tuple(kept)
