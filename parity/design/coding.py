"""Design matrices: patsy's columns under R's names, and the columns that R would drop."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import patsy as untyped_patsy

from parity.criterion.portions import portions, triangularize
from parity.design.terms import NotExpressibleError, Terms
from parity.result import Design

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

patsy: Any = untyped_patsy

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
    info = patsy.incr_dbuilder(terms.text, lambda: iter([table]))
    described = patsy.ModelDesc.from_formula(terms.text).rhs_termlist
    coding = _Coding(
        info,
        {patsy.EvalFactor(f"Q({name!r})"): (i, name) for i, name in enumerate(terms.atoms)},
        sorted(described, key=lambda term: len(term.factors)),
    )
    columns = list(coding.columns())
    positions = [position for _, position in columns]
    matrix: NDArray[np.float64] = np.empty((len(table), len(positions)))
    for rows in portions(len(table)):
        (built,) = patsy.build_design_matrices([info], table.iloc[rows], NA_action="raise")
        matrix[rows] = np.asarray(built)[:, positions]
    order = tuple(int(j) for j in np.argsort(positions))
    return Coded(Design(tuple(name for name, _ in columns), matrix), order)


@dataclass(frozen=True, slots=True)
class _Coding:
    """patsy's coding of terms beside R's.

    Attributes
    ----------
    info
        patsy's DesignInfo.
    place
        patsy's factor → its position in the formula and R's name.
    terms
        patsy's terms as R sorts them: by degree, as written within a degree.
    """

    info: Any
    place: Mapping[Any, tuple[int, str]]
    terms: Sequence[Any]

    def columns(self) -> Iterator[tuple[str, int]]:
        """Yield R's name and patsy's position of each column, in R's order."""
        full = self.full()
        for term in self.terms:
            if term.factors:
                yield from self.of_term(term, full)
            else:
                yield "(Intercept)", self.info.term_slices[term].start

    def factors(self, term: Any) -> list[Any]:  # noqa: ANN401 - patsy is untyped
        """Return a term's factors as R orders them: by first appearance in the formula."""
        return sorted(term.factors, key=lambda factor: self.place[factor][0])

    def full(self) -> set[tuple[Any, Any]]:
        """Return the (term, factor) that R codes by all levels: no earlier term holds the margin.

        The rule is that of R's terms.formula (TermCode), with model.matrix's exception for the
        first factor of a model without intercept.
        """
        full: set[tuple[Any, Any]] = set()
        for i, term in enumerate(self.terms):
            for factor in term.factors:
                margin = set(term.factors) - {factor}
                covered = any(margin <= set(earlier.factors) for earlier in self.terms[:i])
                if margin and not covered:
                    full.add((term, factor))
        if all(term.factors for term in self.terms):
            alone = [t for t in self.terms if len(t.factors) == 1 and self.levels(t.factors[0])]
            full |= {(term, term.factors[0]) for term in alone[:1]}
        return full

    def levels(self, factor: Any) -> tuple[str, ...]:  # noqa: ANN401 - patsy is untyped
        """Return a factor's levels, none for a number."""
        return tuple(self.info.factor_infos[factor].categories or ())

    def of_term(self, term: Any, full: set[tuple[Any, Any]]) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - patsy is untyped
        """Yield name and position of a term's columns; both programs vary its first factor fastest.

        Raises
        ------
        NotExpressibleError
            Where patsy's columns are not R's.
        """
        order, codings = self.factors(term), self.info.term_codings[term]
        labels = {}
        for factor in order:
            name, levels = self.place[factor][1], self.levels(factor)
            used = levels if (term, factor) in full else levels[1:]
            labels[factor] = [f"{name}{level}" for level in used] if levels else [name]
        if len(codings) != 1 or any(
            matrix.matrix.shape[1] != len(labels[factor])
            for factor, matrix in codings[0].contrast_matrices.items()
        ):
            name = ":".join(self.place[factor][1] for factor in order)
            raise NotExpressibleError(
                f"patsy codes the term {name} otherwise than R, whose columns are redundant there"
            )
        start, numbers = self.info.term_slices[term].start, _numbers(codings[0].factors, labels)
        for chosen in product(*(range(len(labels[factor])) for factor in reversed(order))):
            at = dict(zip(reversed(order), chosen, strict=True))
            name = ":".join(labels[factor][at[factor]] for factor in order)
            yield name, start + numbers[tuple(at[factor] for factor in codings[0].factors)]


def _numbers(
    factors: Sequence[Any], labels: Mapping[Any, Sequence[str]]
) -> dict[tuple[int, ...], int]:
    """Return level of each factor → column of patsy's term."""
    ranges = [range(len(labels[factor])) for factor in reversed(factors)]
    return {tuple(reversed(chosen)): i for i, chosen in enumerate(product(*ranges))}


def independent(matrix: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the columns of X ``(n, p)`` that R keeps: each that earlier ones do not span.

    This is the outcome of LINPACK's dqrdc2 in R: a column whose remainder is below
    `RANK_TOLERANCE` of its length is moved to the end.
    """
    rows = (matrix[portion] for portion in portions(len(matrix)))
    triangle = triangularize(rows, matrix.shape[1])
    basis = np.empty((len(triangle), 0))
    kept: list[int] = []
    for j, column in enumerate(triangle.T):
        remainder = column - basis @ (basis.T @ column)
        remainder -= basis @ (basis.T @ remainder)
        length = float(np.linalg.norm(remainder))
        if length > RANK_TOLERANCE * float(np.linalg.norm(column)):
            kept.append(j)
            basis = np.column_stack([basis, remainder / length])
    return tuple(kept)
