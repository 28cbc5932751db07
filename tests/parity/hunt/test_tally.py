"""The tally counts fair questions alone, and keeps the smallest prey of each loss."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd

from parity.formula import parse
from parity.hunt.prey import Prey, settle
from parity.hunt.signature import Signature
from parity.hunt.tally import Tally
from parity.hunt.trial import Trial

LOSS = Signature("own", "DIFFER", "E", "se_conditional", "lmm", "ML")
OTHER = replace(LOSS, what="ranef")


def prey(rows: int) -> Prey:
    data = pd.DataFrame({"y": range(rows), "g": pd.Categorical(["a"] * rows)})
    return Prey(parse("y ~ 1 + (1 | g)", criterion="ML"), settle(data), "made")


def lost(rows: int, *, unfair: str = "", signature: Signature = LOSS) -> Trial:
    told = {signature: f"found on {rows} rows"}
    return Trial(prey(rows), unfair=unfair, verdicts={"own": "DIFFER"}, losses=told)


def counted(*trials: Trial) -> Tally:
    tally = Tally()
    for trial in trials:
        tally.count(trial)
    return tally


def test_the_smallest_prey_of_a_loss_is_kept_and_stays_shrunk() -> None:
    tally = counted(lost(5))
    tally.finish(LOSS)
    for rows, smallest in ((7, 5), (3, 3), (4, 3)):
        tally.notice(lost(rows))
        held = tally.captures[LOSS]
        assert len(held.prey.data) == smallest
        assert (held.told, held.shrunk) == (f"found on {smallest} rows", True)


def test_of_two_of_one_size_the_first_is_kept() -> None:
    first, second = lost(5), lost(5)
    tally = counted(first, second)
    assert tally.captures[LOSS].prey is first.prey
    assert not tally.captures[LOSS].shrunk


def test_what_is_no_fair_question_is_counted_apart_and_never_kept() -> None:
    refused = Trial(prey(4), refused="no column '...'")
    tally = counted(lost(5), lost(4, unfair="odd"), lost(3, unfair="odd"), refused)
    tally.notice(lost(2, unfair="odd"))
    assert len(tally.captures[LOSS].prey.data) == 5
    assert (tally.models, tally.fair) == (4, 1)
    assert (tally.losses, tally.unfair_losses) == ({LOSS: 1}, {LOSS: 2})
    assert (tally.refused, tally.unfair) == ({"no column '...'": 1}, {"odd": 2})
    assert tally.verdicts == {("own", "DIFFER"): 1}


def test_the_file_tells_each_count_under_its_own_name() -> None:
    trials = (lost(5), lost(6), lost(4, unfair="odd"), lost(8, signature=OTHER))
    tally = counted(*trials, Trial(prey(9), verdicts={"own": "AGREE"}))
    tally.trials = 17
    tally.finish(OTHER)
    told: dict[str, Any] = json.loads(tally.to_json(seed=3))
    assert next(iter(told)) == "seed"
    assert (told["models"], told["fair"], told["trials_to_shrink"]) == (5, 4, 17)
    assert told["verdicts"] == {"own": {"AGREE": 1, "DIFFER": 3}}
    assert told["unfair_losses"] == {str(LOSS): 1}
    ranef, errors = told["losses"]
    assert (ranef["what"], ranef["models"], ranef["shrunk"]) == ("ranef", 1, True)
    assert (errors["what"], errors["models"], errors["shrunk"]) == ("se_conditional", 2, False)
    assert (errors["rows"], errors["columns"], errors["criterion"]) == (5, 2, "ML")
    assert (errors["family"], errors["found"]) == ("gaussian(identity)", "found on 5 rows")
