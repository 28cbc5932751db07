"""What was measured on what: the machine, its load, and versions."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from bridge import connect
from bridge.values import as_text_table

_PACKAGES = (
    "numpy", "scipy", "pandas", "statsmodels", "pyarrow", "rpy2-rinterface", "pytest-benchmark",
)  # fmt: skip
_OF_R = ("R", "lme4", "Matrix", "BLAS")


def load() -> list[float]:
    """Return the load averages: above what the run itself keeps busy, others worked too."""
    return list(os.getloadavg())


def describe() -> dict[str, str]:
    """Return the machine and the versions of all that takes part, without anything private."""
    return {"machine": _hardware(), **_python(), **_of_r()}


def _hardware() -> str:
    # What this process may use, which in a container is less than what is there.
    cores = len(os.sched_getaffinity(0))
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {cores} cores, {size:.0f} GiB, {platform.system()}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    for line in known.read_text(encoding="utf-8").splitlines() if known.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _python() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not here"
    return found


def _of_r() -> dict[str, str]:
    with connect("worker") as session:
        told = as_text_table(session.call("extract_versions", {}).value)
    # Of the BLAS the file's name says which; where it lies is the machine's own matter.
    return {name: Path(told[name]).name if name == "BLAS" else told[name] for name in _OF_R}
