"""The one command that mends what is missing, by system."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

# R's packages -> Debian's.
_DEBIAN = "r-cran-"
# By the first R that rpy2-rinterface 3.6.6 and later can load.
_SPLIT = (4, 5)
_OLD_RPY2 = "pip install 'rpy2-rinterface==3.6.5' 'rpy2-robjects==3.6.6'"
_NEW_RPY2 = "pip install 'rpy2-rinterface>=3.6.6' 'rpy2-robjects>=3.6.6'"


@dataclass(frozen=True, slots=True)
class Cure:
    """What is missing, what it is for, and the command that mends it on each system.

    Attributes
    ----------
    what
        What is missing or does not fit, in a sentence.
    commands
        System -> its command.
    needed
        Whether nothing works without.
    """

    what: str
    commands: dict[str, str]
    needed: bool


def cure_r(missing: tuple[str, ...], what: str, *, needed: bool, no_r: bool) -> Cure:
    """Return how R's packages `missing` are installed, R itself with them where `no_r` says so."""
    debian = [f"{_DEBIAN}{name.lower()}" for name in missing]
    conda = [f"r-{name.lower()}" for name in missing]
    names = ", ".join(f'"{name}"' for name in missing)
    inside = f"R -e 'chooseCRANmirror(ind = 1); install.packages(c({names}))'"
    commands = {
        "Debian, Ubuntu": " ".join(["sudo apt-get install", *(["r-base-core"] * no_r), *debian]),
        "conda": " ".join(["conda install -c conda-forge", *(["r-base"] * no_r), *conda]),
        "macOS": f"brew install r && {inside}" if no_r else inside,
    }
    return Cure(what, commands, needed)


def cure_rpy2(r_version: str, what: str) -> Cure:
    """Return how the rpy2 that fits this R is installed."""
    command = _OLD_RPY2 if is_old(r_version) else _NEW_RPY2
    return Cure(what, {"any system": command}, needed=False)


def is_old(r_version: str) -> bool:
    """Return whether rpy2-rinterface 3.6.6 and later cannot load this R."""
    numbers = [part for part in r_version.split(".")[:2] if part.isdigit()]
    return tuple(int(part) for part in numbers) < _SPLIT


def this_system() -> str:
    """Return which of the systems this one is, as far as it shows."""
    if os.environ.get("CONDA_PREFIX"):
        return "conda"
    if sys.platform == "darwin":
        return "macOS"
    return "Debian, Ubuntu" if Path("/etc/debian_version").is_file() else ""
