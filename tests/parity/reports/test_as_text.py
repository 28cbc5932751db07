"""The text report says what was found to a reader who has never seen one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from parity.reports.as_text import render
from parity.verdict import Verdict
from tests.parity.reports.sample import AGREEING, ALL, GREEN, WORSE, case, finding, pair, report

TEXT = render(ALL)
VERBOSE = render(ALL, verbose=True)


def block(text: str, start: str) -> str:
    """Return the part of a report from a line's beginning to the next blank line."""
    return text[text.index(f"\n{start}") + 1 :].partition("\n\n")[0]


def test_green_report_to_the_letter() -> None:
    expected = Path(__file__).with_name("green.txt").read_text(encoding="utf-8")
    assert render(GREEN) == expected


def test_numbers_that_are_equal_are_said_to_be() -> None:
    same = pair("same", Verdict.AGREE, findings=AGREEING[:1])
    assert "other  AGREE  1 number, equal to the last bit" in render(report(case("same", same)))


def test_no_digit_of_agreement_has_no_sign() -> None:
    apart = finding("converged", (), (1.0, 0.0), error=1.0, unit="exact", digits=-0.0,
                    verdict=Verdict.DIFFER)  # fmt: skip
    text = render(report(case("c", pair("c", Verdict.DIFFER, findings=(apart,), layer="H"))))
    assert "-0.0" not in text


def test_headline_is_first() -> None:
    assert TEXT.splitlines()[0] == ALL.headline


@pytest.mark.parametrize("width", [100, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    long = finding("ranef", ("g" * 60, "level", "x"), (1.0, 2.0), error=1.0, unit="sd",
                   verdict=Verdict.DIFFER)  # fmt: skip
    wide = report(*ALL.cases, case("w", pair("w", Verdict.DIFFER, findings=(long,), layer="F")))
    assert max(map(len, render(wide, width=width).splitlines())) <= width


def test_known_pair_shows_one_row_a_layer_with_its_reason() -> None:
    part = block(TEXT, "drifted")
    assert "other  KNOWN  4 of 4 numbers off, worst deviance 6842.767 | 6842.779, +0.012" in part
    assert "other: first layer that diverges: C the optimum; --verbose shows 2 more" in part
    row = next(line for line in part.splitlines() if line.startswith("    deviance"))
    assert row.split() == [
        "deviance", "6842.767", "6842.779", "+0.012", "deviance", "0.0001", "5.7", "KNOWN",
    ]  # fmt: skip
    assert "known as stops-short, explained at the end" in part


def test_red_pair_shows_every_quantity_and_a_missing_element() -> None:
    part = block(TEXT, "drifted")
    assert "2 of 2 numbers off, worst loglik -100 | -100.5, +1 deviance beyond 0.0001, 2.3" in part
    assert "fixef[x|y]          1          -  missing  se" in part
    assert "reason for loglik: ten times what optimisers leave" in part


def test_first_condition_in_short_all_when_asked_and_no_escape_reaches_the_terminal() -> None:
    assert r"other said (1 more): ConvergenceWarning: no convergence \x1b[31m" in TEXT
    assert "other said: a second" in VERBOSE
    assert "\x1b" not in TEXT + VERBOSE


def test_unsupported_and_failed_in_one_line() -> None:
    assert block(TEXT, "cannot").splitlines()[1:] == ["  other  UNSUPPORTED  no crossed effects"]
    assert "other  FAILED  other failed: ValueError: singular" in block(TEXT, "broken")


def test_candidates_without_numbers_share_a_sentence() -> None:
    both = [
        pair("c", Verdict.UNSUPPORTED, candidate=name, message=f"{name}: too large")
        for name in ("one", "two")
    ]
    assert "  one, two  UNSUPPORTED  too large\n" in render(report(case("c", *both)))


def test_cases_that_did_not_run_share_their_reason() -> None:
    assert "  absent, away: jsp2.csv is not here\n" in TEXT
    assert "5 cases ran, 2 did not; 14 numbers compared in 10 pairs; 1.2 s." in TEXT


def test_published_figures_beside_each_engine() -> None:
    part = block(TEXT, "printed")
    assert "Published in a paper of 2024: lme4 AGREE, 2 of 2 figures, other DIFFER, 0 of 2" in part
    table = [line.split() for line in part.splitlines()]
    assert ["lrt_chisq", "8.1175", "8.117494", "✓", "8.109159", "known"] in table
    assert ["lrt_p", "<", "2e-16", "6.41e-19", "✓", "3.00e-16", "✗"] in table
    assert "other lrt_chisq 8.109159 for 8.1175, off by 167 half units" in part


def test_verbose_shows_agreeing_quantities_and_reasons_for_gaps() -> None:
    assert "fixef[Days]" not in block(TEXT, "calm").replace("worst fixef[Days]", "")
    assert "    fixef[Days]  10.4672859  10.467286  3e-05  se" in block(VERBOSE, "calm")
    assert "other gives no aic: undefined under REML" in VERBOSE
    assert "the wrong sign | so it stops <early>" in block(VERBOSE, "drifted")


def test_known_differences_once_each_with_places_and_sizes() -> None:
    end = TEXT[TEXT.index("── Known differences") :]
    assert end.count("stops-short: the optimiser's") == 1
    assert "seen in drifted in other, printed in other (published figures)" in end
    assert "largest: deviance +0.012 (deviance), fixef 0.004 (se), loglik +0.012 (deviance)" in end


def test_worst_of_each_quantity_leaves_declared_differences_out() -> None:
    rows = TEXT[TEXT.index("── Worst") : TEXT.index("── Known")].splitlines()
    table = {line.split()[0]: line.split()[1:] for line in rows[1:] if line}
    assert table["quantity"] == ["unit", "other", "third"]
    assert table["fixef"] == ["se", "6.5", "3e-05", "0.0", "missing"]
    assert table["loglik"] == ["deviance", "-", "2.3", "+1"]
    assert "sd" not in table


def test_answer_names_what_differs() -> None:
    assert TEXT.splitlines()[-1] == (
        "3 of 10 pairs differ: drifted in third WORSE, broken in other FAILED, printed in other "
        "(published figures) DIFFER."
    )


def test_a_vanished_difference_is_said_although_every_number_is_green() -> None:
    gone = "the declared difference x has vanished"
    red = pair("calm", Verdict.DIFFER, findings=AGREEING, message=gone)
    assert gone in render(report(case("calm", red)))
    assert gone in render(report(case("p", replace(red, reference="published"), published_in="x")))


def test_nothing_compared_is_not_green() -> None:
    alone = report(case("cannot", pair("cannot", Verdict.UNSUPPORTED)))
    assert "Nothing was compared: no pair" in render(alone)
    absent = report(case("absent", message="no data"))
    assert "Nothing was compared: no case ran." in render(absent)


def test_reference_conditions_are_shown() -> None:
    dropped = replace(GREEN.cases[0], conditions=("rank deficient so dropping 1 column",))
    assert "lme4 said: rank deficient so dropping 1 column" in render(report(dropped))
    echo = replace(dropped, pairs=(replace(dropped.pairs[0], conditions=dropped.conditions),))
    assert "other said" not in render(report(echo))


def test_a_planted_fault_changes_the_report() -> None:
    red = report(case("calm", pair("calm", Verdict.WORSE, findings=WORSE, layer="C")))
    assert "All green" in render(GREEN)
    assert "All green" not in render(red)
