"""Linear hypotheses about coefficients, R b = q."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.arguments import shown
from bridge.errors import ArgumentError
from bridge.linear_form import read_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """The hypothesis R b = q.

    Attributes
    ----------
    matrix
        (k, p) R.
    targets
        (k,) q.
    labels
        (k,) each constraint in words.
    """

    matrix: NDArray[np.float64]
    targets: NDArray[np.float64]
    labels: tuple[str, ...]


def read_constraints(hypothesis: object, names: Sequence[str]) -> Constraints:
    """Return the hypothesis as R b = q.

    Parameters
    ----------
    hypothesis
        Text as ``"x1 - x2 = 0, x3 = 1"`` (without ``=`` it is 0 that is meant; names as the
        coefficients have them, or in backticks); a list of such texts; a (k, p) or (p,) matrix, q
        being 0; or a tuple of matrix and q.
    names
        (p,) names of the coefficients.

    Raises
    ------
    ArgumentError
        For what cannot be read, a name that is no coefficient, a product of coefficients, a
        matrix of another shape, and a constraint that names no coefficient.
    """
    if isinstance(hypothesis, str):
        found = _from_text(hypothesis, names)
    elif isinstance(hypothesis, list) and hypothesis and isinstance(hypothesis[0], str):
        found = _from_text(", ".join(map(_as_text, hypothesis)), names)
    else:
        found = _from_matrix(hypothesis, names)
    for row, label in zip(found.matrix, found.labels, strict=True):
        if not row.any():
            raise ArgumentError(f"The constraint {label!r} names no coefficient.")
    return found


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"The hypothesis holds {value!r} among texts; expected texts alone.")
    return value


def _from_text(text: str, names: Sequence[str]) -> Constraints:
    # Numbers beyond a double's reach are refused below, by a sentence.
    with np.errstate(over="ignore", invalid="ignore"):
        forms = read_forms(text, names)
    matrix = np.array([form.weights for form in forms])
    values = np.array([-form.constant for form in forms])
    _require_finite(matrix, values)
    return Constraints(matrix, values, _labels(matrix, values, names))


def _parts(hypothesis: object) -> tuple[object, object]:
    """Return the matrix, and q or None."""
    if not isinstance(hypothesis, tuple):
        return hypothesis, None
    if len(hypothesis) != 2:  # noqa: PLR2004  (matrix and q)
        raise ArgumentError(
            f"The hypothesis is a tuple of {len(hypothesis)}; expected one of matrix and values. A "
            "row of weights is a list or an array."
        )
    return hypothesis


def _as_numbers(part: object, hypothesis: object) -> NDArray[np.float64]:
    try:
        # To NumPy None is a number that is missing.
        return np.asarray("None" if part is None else part, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The hypothesis is {shown(hypothesis)}; expected text as 'x1 - x2 = 0', a matrix of "
            "numbers of shape (k, p), or a tuple of such a matrix and k values."
        ) from error


def _from_matrix(hypothesis: object, names: Sequence[str]) -> Constraints:
    given, q = _parts(hypothesis)
    matrix = np.atleast_2d(_as_numbers(given, hypothesis))
    zeros = np.zeros(len(matrix))
    values = zeros if q is None else np.atleast_1d(_as_numbers(q, hypothesis))
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or values.shape != (len(matrix),):  # noqa: PLR2004
        raise ArgumentError(
            f"The hypothesis has a matrix of shape {matrix.shape} and values of shape "
            f"{values.shape}; expected (k, {len(names)}) and (k,), a column for each of "
            f"{', '.join(names)}."
        )
    _require_finite(matrix, values)
    return Constraints(matrix, values, _labels(matrix, values, names))


def _require_finite(matrix: NDArray[np.float64], values: NDArray[np.float64]) -> None:
    if not (np.isfinite(matrix).all() and np.isfinite(values).all()):
        raise ArgumentError("The hypothesis holds a value that is missing or infinite.")


def _labels(
    matrix: NDArray[np.float64], values: NDArray[np.float64], names: Sequence[str]
) -> tuple[str, ...]:
    return tuple(
        f"{_combination(row, names)} = {value + 0.0:g}"
        for row, value in zip(matrix, values, strict=True)
    )


def _combination(row: NDArray[np.float64], names: Sequence[str]) -> str:
    words = ""
    for weight, name in zip(row, names, strict=True):
        if weight == 0:
            continue
        size = "" if abs(weight) == 1 else f"{abs(weight):g} * "
        sign = ("-" if weight < 0 else "") if not words else (" - " if weight < 0 else " + ")
        words += f"{sign}{size}{name}"
    return words or "0"


def require_independent(constraints: Constraints) -> None:
    """Raise ArgumentError where constraints repeat or contradict each other."""
    # Rows of one size, so that no unit of a covariate decides what is a repetition.
    scaled = constraints.matrix / np.abs(constraints.matrix).max(axis=1, keepdims=True)
    rank = int(np.linalg.matrix_rank(scaled))
    if rank < len(scaled):
        raise ArgumentError(
            f"The {len(scaled)} constraints {', '.join(constraints.labels)} repeat or contradict "
            f"each other: only {rank} of them are independent."
        )
