"""R's serialization in Python: equal to R's own, to what the embedded R gets, or refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.column import Column, Frame
from bridge.errors import BridgeError
from bridge.session import Argument, Session, Value, Vector, connect
from bridge.wire import read, write

HERE = Path(__file__).parent
NA = -(2**31)
NA_REAL = np.array([0x7FF0_0000_0000_07A2], np.uint64).view(np.float64)
ODD_NAN = np.array([0x7FF8_0000_0000_BEEF, 0xFFF0_0000_0000_0001], np.uint64).view(np.float64)
DOUBLES = np.concatenate([[1.5, -0.0, 5e-324, np.inf, -np.inf, np.nan], NA_REAL, ODD_NAN])


def frame(**columns: Column) -> Frame:
    nrow = len(next(iter(columns.values())).cells) if columns else 0
    return Frame(columns, pd.RangeIndex(nrow))


FACTOR = Column("factor", np.array([1, 2, NA, 1], np.int32), ("a b", "é日本"))
THINGS: dict[str, Argument] = {
    "NULL": None,
    "scalars": [1, 2.5, True, False, "ü", "", None, float("nan"), float("inf"), -(2**31) + 1],
    "named": {"a": 1, "größe": {"c": ["x", "y"]}, "": []},
    "empty list": [],
    "empty named list": {},
    "names": Vector(np.array([1.0, 2.0]), names=("a", "b")),
    "doubles": Vector(DOUBLES),
    "integers": Vector(np.array([NA, -1, 2**31 - 1], np.int32)),
    "bools": Vector(np.array([True, False])),
    "text": Vector(("a", None, "é", "")),
    "empty vectors": [Vector(np.empty(0)), Vector(np.empty(0, np.int32)), Vector(())],
    "matrix": Vector(np.arange(6.0), shape=(2, 3), rows=("a", "b"), columns=None),
    "bare matrix": Vector(np.arange(6, dtype=np.int32), shape=(3, 2)),
    "frame": frame(
        y=Column("double", DOUBLES[:4]),
        f=FACTOR,
        b=Column("logical", np.array([1, 0, NA, 1], np.int32)),
        i=Column("integer", np.array([1, NA, 3, 4], np.int32)),
    ),
    "frame without columns": frame(),
    "frame without rows": frame(y=Column("double", np.empty(0))),
    # Of a size that travels as a piece of its own.
    "large": frame(
        y=Column("double", np.arange(1e5)),
        f=Column("factor", np.ones(10**5, np.int32), tuple(f"é{k}" for k in range(10**4))),
    ),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Session]:
    with connect("worker") as session:
        answer = session.call("source", {"file": str(HERE / "wire.R")})
        assert answer.failure is None
        yield session


def told(session: Session, name: str, **arguments: Argument) -> Value:
    answer = session.call(name, arguments)
    assert answer.failure is None, answer.failure
    return answer.value


def is_true(value: Value) -> bool:
    return isinstance(value, Vector) and list(value.cells) == [True]


def bits(value: Value) -> object:
    """Return what can be compared to the last bit, the kinds of the cells with it."""
    match value:
        case Mapping():
            return {name: bits(part) for name, part in value.items()}
        case Vector(cells=cells):
            held = cells if isinstance(cells, tuple) else (cells.dtype.str, cells.tobytes())
            return (held, value.names, value.shape, value.rows, value.columns)
        case None:
            return None
    return [bits(part) for part in value]


@pytest.mark.r
@pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS.keys())
def test_both_kinds_of_session_give_r_the_same_object(
    worker: Session, thing: Argument, tmp_path: Path
) -> None:
    path = str(tmp_path / "embedded.rds")
    told(connect("embedded"), "saveRDS", object=thing, file=path)
    assert is_true(told(worker, "same_as_file", x=thing, path=path))


@pytest.mark.r
@pytest.mark.parametrize(
    ("thing", "expression"),
    [
        (THINGS["scalars"], "list(1L, 2.5, TRUE, FALSE, 'ü', '', NULL, NaN, Inf, -2147483647L)"),
        (THINGS["named"], "list(a = 1L, größe = list(c = c('x', 'y')), list())"),
        (THINGS["empty named list"], "stats::setNames(list(), character())"),
        (Vector(NA_REAL), "NA_real_"),
        (Vector(("a", None)), "c('a', NA)"),
        (Vector(np.arange(4.0), shape=(2, 2), columns=("a", "b")),
         "matrix(c(0, 1, 2, 3), 2L, dimnames = list(NULL, c('a', 'b')))"),
        (frame(f=FACTOR), "data.frame(f = factor(c('a b', 'é日本', NA, 'a b')))"),
        (frame(b=Column("logical", np.array([1, NA], np.int32))), "data.frame(b = c(TRUE, NA))"),
    ],
)  # fmt: skip
def test_r_gets_what_it_would_write_itself(
    worker: Session, thing: Argument, expression: str
) -> None:
    assert is_true(told(worker, "same_as_written", x=thing, expression=expression))
    assert not is_true(told(worker, "same_as_written", x=thing, expression="list(1)"))


@pytest.mark.r
@pytest.mark.parametrize(
    "thing", [thing for thing in THINGS.values() if not isinstance(thing, Frame)]
)
def test_what_goes_to_r_comes_back_to_the_last_bit(worker: Session, thing: Argument) -> None:
    there_and_back = told(worker, "identity", x=thing)
    assert bits(there_and_back) == bits(read(bytearray(b"".join(write(thing)))))
    assert bits(there_and_back) == bits(told(connect("embedded"), "identity", x=thing))


@pytest.mark.r
def test_nothing_of_a_double_is_lost(worker: Session) -> None:
    back = told(worker, "identity", x=Vector(DOUBLES))
    assert isinstance(back, Vector)
    assert isinstance(back.cells, np.ndarray)
    assert back.cells.tobytes() == DOUBLES.tobytes()
    assert back.cells.flags.aligned


@pytest.mark.r
@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("factor('a')", "class"),
        ("data.frame(a = 1)", "row.names"),
        ("quote(a)", "type 1"),
        ("globalenv()", "type 253"),
        ("list(a = 1, a = 2)", "stands twice"),
        ("array(1, c(1, 1, 1))", "expected a matrix"),
        ("NA", "missing logical"),
        ("1i", "type 15"),
    ],
)
def test_what_is_no_plain_data_is_refused_and_the_session_lives(
    worker: Session, expression: str, words: str
) -> None:
    with pytest.raises(BridgeError, match=words):
        worker.call("evaluate", {"expression": expression})
    assert bits(told(worker, "identity", x=1.5)) == bits(Vector(np.array([1.5])))


@pytest.mark.r
def test_text_of_other_encodings_is_the_same_text(worker: Session) -> None:
    latin = told(worker, "evaluate", expression="iconv('é', 'UTF-8', 'latin1')")
    assert bits(latin) == bits(Vector(("é",)))
    raw = told(worker, "evaluate", expression="`Encoding<-`('\\xe9', 'bytes')")
    assert bits(raw) == bits(Vector(("\\xe9",)))


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (2**31, "32 bits"),
        (-(2**31), "32 bits"),
        ("a\0b", "NUL"),
        (["a", "\ud800"], "surrogate"),
        ({1.0}, "type set"),
        (np.float64, "type type"),
        (Vector(np.zeros(2, np.float32)), "float32"),  # type: ignore[arg-type]  # refused
        (Vector(np.zeros((2, 2))), "2 dimensions"),
        (Vector(np.zeros(2, ">f8")), ">f8"),
    ],
)
def test_what_r_cannot_hold_is_refused(thing: Argument, words: str) -> None:
    with pytest.raises(BridgeError, match=words):
        write({"x": [thing]})


def test_large_columns_are_not_copied() -> None:
    cells = np.arange(1e6)
    pieces = write(frame(y=Column("double", cells)))
    assert any(np.shares_memory(np.frombuffer(piece, np.uint8), cells) for piece in pieces)


TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
VECTORS = st.one_of(
    st.lists(st.floats()).map(lambda x: Vector(np.array(x, np.float64))),
    st.lists(st.integers(-(2**31), 2**31 - 1)).map(lambda x: Vector(np.array(x, np.int32))),
    st.lists(st.booleans()).map(lambda x: Vector(np.array(x, np.bool_))),
    st.lists(st.none() | TEXT).map(lambda x: Vector(tuple(x))),
    st.lists(TEXT, unique=True).map(lambda x: Vector(np.arange(float(len(x))), names=tuple(x))),
    st.lists(TEXT, min_size=1).map(
        lambda x: Vector(np.arange(2.0 * len(x)), shape=(len(x), 2), rows=tuple(x))
    ),
)
PLAIN = st.recursive(
    st.none() | VECTORS,
    lambda inner: st.dictionaries(TEXT, inner) | st.lists(inner).map(tuple),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_written_reads_back(value: Value) -> None:
    assert bits(read(bytearray(b"".join(write(value))))) == bits(value)


@given(PLAIN, st.data())
def test_bytes_that_are_not_whole_are_refused(value: Value, data: st.DataObject) -> None:
    whole = b"".join(write(value))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BridgeError):
        read(bytearray(whole[:cut]))
    with pytest.raises(BridgeError):
        read(bytearray(whole + b"\0"))


@given(PLAIN, st.data())
def test_a_broken_byte_is_never_another_error(value: Value, data: st.DataObject) -> None:
    broken = bytearray(b"".join(write(value)))
    place = data.draw(st.integers(0, len(broken) - 1))
    broken[place] = data.draw(st.integers(0, 255))
    try:
        read(broken)
    except BridgeError:
        assert len(broken) > 0


def test_another_version_of_the_format_is_named() -> None:
    with pytest.raises(BridgeError, match="version 3"):
        read(bytearray(b"B\n" + struct.pack("=3i", 3, 0, 0)))
    with pytest.raises(BridgeError, match="does not begin"):
        read(bytearray(b"X\n" + struct.pack("=3i", 2, 0, 0)))
