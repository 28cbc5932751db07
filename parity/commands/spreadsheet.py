"""A user's CSV file, looked at before it is read: what is wrong with it, in one sentence."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from typing import TYPE_CHECKING

from parity.dataset import Dataset

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*")
_MOSTLY = 0.5


class TableError(ValueError):
    """A file that is no table, or not in the form that is expected."""


def read_spreadsheet(path: Path, factors: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a CSV file's table, numbers to the last bit, columns of text as categories.

    Parameters
    ----------
    path
        A CSV file in UTF-8 with a line of names, perhaps gzipped (``.csv.gz``).
    factors
        Columns of numbers that are labels.

    Raises
    ------
    TableError
        Where it is not there, not text, not separated by commas, or not rectangular; and where
        `factors` names no column.
    """
    names = _examined(path, _text(path))
    for factor in factors:
        if factor not in names:
            raise TableError(f"{path.name} has no column {factor!r}; it has {', '.join(names)}.")
    return Dataset(name=path.name, file=path, sha256=None, factors=factors).load()


def refuse_stray_text(
    data: pd.DataFrame, variables: tuple[str, ...], factors: tuple[str, ...]
) -> None:
    """Raise `TableError` for a column of numbers that some text has turned into categories."""
    for name in variables:
        if name not in data.columns or name in factors or data[name].dtype != "category":
            continue
        levels = [str(level) for level in data[name].cat.categories]
        texts = [level for level in levels if not _NUMBER.fullmatch(level)]
        if len(texts) >= _MOSTLY * len(levels):
            continue
        if texts:
            row = 1 + list(data[name]).index(texts[0])
            found = f"the text {texts[0]!r} (row {row}) among its numbers"
        else:
            found = f"decimal commas (as in {levels[0]!r})"
        raise TableError(
            f"The column {name!r} holds {found}; mend the file, write NA for what is missing, or "
            f"say --factor {name} if its cells are labels."
        )


def _text(path: Path) -> str:
    """Return the file's text."""
    if path.is_dir():
        raise TableError(f"{path} is a folder; expected a CSV file.")
    if not path.is_file():
        raise TableError(f"There is no file {path}.")
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise TableError(f"{path.name} is not gzipped, or not all of it: {error}.") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(f"{path.name} is in UTF-16; save it as CSV in UTF-8.")
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        raise TableError(f"{path.name} is no text but a binary file; save it as CSV in UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{path.name} is not in UTF-8 (byte {content[error.start]:#04x} in line {line}; "
            "perhaps Latin-1); save it as CSV in UTF-8."
        ) from error


def _examined(path: Path, text: str) -> list[str]:
    """Return the column names of a rectangular table."""
    if not text.strip():
        raise TableError(f"{path.name} is empty; expected a line of column names and rows.")
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    names: list[str] = []
    try:
        for row in rows:
            if not row:
                continue
            if not names:
                names = row
                _refuse_names(path, names)
            elif len(row) != len(names):
                raise TableError(
                    f"{path.name} is no table: line {rows.line_num} has {_cells(len(row))}, the "
                    f"line of names has {len(names)}."
                )
    except csv.Error as error:
        raise TableError(f"{path.name} is no CSV: line {rows.line_num}: {error}.") from error
    return names


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _refuse_names(path: Path, names: list[str]) -> None:
    if len(names) == 1:
        for separator, noun in _SEPARATORS.items():
            if separator in names[0]:
                raise TableError(
                    f"{path.name} is separated by {noun}; expected commas, and points in its "
                    "numbers. Save it anew, in R with write.csv(data, file, row.names = FALSE)."
                )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise TableError(
            f"{path.name} has more than one column called {', '.join(twice)}; rename them."
        )
