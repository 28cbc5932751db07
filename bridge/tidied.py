"""The parts of broom's tidy table: pure functions from figures to tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.arguments import as_names
from bridge.errors import ArgumentError
from bridge.varcorr import variance_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# broom.mixed's order of columns, and of the parts.
COLUMNS = (
    "effect", "group", "level", "term", "estimate", "std.error", "statistic", "df", "p.value",
    "conf.low", "conf.high",
)  # fmt: skip
_TEXTS = ("effect", "group", "level", "term")
EFFECTS = ("fixed", "ran_pars", "ran_vals", "ran_coefs")
_OF_COEFFICIENTS = {
    "estimate": "estimate",
    "std_error": "std.error",
    "statistic": "statistic",
    "df": "df",
    "p_value": "p.value",
}
_PREFIXES = {"sdcor": ("sd__", "cor__"), "vcov": ("var__", "cov__")}


def choose_effects(effects: str | Sequence[str] | None, kind: str, *, mixed: bool) -> list[str]:
    """Return the parts of the table that were asked for.

    Raises
    ------
    ArgumentError
        For a part that a model of this kind does not have, and for none.
    """
    known = EFFECTS if mixed else ("fixed",)
    if effects is None:
        return ["ran_pars", "fixed"] if mixed else ["fixed"]
    chosen = as_names("effects", effects)
    strange = [name for name in chosen if name not in known]
    if strange or not chosen:
        raise ArgumentError(
            f"effects is {effects!r}; expected some of {', '.join(known)}, which a model fitted by "
            f"{kind} has."
        )
    return chosen


def choose_scale(scales: str | Sequence[str | None] | None, effects: Sequence[str]) -> str:
    """Return the scale of the variance parameters: one name, or broom.mixed's one an effect.

    Raises
    ------
    ArgumentError
        For another name, and for as many as there are not effects.
    """
    scale: str | None
    if scales is None or isinstance(scales, str):
        scale = scales or "sdcor"
    elif len(scales) != len(effects):
        raise ArgumentError(
            f"scales has {len(scales)} entries; expected one name, or one for each of "
            f"{', '.join(effects)}."
        )
    else:
        scale = dict(zip(effects, scales, strict=True)).get("ran_pars", "sdcor")
    if scale not in _PREFIXES:
        raise ArgumentError(f"scales is {scales!r}; for ran_pars expected 'sdcor' or 'vcov'.")
    return scale


def texts(values: list[str]) -> pd.Series[str]:
    """Return the texts as a column of objects, under every version of pandas."""
    return pd.Series(values, dtype=object)


def fixed_effects(coefficients: pd.DataFrame) -> pd.DataFrame:
    """Return term, estimate, std.error, statistic and, where they are, df and p.value."""
    known = [name for name in _OF_COEFFICIENTS if name in coefficients.columns]
    table = coefficients[known].rename(columns=_OF_COEFFICIENTS).reset_index(drop=True)
    table.insert(0, "term", texts(list(coefficients.index)))
    return table


def exponentiated(table: pd.DataFrame, *, with_error: bool) -> pd.DataFrame:
    """Return the table with e to the power of the estimates and limits.

    `with_error`: the SE too, by the delta method, as broom.mixed does; broom leaves it as it is.
    """
    powers = [name for name in ("estimate", "conf.low", "conf.high") if name in table.columns]
    result = table.copy()
    result[powers] = np.exp(table[powers])
    if with_error:
        result["std.error"] = table["std.error"] * result["estimate"]
    return result


def random_parameters(varcorr: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Return group, term, estimate: a block's lower triangle by columns, last the residual.

    `scale` ``"sdcor"``: SDs and correlations, ``sd__Days`` and ``cor__(Intercept).Days``;
    ``"vcov"``: variances and covariances, ``var__Days`` and ``cov__(Intercept).Days``.
    """
    single, pair = _PREFIXES[scale]
    parameters = variance_parameters(varcorr, scale)
    terms = [
        f"{single}{one.first or 'Observation'}"
        if one.second is None
        else f"{pair}{one.first}.{one.second}"
        for one in parameters
    ]
    groups = texts([one.block for one in parameters])
    estimates = [one.value for one in parameters]
    return pd.DataFrame({"group": groups, "term": texts(terms), "estimate": estimates})


def conditional_modes(
    ranef: Mapping[str, pd.DataFrame], deviations: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return group, level, term, estimate (mode) and std.error (its conditional SD)."""
    table = _long(ranef)
    return table.assign(**{"std.error": _long(deviations)["estimate"]})


def level_coefficients(fixef: pd.Series[float], ranef: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return group, level, term, estimate: lme4's ``coef``, fixed effects plus conditional modes.

    A term that is random in some factor only stands before the fixed effects, its mean being 0.
    """
    random = dict.fromkeys(term for table in ranef.values() for term in table.columns)
    means = {term: 0.0 for term in random if term not in fixef.index}
    means |= {str(term): float(mean) for term, mean in fixef.items()}
    return _long({factor: _with_modes(means, table) for factor, table in ranef.items()})


def _with_modes(means: Mapping[str, float], modes: pd.DataFrame) -> pd.DataFrame:
    columns = {
        term: mean + modes[term] if term in modes.columns else np.full(len(modes), mean)
        for term, mean in means.items()
    }
    return pd.DataFrame(columns, index=modes.index)


def _long(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables level x term as rows: by group, then by term, then by level."""
    groups, levels, terms = [], [], []
    estimates: list[float] = []
    for group, table in tables.items():
        for term in table.columns:
            groups += [group] * len(table)
            levels += list(table.index)
            terms += [term] * len(table)
            estimates += table[term].to_list()
    named = {"group": groups, "level": levels, "term": terms}
    columns = {name: texts(values) for name, values in named.items()}
    return pd.DataFrame({**columns, "estimate": np.array(estimates, dtype=np.float64)})


def stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the parts under each other, in broom.mixed's order of rows and of columns.

    Text that a part lacks is None, a number NaN.
    """
    present = {name: parts[name] for name in EFFECTS if name in parts}
    columns: dict[str, Any] = {
        "effect": texts([name for name, part in present.items() for _ in range(len(part))])
    }
    for name in COLUMNS[1:]:
        if any(name in part.columns for part in present.values()):
            columns[name] = _joined([part.get(name, len(part)) for part in present.values()], name)
    return pd.DataFrame(columns)


def _joined(cells: Sequence[pd.Series[Any] | int], name: str) -> pd.Series[Any]:
    """Return the cells under each other; a number of rows stands for as many missing ones."""
    missing = None if name in _TEXTS else np.nan
    values = [
        value
        for part in cells
        for value in ([missing] * part if isinstance(part, int) else part.to_list())
    ]
    return pd.Series(values, dtype=object if name in _TEXTS else np.float64)
