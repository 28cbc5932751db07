"""Stacks of small matrices, whichever way their size makes them go."""

from __future__ import annotations

import numpy as np
import pytest

from parity.criterion.stacks import SMALL, combine, invert

WIDTHS = (1, SMALL, SMALL + 1)


@pytest.mark.parametrize("k", WIDTHS)
def test_inverses_and_determinants_are_numpys(k: int) -> None:
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(2, 3, k, k))
    spread = roots @ roots.transpose(0, 1, 3, 2)
    weights = rng.uniform(0.1, 2.0, size=(4, 2))
    expected = np.eye(k) + np.einsum("bm,mjac->bjac", weights, spread)
    stack = combine(weights, spread)
    assert stack == pytest.approx(expected, rel=1e-14)
    inverse, logdet = invert(stack)
    assert inverse == pytest.approx(np.linalg.inv(expected), rel=1e-11, abs=1e-13)
    assert logdet == pytest.approx(np.linalg.slogdet(expected)[1].sum(axis=1), rel=1e-13)


@pytest.mark.parametrize("kind", ["indefinite", "singular", "infinite", "missing"])
@pytest.mark.parametrize("k", [2, SMALL, SMALL + 1])
def test_a_matrix_that_is_not_positive_definite_is_nan_and_harms_no_other(
    k: int, kind: str
) -> None:
    bad = {
        "indefinite": np.diag([1.0] * (k - 1) + [-2.0]),
        "singular": np.ones((k, k)),
        "infinite": np.full((k, k), np.inf),
        "missing": np.full((k, k), np.nan),
    }
    stack = np.tile(2.0 * np.eye(k), (3, 2, 1, 1))
    stack[1, 0] = bad[kind]
    with np.errstate(all="ignore"):
        inverse, logdet = invert(stack)
    assert np.isnan(inverse[1, 0]).any()
    assert np.isnan(logdet).tolist() == [False, True, False]
    assert inverse[[0, 2, 1], [0, 1, 1]] == pytest.approx(np.tile(np.eye(k) / 2.0, (3, 1, 1)))
    assert logdet[[0, 2]] == pytest.approx(2 * k * np.log(2.0), rel=1e-14)
