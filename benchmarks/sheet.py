"""The printed side of a benchmark: what was measured on what, and lines of a table."""

# ruff: noqa: INP001, T201  (programs that print, of no package)
from __future__ import annotations

import os
import platform
from importlib import metadata

from bridge import connect
from bridge.values import as_text_table

_PACKAGES = ("numpy", "pandas", "rpy2-rinterface")
_OF_R = ("R", "lme4", "Matrix", "BLAS")
_LABEL_WIDTH, _CELL_WIDTH = 30, 12


def print_head(title: str, *packages: str) -> None:
    """Print what is measured, the versions (of `packages` too), the cores and the load."""
    print(f"\n{title}\n{'=' * len(title)}")
    python = [f"Python {platform.python_version()}"]
    print(", ".join(python + [_package(name) for name in (*_PACKAGES, *packages)]))
    with connect("worker") as session:
        told = as_text_table(session.call("extract_versions", {}).value)
    print(", ".join(f"{name} {told[name]}" for name in _OF_R))
    print(f"{platform.machine()}, {os.cpu_count()} cores, {load()}", flush=True)


def _package(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"no {name}"


def load() -> str:
    """Return the load average: above what the run itself keeps busy, others worked too."""
    return "load average " + " ".join(f"{one:.2f}" for one in os.getloadavg())


def print_line(label: str, *cells: str) -> None:
    """Print one line of a table."""
    shown = "".join(f"{cell:>{_CELL_WIDTH}}" for cell in cells)
    print(f"{label:<{_LABEL_WIDTH}}{shown}".rstrip(), flush=True)


def print_end() -> None:
    """Print the load at the end."""
    print(f"at the end: {load()}", flush=True)
