"""Files of sweeps: what they state, and what is refused with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parity.sweep.planfile import SHIPPED, load_plan
from parity.sweep.refusal import SweepError
from parity.sweep.spread import Choice, Range
from tests.parity.sweep.sweeps import GAUSSIAN, SMALL, state, write

if TYPE_CHECKING:
    from pathlib import Path

POISSON = '[[family]]\nname = "poisson"\nweight = 2\n'


def test_the_shipped_example_is_a_plan() -> None:
    plan = load_plan(SHIPPED)
    assert (plan.models, plan.seed, plan.reference) == (2000, 1, "lme4")
    assert plan.rows == Range(40, 1500, "log_uniform")
    assert [family.name for family in plan.families] == ["gaussian", "binomial", "poisson"]


def test_a_number_is_a_choice_of_one_and_a_list_of_several(tmp_path: Path) -> None:
    plan = load_plan(write(tmp_path))
    assert (plan.sigma, plan.covariates) == (Choice((1,)), Choice((0, 1)))


@pytest.mark.parametrize("name", [name for name in SMALL if name != "schema"])
def test_every_property_has_to_be_stated(tmp_path: Path, name: str) -> None:
    with pytest.raises(SweepError, match=rf"^small.toml: {name} is missing"):
        load_plan(write(tmp_path, state({name: None})))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"row": "40"}, r"small.toml: unknown entry row; known are balance, boundary"),
        ({"schema": "2"}, "schema 2; expected 1"),
        ({"models": "0"}, "models is 0; expected a whole number from 1"),
        ({"models": "2.5"}, "models is 2.5; expected a whole number"),
        ({"models": "true"}, "models is True"),
        ({"seed": "-1"}, "seed is -1"),
        ({"engines": '["lme4"]'}, "expected two or more, each once, the reference first"),
        ({"engines": '["lme4", "lme4"]'}, "expected two or more, each once"),
        ({"engines": '"lme4"'}, "engines is 'lme4'; expected a list of names"),
        ({"time_limit": "0"}, "time_limit is 0"),
        ({"criteria": '["AIC"]'}, "expected a list of REML, ML"),
        ({"rows": "[40, 2.5]"}, r"rows is \[40, 2.5\]; expected a list of a whole number from 4"),
        ({"rows": "[]"}, r"rows is \[\]"),
        ({"rows": "{ normal = [40, 50] }"}, r"expected \{ uniform = \[low, high\] \} or"),
        ({"rows": "{ uniform = [40] }"}, "each end a whole number from 4"),
        ({"rows": "{ uniform = [50, 40] }"}, "its low end at most the high one"),
        ({"effect": "{ log_uniform = [0, 1] }"}, "above 0 where logarithmic"),
        ({"rows": '"many"'}, "rows is 'many'; expected a whole number"),
        ({"sigma": "nan"}, "sigma is nan"),
        ({"boundary": "1.5"}, "boundary is 1.5; expected a number from 0 to 1"),
        ({"balance": "0"}, "balance is 0"),
    ],
)
def test_what_a_sweep_cannot_have_is_refused_with_its_place(
    tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SweepError, match=sentence):
        load_plan(write(tmp_path, state(changes)))


@pytest.mark.parametrize(
    ("families", "sentence"),
    [
        ("", r"expected at least one \[\[family\]\]"),
        (GAUSSIAN + POISSON + "rate = 1\n", "small.toml: family 2: unknown entry rate"),
        ('[[family]]\nname = "Gamma"\nweight = 1\n', "family 1: name is 'Gamma'; expected one of"),
        ('[[family]]\nname = "gaussian"\n', "family 1: weight is missing"),
        (POISSON + "trials = 5\n", "family 1: a poisson response has no trials"),
        (POISSON + 'link = "identity"\n', "family 1: link is 'identity'; expected one of log"),
        ("family = [1]\n", "family 1 is 1; expected a table"),
    ],
)
def test_a_family_that_cannot_be_is_refused_with_its_place(
    tmp_path: Path, families: str, sentence: str
) -> None:
    with pytest.raises(SweepError, match=sentence):
        load_plan(write(tmp_path, state(families=families)))


def test_a_file_that_is_not_there_or_no_toml_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="cannot be read: No such file"):
        load_plan(tmp_path / "none.toml")
    with pytest.raises(SweepError, match=r"small.toml is no TOML"):
        load_plan(write(tmp_path, "models ="))


def test_the_number_of_models_is_no_part_of_what_tells_a_sweep_from_another() -> None:
    plan = load_plan(SHIPPED)
    assert replace(plan, models=7).digest == plan.digest
    assert replace(plan, seed=2).digest != plan.digest
    assert replace(plan, time_limit=1.0).digest != plan.digest
