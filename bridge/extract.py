"""R's list to a Fit: every entry required, unknown ones refused."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.errors import BridgeError
from bridge.fit import Fit
from bridge.optinfo import FStatistic, OptInfo
from bridge.record import Contrast
from bridge.values import (
    Reader,
    as_array,
    as_counts,
    as_mapping,
    as_matrices,
    as_matrix,
    as_numbers,
    as_one,
    as_series,
    as_text_table,
    as_texts,
    as_words,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bridge.conditions import Condition
    from bridge.handle import Handle
    from bridge.request import Request
    from bridge.session import Value


def _by_row(index: pd.Index[Any], places: NDArray[np.int64] | None, value: Value) -> Any:  # noqa: ANN401
    """Return values by the user's rows; the rows dropped are NaN where they are kept at all."""
    cells = as_numbers(value)
    if places is not None:
        padded = np.full(len(index), np.nan)
        padded[places] = cells
        padded.flags.writeable = False
        cells = padded
    return pd.Series(cells, index=index, copy=False)


def _model_matrix(index: pd.Index[Any], value: Value) -> pd.DataFrame:
    return as_matrix(value, index)


def _varcorr(value: Value) -> pd.DataFrame:
    parts = as_mapping(value)
    # Of object type, so that what is missing is None under every version of pandas.
    named = {key: pd.Index(as_texts(parts[key]), dtype=object) for key in ("grp", "var1", "var2")}
    numbers = {key: as_array(parts[key]) for key in ("vcov", "sdcor")}
    return pd.DataFrame(named | numbers, copy=False)


def _fstatistic(value: Value) -> FStatistic:
    return FStatistic(**as_series(value).to_dict())  # type: ignore[arg-type]


def _contrasts(value: Value) -> dict[str, Contrast]:
    def one(item: Value) -> Contrast:
        parts = as_mapping(item)
        return Contrast(as_one(parts["kind"]), as_matrix(parts["coding"]))

    return {name: one(item) for name, item in as_mapping(value).items()}


_OPTINFO: Mapping[str, Reader] = {
    "optimizer": as_one,
    "code": as_one,
    "message": as_one,
    "evaluations": lambda value: None if value is None else as_one(value),
    "gradient": as_array,
    "hessian": lambda value: None if value is None else as_matrix(value),
    "lme4_code": lambda value: tuple(as_array(value).tolist()),
    "lme4_messages": as_words,
    "warnings": as_words,
}


def _optinfo(value: Value) -> OptInfo:
    return OptInfo(**read(as_mapping(value), _OPTINFO))


# Entries of R's list -> how each is read.
_ALWAYS: Mapping[str, Reader] = {
    "call": as_one,
    "fixef": as_series,
    "bse": as_series,
    "tvalues": as_series,
    "vcov": as_matrix,
    "sigma": as_one,
    "loglik": as_one,
    "deviance": as_one,
    "aic": as_one,
    "bic": as_one,
    "nobs": as_one,
    "npar": as_one,
    "df_resid": as_one,
    "dropped_columns": as_words,
    "converged": as_one,
    "singular": as_one,
    "contrasts": _contrasts,
    "versions": as_text_table,
    "summary": as_words,
}
_SOME_KINDS: Mapping[str, Reader] = {
    "reml": as_one,
    "family": as_one,
    "link": as_one,
    "pvalues": as_series,
    "vcov_rx": as_matrix,
    "varcorr": _varcorr,
    "ranef": as_matrices,
    "ranef_sd": as_matrices,
    "theta": as_series,
    "reml_criterion": as_one,
    "conditional_deviance": as_one,
    "null_deviance": as_one,
    "df_null": as_one,
    "ngroups": as_counts,
    "resid_quantiles": as_series,
    "scaled_resid_quantiles": as_series,
    "optinfo": _optinfo,
    "r_squared": as_one,
    "adj_r_squared": as_one,
    "fstatistic": _fstatistic,
    "f_pvalue": as_one,
    "state": as_mapping,
}
# Names of fields of Fit that are no public ones.
_HIDDEN = ("summary", "ranef_sd", "state", "pvalues")


def _once(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the conditions, each once: R's summary says again what its covariance said."""
    return tuple({(said.kind, said.text): said for said in reversed(conditions)}.values())[::-1]


def _positions(value: Value) -> NDArray[np.int64]:
    positions: NDArray[np.int64] = as_array(value).astype(np.int64) - 1
    positions.flags.writeable = False
    return positions


def to_fit(
    request: Request,
    handle: Handle,
    value: Value,
    conditions: tuple[Condition, ...],
    versions: Mapping[str, str],
) -> Fit:
    """Return the fit that R's list `value` describes; `versions` are added to those it names.

    Raises
    ------
    BridgeError
        When an entry is missing, unknown, or not of its kind.
    """
    parts = dict(as_mapping(value))
    if "rows" not in parts or "omitted" not in parts:
        raise BridgeError("R's answer does not say which rows were used.")
    rows, omitted = _positions(parts.pop("rows")), _positions(parts.pop("omitted"))
    labels, places = request.frame.index[rows], None
    if request.arguments.get("na_action") == "exclude" and omitted.size:
        kept = np.sort(np.concatenate([rows, omitted]))
        labels, places = request.frame.index[kept], np.searchsorted(kept, rows)
    by_row: dict[str, Reader] = {
        name: partial(_by_row, labels, places) for name in ("fitted", "resid", "scaled_resid")
    }
    by_row["response"] = partial(_by_row, request.frame.index[rows], None)
    by_row["model_matrix"] = partial(_model_matrix, request.frame.index[rows])
    fields = read(parts, {**_ALWAYS, **_SOME_KINDS, **by_row}, tuple(_SOME_KINDS))
    for name in _HIDDEN:
        fields[f"_{name}"] = fields.pop(name)
    fields["versions"] = {**fields["versions"], **versions}
    return Fit(
        request=request,
        handle=handle,
        rows=rows,
        omitted=omitted,
        messages=_once(conditions),
        **fields,
    )
