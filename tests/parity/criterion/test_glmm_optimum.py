"""Optima: certified ones, boundaries, separated data, bad starts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity import casefile
from parity.criterion.glmm import Criterion
from parity.criterion.glmm_answers import vcov_joint
from parity.criterion.glmm_descent import polish
from parity.criterion.glmm_hessian import differentiate, inverted, widths
from parity.criterion.glmm_optimum import Optimum, find, reach
from parity.criterion.glmm_search import Search
from parity.criterion.model import Block
from parity.dataset import DataMissingError
from parity.design.statement import Statement, state
from tests.parity.criterion.generalised import LAYOUTS, LINKS, example

if TYPE_CHECKING:
    from parity.criterion.model import Vector

LOGIT, POISSON = LINKS[0], LINKS[3]
REFERENCES = Path(casefile.__file__).parent / "data" / "references"

# theta; beta; its standard errors from the joint information; deviance. Proven, cut to 20 digits.
CERTIFIED = {
    ("seed-fail", 1): (
        [5.36615060060393401487],
        [-8.7996423400193458746, -0.2408671144967676260],
        [1.84001550096218657490, 0.04441962221797460689],
        260.681560479751024056,
    ),
    ("seed-fail", 9): (
        [3.24219420657349741418],
        [-6.5512964483232640797, -0.2244567941020772276],
        [1.02163467561652268315, 0.04186579652943396361],
        266.032194985993890982,
    ),
    ("seed-fail", 25): (
        [3.21591868111004224761],
        [-6.5041307561298055229, -0.2246585638840946068],
        [1.03035508487398910205, 0.04216141928877017300],
        266.371907740639423776,
    ),
    ("cbpp", 1): (
        [0.64226144844289556295],
        [
            -1.3985321423734843751,
            -0.9923327348735628126,
            -1.1286720841687882751,
            -1.5803138851801383896,
        ],
        [
            0.23247199226168400060,
            0.30664249789207269886,
            0.32663785052390515380,
            0.42743658659942778910,
        ],
        184.052563729514167560,
    ),
    ("cbpp", 9): (
        [0.64751771200407261387],
        [
            -1.3992301925776561690,
            -0.9914038765042078919,
            -1.1278196773047306183,
            -1.5794710161575816406,
        ],
        [
            0.23351139619460940373,
            0.30676796966905328647,
            0.32676835570755833216,
            0.42759448168945828701,
        ],
        183.966743592669016404,
    ),
    ("cbpp", 25): (
        [0.64751847799699368229],
        [
            -1.3992304442937787823,
            -0.9914036724386060142,
            -1.1278194668904011047,
            -1.5794707503573684089,
        ],
        [
            0.23351159146760027357,
            0.30676798746112863822,
            0.32676837207986558202,
            0.42759450060664493846,
        ],
        183.966738074621139149,
    ),
}


@cache
def stated(name: str) -> Statement:
    case = next(case for case in casefile.load_suite().cases if case.name == name)
    return state(case.spec, case.dataset.load())


def statement(name: str) -> Statement:
    try:
        return stated(name)
    except DataMissingError as error:
        pytest.skip(str(error))


def digits(found: object, exact: object) -> float:
    """Return the digits in which the worst of some numbers agrees."""
    one, other = np.asarray(found, dtype=float), np.asarray(exact, dtype=float)
    assert one.shape == other.shape
    assert one.size
    worst = float(np.max(np.abs(one - other) / np.abs(other)))
    return float(-np.log10(max(worst, 1e-16)))


def errors(optimum: Optimum, p: int) -> Vector:
    return np.sqrt(np.diag(vcov_joint(optimum.hessian, p)))


@pytest.mark.parametrize(("name", "nodes"), list(CERTIFIED))
def test_the_optimum_has_the_certified_digits(name: str, nodes: int) -> None:
    model = statement(name).model
    theta, beta, joint, deviance = CERTIFIED[name, nodes]
    optimum = find(Criterion(model, nodes))
    assert optimum.converged
    assert digits(optimum.theta, theta) >= 12
    assert digits(optimum.beta, beta) >= 12
    assert digits(optimum.deviance, deviance) >= 14
    assert digits(errors(optimum, model.p), joint) >= 9


@pytest.mark.parametrize("name", ["grouseticks", "verbagg"])
def test_no_optimum_is_above_lme4s(name: str) -> None:
    given = statement(name)
    recorded = json.loads((REFERENCES / f"{name}.json").read_text())["values"]
    optimum = find(Criterion(given.model))
    assert optimum.deviance < recorded["deviance"][0][0]
    assert optimum.converged
    scaled = optimum.gradient[len(optimum.theta) :] * errors(optimum, given.model.p)
    assert np.abs(scaled).max() < 1e-11  # a gain of 1e-22 of deviance: rounding of 7584 rows
    theirs = {tuple(row[:-1]): row[-1] for row in recorded["theta"]}
    ours = dict(zip(given.theta_keys, optimum.theta.tolist(), strict=True))
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        # what lme4's own stopping rule leaves open
        assert ours[key] == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("theta", "beta"),
    [(0.01, (0.0, 0.0)), (100.0, (50.0, 1.0)), (100.0, (-50.0, -1.0)), (1e-3, (-20.0, 0.0))],
)
def test_schools_without_an_event_converge_from_any_start(
    theta: float, beta: tuple[float, float]
) -> None:
    criterion = Criterion(statement("seed-fail").model)
    own = find(criterion)
    point = Search(criterion).tried(np.array([theta, *beta]))
    assert point is not None
    reached = reach(criterion, point)
    assert reached.converged
    assert reached.deviance == pytest.approx(own.deviance, rel=1e-14)
    np.testing.assert_allclose(reached.theta, own.theta, rtol=1e-12)


@pytest.mark.parametrize("named", LINKS, ids="-".join)
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_optimum_is_a_minimum_with_an_upright_factor(named: tuple[str, str], name: str) -> None:
    model = example(named, name)
    criterion = Criterion(model)
    optimum = find(criterion)
    assert optimum.converged
    assert optimum.decrement < 1e-20
    assert np.linalg.eigvalsh(optimum.hessian).min() > -1e-6 * np.abs(optimum.hessian).max()
    for block, part in zip(model.blocks, model.slices, strict=True):
        diagonal = optimum.theta[part][[0] if block.width == 1 else [0, 2]]
        assert (diagonal >= 0.0).all()
    draw = np.random.default_rng(5)
    for _ in range(20):
        step = 0.05 * draw.normal(size=len(optimum.theta) + model.p)
        m = len(optimum.theta)
        other = criterion.deviance(optimum.theta + step[:m], optimum.beta + step[m:])
        assert other >= optimum.deviance - 1e-10  # rounding


@pytest.mark.parametrize("name", ["slope", "crossed", "nested"])
def test_a_search_from_a_negative_theta_ends_upright(name: str) -> None:
    criterion = Criterion(example(POISSON, name))
    own = find(criterion)
    reached = reach(criterion, criterion.at(-own.theta * 1.1, own.beta))
    np.testing.assert_allclose(reached.theta, own.theta, rtol=0, atol=1e-9)
    assert reached.deviance == pytest.approx(own.deviance, rel=1e-13)  # rounding


def test_newtons_steps_end_at_the_optimum_with_its_own_hessian() -> None:
    criterion = Criterion(example(LOGIT, "crossed"))
    own = find(criterion)
    search = Search(criterion)
    wide = widths(search, own.point, inverted(own.hessian))
    near = search.at(np.concatenate([own.theta * 1.01, own.beta + 0.01]))
    point, hessian = polish(search, near, lambda here: differentiate(search, here, wide))
    np.testing.assert_allclose(point.theta, own.theta, rtol=1e-12)
    # the Hessian of the point begun from is another in the second digit
    np.testing.assert_allclose(hessian, own.hessian, rtol=0, atol=1e-8)


def test_a_given_start_may_only_help() -> None:
    criterion = Criterion(example(LOGIT, "crossed"))
    own = find(criterion)
    with_more = find(criterion, [(np.array([2.0, 0.1]), np.array([3.0, -3.0]))])
    assert with_more.deviance <= own.deviance + 1e-10  # rounding


def test_rescaled_columns_rescale_the_answer() -> None:
    model = example(LOGIT, "slope")
    scale = 1000.0
    block = model.blocks[0]
    columns = block.columns * np.array([1.0, scale])
    rescaled = replace(
        model,
        X=model.X * np.array([1.0, scale]),
        blocks=(Block(block.codes, columns, block.levels),),
    )
    one, other = find(Criterion(model)), find(Criterion(rescaled))
    assert other.converged
    assert other.deviance == pytest.approx(one.deviance, rel=1e-13)  # rounding
    np.testing.assert_allclose(other.beta * [1.0, scale], one.beta, rtol=1e-9)
    np.testing.assert_allclose(
        errors(other, 2) * [1.0, scale], errors(one, 2), rtol=1e-8
    )  # of the differences
