"""Likelihood-ratio tests by the bootstrap: uniform p-values, at the boundary too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import parity
from parity.casefile import load_suite
from parity.criterion.refit import Fitter
from parity.design.statement import state
from parity.examination import InputError
from parity.formula import parse
from parity.resampling import lrt as module

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = "y ~ 1 + (1 | g)"
CASES = {case.name: case for case in load_suite().cases}


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return CASES["sleepstudy-slope-ml"].dataset.load()


def sample(seed: int, spread: float = 0.0, levels: int = 15) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    groups, rows = np.repeat(np.arange(levels), 4), 4 * levels
    y = rng.normal(size=rows) + spread * rng.normal(size=levels)[groups]
    return pd.DataFrame({"y": y, "x": rng.normal(size=rows), "g": groups.astype(str)})


def test_the_statistic_is_the_difference_of_the_optima(sleep: pd.DataFrame) -> None:
    small, large = "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)"
    found = parity.bootstrap_lrt(small, large, sleep, 199, seed=1)
    # lme4's anova prints 42.139 on 2 Df
    assert (round(found.statistic, 3), found.df) == (42.139, 2)
    assert found.p == 1 / 200
    low, high = found.p_interval
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 199))
    assert found.p_chi2 == pytest.approx(float(stats.chi2.sf(found.statistic, 2)), rel=1e-12)
    text = str(found)
    assert "statistic 42.1393, 2 more parameters" in text
    assert "p = 0.005 (Monte Carlo error 0.005; 95 % from 0 to 0.0184)" in text
    assert small in text
    assert large in text


def test_at_the_boundary_chi_square_is_twice_too_large() -> None:
    found = parity.bootstrap_lrt("y ~ x", "y ~ x + (1 | g)", sample(2, 0.2, 100), 4000, seed=3)
    # half of the statistics are 0 but for the finite sample, and the rest is chi-square's half
    assert found.boundary.mean() == pytest.approx(0.53, abs=0.05)
    assert found.statistic > 0.2
    assert found.p == pytest.approx(found.p_chi2 / 2.0, rel=0.25)
    assert found.p_error == pytest.approx(np.sqrt(found.p * (1 - found.p) / 4000))
    low, high = found.p_interval
    assert low < found.p < high


def test_p_values_under_the_hypothesis_are_uniform() -> None:
    ps = [
        parity.bootstrap_lrt(
            "y ~ 1 + (1 | g)", "y ~ x + (1 | g)", sample(seed, 0.5), 99, seed=seed
        ).p
        for seed in range(120)
    ]
    assert stats.kstest(ps, "uniform").pvalue > 0.001


def test_by_reml_random_effects_alone_are_compared(sleep: pd.DataFrame) -> None:
    small, large = "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)"
    found = parity.bootstrap_lrt(small, large, sleep, 19, seed=1, REML=True)
    # the difference of lme4's REML criteria, 1786.465 and 1743.628
    assert round(found.statistic, 3) == 42.837
    with pytest.raises(InputError, match="same fixed effects alone"):
        parity.bootstrap_lrt("Reaction ~ 1 + (1 | Subject)", large, sleep, 19, REML=True)


def test_what_cannot_be_compared_is_one_sentence(sleep: pd.DataFrame) -> None:
    large = "Reaction ~ Days + (Days | Subject)"
    with pytest.raises(InputError, match="the smaller model comes first"):
        parity.bootstrap_lrt(large, "Reaction ~ Days + (1 | Subject)", sleep, 9)
    data = sample(1)
    data["y"], data["z"], data["w"] = data["y"] + 9 * data["x"], data["y"] ** 2, data["y"] ** 3
    with pytest.raises(InputError, match="it is not nested in it"):
        parity.bootstrap_lrt("y ~ x + (1 | g)", "y ~ z + w + (1 | g)", data, 9)
    with pytest.raises(InputError, match="other response, 'y' and 'z'"):
        parity.bootstrap_lrt("y ~ x + (1 | g)", "z ~ x + (x | g)", data, 9)
    data["w"] = np.linspace(1.0, 2.0, len(data))
    with pytest.raises(InputError, match="other weights, 'w' and None"):
        parity.bootstrap_lrt(
            parse("y ~ x", weights="w"), parse("y ~ x + (1 | g)", criterion="ML"), data, 9
        )
    with pytest.raises(InputError, match=r"cannot be fitted: .* positive weight"):
        parity.bootstrap_lrt(
            parse("y ~ x", weights="w"), parse("y ~ x + (1 | g)", criterion="ML", weights="w"),
            data.assign(w=0.0), 9,
        )  # fmt: skip
    with pytest.raises(InputError, match="The data are a NoneType; expected a pandas DataFrame"):
        parity.bootstrap_lrt("y ~ x", "y ~ x + (1 | g)", None, 9)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot compare"):
        parity.bootstrap_lrt(parse("Reaction ~ 1"), parse("Reaction ~ Days"), sleep, 9)
    gaps = sleep.assign(Extra=np.where(np.arange(len(sleep)) == 3, np.nan, np.arange(len(sleep))))
    with pytest.raises(InputError, match="other rows, 180 and 179"):
        parity.bootstrap_lrt(
            "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + Extra + (1 | Subject)", gaps, 9
        )


def test_a_pair_of_which_one_fit_failed_counts_in_no_p_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 50 pairs the small model's third fit fails, and the large one's fifth."""
    small, large, data = "y ~ 1 + (1 | g)", "y ~ x + (1 | g)", sample(3, 0.5)
    whole = parity.bootstrap_lrt(small, large, data, 50, seed=2)

    class Failing(Fitter):
        def fit(self, responses: NDArray[np.float64], start: Any = None) -> Any:  # noqa: ANN401
            fits = super().fit(responses, start)
            if responses.shape[1] > 1:
                fits.converged[2 if self.model.p == 1 else 4] = False
            return fits

    monkeypatch.setattr(module, "Fitter", Failing)
    found = parity.bootstrap_lrt(small, large, data, 50, seed=2)
    assert np.flatnonzero(np.isnan(found.replicates)).tolist() == [2, 4]
    assert found.failed == 2
    assert "2 failed" in str(found)
    left = np.delete(whole.replicates, [2, 4])
    above = int((left >= found.statistic).sum())
    assert found.p == (1 + above) / 49
    assert found.p_error == pytest.approx(np.sqrt(found.p * (1 - found.p) / 48), rel=1e-12)
    assert 0 < above < 48
    exact = stats.binomtest(above, 48).proportion_ci(0.95, "exact")
    # scipy solves for the limits by bisection
    assert found.p_interval == pytest.approx((exact.low, exact.high), rel=1e-9)


@pytest.mark.parametrize("reml", [False, True])
def test_a_model_without_random_effects_is_compared_by_the_same_criterion(*, reml: bool) -> None:
    data = sample(4, 1.0)
    found = parity.bootstrap_lrt("y ~ x", "y ~ x + (1 | g)", data, 9, seed=1, REML=reml)
    model = state(parse("y ~ x + (1 | g)"), data).model
    fitter, y = Fitter(model, reml=reml), model.y[:, None]
    expected = fitter.evaluate(y, np.zeros(1)).deviance[0] - fitter.fit(y).deviance[0]
    assert (found.reml, found.df) == (reml, 1)
    assert found.statistic == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("failing", "sentence"),
    [("own", "optimum of the two models did not arrive"), ("drawn", "No pair of fits")],
)
def test_where_no_search_arrives_there_is_a_sentence_and_no_p_value(
    monkeypatch: pytest.MonkeyPatch, failing: str, sentence: str
) -> None:
    class Failing(Fitter):
        def fit(self, responses: NDArray[np.float64], start: Any = None) -> Any:  # noqa: ANN401
            fits = super().fit(responses, start)
            if (responses.shape[1] == 1) == (failing == "own"):
                fits.converged[:] = False
            return fits

    monkeypatch.setattr(module, "Fitter", Failing)
    with pytest.raises(InputError, match=sentence):
        parity.bootstrap_lrt("y ~ 1 + (1 | g)", "y ~ x + (1 | g)", sample(3, 0.5), 9, seed=2)


def test_a_statistic_of_zero_is_below_none() -> None:
    """Half of the statistics under the hypothesis are 0, too, but for rounding."""
    data = sample(2)
    effects = data.groupby("g")["y"].transform("mean")
    data["y"] = data["y"] - effects
    found = parity.bootstrap_lrt("y ~ 1", "y ~ 1 + (1 | g)", data, 99, seed=1)
    assert found.statistic == pytest.approx(0.0, abs=1e-10)
    assert (found.replicates < 1e-10).any()
    assert (found.p, found.p_interval[1]) == (1.0, 1.0)
