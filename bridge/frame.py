"""The data frames that columns come from: pandas, a dict of columns, or what narwhals reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bridge.errors import DataError

_LAZY_CURE = (
    "in polars .collect(), in Dask .compute(), in DuckDB .df(), in Ibis .execute(), in Spark "
    ".toPandas()"
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The user's data, their columns untouched until one is asked for.

    Attributes
    ----------
    columns
        The names, in order. A formula can only name those that are text.
    index
        (n,) the row labels: those of pandas, else 0, 1, ...
    """

    columns: tuple[Hashable, ...]
    index: pd.Index[Any]
    _find: Callable[[str], object]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.index)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a formula can use: those that are text."""
        return tuple(name for name in self.columns if isinstance(name, str))

    def column(self, name: str) -> object:
        """Return the column `name` as its library holds it."""
        if name not in self.columns:
            raise DataError(f"The data have no column {name!r}.")
        return self._find(name)

    def assign(self, /, **extra: object) -> Table:
        """Return a table with more columns, (n,) each.

        Raises
        ------
        DataError
            For a name that is taken, another length or other row labels.
        """
        if not extra:
            return self
        for name, column in extra.items():
            if name in self.columns:
                raise DataError(f"The data have a column {name!r} already. Rename it.")
            length = _length(name, column)
            if length != len(self):
                raise DataError(f"{name!r} has {length} values; expected {len(self)}, one a row.")
            if isinstance(column, pd.Series) and not column.index.equals(self.index):
                raise DataError(
                    f"{name!r} has other row labels than the data: align it first, or pass its "
                    ".to_numpy()."
                )

        def find(name: str) -> object:
            return extra[name] if name in extra else self._find(name)

        return Table((*self.columns, *extra), self.index, find)


def as_table(data: object) -> Table:
    """Return the user's data as a table, none of its columns converted.

    Parameters
    ----------
    data
        pandas DataFrame; dict of columns (lists, arrays of NumPy or Arrow, Series of pandas or
        polars); polars DataFrame, pyarrow Table or another eager data frame that narwhals reads.

    Raises
    ------
    DataError
        For anything else, for no rows, for two columns of one name, for columns of a dict that
        differ in length or in row labels, for names that no formula can use.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, pd.DataFrame):
        table = _from_pandas(data)
    elif isinstance(data, Mapping):
        table = _from_mapping(data)
    else:
        table = _from_narwhals(data)
    if len(table.columns) > 0 and not table.names:
        raise DataError(
            f"The columns are named {_shown(table.columns)}, and a formula can name text only: "
            "give them text for names."
        )
    if len(table) == 0:
        raise DataError("The data have no rows. Check how they were read or filtered.")
    return table


def _shown(names: Sequence[Hashable], most: int = 5) -> str:
    return ", ".join(map(repr, names[:most])) + (", ..." if len(names) > most else "")


def _require_unique(names: Iterable[Hashable]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"Two columns of the data are named {twice[0]!r}. Rename one of them.")


def _from_pandas(data: pd.DataFrame) -> Table:
    if data.columns.nlevels > 1:
        raise DataError(
            f"The data's column names have {data.columns.nlevels} levels, and a formula can name "
            "none of them: join them into one text first, as with "
            "data.columns = ['_'.join(map(str, name)) for name in data.columns]."
        )
    names = tuple(data.columns)
    _require_unique(names)
    return Table(names, data.index, data.__getitem__)


def _from_mapping(data: Mapping[Any, Any]) -> Table:
    columns = dict(data)
    first: tuple[object, pd.Index[Any]] | None = None
    lengths = {name: _length(name, column) for name, column in columns.items()}
    for name, column in columns.items():
        if isinstance(column, pd.Series):
            first = first or (name, column.index)
            if not column.index.equals(first[1]):
                raise DataError(
                    f"Columns {first[0]!r} and {name!r} are Series with different row labels: put "
                    "them in one DataFrame first, or pass their .to_numpy()."
                )
    if len(set(lengths.values())) > 1:
        raise DataError(f"The columns differ in length: {lengths}.")
    index = first[1] if first else pd.RangeIndex(max(lengths.values(), default=0))
    return Table(tuple(columns), index, columns.__getitem__)


def _length(name: object, column: Any) -> int:  # noqa: ANN401  (no library's type is required)
    """Return the number of cells; DataError unless the column has one dimension and an order."""
    shape = getattr(column, "shape", None)
    if shape is not None:
        dimensions = len(shape)
    else:
        dimensions = int(hasattr(column, "__len__") and not isinstance(column, str | bytes))
    if dimensions != 1:
        raise DataError(f"Column {name!r} has {dimensions} dimensions; expected one value a row.")
    if isinstance(column, Mapping | AbstractSet):
        raise DataError(
            f"Column {name!r} is a {type(column).__name__}; expected a list, an array or a Series."
        )
    return len(column)


def _from_narwhals(data: object) -> Table:
    import narwhals as nw  # noqa: PLC0415  (needed only for what is no pandas)

    held = data.to_native() if isinstance(data, nw.DataFrame | nw.LazyFrame) else data
    if isinstance(held, pd.DataFrame):
        return _from_pandas(held)
    try:
        frame = nw.from_native(held, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        said = " ".join(str(error).split())
        raise DataError(f"Two columns of the data have one name: rename one. {said}") from error
    if isinstance(frame, nw.LazyFrame):
        raise DataError(
            f"The data are a {_kind(held)}, which has not been computed yet. Make a data frame of "
            f"it first: {_LAZY_CURE}."
        )
    if not isinstance(frame, nw.DataFrame):
        raise DataError(
            f"The data are a {_kind(held)}; expected a data frame (pandas, polars, pyarrow or "
            "another that narwhals reads) or a dict of columns."
        )
    return Table(tuple(frame.columns), pd.RangeIndex(len(frame)), frame.get_column)


def _kind(data: object) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}"
