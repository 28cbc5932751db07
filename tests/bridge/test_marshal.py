"""What R got, by R's own account of it: types, classes, levels, names and each bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import lm, lmer
from bridge.column import NA_INTEGER, Frame
from bridge.encode import to_frame
from bridge.session import Vector, current

if TYPE_CHECKING:
    from bridge.session import Value

pytestmark = pytest.mark.r

HARD_DOUBLES = [5e-324, -2.2250738585072014e-308, -0.0, 1.7976931348623157e308, 0.1, np.nan]
HARD_NAMES = (
    "a b", "a.b", "é", "日本", "if", "function", "TRUE", "NA", "2nd", "_x", "a`b", "a\\b", 'a"b',
    "a'b", "🐟", "x-y", "I(x)", "~", "...", "T", "c", "data", "\n", " ",
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def ask(function: str, /, **arguments: object) -> Value:
    """What a function of R's answers, the bridge's own way."""
    answer = current().call(function, arguments)  # type: ignore[arg-type]
    assert answer.failure is None, answer.failure
    return answer.value


def by_column(function: str, frame: Frame) -> dict[str, Vector | None]:
    """What a function of R's answers for each column of a frame."""
    found = ask("sapply", X=frame, FUN=function, simplify=False)
    assert isinstance(found, dict)
    return found


def words(value: Value) -> list[str | None]:
    assert isinstance(value, Vector)
    assert isinstance(value.cells, tuple)
    return list(value.cells)


def numbers(value: Value) -> list[float]:
    assert isinstance(value, Vector)
    assert isinstance(value.cells, np.ndarray)
    found: list[float] = value.cells.tolist()
    return found


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "real": [0.5, np.nan],
            "whole": pd.array([7, None], dtype="Int64"),
            "wide": [2**53, -(2**53)],
            "truth": pd.array([True, None], dtype="boolean"),
            "text": ["b", None],
            "label": pd.Categorical([10, 2], [10, 2, 5], ordered=True),
        }
    )


def test_r_sees_a_data_frame_of_the_types_that_were_meant() -> None:
    frame = to_frame(table(), list(table().columns))
    assert words(ask("class", x=frame)) == ["data.frame"]
    assert numbers(ask("dim", x=frame)) == [2, 6]
    types = {name: words(value) for name, value in by_column("typeof", frame).items()}
    assert types == {
        "real": ["double"], "whole": ["integer"], "wide": ["double"], "truth": ["logical"],
        "text": ["integer"], "label": ["integer"],
    }  # fmt: skip
    classes = {name: words(value) for name, value in by_column("class", frame).items()}
    assert classes == {
        "real": ["numeric"], "whole": ["integer"], "wide": ["numeric"], "truth": ["logical"],
        "text": ["factor"], "label": ["factor"],
    }  # fmt: skip
    shown = {name: words(value) for name, value in by_column("as.character", frame).items()}
    assert shown == {
        "real": ["0.5", None], "whole": ["7", None], "truth": ["TRUE", None],
        "wide": ["9007199254740992", "-9007199254740992"],
        "text": ["b", None], "label": ["10", "2"],
    }  # fmt: skip
    levels = by_column("levels", frame)
    assert words(levels["label"]) == ["10", "2", "5"]
    assert words(levels["text"]) == ["b"]
    assert levels["real"] is None


def test_what_is_missing_is_missing_to_r_and_never_nan() -> None:
    frame = to_frame(table(), list(table().columns))
    missing = {name: numbers(value)[1] for name, value in by_column("is.na", frame).items()}
    assert missing == {
        "real": True, "whole": True, "wide": False, "truth": True, "text": True, "label": False,
    }  # fmt: skip
    assert numbers(ask("is.nan", x=Vector(np.array([np.nan])))) == [True]  # what NaN would be
    assert numbers(by_column("is.nan", frame)["real"]) == [False, False]


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_r_prints_each_double_as_it_was(library: object) -> None:
    frame = to_frame(library.DataFrame({"x": HARD_DOUBLES}), ["x"])  # type: ignore[attr-defined]
    # C's own hexadecimal text of the number that R holds.
    shown = words(ask("sapply", X=frame, FUN="sprintf", fmt="%a", simplify=False)["x"])  # type: ignore[index, call-overload]
    assert shown[-1] == "NA"
    assert [float.fromhex(text or "").hex() for text in shown[:-1]] == [
        cell.hex() for cell in HARD_DOUBLES[:-1]
    ]


def test_any_name_of_a_column_arrives_as_it_is() -> None:
    frame = to_frame({name: [1.5] for name in HARD_NAMES}, HARD_NAMES)
    assert words(ask("names", x=frame)) == list(HARD_NAMES)


def sent_levels(levels: list[str]) -> list[str | None]:
    column = pd.Series(pd.Categorical([levels[0]], categories=pd.Index(levels, dtype=object)))
    return words(by_column("levels", to_frame({"g": column}, ["g"]))["g"])


@pytest.mark.parametrize(
    "levels",
    [
        [""],
        ["", "a"],
        ["a", ""],
        ["NA", "NaN", "NULL"],
        ["\x1f", "a"],
        ["\x1f\x1e", "\x1d", "\x1c", ""],
        [" x ", "b:c", "é", "日本", "🐟", "\ufeff", "\uffff", "a\nb", "\\", '"'],
        ["é", "e\u0301"],  # two texts, though they look alike
        [f"level {k}" for k in range(100_000)],
    ],
    ids=lambda levels: str(len(levels)),
)
def test_levels_arrive_as_they_are_and_in_their_order(levels: list[str]) -> None:
    assert sent_levels(levels) == levels


def test_a_factor_of_no_level_is_all_missing() -> None:
    frame = to_frame({"g": pd.Series([None, None], dtype="string")}, ["g"])
    assert numbers(by_column("is.na", frame)["g"]) == [True, True]
    assert numbers(by_column("nlevels", frame)["g"]) == [0]


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(TEXT, min_size=1, unique=True))
def test_any_levels_survive(levels: list[str]) -> None:
    assert sent_levels(levels) == levels


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.none() | st.floats(allow_infinity=False, allow_nan=False), min_size=1))
def test_any_doubles_survive(cells: list[float | None]) -> None:
    frame = to_frame({"x": pd.Series(cells, dtype="Float64")}, ["x"])
    back = ask("getElement", object=frame, name="x")
    assert isinstance(back, Vector)
    assert isinstance(back.cells, np.ndarray)
    assert back.cells.tobytes() == frame.columns["x"].cells.tobytes()
    found = [None if np.isnan(cell) else float(cell).hex() for cell in back.cells]
    assert found == [None if cell is None else cell.hex() for cell in cells]


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1) | st.none(), min_size=1))
def test_any_integers_survive(cells: list[int | None]) -> None:
    frame = to_frame({"x": pd.Series(cells, dtype="Int64")}, ["x"])
    back = numbers(ask("getElement", object=frame, name="x"))
    assert back == [NA_INTEGER if cell is None else cell for cell in cells]


def test_r_drops_the_levels_that_no_row_has() -> None:
    draw = np.random.default_rng(7)
    arm = pd.Categorical(np.tile(["a", "b", "only in a gap"], 40), ["z", "only in a gap", "b", "a"])
    data = pd.DataFrame({"y": draw.normal(size=120), "arm": arm})
    data["group"] = pd.Categorical(np.repeat(np.arange(12), 10), [99, *range(12)])
    data["y"] += np.repeat(draw.normal(size=12), 10)
    data.loc[data["arm"] == "only in a gap", "y"] = np.nan
    fit = lmer("y ~ arm + (1 | group)", data)
    # "b" is the first level that a row with a response has.
    assert fit.fixef.index.tolist() == ["(Intercept)", "arma"]
    assert fit.ranef is not None
    assert fit.ranef["group"].index.tolist() == [str(k) for k in range(12)]
    assert lm("y ~ arm", data).fixef.index.tolist() == ["(Intercept)", "arma"]


def in_backticks(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


# R keeps these three for itself: a formula cannot name such a column.
@pytest.mark.parametrize("name", [name for name in HARD_NAMES if name not in ("...", "\n", " ")])
def test_a_formula_can_name_any_column(name: str) -> None:
    data = {"the response": [1.0, 2.0, 4.0, 8.0], name: [1.5, 2.5, 4.0, 6.0]}
    fit = lm(f"`the response` ~ {in_backticks(name)}", data)
    plain = name.isidentifier() and name not in ("if", "function", "TRUE", "NA", "_x")
    expected = name if plain or name == "a.b" else in_backticks(name)
    assert fit.fixef.index.tolist() == ["(Intercept)", expected]
    slope, _ = np.polyfit(data[name], data["the response"], 1)
    assert fit.fixef.iloc[1] == pytest.approx(slope, rel=1e-12)  # rounding of two least squares
