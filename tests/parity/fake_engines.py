"""Engines without a program behind them: linear mixed models solved at a fixed theta by NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from parity import derived
from parity.case import Case, Printed
from parity.dataset import Dataset
from parity.formula import parse
from parity.quantity import QUANTITIES
from parity.result import Design, FitResult
from parity.tolerance import Tolerance, Tolerances

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from parity.case import Published
    from parity.result import Key
    from parity.spec import Criterion, ModelSpec

    Matrix = NDArray[np.float64]

THETA = 0.8


@dataclass(frozen=True)
class Problem:
    """A linear mixed model with one grouping factor, and its parameter.

    Attributes
    ----------
    X, y, Z
        ``(n, p)``, ``(n,)`` and ``(n, q)``: the random effects' columns before grouping.
    groups
        The level of each row, ``(n,)``.
    factor
        The relative covariance factor Lambda of one level, lower triangular, ``(q, q)``.
    """

    spec: ModelSpec
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    X: Matrix
    Z: Matrix
    y: Matrix
    groups: tuple[str, ...]
    rows: tuple[str, ...]
    factor: Matrix


def read_problem(spec: ModelSpec, data: pd.DataFrame, theta: float = THETA) -> Problem:
    """Return the problem that a formula of plain numeric columns states; theta times identity."""

    def matrix(names: tuple[str, ...]) -> Matrix:
        parts = [np.ones(len(data)) if n == "1" else data[n].to_numpy("float64") for n in names]
        return np.column_stack(parts)

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("(Intercept)" if name == "1" else name for name in names)

    (term,) = spec.random
    fixed = tuple(name for name in spec.fixed if name != "0")
    return Problem(
        spec=spec,
        columns=renamed(fixed),
        terms=renamed(term.columns),
        X=matrix(fixed),
        Z=matrix(term.columns),
        y=data[spec.response].to_numpy("float64"),
        groups=tuple(map(str, data[term.group])),
        rows=tuple(str(1 + row) for row in range(len(data))),
        factor=theta * np.eye(len(term.columns)),
    )


def solve(problem: Problem, engine: str, case: str) -> FitResult:
    """Return the complete answer at the problem's theta (Bates et al. 2015, section 2)."""
    group = problem.spec.random[0].group
    levels = tuple(dict.fromkeys(problem.groups))
    n, p = problem.X.shape
    q = len(problem.terms)
    wide = np.zeros((n, len(levels) * q))
    for row, level in enumerate(problem.groups):
        start = levels.index(level) * q
        wide[row, start : start + q] = problem.Z[row]
    spread = np.kron(np.eye(len(levels)), problem.factor @ problem.factor.T)
    V = np.eye(n) + wide @ spread @ wide.T
    inverse = np.linalg.inv(V)
    information = problem.X.T @ inverse @ problem.X
    beta = np.linalg.solve(information, problem.X.T @ inverse @ problem.y)
    rest = problem.y - problem.X @ beta
    reml = problem.spec.criterion == "REML"
    freedom = n - p if reml else n
    sigma2 = float(rest @ inverse @ rest) / freedom
    deviance = freedom * (1 + np.log(2 * np.pi * sigma2)) + np.linalg.slogdet(V)[1]
    if reml:
        deviance += np.linalg.slogdet(information)[1]
    effects = spread @ wide.T @ inverse @ rest
    within = sigma2 * (spread - spread @ wide.T @ inverse @ wide @ spread)
    fitted = problem.X @ beta + wide @ effects
    covariance = sigma2 * np.linalg.inv(information)
    elements: list[Key] = [(group, level, term) for level in levels for term in problem.terms]
    values: dict[str, dict[Key, float]] = {
        "nobs": {(): float(n)},
        "ngroups": {(group,): float(len(levels))},
        "loglik": {(): float(-0.5 * deviance)},
        "fixef": _named([(c,) for c in problem.columns], beta),
        "sigma": {(): float(np.sqrt(sigma2))},
        "vcov_conditional": {
            (one, other): float(covariance[i, j])
            for i, one in enumerate(problem.columns)
            for j, other in enumerate(problem.columns)
        },
        "ranef": _named(elements, effects),
        "ranef_sd": _named(elements, np.sqrt(np.diag(within))),
        "fitted": _named([(row,) for row in problem.rows], fitted),
        "resid": _named([(row,) for row in problem.rows], problem.y - fitted),
        "scaled_resid_quantile": derived.quantiles((problem.y - fitted) / np.sqrt(sigma2)),
        "npar": {(): float(p + q * (q + 1) / 2 + 1)},
        "df_resid": {(): float(n - p - q * (q + 1) / 2 - 1)},
        "converged": {(): 1.0},
        "singular": {(): 0.0},
        **_covariance_parameters(problem, group, sigma2),
    }
    absent = {"vcov_joint": "this engine knows the conditional errors only"}
    if q == 1:
        absent["correlation"] = "a block of one column has no correlations"
    complete_values, complete_absent = derived.complete(problem.spec, values, absent)
    return FitResult(
        engine=engine,
        case=case,
        kind="lmm",
        criterion=problem.spec.criterion,
        rows=problem.rows,
        groups={group: levels},
        design=Design(problem.columns, problem.X),
        values=complete_values,
        absent=complete_absent,
        versions={engine: "1.0"},
    )


def _covariance_parameters(
    problem: Problem, group: str, sigma2: float
) -> dict[str, dict[Key, float]]:
    """Return variances, theta and, for more than one column, correlations of the one block."""
    q = len(problem.terms)
    block = sigma2 * problem.factor @ problem.factor.T
    deviations = np.sqrt(np.diag(block))
    below = [(i, j) for i in range(q) for j in range(i)]
    found: dict[str, dict[Key, float]] = {
        "variance": _named([(group, term) for term in problem.terms], np.diag(block)),
        "theta": {
            (group, problem.terms[i], problem.terms[j]): float(problem.factor[i, j])
            for i, j in [*below, *((i, i) for i in range(q))]
        },
    }
    if below:
        found["correlation"] = {
            (group, problem.terms[j], problem.terms[i]): float(
                block[i, j] / deviations[i] / deviations[j]
            )
            for i, j in below
        }
    return found


def _named(keys: list[Key], numbers: NDArray[Any]) -> dict[Key, float]:
    return {key: float(number) for key, number in zip(keys, numbers, strict=True)}


def as_given(result: FitResult) -> FitResult:
    """Return the answer unchanged."""
    return result


@dataclass
class FakeEngine:
    """An engine of the harness's protocol, with the faults that a test asks for.

    Attributes
    ----------
    change
        Applied to every answer: the planted fault.
    cannot
        Case → why it is unsupported.
    absent
        Why the engine cannot run here, or None.
    fits
        The cases that were fitted, in order.
    """

    name: str
    change: Callable[[FitResult], FitResult] = as_given
    cannot: Mapping[str, str] = field(default_factory=dict)
    absent: str | None = None
    fits: list[str] = field(default_factory=list)

    def missing(self) -> str | None:
        return self.absent

    def unsupported(self, case: Case) -> str | None:
        if case.spec.kind != "lmm":
            return f"{self.name} fits linear mixed models only"
        return self.cannot.get(case.name)

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        self.fits.append(case.name)
        return self.change(solve(read_problem(case.spec, data), self.name, case.name))

    def versions(self) -> Mapping[str, str]:
        return {self.name: "1.0"}


def with_numbers(result: FitResult, quantity: str, numbers: Mapping[Key, float]) -> FitResult:
    """Return the answer with other numbers for one quantity."""
    absent = {name: reason for name, reason in result.absent.items() if name != quantity}
    return replace(result, values={**result.values, quantity: dict(numbers)}, absent=absent)


def with_element(result: FitResult, quantity: str, key: Key, number: float) -> FitResult:
    """Return the answer with another number for one element."""
    return with_numbers(result, quantity, {**result.values[quantity], key: number})


def without(result: FitResult, quantity: str, reason: str) -> FitResult:
    """Return the answer with one quantity declared absent."""
    values = {name: numbers for name, numbers in result.values.items() if name != quantity}
    return replace(result, values=values, absent={**result.absent, quantity: reason})


def printed(quantity: str, figure: str, key: Key = ()) -> Published:
    """Return one published figure."""
    return {quantity: {key: Printed.read(figure)}}


def uniform(limit: float = 1e-6, **limits: float) -> Tolerances:
    """Return a table with one limit for all quantities but those named; 0 for the exact ones."""
    rules = [
        Tolerance(name, limits.get(name, 0.0 if entry.unit == "exact" else limit), "for tests")
        for name, entry in QUANTITIES.items()
    ]
    return Tolerances(tuple(rules))


def make_case(
    formula: str = "y ~ x + (1 | g)",
    *,
    name: str = "small",
    criterion: Criterion = "REML",
    file: Path | None = None,
) -> Case:
    """Return a case on the CSV file, or on no data at all."""
    where = file or Path("nowhere.csv")
    data = Dataset(name="toy", file=where, sha256=None, factors=("g",))
    return Case(name, data, parse(formula, criterion=criterion))


def write_toy(folder: Path) -> Path:
    """Write 24 rows in 6 groups as toy.csv and return the file; the same rows every time."""
    random = np.random.default_rng(1)
    lines = ["y,x,z,g"]
    for group in range(6):
        level = random.normal()
        for _ in range(4):
            x, z = random.normal(), random.normal()
            lines.append(f"{1 + x + level + random.normal() / 2!r},{x!r},{z!r},g{group}")
    file = folder / "toy.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def write_tolerances(file: Path, table: Tolerances) -> Path:
    """Write a table of tolerances as TOML and return the file."""
    entries = [
        f'[[tolerance]]\nquantity = "{rule.quantity}"\nlimit = {rule.limit!r}\n'
        f'why = "{rule.why}"\ncandidate = "{rule.candidate}"\ncase = "{rule.case}"\n'
        for rule in table.rules
    ]
    file.write_text("\n".join(entries), encoding="utf-8")
    return file
