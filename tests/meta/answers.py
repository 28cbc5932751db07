"""Real answers of lme4, read from lme4_answers.json (written by lme4_answers.R beside it)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from parity import derived
from parity.formula import parse
from parity.result import Design, FitResult

if TYPE_CHECKING:
    from parity.result import Key
    from parity.spec import Criterion

FILE = Path(__file__).parent / "lme4_answers.json"
SLOPE = "Reaction ~ Days + (Days | Subject)"
CAKE = "angle ~ recipe + temperature + (1 | replicate:recipe)"
_FORMULAS: dict[str, tuple[str, Criterion]] = {
    "slope_reml": (SLOPE, "REML"),
    "slope_ml": (SLOPE, "ML"),
    "small_ml": ("Reaction ~ 1 + (Days | Subject)", "ML"),
    "one_row_less": (SLOPE, "REML"),
    "unbalanced": (SLOPE, "REML"),
    "cake": (CAKE, "REML"),
    "cake_relevelled": (CAKE, "REML"),
    "cake_sum": (CAKE, "REML"),
}


@cache
def _stored() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored


def answer(name: str, *, engine: str = "lme4", case: str = "sleepstudy") -> FitResult:
    """Return a stored answer as if an engine of that name had given it; a new object each time."""
    raw = _stored()["answers"][name]
    formula, criterion = _FORMULAS[name]
    values: dict[str, dict[Key, float]] = {
        quantity: {tuple(row[:-1]): float(row[-1]) for row in rows}
        for quantity, rows in raw["values"].items()
        if rows
    }
    values["theta"] = {_theta_key(name): number for (name,), number in values["theta"].items()}
    values |= {"converged": {(): 1.0}, "singular": {(): 0.0}}
    spec = parse(formula, criterion=criterion)
    absent = {} if "correlation" in values else {"correlation": "a single column has none"}
    complete, reasons = derived.complete(spec, values, absent)
    return FitResult(
        engine=engine,
        case=case,
        kind="lmm",
        criterion=criterion,
        rows=tuple(raw["rows"]),
        groups={factor: tuple(levels) for factor, levels in raw["groups"].items()},
        design=Design(
            tuple(key[0] for key in values["fixef"]),
            np.array([[float(cell) for cell in row] for row in raw["X"]]),
        ),
        values=complete,
        absent=reasons,
        versions=dict(_stored()["versions"]),
    )


def _theta_key(name: str) -> Key:
    """Split lme4's ``Subject.Days.(Intercept)``: group, row and column of the factor."""
    group, row, *column = name.split(".")
    return group, row, column[0] if column else row
