"""A linear mixed model as plain arrays: what another program needs to go on with a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import NotDefinedError
from bridge.handle import ask
from bridge.values import as_array, as_mapping, as_matrix, as_numbers, as_one, as_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bridge.record import Record
    from bridge.session import Value


@dataclass(frozen=True, eq=False)
class TermArrays:
    """A term of random effects, ``(x | g)``.

    Attributes
    ----------
    codes
        (n,) the level of each row, from 0.
    columns
        (n, r) its columns, without the levels' indicators.
    levels
        How many levels there are.
    """

    codes: NDArray[np.intp]
    columns: NDArray[np.float64]
    levels: int


@dataclass(frozen=True, eq=False)
class Arrays:
    """An lmer fit, the rows used alone.

    Attributes
    ----------
    formula
        As the user wrote it.
    y, X, weights, offset
        (n,) response, (n, p) design of the fixed effects without dropped columns, (n,) prior
        weights, (n,) offset.
    terms
        The terms of random effects, in lme4's order.
    theta, beta, sigma
        The estimates: (m,) over sigma, term by term, each lower triangle column by column; (p,);
        the residual SD.
    reml
        Whether they are REML's.
    names
        Of the parameters: SDs and correlations term by term, sigma, fixed effects.
    """

    formula: str
    y: NDArray[np.float64]
    X: NDArray[np.float64]
    weights: NDArray[np.float64]
    offset: NDArray[np.float64]
    terms: tuple[TermArrays, ...]
    theta: NDArray[np.float64]
    beta: NDArray[np.float64]
    sigma: float
    reml: bool
    names: tuple[str, ...]


def arrays_of(fit: Record) -> Arrays:
    """Return an lmer fit as arrays.

    Raises
    ------
    NotDefinedError
        For a fit of another kind.
    """
    if fit.kind != "lmer":
        raise NotDefinedError(
            f"Arrays of a model are for lmer; this one is fitted by {fit.kind}, whose criterion "
            "they do not make up."
        )
    parts = as_mapping(ask(fit, "model_arrays").value)
    terms = parts["terms"]
    if not isinstance(terms, tuple | list):
        raise NotDefinedError("R named no terms of random effects.")
    return Arrays(
        formula=fit.formula,
        y=as_numbers(parts["y"]),
        X=as_matrix(parts["X"]).to_numpy(),
        weights=as_numbers(parts["weights"]),
        offset=as_numbers(parts["offset"]),
        terms=tuple(_term(as_mapping(term)) for term in terms),
        theta=as_numbers(parts["theta"]),
        beta=as_numbers(parts["beta"]),
        sigma=float(as_one(parts["sigma"])),
        reml=bool(as_one(parts["reml"])),
        names=as_words(parts["names"]),
    )


def _term(parts: Mapping[str, Value]) -> TermArrays:
    codes = np.asarray(as_array(parts["codes"]), dtype=np.intp) - 1
    columns = as_matrix(parts["columns"]).to_numpy()
    return TermArrays(codes, columns, int(as_one(parts["levels"])))
