"""What is bootstrapped: a model's arrays, where it is, and names of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from parity.criterion.coordinates import natural
from parity.criterion.draws import Parameters
from parity.criterion.model import Block, Model
from parity.criterion.refit import Fitter
from parity.design.statement import state
from parity.examination import InputError, examine
from parity.formula import parse
from parity.resampling.precondition import require_determined, require_frame
from parity.spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Vector
    from parity.design.statement import Statement


class Term(Protocol):
    """A block of random effects of a fit of another program."""

    @property
    def codes(self) -> NDArray[np.intp]:
        """The level of each row, from 0, ``(n,)``."""
        ...

    @property
    def columns(self) -> Matrix:
        """Its columns, ``(n, r)``."""
        ...

    @property
    def levels(self) -> int:
        """How many levels there are."""
        ...


class Arrays(Protocol):
    """A fit of another program as arrays: see `bridge.arrays.Arrays`."""

    @property
    def formula(self) -> str: ...  # noqa: D102
    @property
    def y(self) -> Vector: ...  # noqa: D102
    @property
    def X(self) -> Matrix: ...  # noqa: D102
    @property
    def weights(self) -> Vector: ...  # noqa: D102
    @property
    def offset(self) -> Vector: ...  # noqa: D102
    @property
    def terms(self) -> Sequence[Term]: ...  # noqa: D102
    @property
    def theta(self) -> Vector: ...  # noqa: D102
    @property
    def beta(self) -> Vector: ...  # noqa: D102
    @property
    def sigma(self) -> float: ...  # noqa: D102
    @property
    def reml(self) -> bool: ...  # noqa: D102
    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102


@runtime_checkable
class Fitted(Protocol):
    """A fit that can say what it is as arrays, as `bridge.Fit` can."""

    def arrays(self) -> Arrays:
        """Return the model as arrays."""
        ...


@dataclass(frozen=True)
class Subject:
    """A linear mixed model that is to be bootstrapped.

    Attributes
    ----------
    formula
        What was fitted.
    fitter
        Fits it to other responses.
    parameters
        Where it is.
    names
        Of its parameters: SDs and correlations block by block, sigma, fixed effects.
    """

    formula: str
    fitter: Fitter
    parameters: Parameters
    names: tuple[str, ...]


def of_fit(arrays: Arrays) -> Subject:
    """Return the subject that a fit of another program is, at its own estimates."""
    blocks = tuple(Block(term.codes, term.columns, term.levels) for term in arrays.terms)
    model = Model(arrays.y, arrays.X, blocks, arrays.weights, arrays.offset)
    where = Parameters(arrays.theta, arrays.beta, arrays.sigma)
    return Subject(arrays.formula, Fitter(model, reml=arrays.reml), where, arrays.names)


def of_model(spec: ModelSpec, data: pd.DataFrame) -> Subject:
    """Return the subject that a model on data is, fitted by the criterion.

    Raises
    ------
    InputError, NotExpressibleError, UnusableDataError
        With the reason.
    """
    if spec.kind != "lmm":
        raise InputError(
            f"The bootstrap by the criterion is for linear mixed models; {spec.formula!r} with "
            f"family {spec.family} is none. bridge.glmer(...).bootstrap() has lme4 do it."
        )
    require_frame(data)
    examine(spec, data)
    statement = state(spec, data)
    require_determined(statement)
    fitter = Fitter(statement.model, reml=spec.criterion == "REML")
    try:
        found = fitter.fit(statement.model.y[:, None])
    except ValueError as error:
        raise InputError(f"{spec.formula!r} cannot be fitted: {error}.") from error
    if not found.converged[0]:
        raise InputError(
            f"The search for the optimum of {spec.formula!r} did not arrive at one with a "
            "residual; the data or the model are degenerate."
        )
    where = Parameters(found.theta[0], found.beta[0], float(found.sigma[0]))
    return Subject(spec.formula, fitter, where, names_of(statement))


def names_of(statement: Statement) -> tuple[str, ...]:
    """Return the names of a model's parameters: ``sd_(Intercept)|school``, ..., fixed effects."""
    names = []
    for term, columns in zip(statement.spec.random, statement.terms, strict=True):
        for place, column in enumerate(columns):
            names.append(f"sd_{column}|{term.group}")
            names += [f"cor_{row}.{column}|{term.group}" for row in columns[place + 1 :]]
    return (*names, "sigma", *statement.coefficients)


def as_spec(question: str | ModelSpec, *, REML: bool) -> ModelSpec:
    """Return the model that a formula states, or a model that is one already."""
    if isinstance(question, ModelSpec):
        return question
    if not isinstance(question, str):
        raise InputError(
            f"The model is a {type(question).__name__}; expected a formula, a ModelSpec or, to be "
            "bootstrapped, an lmer fit of the bridge."
        )
    return parse(question, criterion="REML" if REML else "ML")


def parameters_of(model: Model, theta: Matrix, beta: Matrix, sigma: Vector) -> Matrix:
    """Return SDs and correlations block by block, sigma and fixed effects, ``(b, k)``.

    Parameters
    ----------
    model
        Its blocks say how theta is cut.
    theta, beta, sigma
        Of b fits: ``(b, m)``, ``(b, p)``, ``(b,)``. A correlation is NaN where an SD is 0.
    """
    columns = []
    for covariance in natural(model, len(theta)).covariances(theta):
        spread = np.sqrt(np.einsum("baa->ba", covariance))
        for i in range(spread.shape[1]):
            columns.append(sigma * spread[:, i])
            for j in range(i + 1, spread.shape[1]):
                scale = spread[:, i] * spread[:, j]
                ratio = np.full_like(scale, np.nan)
                np.divide(covariance[:, j, i], scale, out=ratio, where=scale > 0)
                columns.append(np.clip(ratio, -1.0, 1.0))
    return np.column_stack([*columns, sigma, beta])
