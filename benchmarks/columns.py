"""Columns of each kind on their way to R, timed in a process of its own.

    python benchmarks/columns.py     answers questions: see companion.py

The ways are ``bridge``, ``rpy2`` (its pandas converter, which no other way shall meet) and
``peak``: by how many times the bytes of the columns (in Python or in R, whichever are more) the
memory grows at its peak. A question names ``ROWS/KIND``. Linux only.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from benchmarks.serve import memory, serve
from bridge.embedded import session
from bridge.encode import to_frame
from bridge.marshal import Marshal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.serve import Work
    from bridge.column import Frame

_GAP_RATE = 0.1
ALL = "all of these"


class _Draws:
    """What columns of so many rows are made of."""

    def __init__(self, rows: int) -> None:
        draw = np.random.default_rng(20240501)
        self.real = draw.normal(size=rows)
        self.whole = draw.integers(0, 1000, rows)
        self.truth = draw.random(rows) < 1 / 2
        self.gaps = draw.random(rows) < _GAP_RATE
        labels = np.array([f"level-{k:06d}" for k in draw.permutation(100_000)], dtype=object)
        self.many = labels[draw.integers(0, len(labels), rows)]
        self.few = labels[draw.integers(0, 50, rows)]


KINDS: Mapping[str, Callable[[_Draws], pd.Series[Any]]] = {
    "float64": lambda drawn: pd.Series(drawn.real),
    "float64 with NaN": lambda drawn: pd.Series(np.where(drawn.gaps, np.nan, drawn.real)),
    "int64": lambda drawn: pd.Series(drawn.whole),
    "bool": lambda drawn: pd.Series(drawn.truth),
    "Int64 with NA": lambda drawn: pd.Series(pd.arrays.IntegerArray(drawn.whole, drawn.gaps)),
    "boolean with NA": lambda drawn: pd.Series(pd.arrays.BooleanArray(drawn.truth, drawn.gaps)),
    "category of 50": lambda drawn: pd.Series(drawn.few).astype("category"),
    "category of 1e5": lambda drawn: pd.Series(drawn.many).astype("category"),
    "text, 50 values": lambda drawn: pd.Series(drawn.few, dtype="str"),
    "text, 1e5 values": lambda drawn: pd.Series(drawn.many, dtype="str"),
    "objects, 1e5 texts": lambda drawn: pd.Series(drawn.many, dtype=object),
}
"""A column of each kind."""

_draws = cache(_Draws)


def _table(question: Path) -> pd.DataFrame:
    rows, kind = question.parts
    kinds = KINDS if kind == ALL else (kind,)
    return pd.DataFrame({name: KINDS[name](_draws(int(rows))) for name in kinds})


def _marshal() -> Marshal:
    session()
    from rpy2 import rinterface  # noqa: PLC0415  (after R has started)

    return Marshal(rinterface)


def _send(marshal: Marshal, table: pd.DataFrame) -> tuple[Frame, object]:
    frame = to_frame(table, list(table.columns))
    return frame, marshal.to_r(frame)


def _bridge(question: Path) -> Work:
    marshal, table = _marshal(), _table(question)
    _send(marshal, table)  # loads what is loaded lazily
    return lambda: float(_send(marshal, table) is None)


def _rpy2(question: Path) -> Work:
    session()
    from rpy2 import robjects  # noqa: PLC0415  (after R has started)
    from rpy2.robjects import conversion, pandas2ri  # noqa: PLC0415

    table = _table(question)
    untyped: Any = conversion
    rules = robjects.default_converter + pandas2ri.converter

    def convert() -> float:
        with untyped.localconverter(rules) as converter:
            return float(converter.py2rpy(table) is None)

    return convert


def _peak(question: Path) -> Work:
    marshal = _marshal()
    _send(marshal, _table(Path("10", question.name)))  # loads what is loaded lazily
    table = _table(question)

    def grow() -> float:
        in_python = int(table.memory_usage(index=False, deep=True).sum())
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        frame, held = _send(marshal, table)
        growth = memory("VmHWM") - before
        del held
        columns = frame.columns.values()
        in_r = sum(column.cells.nbytes + 8 * len(column.levels) for column in columns)
        return growth / max(in_python, in_r)

    return grow


if __name__ == "__main__":
    serve({"bridge": _bridge, "rpy2": _rpy2, "peak": _peak})
