"""Fits to draw, on a backend without a screen; no picture may change matplotlib's settings."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from bridge import glmer, lm, lmer
from bridge.fit import Fit

mpl.use("Agg")

DATASETS = Path(__file__).parents[3] / "parity" / "data" / "datasets"


@pytest.fixture(autouse=True)
def untouched_settings() -> Iterator[None]:
    plt.close("all")  # what another test may have left open is not this one's
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


@pytest.fixture(scope="session")
def crossed_fit() -> Fit:
    data = pd.read_csv(DATASETS / "penicillin.csv")
    return lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)


@pytest.fixture(scope="session")
def nested_fit() -> Fit:
    data = pd.read_csv(DATASETS / "oats.csv").assign(Block=lambda d: d["Block"].astype("category"))
    return lmer("yield ~ nitro + (1 | Block / Variety)", data)


@pytest.fixture(scope="session")
def cbpp_fit(cbpp: pd.DataFrame) -> Fit:
    return glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp)


@pytest.fixture(scope="session")
def school_data() -> pd.DataFrame:
    data = pd.read_csv(DATASETS / "jsp.csv")
    return data.astype({"school": "category", "social": "category", "gender": "category"})


@pytest.fixture(scope="session")
def school_fit(school_data: pd.DataFrame) -> Fit:
    return lmer("math ~ raven + gender + social + (1 | school)", school_data)


@pytest.fixture(scope="session")
def singular_fit() -> Fit:
    fit = lmer("Yield ~ 1 + (1 | Batch)", pd.read_csv(DATASETS / "dyestuff2.csv"))
    assert fit.singular
    return fit


@pytest.fixture(scope="session")
def linear_fit(sleepstudy: pd.DataFrame) -> Fit:
    return lm("Reaction ~ Days", sleepstudy)
