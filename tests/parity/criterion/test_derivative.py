"""Gradient and Hessian against complex steps and differences of the textbook's criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion.covariance import covariances, pack, theta_of
from parity.criterion.derivative import differentiate, directions, in_theta
from parity.criterion.lmm import Criterion
from tests.parity.criterion.dense import LAYOUTS, THETAS, Textbook, example, slope, theta

if TYPE_CHECKING:
    from parity.criterion.derivative import Derivatives
    from tests.parity.criterion.dense import Matrix, Vector

TINY = 1e-100  # a complex step has no cancellation: nothing is lost by its size
STEP_IN_D = 1e-4  # of differences: times the levels' precisions, up to 40, it is still small
STEP_IN_THETA = 3e-4
EXACT = 1e-12  # closed forms against complex steps, relative to the largest
DIFFERENCED = 1e-8  # closed forms against differences of fourth order

every = pytest.mark.parametrize(
    ("layout", "kind", "dressed", "reml"),
    [
        (layout, kind, dressed, reml)
        for layout in LAYOUTS
        for kind, dressed in (("random", False), *((kind, True) for kind in THETAS))
        for reml in (False, True)
    ],
)


class Setting:
    """One model at one theta."""

    def __init__(self, layout: str, kind: str, *, dressed: bool, reml: bool) -> None:
        """Differentiate there."""
        self.model = example(layout, dressed=dressed)
        self.theta = theta(self.model, kind)
        self.criterion = Criterion(self.model, reml)
        self.basis = directions(self.model)

    @property
    def found(self) -> Derivatives:
        """What is tested."""
        return differentiate(self.criterion.at(self.theta))

    def textbook(self, steps: Vector | None = None, *, way: int | None = None) -> Textbook:
        """Return the textbook at D moved by real steps ``(m,)`` and a tiny imaginary one."""
        moved = [matrix.astype(complex) for matrix in covariances(self.model, self.theta)]
        for number, (block, matrix) in enumerate(self.basis):
            moved[block] += (0.0 if steps is None else steps[number]) * matrix
            moved[block] += 1j * TINY * matrix * (number == way)
        return Textbook(self.model, self.criterion.reml, moved)

    def gradient(self, steps: Vector | None = None) -> Vector:
        """Return the textbook's gradient in vech(D), to rounding."""
        ways = range(len(self.basis))
        return np.array([self.textbook(steps, way=way).deviance.imag / TINY for way in ways])


def assert_close(found: Matrix, expected: Matrix, tolerance: float) -> None:
    """Hold an array against another, to a share of the largest."""
    assert found.shape == expected.shape
    assert found.size
    assert np.max(np.abs(found - expected)) <= tolerance * max(1.0, float(np.abs(expected).max()))


@every
def test_the_gradient_is_the_complex_steps(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    setting = Setting(layout, kind, dressed=dressed, reml=reml)
    assert_close(setting.found.gradient, setting.gradient(), EXACT)


@every
def test_the_hessian_is_the_difference_of_the_gradients(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    setting = Setting(layout, kind, dressed=dressed, reml=reml)
    axes = np.eye(len(setting.theta))
    expected = [slope(setting.gradient, axis, STEP_IN_D) for axis in axes]
    assert_close(setting.found.hessian, np.array(expected), DIFFERENCED)


@every
def test_the_derivative_of_beta_is_the_complex_steps(
    layout: str, kind: str, *, dressed: bool, reml: bool
) -> None:
    setting = Setting(layout, kind, dressed=dressed, reml=reml)
    ways = range(len(setting.basis))
    expected = [setting.textbook(way=way).beta.imag / TINY for way in ways]
    assert_close(setting.found.beta, np.array(expected).T, EXACT)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["random", "singular", "zero"])
def test_gradient_and_hessian_in_theta_are_the_criterions_differences(
    layout: str, kind: str
) -> None:
    """At theta = 0 too, a saddle where the whole gradient is 0."""
    setting = Setting(layout, kind, dressed=True, reml=True)
    model, criterion = setting.model, setting.criterion

    def height(step: Vector) -> float:
        return criterion.deviance(setting.theta + step)

    def slopes(step: Vector) -> tuple[Vector, Matrix]:
        where = setting.theta + step
        found = differentiate(criterion.at(where))
        return in_theta(model, where, found.gradient, found.hessian)

    gradient, hessian = slopes(np.zeros(len(setting.theta)))
    for number, way in enumerate(np.eye(len(setting.theta))):
        assert_close(gradient[number], slope(height, way, STEP_IN_THETA), DIFFERENCED)
        change = slope(lambda step: slopes(step)[0], way, STEP_IN_THETA)
        assert_close(hessian[number], change, DIFFERENCED)


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["singular", "zero"])
def test_at_the_boundary_the_gradient_is_the_one_sided_difference(
    layout: str, kind: str, *, reml: bool
) -> None:
    setting = Setting(layout, kind, dressed=True, reml=reml)
    here = covariances(setting.model, setting.theta)
    rng = np.random.default_rng(7)
    inward = [np.outer(w, w) for w in (rng.normal(size=len(matrix)) for matrix in here)]

    def height(step: float) -> float:
        inside = [one + step * way for one, way in zip(here, inward, strict=True)]
        return setting.criterion.deviance(theta_of(inside))

    # forward differences of fourth order
    weights = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / 12.0
    step = 1e-4  # their error: step**4 and rounding over step
    one_sided = weights @ [height(step * k) for k in range(5)] / step
    assert_close(np.asarray(setting.found.gradient @ pack(inward)), np.asarray(one_sided), 1e-7)
