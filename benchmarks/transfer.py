"""Columns to R at a million rows: the bridge against rpy2's pandas converter.

    python benchmarks/transfer.py [ROWS]

Prints, for each kind of column, the milliseconds from the user's column to R's vector, those of
rpy2's converter and their ratio. Beside them stands the growth of the process' memory at its peak,
measured in a process of its own: over the bytes of the column in Python, and over those that R's
vector has. A frame of all kinds comes last. Linux only, since the peak is read from /proc.
"""

# ruff: noqa: INP001, T201  (a program that prints, of no package)
from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from benchmarks.sheet import print_end, print_head, print_line
from bridge.embedded import session
from bridge.encode import to_frame
from bridge.marshal import Marshal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.column import Frame

_ROWS = 1_000_000
_OURS, _THEIRS = 9, 1
_GAP_RATE = 0.1
# What is freed goes back to the system, or a peak would hide in what was freed before.
_ALLOCATORS = {
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_HEAD = ("bridge ms", "rpy2 ms", "ratio", "peak/Python", "peak/R", "target")
_FEW, _MANY = ">= 100", ">= 20"
_TARGETS = {
    "float64": _FEW,
    "float64 with NaN": _FEW,
    "int64": _FEW,
    "bool": _FEW,
    "Int64 with NA": _FEW,
    "boolean with NA": _FEW,
    "category of 50": _FEW,
    "text, 1e5 values": _MANY,
    "objects, 1e5 texts": _MANY,
}


def make_columns(rows: int) -> Mapping[str, pd.Series[Any]]:
    """Return a column of each kind."""
    draw = np.random.default_rng(20240501)
    real = draw.normal(size=rows)
    whole = draw.integers(0, 1000, rows)
    truth = draw.random(rows) < 1 / 2
    gaps = draw.random(rows) < _GAP_RATE
    labels = np.array([f"level-{k:06d}" for k in draw.permutation(100_000)], dtype=object)
    many = labels[draw.integers(0, len(labels), rows)]
    few = labels[draw.integers(0, 50, rows)]
    return {
        "float64": pd.Series(real),
        "float64 with NaN": pd.Series(np.where(gaps, np.nan, real)),
        "int64": pd.Series(whole),
        "bool": pd.Series(truth),
        "Int64 with NA": pd.Series(pd.arrays.IntegerArray(whole, gaps)),
        "boolean with NA": pd.Series(pd.arrays.BooleanArray(truth, gaps)),
        "category of 50": pd.Series(few).astype("category"),
        "category of 1e5": pd.Series(many).astype("category"),
        "text, 50 values": pd.Series(few, dtype="str"),
        "text, 1e5 values": pd.Series(many, dtype="str"),
        "objects, 1e5 texts": pd.Series(many, dtype=object),
    }


def _select(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return table if kind == "all of these" else table[[kind]]


def _median_ms(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def _time_ours(marshal: Marshal, table: pd.DataFrame) -> float:
    _send(marshal, table)  # loads what is loaded lazily
    return _median_ms(lambda: _send(marshal, table), _OURS)


def _time_rpy2(table: pd.DataFrame) -> float:
    from rpy2 import robjects  # noqa: PLC0415  (after R has started)
    from rpy2.robjects import conversion, pandas2ri  # noqa: PLC0415

    untyped: Any = conversion
    with untyped.localconverter(robjects.default_converter + pandas2ri.converter) as converter:
        return _median_ms(lambda: converter.py2rpy(table), _THEIRS)


def _send(marshal: Marshal, table: pd.DataFrame) -> tuple[Frame, object]:
    frame = to_frame(table, list(table.columns))
    return frame, marshal.to_r(frame)


def _start() -> Marshal:
    session()
    from rpy2 import rinterface  # noqa: PLC0415  (after R has started)

    return Marshal(rinterface)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def print_peak(rows: int, kind: str) -> None:
    """Print by how much the memory grew at its peak, over the bytes in Python and over R's."""
    marshal = _start()
    _send(marshal, _select(pd.DataFrame(make_columns(10)), kind))  # loads what is loaded lazily
    table = _select(pd.DataFrame(make_columns(rows)), kind).copy()
    in_python = int(table.memory_usage(index=False, deep=True).sum())
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    frame, _ = _send(marshal, table)
    growth = _status("VmHWM") - before
    columns = frame.columns.values()
    in_r = sum(column.cells.nbytes + 8 * len(column.levels) for column in columns)
    print(f"{growth / in_python:.2f} {growth / in_r:.2f}")


def _ask_peak(rows: int, kind: str) -> list[str]:
    command = [sys.executable, __file__, str(rows), kind]
    done = subprocess.run(  # noqa: S603  (this file)
        command, check=True, capture_output=True, text=True, env=os.environ | _ALLOCATORS
    )
    return done.stdout.split()


def main(rows: int) -> None:
    """Print the table."""
    print_head("Columns to R, against rpy2's pandas converter", "pyarrow")
    marshal = _start()
    table = pd.DataFrame(make_columns(rows))
    print_line(f"{rows} rows", *_HEAD)
    for kind in [*table.columns, "all of these"]:
        part = _select(table, kind)
        ours, theirs = _time_ours(marshal, part), _time_rpy2(part)
        shown = (f"{ours:.1f}", f"{theirs:.0f}", f"{theirs / ours:.0f}", *_ask_peak(rows, kind))
        print_line(kind, *shown, _TARGETS.get(kind, ""))
    print_end()


if __name__ == "__main__":
    size = int(float(sys.argv[1])) if len(sys.argv) > 1 else _ROWS
    if len(sys.argv) > 2:  # noqa: PLR2004  (a kind of column was named)
        print_peak(size, sys.argv[2])
    else:
        main(size)
