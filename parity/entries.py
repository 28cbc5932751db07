"""TOML files that hold one list of entries: tolerances, declared differences."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_entries(
    path: Path, name: str, error: type[ValueError], lists: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the tables ``[[name]]`` of a TOML file.

    Parameters
    ----------
    path
        The file; beside its lists it may state its ``schema``.
    name
        Of the list.
    error
        What is raised, with a sentence, where the file cannot be read or holds something else.
    lists
        All lists that the file may hold, if there are others than `name`.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error(f"{path.name} is no TOML: {problem}.") from problem
    lists = lists or (name,)
    entries = table.get(name, [])
    if (
        not isinstance(entries, list)
        or not all(isinstance(entry, dict) for entry in entries)
        or not set(table) <= {"schema", *lists}
    ):
        expected = " and ".join(f"[[{one}]]" for one in lists)
        raise error(f"{path.name}: expected nothing but {expected} entries.")
    return entries
