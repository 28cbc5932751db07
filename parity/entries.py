"""TOML files that hold one list of entries: tolerances, declared differences."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read_entries(path: Path, name: str, error: type[ValueError]) -> list[dict[str, Any]]:
    """Return the tables ``[[name]]`` of a TOML file that holds nothing else.

    Parameters
    ----------
    path
        The file; beside the entries it may state its ``schema``.
    name
        Of the list.
    error
        What is raised, with a sentence, where the file cannot be read or holds something else.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error(f"{path.name} is no TOML: {problem}.") from problem
    entries = table.get(name, [])
    if (
        not isinstance(entries, list)
        or not all(isinstance(entry, dict) for entry in entries)
        or not set(table) <= {"schema", name}
    ):
        raise error(f"{path.name}: expected nothing but [[{name}]] entries.")
    return entries
