"""What is drawn: every kind of model that a hunt is about, and nothing that cannot be asked."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from parity.design.statement import state
from parity.examination import InputError, examine
from parity.hunt.strategy import FAMILIES, quarries
from parity.simulation import DesignError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parity.hunt.quarry import Quarry

CALM = settings(
    max_examples=2000,
    database=None,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def simplest(condition: Callable[[Quarry], bool]) -> Quarry:
    return find(quarries(), condition, settings=CALM)


def test_the_simplest_is_a_balanced_one_way_model_of_three_rows() -> None:
    quarry = simplest(lambda _: True)
    assert quarry.design.formula == "y ~ 1 + (1 | g1)"
    assert (quarry.design.rows, quarry.design.family, quarry.design.balance) == (3, "gaussian", 1)
    assert set(quarry.prey().data["y"]) <= set(range(-9, 10))


def test_what_a_hunt_is_about_is_drawn() -> None:
    wanted: list[Callable[[Quarry], bool]] = [
        lambda q: len(q.design.factors) == 3 and q.design.factors[2].nested_in == "g2",
        lambda q: any(not term.correlated for term in q.design.terms),
        lambda q: any(len(term.columns) == 3 for term in q.design.terms),
        lambda q: any(0.0 in term.sds for term in q.design.terms),
        lambda q: any(100.0 in term.sds for term in q.design.terms),
        lambda q: any(abs(term.correlation) == 1.0 for term in q.design.terms),
        lambda q: q.design.balance == 0.01,
        lambda q: q.factor == 1e6,
        lambda q: q.shift == 1e4,
        lambda q: any(one.centre == 2000.0 for one in q.design.fixed),
        lambda q: any(one.per is not None for one in q.design.fixed),
        lambda q: any(one.categorical for one in q.design.fixed),
        lambda q: q.design.criterion == "ML" and q.design.family == "gaussian",
        lambda q: q.design.family == "binomial" and q.design.trials == 40,
        lambda q: q.design.link == "cloglog",
        lambda q: q.design.family == "poisson",
    ]
    for condition in wanted:
        assert condition(simplest(condition))


@given(st.sampled_from(FAMILIES).flatmap(lambda family: quarries([family])))
@settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_drawn_model_can_be_stated_on_its_data(quarry: Quarry) -> None:
    try:
        prey = quarry.prey()
        examine(prey.spec, prey.data)
    except (DesignError, InputError):
        return
    statement = state(prey.spec, prey.data)
    assert statement.model.n == quarry.design.rows == len(prey.data)
    again = quarry.prey()
    assert again.data.equals(prey.data)


DRAWN = """
import sys
from hypothesis import HealthCheck, Phase, given, seed, settings
{imports}
from parity.hunt.strategy import quarries

@seed(5)
@settings(max_examples=60, database=None, deadline=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))
@given(quarries())
def look(quarry):
    print(repr(quarry))

look()
"""


def test_a_seed_draws_the_same_models_whatever_modules_are_loaded(tmp_path: Path) -> None:
    """hypothesis reads constants in loaded modules, and mixes them into the numbers it draws."""
    constants = ", ".join(str(number) for number in range(2, 900))
    (tmp_path / "of_the_user.py").write_text(f"NUMBERS = [{constants}]\n", encoding="utf-8")
    imports = ("", f"sys.path.insert(0, {str(tmp_path)!r}); import of_the_user, parity.quantity")
    drawn = [
        subprocess.run(
            [sys.executable, "-c", DRAWN.format(imports=text)],
            capture_output=True, encoding="utf-8", check=True,
        ).stdout.splitlines()
        for text in imports
    ]  # fmt: skip
    assert len(drawn[0]) >= 30
    assert drawn[0] == drawn[1]
