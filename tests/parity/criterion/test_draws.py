"""Simulated responses have the model's mean and covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from parity.criterion import draws
from parity.criterion.covariance import covariances
from parity.criterion.draws import Parameters, simulate
from tests.parity.criterion.dense import LAYOUTS, Textbook, example, theta

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.model import Model


def drawn(model: Model, n: int, seed: int = 1) -> NDArray[np.float64]:
    where = Parameters(theta(model, "random"), np.array([1.0, -2.0]), 1.7)
    generator = np.random.Generator(np.random.PCG64(seed))
    return np.concatenate(list(simulate(model, where, n, generator)), axis=1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_mean_and_covariance_are_the_models(layout: str) -> None:
    model, n = example(layout, dressed=True), 40_000
    sample = drawn(model, n)
    book = Textbook(model, False, covariances(model, theta(model, "random")))  # noqa: FBT003
    V = 1.7**2 * np.real(book.V)
    mean = model.offset + model.X @ [1.0, -2.0]
    # five standard errors of each mean, and of each element of the covariance
    apart = np.abs(sample.mean(axis=1) - mean) / np.sqrt(np.diag(V) / n)
    assert apart.max() < 5.0
    spread = np.sqrt((np.outer(np.diag(V), np.diag(V)) + V**2) / n)
    assert np.max(np.abs(np.cov(sample) - V) / spread) < 5.5


def test_how_they_are_cut_into_chunks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model = example("crossed")
    whole = drawn(model, 20)
    monkeypatch.setattr(draws, "_NUMBERS", 7 * 50)
    monkeypatch.setattr(draws, "_BLOCK", 3 * 50)
    assert drawn(model, 20) == pytest.approx(whole, rel=1e-14)
    assert drawn(model, 9) == pytest.approx(whole[:, :9], rel=1e-14)
    assert np.abs(drawn(model, 20, seed=2) - whole).min() > 0.0
