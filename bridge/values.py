"""What R answered, as NumPy and pandas: each reader takes one kind of value, and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from bridge.errors import BridgeError
from bridge.session import Value, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What an entry becomes is the concern of the field that takes it.
Anything = Any
Reader = Callable[[Value], Anything]


def as_vector(value: Value) -> Vector:
    """Return an atomic vector or matrix, as it is."""
    if not isinstance(value, Vector):
        raise BridgeError(f"R answered with {value!r} where a vector was expected.")
    return value


def as_mapping(value: Value) -> Mapping[str, Value]:
    """Return a named list, as it is; R's empty list has no names."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 0:
        return {}
    if not isinstance(value, Mapping):
        raise BridgeError(f"R answered with {value!r} where a named list was expected.")
    return value


def as_array(value: Value) -> Anything:
    """Return (n,) numbers or truth values, read-only, without their names."""
    cells = as_vector(value).cells
    if isinstance(cells, tuple):
        raise BridgeError(f"R answered with the text {cells[:3]!r} where numbers were expected.")
    cells.flags.writeable = False
    return cells


def as_numbers(value: Value) -> NDArray[np.float64]:
    """Return (n,) numbers, read-only."""
    cells: NDArray[np.float64] = as_array(value)
    return cells


def as_texts(value: Value) -> tuple[str | None, ...]:
    """Return (n,) texts, None where R has NA."""
    cells = as_vector(value).cells
    if not isinstance(cells, tuple):
        raise BridgeError("R answered with numbers where text was expected.")
    return cells


def as_words(value: Value) -> tuple[str, ...]:
    """Return (n,) texts, empty where R has NA."""
    return tuple(cell or "" for cell in as_texts(value))


def as_one(value: Value) -> Anything:
    """Return the only cell of a vector."""
    cells = as_vector(value).cells
    if len(cells) != 1:
        raise BridgeError(f"R answered with {len(cells)} values where one was expected.")
    cell = cells[0]
    return cell if isinstance(cell, str) else cell.item()  # type: ignore[union-attr]


def as_series(value: Value) -> pd.Series[float]:
    """Return numbers by their names."""
    names = as_vector(value).names
    labels = None if names is None else pd.Index(names, dtype=object)
    return pd.Series(as_numbers(value), index=labels, copy=False)


def as_matrix(value: Value, index: pd.Index[Any] | None = None) -> pd.DataFrame:
    """Return a matrix with its names; its rows are named by `index` where that is given."""
    vector = as_vector(value)
    if vector.shape is None:
        raise BridgeError("R answered with a vector where a matrix was expected.")
    cells = as_array(value).reshape(vector.shape, order="F")
    rows = index
    if rows is None and vector.rows is not None:
        rows = pd.Index(vector.rows, dtype=object)
    columns = None if vector.columns is None else pd.Index(vector.columns, dtype=object)
    return pd.DataFrame(cells, index=rows, columns=columns, copy=False)


def as_matrices(value: Value) -> dict[str, pd.DataFrame]:
    """Return a named list of matrices."""
    return {name: as_matrix(item) for name, item in as_mapping(value).items()}


def as_counts(value: Value) -> dict[str, int]:
    """Return named integers as a dict."""
    vector = as_vector(value)
    return dict(zip(vector.names or (), as_array(value).tolist(), strict=True))


def as_text_table(value: Value) -> dict[str, str]:
    """Return a named list of single texts as a dict."""
    return {name: str(as_one(item)) for name, item in as_mapping(value).items()}


def as_columns(value: Value, index: pd.Index[Any] | None = None) -> pd.DataFrame:
    """Return a named list of vectors of one length as a data frame; text is of object type."""
    columns = {}
    for name, item in as_mapping(value).items():
        cells = as_vector(item).cells
        # Of object type, so that what is missing is None under every version of pandas.
        columns[name] = pd.Series(cells, dtype=object) if isinstance(cells, tuple) else cells
    table = pd.DataFrame(columns)
    return table if index is None else table.set_axis(index)


def read(
    parts: Mapping[str, Value], readers: Mapping[str, Reader], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return each entry by its reader; None stays None where it may be.

    Raises
    ------
    BridgeError
        When an entry is missing or unknown.
    """
    if parts.keys() != readers.keys():
        absent = sorted(readers.keys() - parts.keys())
        unknown = sorted(parts.keys() - readers.keys())
        raise BridgeError(
            f"R's answer is not the one expected: missing {absent}, unknown {unknown}. The R "
            "scripts and the package are of different versions: install lme4-parity again."
        )
    return {
        name: None if name in optional and parts[name] is None else reader(parts[name])
        for name, reader in readers.items()
    }
