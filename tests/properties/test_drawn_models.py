"""Small models drawn at random: an engine that climbs to the top is at the criterion's optimum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from parity.appraisal import CONVERGED
from parity.bench import attempt
from parity.design.statement import state
from parity.engines.statsmodels_lmm import StatsmodelsPolished
from parity.hunt.fairness import unfair
from parity.hunt.strategy import quarries
from parity.judge import preside
from parity.result import Status

if TYPE_CHECKING:
    from parity.hunt.quarry import Quarry

_MOST_ROWS = 30


@seed(20261129)
@settings(
    max_examples=15,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(quarries(("gaussian",)))
def test_statsmodels_polished_is_at_the_optimum_of_drawn_models(quarry: Quarry) -> None:
    # far from zero, or in large units, double precision is what is tested
    assume(all((one.centre, one.scale) == (0.0, 1.0) for one in quarry.design.fixed))
    assume(quarry.shift == 0.0)
    prey = quarry.prey()
    case = prey.case("drawn")
    engine = StatsmodelsPolished()
    statement = state(prey.spec, prey.data)
    assume(len(prey.data) <= _MOST_ROWS and not unfair(statement.model))
    result = attempt(engine, case, prey.data)
    assume(result.status is not Status.UNSUPPORTED)
    assert result.fitted, f"{result.message}: {quarry}"
    word = preside(statement, (result,)).appraise(result)
    assert not word.silence, f"{word.silence}: {quarry}"
    assert word.above <= CONVERGED, f"{word.sentence}: {quarry}"
    assert not [one.told for one in word.contradictions if one.layer in "BD"], quarry
