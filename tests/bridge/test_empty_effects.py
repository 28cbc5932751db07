"""A model that would bring R down is refused, and no other one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bridge

pytestmark = pytest.mark.r
N = 48


def data() -> pd.DataFrame:
    random, groups = np.random.default_rng(1), np.arange(N) // 8
    x = random.normal(size=N)
    y = x * random.normal(size=6)[groups] + random.normal(size=N)
    return pd.DataFrame({"y": y, "x": x, "none": 0.0, "g": [f"s{k}" for k in groups]})


@pytest.mark.parametrize(
    "effects",
    ["(1 | g) + (0 + none | g)", "(none || g)", "(1 + none || g)", "(0 + x | g) + (0 + none | g)"],
)
def test_a_term_of_zeros_beside_another_is_lme4s_to_judge(effects: str) -> None:
    fit = bridge.lmer(f"y ~ 1 + {effects}", data())
    assert fit.nobs == N


@pytest.mark.parametrize("effects", ["(0 + none | g)", "(none + 0 | g)", "(-1 + none | g)"])
def test_zeros_alone_are_refused_however_they_are_written(effects: str) -> None:
    with pytest.raises(bridge.FitError, match="is multiplied by 0 in every row that is used"):
        bridge.lmer(f"y ~ x + {effects}", data())
