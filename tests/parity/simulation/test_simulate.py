"""Data drawn from a design: its moments, its bits, its levels."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from parity.simulation import Covariate, Design, DesignError, Factor, Term, simulate
from parity.simulation.layout import share
from parity.simulation.sample import covariance_factor

CROSSED = Design(
    rows=300,
    factors=(Factor("g", 7), Factor("h", 3, nested_in="g"), Factor("item", 11)),
    terms=(Term("g", ("1", "x"), (1.0, 0.5), 0.3), Term("h"), Term("item")),
    fixed=(Covariate("x"), Covariate("k", (0.5, -0.5), categorical=True), Covariate("z", per="g")),
    balance=0.05,
    seed=3,
)
WIDE = Design(
    rows=120_000,
    factors=(Factor("g", 20_000),),
    terms=(Term("g", ("1", "x"), (2.0, 0.5), -0.6),),
    fixed=(Covariate("x", (1.5,)),),
    intercept=3.0,
    sigma=0.5,
    seed=11,
)


def digest(data: pd.DataFrame) -> str:
    return hashlib.sha256(data.to_csv(float_format="%.17g").encode()).hexdigest()


def slopes_of_groups(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of squares' estimates of a random intercept and slope in each group."""
    rows = data.assign(xx=data["x"] ** 2, xy=data["x"] * data["y"])
    means = rows.groupby("g", observed=True)[["x", "y", "xx", "xy"]].mean()
    spread = means["xx"] - means["x"] ** 2
    slope = (means["xy"] - means["x"] * means["y"]) / spread
    return (means["y"] - slope * means["x"]).to_numpy(), slope.to_numpy()


def test_the_variances_and_the_correlation_of_a_large_sample_are_the_designs() -> None:
    design = replace(WIDE, rows=400_000, sigma=0.01, factors=(Factor("g", 4_000),))
    intercepts, slopes = slopes_of_groups(simulate(design))
    assert intercepts.mean() == pytest.approx(3.0, abs=0.001)
    assert slopes.mean() == pytest.approx(1.5, abs=0.0003)
    # A hundred rows a group: each group's own line is off by sigma squared over 100 and 97.
    assert intercepts.std() / 0.01 == pytest.approx((2.0**2 + 1 / 100) ** 0.5, rel=0.04)
    assert slopes.std() / 0.01 == pytest.approx((0.5**2 + 1 / 97) ** 0.5, rel=0.04)
    assert np.corrcoef(intercepts, slopes)[0, 1] == pytest.approx(-0.6, abs=0.05)


def test_the_variance_within_and_between_groups_is_the_designs() -> None:
    design = replace(WIDE, terms=(Term("g", ("1",), (2.0,)),), fixed=())
    groups = simulate(design).groupby("g", observed=True)["y"]
    within = float(groups.var().mean())
    between = float(groups.mean().var()) - within / 6
    assert within == pytest.approx(0.25, rel=0.02)
    assert between / within == pytest.approx(4.0, rel=0.04)


def test_at_the_boundary_no_group_differs_from_another() -> None:
    """Planted fault: effects drawn from sigma instead of sds times sigma differ by group."""
    flat = replace(WIDE, terms=(Term("g", ("1", "x"), (0.0, 0.0), 1.0),))
    data = simulate(flat)
    residual = data["y"] - 3.0 - 1.5 * data["x"]
    groups = residual.groupby(data["g"], observed=True)
    assert float(groups.mean().var()) == pytest.approx(0.25 / 6, rel=0.05)


@pytest.mark.parametrize(
    ("columns", "correlation"),
    [(2, 1.0), (2, -1.0), (3, -0.5), (3, 1.0), (4, 0.25), (4, -1 / 3), (1, 0.0)],
)
def test_the_factor_of_a_block_gives_equal_correlations_up_to_their_boundaries(
    columns: int, correlation: float
) -> None:
    sds = tuple(1.0 + place for place in range(columns))
    names = ("1", "a", "b", "c")[:columns]
    factor = covariance_factor(Term("g", names, sds, correlation))
    expected = np.full((columns, columns), correlation)
    np.fill_diagonal(expected, 1.0)
    expected *= np.outer(sds, sds)
    assert np.tril(factor).tolist() == factor.tolist()
    np.testing.assert_allclose(factor @ factor.T, expected, atol=1e-14 * columns**2)


@pytest.mark.parametrize("seed", range(20))
def test_every_level_of_every_factor_occurs(seed: int) -> None:
    data = simulate(replace(CROSSED, seed=seed, rows=45, balance=0.001))
    assert data["g"].nunique() == 7
    assert data["item"].nunique() == 11
    assert len(data[["g", "h"]].drop_duplicates()) == 21
    assert data["k"].nunique() == 3


def test_a_covariate_of_a_group_is_constant_within_it() -> None:
    data = simulate(CROSSED)
    assert data.groupby("g", observed=True)["z"].nunique().eq(1).all()
    assert data["x"].nunique() == len(data)


@pytest.mark.parametrize("balance", [1.0, 0.5, 0.01])
def test_the_smallest_level_over_the_largest_is_the_balance(balance: float) -> None:
    sizes = share(rows=1_000_000, levels=9, balance=balance, floor=1)
    assert sizes.sum() == 1_000_000
    assert sizes[0] / sizes[-1] == pytest.approx(balance, rel=0.01)
    assert (np.diff(sizes) >= 0).all()


@pytest.mark.parametrize(
    ("link", "share_of_hits"),
    [("logit", 0.7310586), ("probit", 0.8413447), ("cauchit", 0.75), ("cloglog", 0.9340120)],
)
def test_a_binomial_share_is_the_inverse_link_of_the_predictor(
    link: str, share_of_hits: float
) -> None:
    design = Design(
        200_000, (Factor("g", 2),), (Term("g", sds=(0.0,)),), intercept=1.0,
        family="binomial", link=link, trials=2, seed=5,
    )  # fmt: skip
    data = simulate(design)
    assert set(data.columns) == {"hits", "misses", "g"}
    assert (data["hits"] + data["misses"]).eq(2).all()
    assert float(data["hits"].mean()) / 2 == pytest.approx(share_of_hits, abs=0.003)


def test_one_trial_is_a_column_of_zeros_and_ones() -> None:
    design = Design(500, (Factor("g", 5),), (Term("g"),), family="binomial", seed=1)
    assert design.formula == "y ~ 1 + (1 | g)"
    assert set(simulate(design)["y"]) == {0, 1}


def test_counts_have_the_mean_of_the_design() -> None:
    design = Design(
        200_000, (Factor("g", 2),), (Term("g", sds=(0.0,)),), intercept=1.0,
        family="poisson", seed=5,
    )  # fmt: skip
    counts = simulate(design)["y"]
    assert float(counts.mean()) == pytest.approx(np.e, rel=0.005)
    assert float(counts.var()) == pytest.approx(np.e, rel=0.02)


def test_counts_beyond_all_bounds_are_refused_in_a_sentence() -> None:
    design = Design(50, (Factor("g", 5),), (Term("g"),), intercept=60.0, family="poisson")
    with pytest.raises(DesignError, match=r"a row's mean is exp\(6"):
        simulate(design)


def test_the_same_design_gives_the_same_bits_and_another_seed_others() -> None:
    assert digest(simulate(CROSSED)) == digest(simulate(pickle.loads(pickle.dumps(CROSSED))))  # noqa: S301 - its own
    assert digest(simulate(CROSSED)) != digest(simulate(replace(CROSSED, seed=4)))


def test_another_process_draws_the_same_bits() -> None:
    program = (
        "import sys, pickle; from parity.simulation import simulate;"
        "design = pickle.loads(bytes.fromhex(sys.argv[1]));"
        "sys.stdout.write(simulate(design).to_csv(float_format='%.17g'))"
    )
    sent = pickle.dumps(CROSSED).hex()
    there = subprocess.run(
        [sys.executable, "-c", program, sent], capture_output=True, text=True, check=True
    )
    assert there.stdout == simulate(CROSSED).to_csv(float_format="%.17g")


def test_the_bits_are_those_that_they_were() -> None:
    design = Design(
        6, (Factor("g", 2),), (Term("g", ("1", "x"), (1.0, 0.5), 0.3),), (Covariate("x"),), seed=7
    )
    data = simulate(design)
    assert data["g"].tolist() == RECORDED_G
    assert data["x"].tolist() == RECORDED_X
    assert data["y"].tolist() == pytest.approx(RECORDED_Y, rel=1e-15)


def test_another_variance_leaves_all_other_draws_as_they_are() -> None:
    other = replace(CROSSED, terms=(*CROSSED.terms[:2], Term("item", sds=(0.0,))))
    columns = ["x", "k", "z", "g", "h", "item"]
    pd.testing.assert_frame_equal(simulate(CROSSED)[columns], simulate(other)[columns])


RECORDED_G = ["g1", "g2", "g2", "g1", "g2", "g1"]
RECORDED_X = [
    0.34736176866043106,
    -2.3378561559560835,
    -0.33885783296512045,
    -0.6830888193168619,
    0.6629266220805168,
    0.047695833955713314,
]
RECORDED_Y = [
    -1.2202876562726659,
    -3.81425936614566,
    -0.11653571284878073,
    -1.487912611765083,
    -0.8866426933700249,
    0.6167720577954545,
]
