"""A model stated on data: names, orders, rows and columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parity.design.statement import Statement, state
from parity.design.terms import UnusableDataError
from parity.formula import parse

FRAME = pd.DataFrame(
    {
        "y": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0],
        "x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        "twice": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0],
        "f": pd.Categorical(list("uvwuvwuv")),
        "g": pd.Categorical(list("qpqpqprr"), categories=["s", "r", "q", "p"]),
        "h": pd.Categorical(list("aabbaabb")),
        "zero": np.zeros(8),
        "hits": [0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 0.0],
        "size": [3.0, 3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 0.0],
    }
)


def stated(formula: str, frame: pd.DataFrame = FRAME, family: str = "gaussian") -> Statement:
    return state(parse(formula, family=family), frame)


def test_coefficients_have_rs_names_in_the_order_of_x() -> None:
    found = stated("y ~ x + f + (1 | g)")
    assert found.coefficients == ("(Intercept)", "x", "fv", "fw")
    assert found.model.X[:3].tolist() == [[1, 0, 0, 0], [1, 1, 1, 0], [1, 2, 0, 1]]
    assert found.model.X.flags.c_contiguous


def test_columns_that_r_drops_are_left_out_wherever_they_stand() -> None:
    assert stated("y ~ x + twice + f + (1 | g)").coefficients == ("(Intercept)", "x", "fv", "fw")
    assert stated("y ~ twice + x + (1 | g)").coefficients == ("(Intercept)", "twice")
    assert stated("y ~ zero + x + (1 | g)").coefficients == ("(Intercept)", "x")


def test_a_model_without_any_fixed_effect_is_refused() -> None:
    with pytest.raises(UnusableDataError, match="no fixed effect"):
        stated("y ~ 0 + zero + (1 | g)")


def test_levels_keep_the_factors_order_without_those_that_do_not_occur() -> None:
    found = stated("y ~ x + (1 | g)")
    assert found.levels == (("r", "q", "p"),)
    assert found.model.blocks[0].codes.tolist() == [1, 2, 1, 2, 1, 2, 0, 0]
    assert found.model.blocks[0].levels == 3


def test_theta_is_named_block_by_block_and_column_by_column() -> None:
    assert stated("y ~ x + (x | g) + (1 | h)").theta_keys == (
        ("g", "(Intercept)", "(Intercept)"),
        ("g", "x", "(Intercept)"),
        ("g", "x", "x"),
        ("h", "(Intercept)", "(Intercept)"),
    )


def test_theta_of_three_effects_goes_down_the_columns() -> None:
    pairs = [(row, column) for _, row, column in stated("y ~ 1 + (0 + f | g)").theta_keys]
    assert pairs == [
        ("fu", "fu"), ("fv", "fu"), ("fw", "fu"), ("fv", "fv"), ("fw", "fv"), ("fw", "fw"),
    ]  # fmt: skip


def test_effects_are_named_level_by_level_in_the_order_of_b() -> None:
    found = list(stated("y ~ x + (x | g) + (1 | h)").effects)
    assert found[:3] == [("g", "r", "(Intercept)"), ("g", "r", "x"), ("g", "q", "(Intercept)")]
    assert found[-2:] == [("h", "a", "(Intercept)"), ("h", "b", "(Intercept)")]


def test_a_block_has_the_columns_that_its_names_say() -> None:
    (block,) = stated("y ~ 1 + (0 + f + x | g)").model.blocks
    assert stated("y ~ 1 + (0 + f + x | g)").terms == (("fu", "fv", "fw", "x"),)
    assert block.columns[4].tolist() == [0.0, 1.0, 0.0, 4.0]


def test_two_bars_are_two_blocks_of_one_factor() -> None:
    found = stated("y ~ x + (x || g)")
    assert found.terms == (("(Intercept)",), ("x",))
    one, other = found.model.blocks
    assert (one.codes == other.codes).all()


def test_a_nested_factors_levels_are_named_by_both() -> None:
    found = stated("y ~ x + (1 | h/g)")
    by_group = dict(zip((term.group for term in found.spec.random), found.levels, strict=True))
    assert by_group == {"g:h": ("r:b", "q:a", "q:b", "p:a", "p:b"), "h": ("a", "b")}


def test_rows_with_a_missing_value_are_left_out_everywhere() -> None:
    frame = FRAME.copy()
    frame.loc[1, "y"] = np.nan
    frame.loc[3, "x"] = np.nan
    frame["g"] = frame["g"].mask(frame.index == 6)
    found = stated("y ~ x + (1 | g)", frame)
    assert found.rows == ("1", "3", "5", "6", "8")
    assert found.model.y.tolist() == [3.0, 4.0, 5.0, 9.0, 6.0]
    assert found.model.n == len(found.model.X) == len(found.model.blocks[0].codes)


def test_a_missing_value_in_a_column_that_is_not_used_costs_no_row() -> None:
    frame = FRAME.assign(x=np.nan)
    assert len(stated("y ~ f + (1 | g)", frame).rows) == 8


def test_the_frames_index_does_not_matter() -> None:
    frame = FRAME.set_index(pd.Index(range(100, 108)))
    assert stated("y ~ x + (1 | g)", frame).rows == tuple("12345678")


def test_a_linear_mixed_model_has_weights_of_one_and_no_offset() -> None:
    model = stated("y ~ x + (1 | g)").model
    assert (model.family, model.link) == ("gaussian", "identity")
    assert (model.weights.tolist(), model.offset.tolist()) == ([1.0] * 8, [0.0] * 8)


def test_a_binomial_model_has_shares_and_sizes() -> None:
    model = stated("cbind(hits, size - hits) ~ x + (1 | g)", family="binomial").model
    assert (model.family, model.link) == ("binomial", "logit")
    assert model.weights.tolist() == FRAME["size"].tolist()
    assert model.y.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 0, 0.5, 1, 0])


def test_prior_weights_multiply_the_sizes_of_a_binomial_response() -> None:
    """As glm and glmer have it: a row of weight 2 is that row twice."""
    frame = FRAME.assign(times=[1.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0, 1.0])
    spec = parse("cbind(hits, size - hits) ~ x + (1 | g)", family="binomial", weights="times")
    found = state(spec, frame).model.weights
    assert found.tolist() == (frame["size"] * frame["times"]).tolist()


def test_missing_counts_cost_their_rows() -> None:
    frame = FRAME.copy()
    frame.loc[2, "hits"] = np.nan
    found = stated("cbind(hits, size - hits) ~ x + (1 | g)", frame, "binomial")
    assert found.rows == ("1", "2", "4", "5", "6", "7", "8")
    assert found.model.weights.tolist() == [3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 0.0]


def weighted(first: float) -> Statement:
    frame = FRAME.assign(share=FRAME["hits"] / 3, trials=[first, *[3.0] * 7])
    return state(parse("share ~ x + (1 | g)", family="binomial", weights="trials"), frame)


def test_a_missing_weight_costs_its_row() -> None:
    found = weighted(np.nan)
    assert found.rows == tuple("2345678")
    assert found.model.weights.tolist() == [3.0] * 7


def test_a_weight_of_zero_keeps_its_row() -> None:
    assert weighted(0.0).model.weights.tolist() == [0.0, *[3.0] * 7]


@pytest.mark.parametrize("weight", [-2.0, np.inf])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(UnusableDataError, match=r"The prior weight trials is (-2|inf) in row 1"):
        weighted(weight)


def test_an_infinite_covariate_is_refused() -> None:
    frame = FRAME.copy()
    frame.loc[2, "x"] = np.inf
    with pytest.raises(UnusableDataError, match="x has infinite values"):
        stated("y ~ 1 + (x | g)", frame)


def test_what_is_in_the_data_already_is_not_copied_and_cannot_be_written() -> None:
    model = stated("y ~ x + (x | g)").model
    assert np.shares_memory(model.y, FRAME["y"].to_numpy())
    assert not model.y.flags.writeable
    assert model.blocks[0].columns is model.X
    plain = stated("y ~ x + (1 | g)").model
    assert plain.blocks[0].columns.tolist() == [[1.0]] * 8
    for array in (plain.blocks[0].columns, plain.weights, plain.offset):
        assert array.strides[0] == 0
    dropping = stated("y ~ x + twice + (x + twice | g)").model
    assert dropping.X.shape == (8, 2)
    assert dropping.blocks[0].columns.shape == (8, 3)


def test_rows_with_a_gap_are_left_out_of_everything() -> None:
    gaps = FRAME.assign(x=[0.0, np.nan, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    gaps.loc[7, "g"] = None
    found = stated("y ~ x + (x | g)", gaps.set_axis(list("stuvwxyz")))
    assert found.rows == ("1", "3", "4", "5", "6", "7")
    assert found.complete.tolist() == [True, False, True, True, True, True, True, False]
    assert found.model.y.tolist() == [3.0, 4.0, 1.0, 5.0, 9.0, 2.0]
    assert found.model.X[:, 1].tolist() == [0.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert [found.levels[0][code] for code in found.model.blocks[0].codes] == list("qqpqpr")
