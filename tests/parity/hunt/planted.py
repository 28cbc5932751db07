"""Engines that are right but for one planted fault: what a hunt is to find, and how small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parity.answer import answer
from parity.design.statement import state
from parity.hunt.trial import Ground
from parity.judge import preside
from parity.panel import Panel
from tests.parity.fake_engines import uniform, with_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult
    from parity.spec import ModelSpec

_FITTED: dict[tuple[ModelSpec, str], FitResult] = {}
Fault = Callable[["FitResult", "Case", "pd.DataFrame"], "FitResult"]
TABLE = uniform(1e-6)


def none(result: FitResult, _: Case, __: pd.DataFrame) -> FitResult:
    return result


@dataclass
class Planted:
    """The criterion's own optimum as an engine, with a fault."""

    name: str
    fault: Fault = none
    on_request = False

    def missing(self) -> str | None:
        return None

    def unsupported(self, case: Case) -> str | None:
        return None if case.spec.kind == "lmm" else f"{self.name} fits linear mixed models only"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        return self.fault(
            replace(best(case.spec, data), engine=self.name, case=case.name), case, data
        )

    def versions(self) -> Mapping[str, str]:
        return {self.name: "1.0"}


def best(spec: ModelSpec, data: pd.DataFrame) -> FitResult:
    """Return the answer at the optimum, computed once for each model and data."""
    key = (spec, data.to_csv())
    if key not in _FITTED:
        statement = state(spec, data)
        seat = preside(statement, ())
        point = seat.criterion.at(seat.optimum.theta)
        _FITTED[key] = answer(statement, point, engine="none", case="prey", converged=True)
    return _FITTED[key]


def sizes(data: pd.DataFrame) -> list[int]:
    """Return the rows of each level of the first grouping factor."""
    first = next(name for name in sorted(data.columns) if name.startswith("g"))
    return [int(count) for count in data[first].value_counts()]


def wrong_on_single_rows(result: FitResult, _: Case, data: pd.DataFrame) -> FitResult:
    """Give fixed effects that are off where a level has one row."""
    return _shifted(result, "fixef", 1.0) if 1 in sizes(data) else result


def wrong_errors_of_slopes(result: FitResult, case: Case, _: pd.DataFrame) -> FitResult:
    """Give standard errors that are off where a slope varies."""
    sloped = any(term.columns != ("1",) for term in case.spec.random)
    return _shifted(result, "vcov_conditional", 0.5) if sloped else result


def raises_on_many_levels(result: FitResult, _: Case, data: pd.DataFrame) -> FitResult:
    """Raise where a factor has more than 3 levels."""
    if len(sizes(data)) > 3:
        raise ZeroDivisionError(f"{len(sizes(data))} levels of 'g1' are too many")
    return result


def short(result: FitResult, case: Case, data: pd.DataFrame) -> FitResult:
    """Stop beside the optimum."""
    statement = state(case.spec, data)
    seat = preside(statement, ())
    point = seat.criterion.at(1.5 * seat.optimum.theta + 0.25)
    return answer(statement, point, engine=result.engine, case=case.name, converged=True)


def _shifted(result: FitResult, quantity: str, share: float) -> FitResult:
    off = {key: number * (1 + share) + share for key, number in result.values[quantity].items()}
    return with_numbers(result, quantity, off)


def ground(*candidates: Planted, reference: Planted | None = None) -> Ground:
    """Return the engines, held against the criterion's optimum."""
    return Ground(Panel(reference or Planted("right"), candidates), TABLE)
