"""Rows ⇄ Parquet: one schema, files that are whole or not there."""

from __future__ import annotations

import os
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from parity.sweep.refusal import SweepError
from parity.sweep.row import Outcome, Question, as_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import ModuleType

    from parity.sweep.row import Row

    Table: TypeAlias = Any  # pyarrow ships no types

_PREFIX = "."
"""Readers of a folder of Parquet files pass over names that begin so."""
_KINDS = {
    "str": "string",
    "int": "int64",
    "float": "float64",
    "bool": "bool_",
}


def arrow() -> ModuleType:
    """Return pyarrow.

    Raises
    ------
    SweepError
        Where it is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise SweepError(
            "A sweep writes Parquet, which needs pyarrow: pip install 'lme4-parity[sweep]'."
        ) from error


def schema() -> Table:
    """Return the columns of a row with their types; only those with a reason may be empty."""
    pyarrow = arrow()
    columns = []
    for entry in [*fields(Question), *fields(Outcome)]:
        if entry.name == "reasons":
            continue
        told = str(entry.type)
        kind = told.removesuffix(" | None")
        if kind.startswith("tuple["):
            inner = getattr(pyarrow, _KINDS[kind[len("tuple[") :].partition(",")[0]])()
            arrow_type = pyarrow.list_(inner)
        else:
            arrow_type = getattr(pyarrow, _KINDS[kind])()
        columns.append(pyarrow.field(entry.name, arrow_type, nullable=told.endswith("None")))
    columns.append(pyarrow.field("reason", pyarrow.string(), nullable=False))
    return pyarrow.schema(columns)


def tabulate(rows: Iterable[Row]) -> Table:
    """Return a table of rows."""
    return arrow().Table.from_pylist([as_record(row) for row in rows], schema=schema())


def write(table: Table, file: Path) -> None:
    """Write a file that appears whole, on the disk, or not at all."""
    pyarrow = arrow()
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    write_bytes(sink.getvalue().to_pybytes(), file)


def write_bytes(content: bytes, file: Path) -> None:
    """Write a file that appears whole, on the disk, or not at all."""
    partial = file.with_name(f"{_PREFIX}{file.name}.partial")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def partials(folder: Path) -> list[Path]:
    """Return what an interrupted `write` left."""
    return sorted(folder.glob(f"{_PREFIX}*.partial"))


def read(file: Path, columns: Sequence[str] | None = None) -> Table:
    """Return a file's table, or some of its columns.

    Raises
    ------
    SweepError
        Where it cannot be read, or has other columns than a row.
    """
    pyarrow = arrow()
    try:
        found = pyarrow.parquet.ParquetFile(file)
        with found:
            if not found.schema_arrow.equals(schema()):
                raise SweepError(f"{file} has other columns than this version writes: --anew.")
            return found.read(columns=None if columns is None else list(columns))
    except (OSError, pyarrow.ArrowException) as error:
        raise SweepError(
            f"{file} cannot be read ({' '.join(str(error).split())}); delete it, and its models "
            "are fitted again."
        ) from error
