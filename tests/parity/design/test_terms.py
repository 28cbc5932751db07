"""R's names, R's columns, R's rows: all that happens before statsmodels is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import patsy as untyped_patsy
import pytest

from parity.criterion import portions as module
from parity.design.coding import code, independent
from parity.design.frame import model_frame
from parity.design.terms import (
    NotExpressibleError,
    UnusableDataError,
    as_factor,
    deparse,
    evaluate,
    spell,
    translate,
)
from parity.formula import parse
from parity.syntax import read

patsy: Any = untyped_patsy

FRAME = pd.DataFrame(
    {
        "a": pd.Categorical(list("pqrpqr")),
        "b": pd.Categorical(list("uvuvvu")),
        "x": [1.0, 2.0, 3.0, 4.0, 5.0, 7.0],
        "late": [True, False, True, False, True, True],
        "my var": [2.0, 1.0, 4.0, 3.0, 6.0, 5.0],
        "y": [1.0, 3.0, 2.0, 5.0, 4.0, 6.0],
        "g": [10, 10, 2, 2, 1, 1],
    }
)


def columns(formula: str) -> tuple[str, ...]:
    spec = parse(f"y ~ {formula}")
    return code(translate(spec.fixed), model_frame(spec, FRAME).table).design.columns


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        # Rscript: sapply(expression(log( x ), ...), deparse), R 4.2.2
        ("log( x )", "log(x)"),
        ("I(x^2)", "I(x^2)"),
        ("I(x*2+1)", "I(x * 2 + 1)"),
        ("I(-x/3)", "I(-x/3)"),
        ("factor( x )", "factor(x)"),
        ("I((x-1)*2)", "I((x - 1) * 2)"),
        ("I(1e-3*x)", "I(0.001 * x)"),
        ("`my var`", "`my var`"),
    ],
)
def test_an_atom_is_spelled_as_r_deparses_it(written: str, spelled: str) -> None:
    assert deparse(read(written)) == spelled


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        # Rscript: colnames(model.matrix(~ ..., FRAME)), R 4.2.2
        ("x + a", ("(Intercept)", "x", "aq", "ar")),
        ("0 + x + a", ("x", "ap", "aq", "ar")),
        ("a * b", ("(Intercept)", "aq", "ar", "bv", "aq:bv", "ar:bv")),
        ("a / b", ("(Intercept)", "aq", "ar", "ap:bv", "aq:bv", "ar:bv")),
        ("a + b %in% a", ("(Intercept)", "aq", "ar", "ap:bv", "aq:bv", "ar:bv")),
        ("b + a + a:b", ("(Intercept)", "bv", "aq", "ar", "bv:aq", "bv:ar")),
        ("0 + x + b + a:b", ("x", "bu", "bv", "bu:aq", "bv:aq", "bu:ar", "bv:ar")),
        ("0 + b + a", ("bu", "bv", "aq", "ar")),
        ("0 + x + a + late", ("x", "ap", "aq", "ar", "lateTRUE")),
        ("x:a", ("(Intercept)", "x:ap", "x:aq", "x:ar")),
        ("(b + x)^2", ("(Intercept)", "bv", "x", "bv:x")),
        ("late * I(x^2)", ("(Intercept)", "lateTRUE", "I(x^2)", "lateTRUE:I(x^2)")),
        ("factor(g)", ("(Intercept)", "factor(g)2", "factor(g)10")),
        ("`my var` + log(x)", ("(Intercept)", "`my var`", "log(x)")),
        ("1", ("(Intercept)",)),
    ],
)
def test_columns_are_named_and_ordered_as_r_does(formula: str, expected: tuple[str, ...]) -> None:
    assert columns(formula) == expected


def test_a_column_holds_what_its_name_says() -> None:
    spec = parse("y ~ x + b + a:b")
    design = code(translate(spec.fixed), model_frame(spec, FRAME).table).design
    held = dict(zip(design.columns, design.matrix.T, strict=True))
    is_v, is_r = FRAME["b"] == "v", FRAME["a"] == "r"
    np.testing.assert_array_equal(held["x"], FRAME["x"])
    np.testing.assert_array_equal(held["bv:ar"], (is_v & is_r).astype(float))


@pytest.mark.parametrize("formula", ["x + b + a:b", "x + a * b + late", "0 + x + `my var` + b + a"])
def test_patsys_order_is_the_one_that_patsy_has(formula: str) -> None:
    """patsy sorts terms of factors before those of numbers, R by degree alone."""
    spec = parse(f"y ~ {formula}")
    terms, table = translate(spec.fixed), model_frame(spec, FRAME).table
    coded = code(terms, table)
    expected = np.asarray(patsy.dmatrix(terms.text, table))
    assert list(coded.patsy_order) != sorted(coded.patsy_order)
    np.testing.assert_array_equal(coded.design.matrix[:, coded.patsy_order], expected)
    kept = [place for place in range(expected.shape[1]) if place != 1]
    left = np.delete(expected, coded.patsy_order.index(1), axis=1)
    some = coded.keep(kept)
    np.testing.assert_array_equal(some.design.matrix[:, some.patsy_order], left)


def test_coding_that_patsy_does_otherwise_is_refused() -> None:
    with pytest.raises(NotExpressibleError, match="a:b otherwise than R"):
        columns("a:b")


@pytest.mark.parametrize("term", ["poly(x, 2)", "ns(x)", "offset(x)", "log(x, 2)", "x^y"])
def test_what_has_no_python_equal_is_refused(term: str) -> None:
    with pytest.raises(NotExpressibleError):
        translate(("1", term))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        # Rscript: x <- 0.75; y <- -2; sprintf("%.17g", c(log(x), ...)), R 4.2.2
        ("log(x)", -0.2876820724517809), ("log2(x)", -0.4150374992788438),
        ("log10(x)", -0.12493873660829993), ("log1p(x)", 0.5596157879354227),
        ("exp(y)", 0.1353352832366127), ("expm1(y)", -0.8646647167633873),
        ("sqrt(x)", 0.8660254037844386), ("abs(y)", 2.0), ("sin(y)", -0.9092974268256817),
        ("cos(y)", -0.4161468365471424), ("tan(y)", 2.185039863261519), ("as.numeric(y)", -2.0),
        ("I(-x)", -0.75), ("I(+y)", -2.0), ("I(x + y)", -1.25), ("I(x - y)", 2.75),
        ("I(x * y)", -1.5), ("I(x / y)", -0.375), ("I(x^3)", 0.421875), ("I(-x^2)", -0.5625),
        ("I((x - y) / 4)", 0.6875),
    ],
)  # fmt: skip
def test_an_expression_is_computed_as_r_computes_it(written: str, number: float) -> None:
    data = pd.DataFrame({"x": [0.75], "y": [-2.0]})
    # one rounding more or less in each library
    assert evaluate(read(written), data).tolist() == [pytest.approx(number, rel=4e-16)]


def test_an_ordered_factor_is_a_plain_one_as_the_bridge_sends_it() -> None:
    ordered = FRAME.assign(a=pd.Categorical(list("pqrpqr"), categories=list("rqp"), ordered=True))
    assert list(as_factor(ordered["a"]).cat.categories) == ["r", "q", "p"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        # Rscript: as.character(c(1e5, 123456, 1e-4, 0.0001234, 0.1, 1e15, -2, 2^31, 1/3))
        (1e5, "1e+05"), (123456.0, "123456"), (1e-4, "1e-04"), (0.0001234, "0.0001234"),
        (0.1, "0.1"), (1e15, "1e+15"), (-2.0, "-2"), (2.0**31, "2147483648"),
        (1 / 3, "0.333333333333333"), (-0.0, "0"),
    ],
)  # fmt: skip
def test_a_number_is_spelled_as_r_writes_it(number: float, text: str) -> None:
    assert spell(number) == text


@pytest.mark.parametrize(
    ("matrix", "kept"),
    [
        # Rscript: with(qr(X, tol = 1e-7, LAPACK = FALSE), pivot[seq_len(rank)])
        ([[1, 1, 2], [1, 2, 3], [1, 3, 4], [1, 5, 6]], (0, 1)),
        ([[1, 2, 1], [1, 2, 2], [1, 2, 4], [1, 2, 3]], (0, 2)),
        ([[0, 1], [0, 1], [0, 2]], (1,)),
    ],
)
def test_of_dependent_columns_the_later_is_dropped(
    matrix: list[list[int]], kept: tuple[int, ...]
) -> None:
    assert independent(np.array(matrix, dtype=float)) == kept


def test_rows_with_a_missing_value_are_dropped_after_evaluation() -> None:
    frame = FRAME.assign(x=[1.0, -1.0, 3.0, np.nan, 5.0, 7.0], unused=np.nan)
    assert model_frame(parse("y ~ log(x)"), frame).rows == ("1", "3", "5", "6")


def test_levels_that_occur_in_no_row_used_are_gone() -> None:
    frame = FRAME.assign(y=[1.0, 2.0, np.nan, 3.0, 4.0, np.nan])
    used = model_frame(parse("y ~ a + (1 | g)"), frame)
    assert list(used.table["a"].cat.categories) == ["p", "q"]
    assert used.groupings["g"].levels == ("1", "2", "10")


def test_a_nested_level_is_named_inner_then_outer() -> None:
    grouping = model_frame(parse("y ~ 1 + (1 | a/b)"), FRAME).groupings["b:a"]
    assert grouping.levels == ("u:p", "u:r", "v:p", "v:q")


@pytest.mark.parametrize(("factors", "levels"), [(1, 3000), (2, 20), (2, 3000), (6, 3000)])
def test_an_interaction_has_the_cells_that_occur_however_many_could(
    factors: int, levels: int
) -> None:
    """Few cells are counted, many sorted, and more than an integer holds are told apart, too."""
    rng = np.random.default_rng(2)
    names = list("abcdef")[:factors]
    half = pd.DataFrame({name: rng.permutation(3000) % levels for name in names})
    data = pd.concat([half, half.sample(frac=0.5, random_state=1)], ignore_index=True)
    data["y"] = rng.normal(size=len(data))
    joint = ":".join(names)
    grouping = model_frame(parse(f"y ~ 1 + (1 | {joint})"), data).groupings[joint]
    cells = list(zip(*(data[name] for name in names), strict=True))
    expected = sorted(set(cells))
    assert grouping.levels == tuple(":".join(map(str, cell)) for cell in expected)
    place = {cell: number for number, cell in enumerate(expected)}
    assert grouping.codes.tolist() == [place[cell] for cell in cells]


@pytest.mark.parametrize(
    ("formula", "frame", "sentence"),
    [
        ("y ~ z", FRAME, "no column 'z'"),
        ("a ~ x", FRAME, "a is no number"),
        ("y ~ log(a)", FRAME, "a is no number"),
        ("y ~ x", FRAME.assign(x=np.inf), "infinite"),
        ("y ~ x", FRAME.assign(y=[1.0, 3.0, -np.inf, 5.0, 4.0, 6.0]), "y has infinite values"),
        ("y ~ x", FRAME.assign(x=np.nan), "No row"),
        ("y ~ a", FRAME.assign(a=pd.Categorical(["p"] * 6)), "one level only"),
    ],
)
def test_unusable_data_are_refused_in_a_sentence(
    formula: str, frame: pd.DataFrame, sentence: str
) -> None:
    with pytest.raises(UnusableDataError, match=sentence):
        model_frame(parse(formula), frame)


@pytest.mark.parametrize(
    ("column", "levels", "codes"),
    [
        (["b", None, "a", "b"], ["a", "b"], [1, -1, 0, 1]),
        ([2.5, np.nan, 10.0, 2.5], ["2.5", "10"], [0, -1, 1, 0]),
        ([0.1 + 0.2, 0.3, 1.0, np.nan], ["0.3", "1"], [0, 0, 1, -1]),
        ([3 * 10**9, 10**10, 2**31], ["2147483648", "3e+09", "1e+10"], [1, 2, 0]),
        ([100000, 2**31, 7], ["7", "1e+05", "2147483648"], [1, 2, 0]),
        ([100000, 7, 99999], ["7", "99999", "100000"], [2, 0, 1]),
        ([100000.0, 7.0], ["7", "1e+05"], [1, 0]),
        ([True, None, False, True], ["FALSE", "TRUE"], [1, -1, 0, 1]),
        ([None, None], [], [-1, -1]),
    ],
)
def test_a_column_is_a_factor_whose_missing_cells_are_of_no_level(
    column: list[object], levels: list[str], codes: list[int]
) -> None:
    """Numbers that read alike in 15 digits are one level, as in R."""
    found = as_factor(pd.Series(column))
    assert list(found.cat.categories) == levels
    assert found.cat.codes.tolist() == codes


def test_a_design_that_is_made_a_few_rows_at_a_time_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = model_frame(parse("y ~ a * x + b:x + late"), FRAME).table
    terms = translate(parse("y ~ a * x + b:x + late").fixed)
    whole = code(terms, table)
    # neither piece of two rows has all levels of a
    monkeypatch.setattr(module, "ROWS", 2)
    pieces = code(terms, table)
    assert pieces.design.columns == whole.design.columns
    assert pieces.patsy_order == whole.patsy_order
    np.testing.assert_array_equal(pieces.design.matrix, whole.design.matrix)
    assert whole.design.matrix.flags.c_contiguous
    alone = code(translate(("1",)), table)
    assert alone.design.matrix.tolist() == [[1.0]] * 6


def test_columns_of_many_rows_depend_as_they_do_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    own = rng.normal(size=(53, 4)) * [1.0, 1e8, 1e-8, 1.0] + [1e6, 0.0, 0.0, 0.0]
    spanned = own[:, :2] @ [3.0, -1.0]
    beside = own[:, 0] + 1e-5 * own[:, 0].std() * rng.normal(size=53)
    matrix = np.column_stack([own[:, :2], spanned, np.zeros(53), own[:, 2:], 2.0 * own[:, 3]])
    for rows in (1 << 14, 53, 10, 1):
        monkeypatch.setattr(module, "ROWS", rows)
        assert independent(matrix) == (0, 1, 4, 5)
        assert independent(np.column_stack([own[:, 0] - 1e6, beside - 1e6])) == (0, 1)
        assert independent(np.column_stack([own[:, 0], own[:, 0] + 1e-4 * own[:, 3]])) == (0,)


def test_a_category_of_numbers_is_named_as_the_bridge_names_it() -> None:
    """The bridge makes text of categories before R sees them: each number's shortest exact text."""
    numbers = [100000.0, 2.5, 0.1 + 0.2, 1e10, 4.0]
    named = as_factor(pd.Series(pd.Categorical(numbers))).cat.categories
    assert list(named) == ["0.30000000000000004", "2.5", "4", "100000", "10000000000"]
    whole = as_factor(pd.Series(pd.Categorical([100000, 10**10, 7]))).cat.categories
    assert list(whole) == ["7", "100000", "10000000000"]
    flags = as_factor(pd.Series(pd.Categorical([True, False]))).cat.categories
    assert list(flags) == ["FALSE", "TRUE"]
    bins = as_factor(pd.Series(pd.cut([1.0, 3.0], [0, 2, 4]))).cat.categories
    assert list(bins) == ["(0, 2]", "(2, 4]"]
