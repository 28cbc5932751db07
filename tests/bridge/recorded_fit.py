"""Fits made of recorded figures of R, so that tables can be tested without R, and bit by bit."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.as_html import Notebook
from bridge.broom import BroomTables
from bridge.explained import Explained
from bridge.hypothesis import Hypotheses
from bridge.optinfo import FStatistic
from bridge.statsmodels_names import StatsmodelsNames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from bridge.conditions import Condition

ORACLE = Path(__file__).with_name("oracle_broom.json")
Json = dict[str, Any]


@cache
def oracle() -> Json:
    """Return what broom.mixed, broom and performance said, with their versions."""
    found: Json = json.loads(ORACLE.read_text(encoding="utf-8"))
    return found


def number(cell: str | None) -> float:
    """Return a recorded number, NaN where R had NA."""
    return math.nan if cell is None else float(cell)


def numbers(cells: list[str | None]) -> list[float]:
    return [number(cell) for cell in cells]


def table_of(recorded: Json) -> pd.DataFrame:
    """Return a recorded table: numbers as float64, integers as int64, text as objects."""
    columns: dict[str, Any] = {}
    for name, column in zip(recorded["names"], recorded["columns"], strict=True):
        cells = column["cells"]
        match column["type"]:
            case "double":
                columns[name] = pd.Series(numbers(cells), dtype=np.float64)
            case "integer":
                columns[name] = pd.Series([int(cell) for cell in cells], dtype=np.int64)
            case _:
                columns[name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns)


def _series(recorded: Json) -> pd.Series[float]:
    return pd.Series(numbers(recorded["cells"]), index=pd.Index(recorded["names"], dtype=object))


def _matrix(recorded: Json) -> pd.DataFrame:
    cells = np.array([numbers(row) for row in recorded["cells"]])
    return pd.DataFrame(cells, index=recorded["rows"], columns=recorded["columns"])


def _coefficients(recorded: Json) -> pd.DataFrame:
    return table_of(recorded["table"]).set_index(pd.Index(recorded["rows"], dtype=object))


class RecordedFit(BroomTables, StatsmodelsNames, Hypotheses, Explained, Notebook):
    """A fit under one of the oracle's names; what was not recorded raises AttributeError."""

    # Not recorded.
    response: pd.Series[float]
    fitted: pd.Series[float]
    resid: pd.Series[float]
    scaled_resid: pd.Series[float]
    model_matrix: pd.DataFrame
    rows: NDArray[np.int64]
    omitted: NDArray[np.int64]
    data: pd.DataFrame
    ranef_cov: Mapping[str, Mapping[str, pd.DataFrame]]
    get_me: Callable[[str], Any]
    hat_values: Callable[[], pd.Series[float]]
    cooks_distance: Callable[[], pd.Series[float]]
    row_parts: Callable[[], pd.DataFrame]

    def __init__(self, name: str) -> None:
        model = oracle()["models"][name]
        figures = model["figures"]
        self._model = model
        self._read_optional()
        self.kind: str = model["kind"]
        self.formula: str = model["formula"]
        self.is_mixed = self.kind in ("lmer", "glmer")
        self.criterion = "recorded"
        self.family: str | None
        self.link: str | None
        self.family, self.link = _FAMILIES.get(name, (None, None))
        self.fixef = _series(figures["fixef"])
        self.bse = _series(figures["bse"])
        self.tvalues = _series(figures["tvalues"])
        self.vcov = _matrix(figures["vcov"])
        self.sigma = number(figures["sigma"])
        self.loglik = number(figures["loglik"])
        self.aic, self.bic = number(figures["aic"]), number(figures["bic"])
        self.nobs, self.df_resid = int(figures["nobs"]), int(figures["df_resid"])
        self.deviance = number(figures["deviance"])
        df_null = self._number("df_null")
        self.df_null = None if df_null is None else int(df_null)
        f = figures.get("fstatistic")
        self.fstatistic = None if f is None else FStatistic(*numbers(f["cells"]))
        self.varcorr = table_of(figures["varcorr"]) if self.is_mixed else None
        self.ranef = self._by_factor("ranef") if self.is_mixed else None
        self.converged, self.singular = True, False
        self.dropped_columns: tuple[str, ...] = ()
        self.messages: tuple[Condition, ...] = ()
        self.asked: list[str] = []

    def _read_optional(self) -> None:
        self.conditional_deviance = self._number("conditional_deviance")
        self.reml_criterion = self._number("reml_criterion")
        self.null_deviance = self._number("null_deviance")
        self.r_squared = self._number("r_squared")
        self.adj_r_squared = self._number("adj_r_squared")
        self.f_pvalue = self._number("f_pvalue")

    def _number(self, name: str) -> float | None:
        cell = self._model["figures"].get(name)
        return None if cell is None else number(cell)

    def _by_factor(self, name: str) -> dict[str, pd.DataFrame]:
        recorded = self._model["figures"][name]
        return {factor: _matrix(table) for factor, table in recorded.items()}

    @property
    def ranef_sd(self) -> Mapping[str, pd.DataFrame]:
        return self._by_factor("ranef_sd")

    @property
    def ngroups(self) -> Mapping[str, int] | None:
        if not self.is_mixed:
            return None
        counts = _series(self._model["figures"]["ngroups"])
        return {str(name): int(count) for name, count in counts.items()}

    @property
    def pvalues(self) -> pd.Series[float]:
        return self.coef_table()["p_value"]

    def coef_table(self, ddf: str | None = None) -> pd.DataFrame:
        if ddf is not None:
            return _coefficients(self._model["degrees"][ddf])
        return _coefficients(self._model["figures"]["coefficients"])

    def contest(
        self, L: NDArray[np.float64], rhs: NDArray[np.float64], *, joint: bool, ddf: str
    ) -> pd.DataFrame:
        """Return lmerTest's columns for contrasts of one coefficient, from the recorded table."""
        place = (L != 0).argmax(axis=1)
        assert ((L != 0).sum(axis=1) == 1).all()
        factor = L[np.arange(len(L)), place]
        rows = self.coef_table(ddf=ddf).loc[self.fixef.index].iloc[place]
        t = (factor * rows["estimate"] - rhs) / (np.abs(factor) * rows["std_error"])
        if joint:
            numbers = {
                "NumDF": 1.0,
                "DenDF": rows["df"],
                "F value": t**2,
                "Pr(>F)": rows["p_value"],
            }
            return pd.DataFrame(numbers)
        numbers = {
            "Estimate": factor * rows["estimate"],
            "Std. Error": np.abs(factor) * rows["std_error"],
            "df": rows["df"],
            "t value": t,
            "Pr(>|t|)": rows["p_value"],
        }
        return pd.DataFrame(numbers)

    def confint(self, method: str, *, level: float) -> pd.DataFrame:
        """Return the recorded limits (95 %); those by Wald from estimates and SE."""
        self.asked.append(method)
        if method == "wald" and self.kind != "lm":
            assert self.is_mixed
            from scipy.stats import norm  # noqa: PLC0415

            reach = float(norm.ppf((1 + level) / 2)) * self.bse
            return pd.DataFrame({"low": self.fixef - reach, "high": self.fixef + reach})
        assert level == 0.95
        return _matrix(self._model["confint"])


_FAMILIES = {
    "herds": ("binomial", "logit"),
    "ticks": ("poisson", "log"),
    "odds": ("binomial", "logit"),
    "gamma": ("Gamma", "log"),
}
