"""What is drawn of a response is what a response that is made of the same numbers comes down to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import linalg, stats

from parity.criterion import sampler as module
from parity.criterion.covariance import covariances, pack
from parity.criterion.draws import Parameters, simulate
from parity.criterion.model import Block, Model
from parity.criterion.reduction import Reduction
from parity.criterion.refit import Fitter
from parity.criterion.sampler import Sampler
from tests.parity.criterion.dense import LAYOUTS, THETAS, Textbook, example, theta

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.reduction import Responses

    Matrix = NDArray[np.float64]

BETA, SIGMA = np.array([1.0, -2.0]), 1.7
FIELDS = ("turned", "rotated", "cross", "squares")


class Whole:
    """A model's rows in coordinates of orthonormal columns: of the effects, of X, and the rest."""

    def __init__(self, reduction: Reduction, elements: Matrix) -> None:
        model = reduction.model
        self.effects = np.zeros((model.n, reduction.size))
        start = 0
        for piece in reduction.pieces:
            width = piece.basis.shape[1]
            self.effects[piece.rows, start : start + width] = piece.basis.toarray()
            start += width
        present = np.zeros(reduction.size, dtype=bool)
        self.spread = np.zeros_like(self.effects)
        for bundle in reduction.bundles:
            for places, matrices in zip(bundle.places, bundle.spread.swapaxes(0, 1), strict=True):
                N = np.eye(len(places)) + np.tensordot(elements, matrices, axes=1)
                self.spread[:, places] = self.effects[:, places] @ np.linalg.cholesky(N)
                present[places] = True
        kept = self.effects[:, present]
        Q = reduction.basis(slice(None))
        inside = Q - kept @ (kept.T @ Q)
        sizes, axes = np.linalg.eigh(inside.T @ inside)
        large = sizes > 1e-12
        self.of_X = inside @ axes[:, large] / np.sqrt(sizes[large])
        self.rest = linalg.null_space(np.hstack([kept, self.of_X]).T)
        self.columns = np.hstack([kept, self.of_X, self.rest])

    def covariance(self) -> Matrix:
        """That of the rows times the root of their weights, over sigma^2."""
        whole = np.hstack([self.spread, self.of_X, self.rest])
        return np.asarray(whole @ whole.T)


def reduced(model: Model, kind: str) -> tuple[Reduction, Matrix, Sampler]:
    reduction, where = Reduction(model), theta(model, kind)
    elements = pack(covariances(model, where))
    return reduction, elements, Sampler(reduction, elements, BETA, SIGMA)


def covariates(model: Model, ranks: int) -> Model:
    """The model with covariates of which 0, 1 or 2 vary within the levels of its first factor."""
    between = np.column_stack([np.ones(model.n), np.arange(7.0)[model.blocks[0].codes]])
    within = np.random.default_rng(9).normal(size=(model.n, 2))
    return replace(model, X=np.column_stack([between[:, ranks:], within[:, :ranks]]))


@pytest.mark.parametrize("ranks", [0, 1, 2])
@pytest.mark.parametrize("kind", THETAS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_what_a_whole_response_of_the_same_numbers_comes_down_to(
    layout: str, kind: str, ranks: int
) -> None:
    model = covariates(example(layout, dressed=True), ranks)
    reduction, elements, sampler = reduced(model, kind)
    whole = Whole(reduction, elements)
    n = model.n
    assert whole.of_X.shape[1] == ranks
    assert whole.columns.shape == (n, n)
    assert whole.columns.T @ whole.columns == pytest.approx(np.eye(n), abs=1e-12)
    root = np.sqrt(model.weights)
    book = Textbook(model, False, covariances(model, theta(model, kind)))  # noqa: FBT003
    V = root[:, None] * np.real(book.V) * root
    assert whole.covariance() == pytest.approx(V, abs=1e-11 * np.abs(V).max())

    rng = np.random.default_rng(4)
    u, v = rng.normal(size=(5, reduction.size)), rng.normal(size=(5, whole.of_X.shape[1]))
    rest = rng.normal(size=(5, whole.rest.shape[1]))
    assert sampler.left == rest.shape[1]
    noise = whole.spread @ u.T + whole.of_X @ v.T + whole.rest @ rest.T
    mean = model.offset + model.X @ BETA
    expected = reduction.reduce(mean[:, None] + SIGMA * noise / root[:, None])
    padded = np.hstack([u, _turned(reduction, whole, v), np.zeros((5, 2 - v.shape[1]))])
    found = sampler.assemble(padded, np.einsum("br,br->b", rest, rest))
    agree(found, expected)
    assert not found.largest.any()


def _turned(reduction: Reduction, whole: Whole, v: Matrix) -> Matrix:
    """Return v in the signs that the sampler's own root of Q'Q has."""
    T = module._within(reduction.within)  # noqa: SLF001
    mine = whole.of_X.T @ reduction.basis(slice(None))
    signs = np.sign(np.einsum("rp,rp->r", T, mine))
    return np.asarray(v * signs)


def agree(found: Responses, expected: Responses) -> None:
    for name in FIELDS:
        size = max(np.abs(getattr(expected, name)).max(), SIGMA)
        one, other = getattr(found, name), getattr(expected, name)
        assert one == pytest.approx(other, abs=1e-11 * size, rel=0), name


def test_a_model_without_rows_to_spare_has_no_rest() -> None:
    X = np.column_stack([np.ones(4), [0.0, 1.0, 0.0, 2.0]])
    model = Model(np.arange(4.0), X, (Block(np.array([0, 0, 1, 1]), np.ones((4, 1)), 2),))
    full = replace(model, X=X, blocks=(Block(np.array([0, 0, 1, 2]), np.ones((4, 1)), 3),))
    for given, left in ((model, 1), (full, 0)):
        reduction = Reduction(given)
        sampler = Sampler(reduction, np.array([0.5]), BETA, SIGMA)
        assert sampler.left == left
        (drawn,) = sampler.draw(3, np.random.default_rng(1))
        for name in FIELDS:
            assert np.isfinite(getattr(drawn, name)).all()


def test_how_they_are_cut_into_chunks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, sampler = reduced(example("nested"), "random")

    def drawn(n: int, seed: int = 3) -> list[Matrix]:
        chunks = list(sampler.draw(n, np.random.default_rng(seed)))
        return [np.concatenate([getattr(c, name).T for c in chunks]) for name in FIELDS]

    whole = drawn(20)
    monkeypatch.setattr(module, "_NUMBERS", 7 * 50)
    for one, some, all_of, other in zip(drawn(20), drawn(9), whole, drawn(20, 4), strict=True):
        assert one == pytest.approx(all_of, rel=1e-14)
        assert some == pytest.approx(all_of[:9], rel=1e-14)
        moved = all_of != 0
        assert np.abs(other - all_of)[moved].min() > 0.0


@pytest.mark.parametrize("layout", ["vector", "nested"])
def test_the_fits_to_them_are_spread_as_those_to_whole_responses(layout: str) -> None:
    model, n = example(layout, dressed=True), 4000
    fitter = Fitter(model, reml=True)
    where = Parameters(theta(model, "random"), BETA, SIGMA)
    (drawn,) = fitter.resample(where, n, np.random.default_rng(7))
    rows = np.concatenate(list(simulate(model, where, n, np.random.default_rng(8))), axis=1)
    known = fitter.fit(rows, where.theta)
    assert drawn.converged.all()
    pairs = {"deviance": (drawn.deviance, known.deviance), "sigma": (drawn.sigma, known.sigma)}
    for column, (mine, others) in enumerate(zip(drawn.theta.T, known.theta.T, strict=True)):
        pairs[f"theta {column}"] = mine, others
    for column, (mine, others) in enumerate(zip(drawn.beta.T, known.beta.T, strict=True)):
        pairs[f"beta {column}"] = mine, others
    for name, (one, other) in pairs.items():
        assert stats.ks_2samp(one, other).pvalue > 1e-3, name
    assert abs(drawn.singular.mean() - known.singular.mean()) < 4 * np.sqrt(0.5 / n)
