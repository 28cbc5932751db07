"""lme4's criterion of Gamma and inverse Gaussian models against lme4 itself, on simulated data."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.casefile import load_suite
from parity.criterion.dispersion import DispersedCriterion, DispersedPoint
from parity.criterion.glmm_answers import Answers, vcov_joint
from parity.criterion.glmm_optimum import find
from parity.design.statement import state
from parity.engines.lme4_recorded import Lme4Recorded
from parity.unit import digits
from tests.parity.criterion.dispersed import (
    GAMMA_INVERSE,
    GAMMA_LOG,
    INVERSE_GAUSSIAN,
    LINKS,
    Named,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = Path(__file__).with_name("dispersion.R")
every = pytest.mark.parametrize("named", LINKS, ids="-".join)
(CASE,) = (case for case in load_suite().cases if case.name == "gamma-sim")
DATA = CASE.dataset.load()
STATEMENT = state(CASE.spec, DATA)
ANSWER = Lme4Recorded().fit(CASE, DATA).values
# Theta, beta, and what is added to and multiplied with y: as in dispersion.R.
PLACES: dict[Named, tuple[float, tuple[float, float], float, float]] = {
    GAMMA_LOG: (0.5, (0.9, 0.6), 0.0, 1.0),
    GAMMA_INVERSE: (0.05, (0.4, -0.1), 0.0, 1.0),
    INVERSE_GAUSSIAN: (0.05, (0.6, -0.05), 1.0, 0.1),
}


def placed(named: Named, *, weighted: bool) -> DispersedPoint:
    """Return the criterion on the simulated data at parameters that dispersion.R asks for."""
    model = STATEMENT.model
    theta, beta, plus, times = PLACES[named]
    weights = np.tile([1.0, 2.0, 3.0], 100) if weighted else np.ones(300)
    model = replace(
        model, y=plus + times * model.y, weights=weights, family=named[0], link=named[1]
    )
    return DispersedCriterion(model).at(np.array([theta]), np.array(beta))


@cache
def lme4_says() -> Mapping[tuple[str, str, bool], list[float]]:
    """Return deviance, D, aic, ``|u|^2`` and log|A| by family, link and weights."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not on the PATH")
    data = CASE.dataset.file
    answer = subprocess.run(
        [rscript, str(SCRIPT), str(data)], capture_output=True, encoding="utf-8", check=False
    )
    assert answer.returncode == 0, answer.stderr
    rows = [line.split("\t") for line in answer.stdout.splitlines()]
    return {(row[0], row[1], row[2] == "TRUE"): [float(cell) for cell in row[3:]] for row in rows}


@pytest.mark.r
@every
@pytest.mark.parametrize("weighted", [False, True])
def test_lme4s_deviance_function_agrees_part_by_part(named: Named, *, weighted: bool) -> None:
    deviance, discrepancy, aic, squares, logdet = lme4_says()[*named, weighted]
    point = placed(named, weighted=weighted)
    whose = point.criterion
    assert isinstance(whose, DispersedCriterion)
    level = whose.total * whose.family.level(point.dispersion) + whose.term
    # lme4's steps for the logarithmic link are Fisher scoring, which ends where D stops falling:
    # to half of D's digits in u, and as the mode is no minimum of the deviance, in the deviance
    least = 8.5 if named == GAMMA_LOG else 13.0
    assert digits(discrepancy, point.discrepancy) >= least
    assert digits(aic, level) >= least
    # |u|^2 alone is of first order in what is left of u
    assert digits(squares, float(point.state.u @ point.state.u)) >= least - 1.5
    # lme4's log|A| is that of the weights before the last step
    near = 1e-6 if named == GAMMA_LOG else 1e-9
    assert abs(logdet - point.state.precision.logdet) < near
    assert abs(deviance - point.deviance) < 2.0 * near


# lme4 1.1-31, R 4.2.2, by dispersion.R.
RECORDED = {
    (*GAMMA_LOG, False): 936.84182386674854,
    (*GAMMA_LOG, True): 1824.937415435227,
    (*GAMMA_INVERSE, False): 1023.9924537115796,
    (*GAMMA_INVERSE, True): 2002.0629344346785,
    (*INVERSE_GAUSSIAN, False): -229.13660760112739,
}


@pytest.mark.parametrize("at", RECORDED, ids=str)
def test_lme4s_deviance_as_recorded_agrees(at: tuple[str, str, bool]) -> None:
    point = placed(at[:2], weighted=at[2])
    assert abs(RECORDED[at] - point.deviance) < (2e-6 if at[:2] == GAMMA_LOG else 2e-9)  # as above


def test_the_optimum_lies_just_below_where_glmers_default_stops() -> None:
    optimum = find(DispersedCriterion(STATEMENT.model))
    assert optimum.converged
    said = ANSWER
    # glmer's tolPwrss of 1e-7 leaves 1.2e-3 of deviance; one of 1e-10 ends at 936.514530053
    assert 0.0011 < said["deviance"][()] - optimum.deviance < 0.0013
    assert optimum.deviance == pytest.approx(936.514530053, abs=1e-6)
    ends = np.array([*said["fixef"].values()])
    ses = np.sqrt(np.diag(vcov_joint(optimum.hessian, 2)))
    assert (np.abs(ends - optimum.beta) < 0.01 * ses).all()
    np.testing.assert_allclose([*said["se_joint"].values()], ses, rtol=1e-3)  # its differences


def test_sigma_scales_what_lme4_reports_besides() -> None:
    said = {name: np.array([*keyed.values()]) for name, keyed in ANSWER.items()}
    point = DispersedCriterion(STATEMENT.model).at(said["theta"], said["fixef"])
    implied, sigma = Answers(point), point.sigma
    # all of them to the mode's own inexactness in glmer, 3e-5 (tolPwrss)
    near = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4)
    near(said["variance"], (sigma * point.theta) ** 2)
    near(said["ranef_sd"], sigma * np.sqrt(implied.variances))
    vcov = sigma**2 * implied.vcov_conditional
    near(said["vcov_conditional"], vcov.ravel())
    pearson = np.quantile(implied.pearson_residuals / sigma, [0, 0.25, 0.5, 0.75, 1])
    near(said["scaled_resid_quantile"], pearson)
    near(said["ranef"], implied.b)
    near(said["resid"], implied.deviance_residuals)


def test_it_is_no_likelihood() -> None:
    """By quadrature of 80 nodes the maximum is 955.129994, at an SD of 0.31144: lme4's are not."""
    optimum = find(DispersedCriterion(STATEMENT.model))
    assert optimum.deviance < 955.129994 - 18.0
    point = optimum.point
    assert isinstance(point, DispersedPoint)
    assert point.sigma * optimum.theta[0] == pytest.approx(0.2508, abs=1e-4)
