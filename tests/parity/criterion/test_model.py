"""What a model is made of, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from parity.criterion import portions
from parity.criterion.model import Block, Model


def block(width: int = 1, levels: int = 2) -> Block:
    return Block(np.array([0, 1, 0, 1]), np.ones((4, width)), levels)


def model(**changes: object) -> Model:
    parts: dict[str, object] = {"y": np.arange(4.0), "X": np.ones((4, 1)), "blocks": (block(),)}
    return Model(**{**parts, **changes})  # type: ignore[arg-type]  # some are wrong on purpose


def test_a_block_of_r_columns_has_a_triangle_of_theta() -> None:
    assert [(block(r).width, block(r).size) for r in (1, 2, 3)] == [(1, 1), (2, 3), (3, 6)]


def test_theta_is_cut_block_by_block() -> None:
    found = model(blocks=(block(2), block(), block(3))).slices
    assert found == (slice(0, 3), slice(3, 4), slice(4, 10))


def test_weights_are_ones_and_offsets_zeros_where_not_given() -> None:
    plain = model()
    assert plain.weights.tolist() == [1.0] * 4
    assert plain.offset.tolist() == [0.0] * 4
    assert (plain.n, plain.p) == (4, 1)


def test_weights_that_were_not_given_cannot_be_changed() -> None:
    """One number stands for all: a change of one row's would be a change of every row's."""
    one = model()
    with pytest.raises(ValueError, match="read-only"):
        one.weights[0] = 7.0
    assert one.weights.tolist() == [1.0] * 4
    assert one.offset.tolist() == [0.0] * 4


@pytest.mark.parametrize("codes", [[0, 1, 0, 2], [0, -1, 0, 1]])
def test_a_code_without_a_level_is_refused(codes: list[int]) -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        Block(np.array(codes), np.ones((4, 1)), 2)


@pytest.mark.parametrize("shape", [(4,), (3, 1), (4, 1, 1)])
def test_columns_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="codes for 4 rows"):
        Block(np.array([0, 1, 0, 1]), np.ones(shape), 2)


@pytest.mark.parametrize("name", ["X", "weights", "offset"])
def test_parts_of_another_length_are_refused(name: str) -> None:
    short = np.ones((3, 1)) if name == "X" else np.ones(3)
    with pytest.raises(ValueError, match=f"{name} has 3 rows, the response 4"):
        model(**{name: short})


def test_a_block_of_another_length_is_refused() -> None:
    short = Block(np.array([0, 1]), np.ones((2, 1)), 2)
    with pytest.raises(ValueError, match="block 1 has 2 rows, the response 4"):
        model(blocks=(block(), short))


def test_a_model_without_random_effects_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one block"):
        model(blocks=())


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["y", "X", "weights", "offset"])
def test_numbers_that_are_not_finite_are_refused(name: str, number: float) -> None:
    bad = np.ones((4, 1)) if name == "X" else np.ones(4)
    bad[2] = number
    with pytest.raises(ValueError, match=f"{name} is not finite"):
        model(**{name: bad})


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_random_effects_columns_that_are_not_finite_are_refused(number: float) -> None:
    columns = np.ones((4, 1))
    columns[1] = number
    with pytest.raises(ValueError, match="finite"):
        model(blocks=(Block(np.array([0, 1, 0, 1]), columns, 2),))


def test_the_volume_is_that_of_all_weights_in_however_many_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = np.array([0.5, 2.0, 8.0, 0.25])
    for rows in (1, 2, 3, 4, 100):
        monkeypatch.setattr(portions, "ROWS", rows)
        assert model(weights=weights).volume == pytest.approx(-np.log(2.0), rel=1e-14)
    assert model().volume == 0.0
