"""`parity explain CASE ENGINE`: the story of one fit, and what it refuses."""

from __future__ import annotations

import pytest

from parity.cli import main

RECORDED = "--reference=lme4-recorded"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    printed = capsys.readouterr().out
    assert all(len(line) <= 120 for line in printed.splitlines())
    title, _, text = printed.partition("\n")
    return f"{title}\n{' '.join(text.split())}"


def test_a_fit_that_agrees_is_told_layer_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "sleepstudy-slope-reml", "statsmodels-polished", RECORDED)
    assert text.startswith(
        "sleepstudy-slope-reml: statsmodels-polished against lme4-recorded\nRows and design: "
    )
    order = ("Rows and design: ", "Algebra at fixed theta: ", "The optimum: ", "Estimates: ",
             "Standard errors: ", "Predictions: ", "Inference: ", "Status: ",
             "So the verdict is AGREE")  # fmt: skip
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "its restricted likelihood is the criterion's to 15" in text
    assert "statsmodels-polished is at the optimum of the criterion" in text
    assert "at lme4-recorded's parameters its own likelihood is the criterion's to 15" in text


def test_a_reference_that_stopped_short_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "jsp-slope-reml", "statsmodels-polished", RECORDED)
    assert "lme4-recorded stopped 0.3 of deviance short of the optimum" in text
    assert "the first layer that diverges is C (the optimum)" in text
    assert "Known as lme4-stops-short: " in text


def test_a_generalised_model_is_told_by_its_own_criterion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "cbpp", "certified", RECORDED)
    assert "certified is at the optimum of the criterion" in text
    assert "(glmer's use.hessian = FALSE) and those from the joint Hessian" in text


def test_a_likelihood_ratio_test_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "jsp-slope-lrt", "statsmodels-polished", RECORDED)
    assert "lme4-recorded stopped 0.34 of deviance short of the optimum" in text
    assert "in jsp-slope-ml" in text


def test_an_engine_that_cannot_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "insteval-reml", "statsmodels", RECORDED)
    assert "UNSUPPORTED: statsmodels: MixedLM would need a dense random-effects design" in text


def test_the_reference_is_not_held_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "cbpp", "lme4-recorded", RECORDED]) == 2
    assert "lme4-recorded is the reference" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nonsense", "statsmodels"], 2, "No case is called 'nonsense'"),
        (["cbpp", "julia"], 3, "No engine is called 'julia'"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *arguments, RECORDED]) == code
    assert sentence in capsys.readouterr().err


def test_two_references_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "cbpp", "--oracle", "tight", "--reference", "certified"]) == 2
    assert "Give one of the two." in capsys.readouterr().err
