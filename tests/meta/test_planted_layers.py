"""A fault in each layer of an answer: the criterion names the culprit, and who is right.

Every fault is planted in an answer of the criterion's own at the optimum (or, for the optimum,
away from it), sent through `parity.court` as a real engine's would be.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.answer import answer
from parity.appraisal import Appraisal, Contradiction
from parity.arbiter import settle
from parity.bench import Bench
from parity.casefile import load_suite
from parity.court import Court
from parity.design.statement import state
from parity.finding import Comparison, Finding
from parity.judge import LinearJudge, preside
from parity.known import Known
from parity.panel import Panel
from parity.run import judge
from parity.story import tell
from parity.tolerance import load_tolerances
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from parity.case import Case
    from parity.result import FitResult, Key

    Plant = Callable[[FitResult], FitResult]

CASE = next(case for case in load_suite().cases if case.name == "sleepstudy-slope-reml")
OFF = 1.02
"""Theta of an engine that stopped short, over the optimum's."""


@dataclass
class Criterial:
    """An engine that answers with what the criterion implies, then errs as it is told to."""

    name: str
    plant: Plant = field(default=lambda result: result)
    stretch: float = 1.0

    def missing(self) -> str | None:
        return None

    def unsupported(self, case: Case) -> str | None:  # noqa: ARG002 - the protocol's
        return None

    def versions(self) -> Mapping[str, str]:
        return {self.name: "1"}

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        seat = seated(data)
        statement = seat.statement
        point = seat.criterion.at(self.stretch * seat.optimum.theta)
        result = answer(statement, point, engine=self.name, case=case.name, converged=True)
        return self.plant(result)


_SEAT: list[LinearJudge] = []


def seated(data: pd.DataFrame) -> LinearJudge:
    """Return the judge of the case, seated once."""
    if not _SEAT:
        _SEAT.append(preside(state(CASE.spec, data), ()))
    return _SEAT[0]


def heard(candidate: Criterial, reference: Criterial | None = None) -> tuple[Comparison, str]:
    """Return the comparison after the criterion's word, and the story that is told of it."""
    engines = (reference or Criterial("lme4"), candidate)
    court = Court(Bench(Panel(engines[0], (engines[1],))), load_tolerances())
    answers = tuple(court.bench.answer(CASE, engine) for engine in engines)
    (pair,) = judge(answers, load_tolerances(), ())
    comparison = court.hear(CASE, pair, engines)
    words = [court.appraise(CASE, engine) for engine in engines]
    return comparison, tell(comparison, (answers[0], words[0]), (answers[1], words[1]))


def moved(quantity: str, *, by: float = 0.0, times: float = 1.0) -> Plant:
    def plant(result: FitResult) -> FitResult:
        numbers = {key: times * n + by for key, n in result.values[quantity].items()}
        return replace(result, values={**result.values, quantity: numbers})

    return plant


def dropped_row(result: FitResult) -> FitResult:
    design = replace(result.design, matrix=result.design.matrix[1:])  # type: ignore[type-var,union-attr] # it has one
    values: dict[str, Mapping[Key, float]] = {**result.values, "nobs": {(): 179.0}}
    for name in ("fitted", "resid"):
        values[name] = {k: v for k, v in result.values[name].items() if k != ("1",)}
    return replace(result, rows=result.rows[1:], design=design, values=values)


def shuffled(quantity: str) -> Plant:
    def plant(result: FitResult) -> FitResult:
        numbers = list(result.values[quantity].values())
        named = dict(zip(result.values[quantity], np.roll(numbers, 2).tolist(), strict=True))
        return replace(result, values={**result.values, quantity: named})

    return plant


def unconstant(result: FitResult) -> FitResult:
    constant = 178 * float(np.log(2 * np.pi))
    lower = moved("deviance", by=-constant)(result)
    return moved("loglik", by=constant / 2)(lower)


LAYERS = [
    ("A", "a row dropped", dropped_row, "another set of rows"),
    ("B", "a likelihood without its constant", unconstant, "(algebra at fixed theta)"),
    ("D", "a fixed effect off", moved("fixef", by=0.1), "its own parameters imply 10.467286"),
    ("D", "a variance for an SD", moved("sd", times=24.0), "its own parameters imply"),
    (
        "E",
        "ML's standard errors",
        moved("se_conditional", times=(178 / 180) ** 0.5),
        "(standard errors)",
    ),
    ("F", "predictions shuffled", shuffled("ranef"), "(predictions)"),
    ("F", "population fitted values", moved("fitted", by=2.0), "(predictions)"),
    ("G", "an AIC of one parameter more", moved("aic", by=2.0), "imply 1755.628"),
    ("H", "a singular fit", moved("singular", by=1.0), "(status)"),
]


@pytest.mark.parametrize(
    ("layer", "plant", "words"),
    [
        pytest.param(layer, plant, words, id=f"{layer} {name}")
        for layer, name, plant, words in LAYERS
    ],
)
def test_the_culprit_is_named(layer: str, plant: Plant, words: str) -> None:
    comparison, story = heard(Criterial("own", plant))
    verdict = Verdict.INCOMPARABLE if layer == "A" else Verdict.DIFFER
    assert (comparison.layer, comparison.verdict) == (layer, verdict)
    assert words in story
    assert words in (comparison.diagnosis if layer != "A" else comparison.message)


def test_an_optimum_not_reached_is_worse() -> None:
    comparison, story = heard(Criterial("own", stretch=OFF))
    assert (comparison.layer, comparison.verdict) == ("C", Verdict.WORSE)
    assert comparison.message.startswith("own stopped 0.0")
    assert "lme4 is at the optimum" in comparison.message
    assert "they follow from its parameters" in story


def test_an_optimum_that_the_reference_did_not_reach_is_better() -> None:
    comparison, _ = heard(Criterial("own"), Criterial("lme4", stretch=OFF))
    assert (comparison.layer, comparison.verdict) == ("C", Verdict.BETTER)
    assert comparison.verdict.green
    assert comparison.message.startswith("lme4 stopped 0.0")
    assert {f.verdict for f in comparison.findings} <= {Verdict.AGREE, Verdict.BETTER}


def test_a_claimed_deviance_is_not_believed() -> None:
    """A candidate that reports less deviance than the model has is not better, but wrong."""
    claims = moved("deviance", by=-0.5)
    comparison, _ = heard(Criterial("own", lambda result: moved("loglik", by=0.25)(claims(result))))
    assert (comparison.layer, comparison.verdict) == ("B", Verdict.DIFFER)


def test_a_better_optimum_excuses_no_fault() -> None:
    comparison, _ = heard(
        Criterial("own", moved("se_conditional", times=1.1)), Criterial("lme4", stretch=OFF)
    )
    assert (comparison.layer, comparison.verdict) == ("E", Verdict.DIFFER)
    verdicts = {f.quantity: f.verdict for f in comparison.findings}
    assert verdicts["se_conditional"] is Verdict.DIFFER
    assert verdicts["deviance"] is Verdict.BETTER


def test_the_references_own_fault_is_not_the_candidates() -> None:
    comparison, _ = heard(Criterial("own"), Criterial("lme4", moved("ranef_sd", times=1.1)))
    assert comparison.verdict is Verdict.BETTER
    assert "lme4" in comparison.diagnosis
    assert "ranef_sd" in comparison.diagnosis


@pytest.mark.parametrize(("said", "verdict"), [(0.0, Verdict.DIFFER), (1.0, Verdict.AGREE)])
def test_a_flag_is_held_against_the_criterion(said: float, verdict: Verdict) -> None:
    comparison, _ = heard(Criterial("own", moved("converged", times=said)))
    assert comparison.verdict is verdict


def test_who_says_that_it_stopped_short_is_short_and_says_the_truth() -> None:
    comparison, _ = heard(Criterial("own", moved("converged", times=0.0), stretch=1.3))
    (flag,) = (f for f in comparison.findings if f.quantity == "converged")
    assert flag.verdict is Verdict.WORSE
    assert flag.why.startswith("follows from the optimum: own stopped")


def test_the_newton_decrement_is_the_deviance_to_be_gained() -> None:
    data = CASE.dataset.load()
    word = seated(data).appraise(Criterial("own", stretch=1.001).fit(CASE, data))
    assert word.above > 1e-7
    assert word.decrement == pytest.approx(word.above, rel=0.02)


def test_an_answer_without_theta_cannot_be_judged() -> None:
    def plant(result: FitResult) -> FitResult:
        values = {k: v for k, v in result.values.items() if k != "theta"}
        bare = replace(result, values=values, absent={**result.absent, "theta": "a secret"})
        return moved("sigma", times=1.1)(bare)

    comparison, story = heard(Criterial("own", plant))
    assert comparison.verdict is Verdict.DIFFER
    assert "own could not be judged: it gives no theta: a secret" in comparison.diagnosis
    assert "not judged" in story


# --- what an adversary found ----------------------------------------------------------------------


def test_a_lie_that_the_reference_has_no_number_for_is_red() -> None:
    """lme4 gives no joint standard errors of a linear model: nobody compares them."""

    def mute(result: FitResult) -> FitResult:
        names = ("se_joint", "vcov_joint", "corr_joint")
        values = {k: v for k, v in result.values.items() if k not in names}
        return replace(
            result, values=values, absent={**result.absent, **dict.fromkeys(names, "no")}
        )

    comparison, _ = heard(Criterial("own", moved("se_joint", times=9.0)), Criterial("lme4", mute))
    assert (comparison.layer, comparison.verdict) == ("E", Verdict.DIFFER)
    assert comparison.message.startswith("own: its se_joint[")
    honest, _ = heard(Criterial("own"), Criterial("lme4", mute))
    assert honest.verdict is Verdict.AGREE


def test_a_candidate_that_is_a_little_less_short_is_not_better() -> None:
    comparison, _ = heard(Criterial("own", stretch=1.29), Criterial("lme4", stretch=1.3))
    assert comparison.verdict is Verdict.WORSE
    assert comparison.message.count("stopped") == 2


def test_two_that_are_short_alike_agree_and_it_is_said() -> None:
    comparison, _ = heard(Criterial("own", stretch=1.3), Criterial("lme4", stretch=1.3))
    assert comparison.verdict is Verdict.AGREE
    assert comparison.diagnosis.count("stopped") == 2


def test_rounding_is_no_contradiction_that_a_difference_hangs_on() -> None:
    """A number off by 3e-8 of its unit does not explain a difference of thousandths."""
    comparison, _ = heard(
        Criterial("own", moved("deviance", by=3e-8)), Criterial("lme4", stretch=OFF)
    )
    assert comparison.verdict is Verdict.BETTER


def test_a_misreported_theta_is_an_estimate_that_is_wrong() -> None:
    comparison, _ = heard(Criterial("own", moved("theta", times=1.2)))
    assert (comparison.layer, comparison.verdict) == ("D", Verdict.DIFFER)
    assert "theta[" in comparison.diagnosis


@pytest.mark.parametrize("flag", [1.5, -1.0])
def test_a_flag_is_0_or_1(flag: float) -> None:
    def plant(result: FitResult) -> FitResult:
        values: dict[str, Mapping[Key, float]] = {**result.values, "converged": {(): flag}}
        return replace(result, values=values)

    comparison, _ = heard(Criterial("own", plant), Criterial("lme4", moved("converged", times=0.0)))
    assert comparison.verdict is Verdict.DIFFER


def test_a_quantity_that_the_criterion_does_not_imply_is_not_excused() -> None:
    """At the boundary there is no joint standard error; one that is given is nobody's."""
    case = next(case for case in load_suite().cases if case.name == "dyestuff2-ml")
    data = case.dataset.load()
    seat = preside(state(case.spec, data), ())

    def answered(name: str, theta: float, plant: Plant) -> FitResult:
        point = seat.criterion.at(np.array([theta]))
        result = answer(seat.statement, point, engine=name, case=case.name, converged=True)
        return plant(result)

    def invented(number: float) -> Plant:
        def plant(result: FitResult) -> FitResult:
            absent = {k: v for k, v in result.absent.items() if k != "se_joint"}
            values: dict[str, Mapping[Key, float]] = {**result.values}
            values["se_joint"] = {("(Intercept)",): number}
            return replace(result, values=values, absent=absent)

        return plant

    one, other = answered("lme4", 0.3, invented(1.0)), answered("own", 0.0, invented(99.0))
    (pair,) = judge((one, other), load_tolerances(), ())
    found = settle(pair, seat.appraise(one), seat.appraise(other), lambda _: 1e-4)
    assert found.verdict is Verdict.DIFFER
    assert {f.quantity for f in found.findings if f.verdict is Verdict.DIFFER} == {"se_joint"}


def test_a_vanished_difference_is_not_forgiven_for_a_better_optimum() -> None:
    known = Known("old", "own", CASE.name, {"ngroups": 1.0}, "gone", "here", "nowhere")
    engines = (Criterial("lme4", stretch=OFF), Criterial("own"))
    court = Court(Bench(Panel(engines[0], (engines[1],))), load_tolerances())
    answers = tuple(court.bench.answer(CASE, engine) for engine in engines)
    (pair,) = judge(answers, load_tolerances(), (known,))
    found = court.hear(CASE, pair, engines)
    assert found.verdict is Verdict.DIFFER
    assert "the declared difference old has vanished" in found.message


def test_a_declared_difference_that_has_grown_is_not_excused_by_a_better_optimum() -> None:
    engines = (Criterial("lme4", stretch=1.3), Criterial("own"))
    court = Court(Bench(Panel(engines[0], (engines[1],))), load_tolerances())
    answers = tuple(court.bench.answer(CASE, engine) for engine in engines)
    known = Known("old", "own", CASE.name, {"sigma": 1e-6}, "small once", "here", "nowhere")
    (pair,) = judge(answers, load_tolerances(), (known,))
    found = court.hear(CASE, pair, engines)
    assert found.verdict is Verdict.DIFFER
    assert {f.quantity for f in found.findings if f.verdict is Verdict.DIFFER} == {"sigma"}


def placed(engine: str, above: float) -> Appraisal:
    return Appraisal(
        engine, CASE.name, deviance=100.0 + above, optimum=100.0, judged=frozenset({"sigma"})
    )


@pytest.mark.parametrize(
    ("reference", "candidate", "verdict"),
    [
        (1e-5, 0.0, Verdict.BETTER),
        (1e-5, 4e-6, Verdict.BETTER),
        (1e-5, 9e-6, Verdict.WORSE),  # on either side of a flat optimum, equally short
        (0.0, 1e-5, Verdict.WORSE),
        (1.0, 2e-3, Verdict.WORSE),  # nearer, and still short
        (0.0, 1e-9, Verdict.DIFFER),  # both are there: the optimum explains nothing
    ],
)
def test_whose_parameters_are_nearer_decides(
    reference: float, candidate: float, verdict: Verdict
) -> None:
    finding = Finding("sigma", (), 1.0, 1.1, 0.1, "relative", 1e-3, 1.0, Verdict.DIFFER, "a band")
    pair = Comparison(CASE.name, "lme4", "own", Verdict.DIFFER, "D", "sigma differs", (finding,))
    words = placed("lme4", reference), placed("own", candidate)
    found = settle(pair, *words, lambda _: 1e-3)
    assert (found.verdict, found.findings[0].verdict) == (verdict, verdict)
    assert found.layer == ("D" if verdict is Verdict.DIFFER else "C")


@pytest.mark.parametrize(
    ("above", "contradiction", "verdict"),
    [
        (0.0, 2e-4, Verdict.BETTER),  # at the optimum: whatever differs is the reference's
        (1e-6, 0.1, Verdict.BETTER),  # short, but the contradiction is the whole difference
        (1e-6, 2e-4, Verdict.WORSE),  # short, and the contradiction a five hundredth of it
    ],
)
def test_a_contradiction_of_the_references_excuses_no_more_than_its_size(
    above: float, contradiction: float, verdict: Verdict
) -> None:
    finding = Finding("sigma", (), 1.0, 1.1, 0.1, "relative", 1e-3, 1.0, Verdict.DIFFER, "a band")
    pair = Comparison(CASE.name, "lme4", "own", Verdict.DIFFER, "D", "sigma differs", (finding,))
    found = Contradiction("sigma", (), 1.0, 1.0 + contradiction, contradiction)
    reference = replace(placed("lme4", 0.0), contradictions=(found,))
    told = settle(pair, reference, placed("own", above), lambda _: 1e-3)
    assert (told.verdict, told.findings[0].verdict) == (verdict, verdict)


@pytest.mark.parametrize(
    ("contradiction", "error", "verdict"),
    [
        (5e-4, 0.1, Verdict.BETTER),  # within the tolerance, and a two hundredth of the difference
        (5e-4, 1.2e-3, Verdict.DIFFER),  # within it, and the difference without it were none
        (2e-3, 0.1, Verdict.DIFFER),  # beyond it: a lie, whoever is at the optimum
    ],
)
def test_a_contradiction_of_the_candidates_that_agrees_takes_no_better_optimum_away(
    contradiction: float, error: float, verdict: Verdict
) -> None:
    finding = Finding(
        "sigma", (), 1.0, 1.0 + error, error, "relative", 1e-3, 1.0, Verdict.DIFFER, "a band"
    )
    pair = Comparison(CASE.name, "lme4", "own", Verdict.DIFFER, "D", "sigma differs", (finding,))
    found = Contradiction("sigma", (), 1.0, 1.0 + contradiction, contradiction)
    candidate = replace(placed("own", 0.0), contradictions=(found,))
    told = settle(pair, placed("lme4", 1.0), candidate, lambda _: 1e-3)
    assert told.findings[0].verdict is verdict


@pytest.mark.parametrize(("above", "layer"), [(1.0, "C"), (0.0, "D")])
def test_a_known_difference_lies_where_an_answer_went_wrong_first(above: float, layer: str) -> None:
    finding = Finding("sigma", (), 1.0, 1.1, 0.1, "relative", 1e-3, 1.0, Verdict.KNOWN, "a band")
    pair = Comparison(CASE.name, "lme4", "own", Verdict.KNOWN, "D", "sigma differs", (finding,))
    found = settle(pair, placed("lme4", above), placed("own", 0.0), lambda _: 1e-3)
    assert (found.verdict, found.layer) == (Verdict.KNOWN, layer)


@pytest.mark.parametrize(
    ("reference", "candidate", "off"),
    [
        (2.0, 3.0, {"lme4": "33 %", "own": "50 %"}),
        (4.0, 1.0, {"lme4": "a factor of 4", "own": "75 %"}),
    ],
)
@pytest.mark.parametrize("short", ["lme4", "own"])
def test_who_stopped_short_is_measured_by_the_other(
    reference: float, candidate: float, off: dict[str, str], short: str
) -> None:
    finding = Finding(
        "variance", ("g", "(Intercept)"), reference, candidate, 1.0, "relative", 1e-3, 1.0,
        Verdict.DIFFER, "a band",
    )  # fmt: skip
    pair = Comparison(CASE.name, "lme4", "own", Verdict.DIFFER, "D", "differs", (finding,))
    words = tuple(placed(name, 1.0 if name == short else 0.0) for name in ("lme4", "own"))
    told = settle(pair, words[0], words[1], lambda _: 1e-3).diagnosis
    assert told.startswith(f"{short} stopped 1 of deviance short of the optimum")
    assert f"its variance[g, (Intercept)] is {off[short]} off for that reason" in told


def test_an_answer_without_a_deviance_states_it_by_its_likelihood() -> None:
    data = CASE.dataset.load()
    result = Criterial("own").fit(CASE, data)
    without = {name: numbers for name, numbers in result.values.items() if name != "deviance"}
    word = seated(data).appraise(
        replace(result, values=without, absent={**result.absent, "deviance": "not given"})
    )
    assert word.stated == pytest.approx(word.deviance, rel=1e-14)
    assert word.digits > 14
    assert word.contradictions == ()
