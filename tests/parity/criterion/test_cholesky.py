"""The three factorisations against NumPy's solve and determinant."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import sparse

from parity.criterion import cholesky

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAYS = ["_Dense", "_Sparse"] + ["_Supernodal"] * (find_spec("sksparse") is not None)


def banded(size: int) -> NDArray[np.float64]:
    """Return a positive definite matrix with an arrow besides its band."""
    rng = np.random.default_rng(3)
    matrix = np.diag(rng.uniform(3.0, 9.0, size))
    off = rng.uniform(-1.0, 1.0, size - 1)
    matrix += np.diag(off, 1) + np.diag(off, -1)
    arrow = rng.uniform(0.0, 0.05, size - 2)
    matrix[-1, :-2] += arrow
    matrix[:-2, -1] += arrow
    return matrix


def factor(way: str, matrix: NDArray[np.float64]) -> Any:  # noqa: ANN401 - any of the classes
    """Return the factorisation by one way."""
    if way == "_Dense":
        return cholesky._Dense(matrix.copy())  # noqa: SLF001
    return getattr(cholesky, way)(sparse.csc_array(matrix), cholesky.Memory())


@pytest.mark.parametrize("way", WAYS)
def test_solutions_and_determinant_are_numpys(way: str) -> None:
    matrix = banded(60)
    found = factor(way, matrix)
    right = np.random.default_rng(4).normal(size=(60, 3))
    assert np.allclose(found.solve(right), np.linalg.solve(matrix, right), rtol=0, atol=1e-14)
    assert found.logdet == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-14)


@pytest.mark.parametrize("way", WAYS)
def test_a_right_hand_side_is_left_as_it_was(way: str) -> None:
    right = np.ones((60, 2))
    factor(way, banded(60)).solve(right)
    assert (right == 1.0).all()


@pytest.mark.parametrize("way", WAYS)
def test_an_indefinite_matrix_is_refused(way: str) -> None:
    matrix = banded(60)
    matrix[7, 7] = -5.0
    with pytest.raises(np.linalg.LinAlgError):
        factor(way, matrix)


@pytest.mark.parametrize("way", WAYS)
def test_an_exactly_singular_matrix_is_refused(way: str) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        factor(way, np.diag([1.0, 0.0, 2.0]))


def test_a_small_matrix_is_factorised_dense() -> None:
    assert isinstance(cholesky.factorize(sparse.csc_array(banded(60))), cholesky._Dense)  # noqa: SLF001


def test_a_large_matrix_is_factorised_sparse_where_it_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cholesky, "cholmod", None)
    full = sparse.csc_array(np.ones((500, 500)) + 500 * np.eye(500))
    assert isinstance(cholesky.factorize(sparse.csc_array(banded(500))), cholesky._Sparse)  # noqa: SLF001
    assert isinstance(cholesky.factorize(full), cholesky._Dense)  # noqa: SLF001


@pytest.mark.parametrize("way", WAYS[1:])
def test_matrices_of_one_pattern_are_analysed_once(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    supernodal = way == "_Supernodal"
    owner = import_module("sksparse.cholmod") if supernodal else cholesky
    name = "analyze" if supernodal else "_fill_reducing"
    analyze = getattr(owner, name)

    def counted(matrix: Any) -> Any:  # noqa: ANN401 - of either library
        asked.append(1)
        return analyze(matrix)

    monkeypatch.setattr(owner, name, counted)
    memory = cholesky.Memory()
    right = np.random.default_rng(4).normal(size=(60, 2))
    other = banded(60)
    other[5, 40] = other[40, 5] = 0.01
    for matrix, analyses in ((banded(60), 1), (3.0 * banded(60), 1), (other, 2), (banded(60), 3)):
        found = getattr(cholesky, way)(sparse.csc_array(matrix), memory)
        assert np.allclose(found.solve(right), np.linalg.solve(matrix, right), rtol=0, atol=1e-14)
        assert found.logdet == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-14)
        assert len(asked) == analyses


def test_factorising_leaves_the_matrix_as_it_was() -> None:
    matrix = sparse.csc_array(banded(60))
    before = matrix.toarray()
    cholesky.factorize(matrix)
    assert (matrix.toarray() == before).all()
