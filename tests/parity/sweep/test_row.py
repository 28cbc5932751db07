"""A row: complete, or empty with a reason."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from parity.simulation import Covariate, Design, Factor, Term
from parity.sweep import parquet
from parity.sweep.row import Outcome, as_record, ask, lost

DESIGN = Design(
    rows=100,
    factors=(Factor("g", 6), Factor("h", 3, nested_in="g")),
    terms=(Term("g", ("1", "x"), (1.0, 0.5), 0.3), Term("h", sds=(0.0,))),
    fixed=(Covariate("x", (2.0,)),),
    seed=2**63 - 1,
)
QUESTION = ask(DESIGN, 7)
FITTED = Outcome(
    engine="one", reference=False, status="FITTED", conditions="", verdict="AGREE", green=True,
    layer="", finding="", message="", worst="sigma", digits=8.0, deviance=10.0, above=0.0,
    decrement=0.0, singular=False, converged=True, seconds=0.5, versions="one 1.0",
)  # fmt: skip


def test_the_question_tells_levels_in_all_and_variances_over_sigma_squared() -> None:
    assert QUESTION.factors == ("g", "h:g")
    assert QUESTION.levels == (6, 18)
    assert QUESTION.terms == ("(1 + x | g)", "(1 | h:g)")
    assert QUESTION.variance_ratios == (1.0, 0.25, 0.0)
    assert (QUESTION.smallest_ratio, QUESTION.effects) == (0.0, (2.0,))


def test_the_question_tells_each_of_the_designs_scales_under_its_own_name() -> None:
    question = ask(replace(DESIGN, intercept=-3.0, sigma=2.0, balance=0.25, criterion="ML"), 8)
    assert (question.model, question.seed, question.rows) == (8, 2**63 - 1, 100)
    assert (question.intercept, question.sigma, question.balance) == (-3.0, 2.0, 0.25)
    assert (question.family, question.link, question.criterion) == ("gaussian", "identity", "ML")
    # the terms' SDs are over sigma as they are given
    assert question.variance_ratios == (1.0, 0.25, 0.0)
    assert question.correlations == (0.3, 0.0)
    assert question.formula == "y ~ 1 + x + (1 + x | g) + (1 | h:g)"
    binomial = replace(DESIGN, family="binomial", link="probit", trials=5)
    question = ask(binomial, 8)
    assert (question.family, question.link, question.trials) == ("binomial", "probit", 5)
    assert question.fixed == ("x",)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["digits", "deviance", "above", "decrement", "seconds"])
def test_a_number_that_is_not_finite_is_refused(name: str, number: float) -> None:
    with pytest.raises(ValueError, match=rf"{name} is (nan|inf); a number is finite or absent"):
        replace(FITTED, **{name: number})  # type: ignore[arg-type] # these are the numbers


def test_an_empty_column_needs_a_reason_and_a_reason_an_empty_column() -> None:
    with pytest.raises(ValueError, match="above is empty, and reasons are given for nothing"):
        replace(FITTED, above=None)
    with pytest.raises(ValueError, match="nothing is empty, and reasons are given for above"):
        replace(FITTED, reasons={"above": "no fit"})
    with pytest.raises(ValueError, match="above is empty"):
        replace(FITTED, above=None, reasons={"above": ""})


def test_columns_of_one_reason_are_told_together() -> None:
    reasons = {"above": "no criterion", "decrement": "no criterion", "converged": "no flag"}
    bare = replace(FITTED, above=None, decrement=None, converged=None, reasons=reasons)
    told = as_record((QUESTION, bare))["reason"]
    assert told == "above, decrement: no criterion; converged: no flag"


def test_a_lost_fit_has_its_reason_in_every_empty_column() -> None:
    candidate = lost("two", "R died", reference=False, versions={})
    assert (candidate.verdict, candidate.status, candidate.green) == ("FAILED", "FAILED", False)
    reference = lost("one", "R died", reference=True, versions={})
    assert reference.verdict is None
    assert (candidate.reference, reference.reference) == (False, True)


def test_a_row_comes_back_from_parquet_as_it_was() -> None:
    table = parquet.tabulate([(QUESTION, FITTED)])
    (row,) = table.to_pylist()
    expected = as_record((QUESTION, FITTED))
    told = {
        name: list(cell) if isinstance(cell, tuple) else cell for name, cell in expected.items()
    }
    assert row == told


def test_a_column_that_has_no_reason_to_be_empty_is_refused_one() -> None:
    nullable = {column.name for column in parquet.schema() if column.nullable}
    assert nullable == {
        "verdict", "worst", "digits", "deviance", "above", "decrement", "singular", "converged",
        "seconds",
    }  # fmt: skip


def test_pandas_reads_an_empty_number_as_missing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("rows")
    row = (QUESTION, lost("two", "R died", reference=False, versions={}))
    parquet.write(parquet.tabulate([row]), folder / "part-000000.parquet")
    read = pd.read_parquet(folder)
    assert read["deviance"].isna().all()
    assert "deviance" in read["reason"][0]
