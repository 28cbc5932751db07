"""What differs goes before the criterion: who is heard, and what is said of what cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.appraisal import Appraisal
from parity.bench import Bench
from parity.case import NestedPair
from parity.compare import compare
from parity.court import Court
from parity.design.statement import state
from parity.judge import preside
from parity.lrt import likelihood_ratio
from parity.panel import Panel
from parity.ratio import settle_ratio
from parity.verdict import Verdict
from tests.parity.fake_engines import FakeEngine, make_case, uniform, with_element, write_toy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult, Key

TABLE = uniform()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return make_case(criterion="ML", file=write_toy(tmp_path))


def off(result: FitResult) -> FitResult:
    return with_element(result, "sigma", (), 9.0)


@dataclass
class Evaluating(FakeEngine):
    """An engine that can be asked at another's theta."""

    error: float = 0.0

    def loglik_at(self, case: Case, data: pd.DataFrame, theta: Mapping[Key, float]) -> float:
        if np.isnan(self.error):
            raise ZeroDivisionError("no such place")
        statement = state(case.spec, data)
        seat = preside(statement, ())
        vector = np.array([theta[key] for key in statement.theta_keys])
        return -0.5 * seat.criterion.deviance(vector) + self.error


def heard(case: Case, *engines: FakeEngine) -> tuple[Court, str]:
    court = Court(Bench(Panel(engines[0], engines[1:])), TABLE)
    one, other = (court.bench.answer(case, engine) for engine in engines)
    comparison = court.hear(case, compare(one, other, TABLE), (engines[0], engines[1]))
    return court, comparison.diagnosis


def test_two_that_agree_may_be_short_of_the_optimum_together(case: Case) -> None:
    _, diagnosis = heard(case, FakeEngine("lme4"), FakeEngine("own"))
    assert diagnosis.startswith("own stopped 0.14 of deviance short of the optimum")
    assert "lme4 stopped 0.14 of deviance short" in diagnosis


def test_a_number_that_contradicts_its_parameters_is_named(case: Case) -> None:
    _, diagnosis = heard(case, FakeEngine("lme4"), FakeEngine("own", off))
    assert "own stopped" in diagnosis
    assert "its sigma is 9, and its own parameters imply" in diagnosis


@pytest.mark.parametrize(("error", "digits"), [(0.0, 15.0), (0.01, 2.0)])
def test_an_engine_is_asked_at_the_others_parameters(
    case: Case, error: float, digits: float
) -> None:
    court, _ = heard(case, FakeEngine("lme4"), Evaluating("own", off, error=error))
    word = court.cross_examine(case, court.bench.panel.candidates[0], court.bench.panel.reference)
    found = word.evaluated["lme4"]
    assert isinstance(found, float)
    assert digits <= found < digits + 3
    assert word.elsewhere[0].startswith("at lme4's parameters its own likelihood is the criterion")


def test_an_engine_that_fails_there_says_so(case: Case) -> None:
    court, _ = heard(case, FakeEngine("lme4"), Evaluating("own", off, error=float("nan")))
    word = court.cross_examine(case, court.bench.panel.candidates[0], court.bench.panel.reference)
    (said,) = word.elsewhere
    assert said == (
        "at lme4's parameters its own likelihood cannot be asked (ZeroDivisionError: no such place)"
    )


def test_what_an_engine_says_there_is_told(case: Case) -> None:
    _, diagnosis = heard(case, FakeEngine("lme4"), Evaluating("own", off))
    assert "at lme4's parameters its own likelihood is the criterion's to 15" in diagnosis


@pytest.mark.parametrize("declared", ["", "a posterior under priors"])
def test_only_who_declares_it_may_answer_another_question(case: Case, declared: str) -> None:
    @dataclass
    class Other(FakeEngine):
        incomparable: str = declared

    engines = FakeEngine("lme4"), Other("own")
    court = Court(Bench(Panel(engines[0], engines[1:])), TABLE)
    one, other = (court.bench.answer(case, engine) for engine in engines)
    elsewhere = replace(other, criterion="REML")
    found = court.hear(case, compare(one, elsewhere, TABLE), engines)
    assert found.verdict is Verdict.INCOMPARABLE
    assert found.green is bool(declared)


def test_a_case_that_cannot_be_stated_has_no_judge(case: Case) -> None:
    odd = replace(case, spec=replace(case.spec, fixed=("1", "mystery(x)")))
    court = Court(Bench(Panel(FakeEngine("lme4"), (FakeEngine("own", off),))), TABLE)
    assert court.judge_of(odd) == "the function mystery() has no equal here"


def test_a_linear_model_has_no_judge(case: Case) -> None:
    plain = replace(case, spec=replace(case.spec, random=()))
    court = Court(Bench(Panel(FakeEngine("lme4"), (FakeEngine("own", off),))), TABLE)
    assert court.judge_of(plain) == "a linear model has no theta"


# --- likelihood-ratio tests -----------------------------------------------------------------------


def words(engine: str, *above: float) -> tuple[Appraisal, Appraisal]:
    small, large = (
        Appraisal(
            engine, name, deviance=100.0 + gap, optimum=100.0, decrement=gap, stated=100.0 + gap
        )
        for name, gap in zip(("small", "large"), above, strict=True)
    )
    return small, large


def ratios(case: Case, shift: float) -> tuple[FitResult, FitResult]:
    """Return lme4's test and one whose large model has a deviance higher by a shift."""
    large = replace(make_case("y ~ x + z + (1 | g)", name="large", criterion="ML"),
                    dataset=case.dataset)  # fmt: skip
    pair = NestedPair("z", case, large)
    fits = {}
    for name in ("lme4", "own"):
        engine = FakeEngine(name)
        one, other = (engine.fit(c, c.dataset.load()) for c in (pair.small, pair.large))
        if name == "own":
            other = with_element(other, "loglik", (), other.values["loglik"][()] - shift / 2)
        fits[name] = likelihood_ratio("z", one, other)
    return fits["lme4"], fits["own"]


def test_a_test_whose_large_model_stopped_short_is_worse(case: Case) -> None:
    comparison = compare(*ratios(case, 0.02), TABLE)
    found = settle_ratio(comparison, words("lme4", 0.0, 0.0), words("own", 0.0, 0.02))
    assert (found.verdict, found.layer) == (Verdict.WORSE, "C")
    assert found.diagnosis == (
        "own stopped 0.02 of deviance short of the optimum (Newton decrement 0.02) in large"
    )


def test_a_test_of_which_the_reference_stopped_short_is_better(case: Case) -> None:
    comparison = compare(*ratios(case, -0.02), TABLE)
    found = settle_ratio(comparison, words("lme4", 0.0, 0.02), words("own", 0.0, 0.0))
    assert found.verdict is Verdict.BETTER
    assert {f.verdict for f in found.findings} == {Verdict.AGREE, Verdict.BETTER}


def test_a_difference_that_the_optima_do_not_explain_stays(case: Case) -> None:
    comparison = compare(*ratios(case, 0.02), TABLE)
    found = settle_ratio(comparison, words("lme4", 0.0, 0.0), words("own", 0.0, 0.01))
    assert found.verdict is Verdict.DIFFER


def test_a_test_of_an_engine_that_cannot_be_judged_stays(case: Case) -> None:
    comparison = compare(*ratios(case, 0.02), TABLE)
    silent = Appraisal("own", "large", silence="it gives no theta")
    found = settle_ratio(comparison, words("lme4", 0.0, 0.0), (silent, silent))
    assert found.verdict is Verdict.DIFFER
    assert found.diagnosis == "own could not be judged: it gives no theta"


@pytest.mark.parametrize(("quantity", "number"), [("lrt_p", 1e-9), ("lrt_df", 7.0)])
def test_a_test_that_contradicts_its_own_statistic_is_not_excused(
    case: Case, quantity: str, number: float
) -> None:
    one, other = ratios(case, -0.02)
    lying = with_element(other, quantity, (), number)
    fits = words("lme4", 0.0, 0.02), words("own", 0.0, 0.0)
    assert settle_ratio(compare(one, lying, TABLE), *fits).verdict is Verdict.DIFFER


def test_a_test_of_which_the_reference_states_another_likelihood_is_better(case: Case) -> None:
    comparison = compare(*ratios(case, -0.02), TABLE)
    small, large = words("lme4", 0.0, 0.0)
    stated = replace(large, stated=large.stated + 0.02)
    found = settle_ratio(comparison, (small, stated), words("own", 0.0, 0.0))
    assert found.verdict is Verdict.BETTER
    assert found.diagnosis == (
        "lme4 states a deviance 0.02 above that of its own parameters in large"
    )


@pytest.mark.parametrize(
    ("reference", "candidate", "verdict"),
    [
        (1e-2, 4e-4, Verdict.BETTER),
        (1e-2, 4e-3, Verdict.WORSE),  # nearer, and still short
        (1e-3, 9e-4, Verdict.WORSE),  # equally short
        (0.0, 9e-4, Verdict.WORSE),
    ],
)
def test_whose_statistic_is_nearer_decides(
    case: Case, reference: float, candidate: float, verdict: Verdict
) -> None:
    # the reference's large model is short, the candidate's small one
    comparison = compare(*ratios(case, -reference - candidate), TABLE)
    fits = words("lme4", 0.0, reference), words("own", candidate, 0.0)
    assert settle_ratio(comparison, *fits).verdict is verdict


def test_a_vanished_difference_of_tests_is_not_forgiven_for_a_better_optimum(case: Case) -> None:
    comparison = replace(compare(*ratios(case, -0.02), TABLE), vanished="the old one has vanished")
    found = settle_ratio(comparison, words("lme4", 0.0, 0.02), words("own", 0.0, 0.0))
    assert (found.verdict, found.message) == (Verdict.DIFFER, "the old one has vanished")


def test_known_differences_of_tests_lie_where_the_fits_went_wrong(case: Case) -> None:
    comparison = compare(*ratios(case, 0.0), TABLE)
    known = replace(comparison, verdict=Verdict.KNOWN, layer="G")
    away, there = words("lme4", 0.0, 0.02), words("own", 0.0, 0.0)
    assert settle_ratio(known, away, there).layer == "C"
    assert settle_ratio(known, there, there).layer == "G"


def test_a_criterion_that_breaks_down_at_an_answer_says_so(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("X'V^-1 X is not positive definite")

    monkeypatch.setattr("parity.judge.answer", break_down)
    _, diagnosis = heard(case, FakeEngine("lme4"), FakeEngine("own", off))
    assert diagnosis == "own could not be judged: X'V^-1 X is not positive definite"
