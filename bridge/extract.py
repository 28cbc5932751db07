"""R's list to a Fit: every entry required, unknown ones refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from bridge.errors import BridgeError
from bridge.fit import Fit
from bridge.optinfo import FStatistic, OptInfo
from bridge.session import Value, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.column import Frame
    from bridge.conditions import Condition

# What an entry becomes is the concern of the field of Fit that takes it.
Anything = Any
Reader = Callable[[Value], Anything]


def _vector(value: Value) -> Vector:
    if not isinstance(value, Vector):
        raise BridgeError(f"R answered with {value!r} where a vector was expected.")
    return value


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value, Mapping):
        raise BridgeError(f"R answered with {value!r} where a named list was expected.")
    return value


def _array(value: Value) -> Anything:
    cells = _vector(value).cells
    if isinstance(cells, tuple):
        raise BridgeError(f"R answered with the text {cells[:3]!r} where numbers were expected.")
    cells.flags.writeable = False
    return cells


def _numbers(value: Value) -> NDArray[np.float64]:
    cells: NDArray[np.float64] = _array(value)
    return cells


def _texts(value: Value) -> tuple[str | None, ...]:
    cells = _vector(value).cells
    if not isinstance(cells, tuple):
        raise BridgeError("R answered with numbers where text was expected.")
    return cells


def _words(value: Value) -> tuple[str, ...]:
    return tuple(cell or "" for cell in _texts(value))


def _one(value: Value) -> Anything:
    cells = _vector(value).cells
    if len(cells) != 1:
        raise BridgeError(f"R answered with {len(cells)} values where one was expected.")
    cell = cells[0]
    return cell if isinstance(cell, str) else cell.item()  # type: ignore[union-attr]


def _series(value: Value) -> pd.Series[float]:
    names = _vector(value).names
    labels = None if names is None else list(names)
    return pd.Series(_numbers(value), index=labels, copy=False)


def _rows(index: pd.Index[Any], value: Value) -> pd.Series[float]:
    return pd.Series(_numbers(value), index=index, copy=False)


def _matrix(value: Value, index: pd.Index[Any] | None = None) -> pd.DataFrame:
    vector = _vector(value)
    if vector.shape is None:
        raise BridgeError("R answered with a vector where a matrix was expected.")
    cells = _array(value).reshape(vector.shape, order="F")
    rows = index if index is not None else vector.rows
    columns = None if vector.columns is None else list(vector.columns)
    return pd.DataFrame(cells, index=rows, columns=columns, copy=False)


def _model_matrix(index: pd.Index[Any], value: Value) -> pd.DataFrame:
    return _matrix(value, index)


def _matrices(value: Value) -> dict[str, pd.DataFrame]:
    return {name: _matrix(item) for name, item in _mapping(value).items()}


def _varcorr(value: Value) -> pd.DataFrame:
    parts = _mapping(value)
    # Of object type, so that what is missing is None under every version of pandas.
    named = {key: pd.Series(_texts(parts[key]), dtype=object) for key in ("grp", "var1", "var2")}
    return pd.DataFrame(named | {key: _array(parts[key]) for key in ("vcov", "sdcor")})


def _counts(value: Value) -> dict[str, int]:
    vector = _vector(value)
    return dict(zip(vector.names or (), _array(value).tolist(), strict=True))


def text_table(value: Value) -> dict[str, str]:
    """Return a named list of single texts as a dict."""
    return {name: str(_one(item)) for name, item in _mapping(value).items()}


def _fstatistic(value: Value) -> FStatistic:
    return FStatistic(**_series(value).to_dict())  # type: ignore[arg-type]


_OPTINFO: Mapping[str, Reader] = {
    "optimizer": _one,
    "code": _one,
    "message": _one,
    "evaluations": _one,
    "gradient": _array,
    "hessian": lambda value: None if value is None else _matrix(value),
    "lme4_code": lambda value: tuple(_array(value).tolist()),
    "lme4_messages": _words,
    "warnings": _words,
}


def _optinfo(value: Value) -> OptInfo:
    return OptInfo(**_read(_mapping(value), _OPTINFO, ()))


# Entries of R's list -> how each is read.
_ALWAYS: Mapping[str, Reader] = {
    "call": _one,
    "fixef": _series,
    "bse": _series,
    "tvalues": _series,
    "vcov": _matrix,
    "sigma": _one,
    "loglik": _one,
    "deviance": _one,
    "aic": _one,
    "bic": _one,
    "nobs": _one,
    "npar": _one,
    "df_resid": _one,
    "dropped_columns": _words,
    "converged": _one,
    "singular": _one,
    "versions": text_table,
    "summary": _words,
}
_SOME_KINDS: Mapping[str, Reader] = {
    "reml": _one,
    "family": _one,
    "link": _one,
    "pvalues": _series,
    "vcov_rx": _matrix,
    "varcorr": _varcorr,
    "ranef": _matrices,
    "ranef_sd": _matrices,
    "theta": _series,
    "reml_criterion": _one,
    "conditional_deviance": _one,
    "ngroups": _counts,
    "resid_quantiles": _series,
    "scaled_resid_quantiles": _series,
    "optinfo": _optinfo,
    "r_squared": _one,
    "adj_r_squared": _one,
    "fstatistic": _fstatistic,
    "f_pvalue": _one,
}
_BY_ROW = {
    "response": _rows,
    "fitted": _rows,
    "resid": _rows,
    "scaled_resid": _rows,
    "model_matrix": _model_matrix,
}


def _read(
    parts: Mapping[str, Value], readers: Mapping[str, Reader], optional: tuple[str, ...]
) -> dict[str, Any]:
    if parts.keys() != readers.keys():
        absent = sorted(readers.keys() - parts.keys())
        unknown = sorted(parts.keys() - readers.keys())
        raise BridgeError(
            f"R's answer is not the one expected: missing {absent}, unknown {unknown}. The R "
            "scripts and the package are of different versions: install lme4-parity again."
        )
    return {
        name: None if name in optional and parts[name] is None else read(parts[name])
        for name, read in readers.items()
    }


def _once(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the conditions, each once: R's summary says again what its covariance said."""
    return tuple({(said.kind, said.text): said for said in reversed(conditions)}.values())[::-1]


def to_fit(
    kind: Literal["lm", "lmer", "glmer"],
    formula: str,
    frame: Frame,
    arguments: Mapping[str, Any],
    value: Value,
    conditions: tuple[Condition, ...],
) -> Fit:
    """Return the fit that R's list `value` describes.

    Raises
    ------
    BridgeError
        When an entry is missing, unknown, or not of its kind.
    """
    parts = dict(_mapping(value))
    if "rows" not in parts:
        raise BridgeError("R's answer does not say which rows were used.")
    rows = _array(parts.pop("rows")).astype(np.int64) - 1
    rows.flags.writeable = False
    index = frame.index[rows]
    by_row = {name: partial(read, index) for name, read in _BY_ROW.items()}
    readers: dict[str, Reader] = {**_ALWAYS, **_SOME_KINDS, **by_row}
    fields = _read(parts, readers, tuple(_SOME_KINDS))
    fields["_summary"] = fields.pop("summary")
    fields["_ranef_sd"] = fields.pop("ranef_sd")
    return Fit(
        kind=kind,
        formula=formula,
        frame=frame,
        arguments=arguments,
        rows=rows,
        messages=_once(conditions),
        **fields,
    )
