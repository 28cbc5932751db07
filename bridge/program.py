"""R's own program: where it is and which version it is, whether or not it works."""

import os
import subprocess
from pathlib import Path
from shutil import which

from bridge.errors import EngineMissingError

INSTALL_R = "Debian and Ubuntu: sudo apt-get install r-base-core r-cran-lme4"

# So many cells at R's start spare it a fifth of the time that lme4 takes to load: it collects
# garbage less often on the way to as many.
CELLS = "--min-nsize=2M"
_FRONT_END = frozenset({"R_HOME", "R_ARCH", "R_SHARE_DIR", "R_INCLUDE_DIR", "R_DOC_DIR"})


def find_r() -> str:
    """Return the path of R's program: that of ``R_HOME``, else the one on the PATH.

    Raises
    ------
    EngineMissingError
        When there is none; the text says how to install it.
    """
    home = os.environ.get("R_HOME")
    if home is not None and (Path(home) / "bin" / "R").is_file():
        return str(Path(home) / "bin" / "R")
    found = which("R")
    if found is None:
        raise EngineMissingError(
            f"R is not here: there is no program `R` on the PATH. Install it. {INSTALL_R}"
        )
    return found


def r_version() -> str:
    """Return the first line of ``R --version``, as far as R speaks at all."""
    try:
        words = subprocess.run(  # noqa: S603  (a fixed command)
            [find_r(), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=environment(),
        ).stdout
    except (EngineMissingError, OSError, subprocess.SubprocessError):
        return "this R (which does not start: try `R --version`)"
    return words.partition(" -- ")[0]


def environment() -> dict[str, str]:
    """Return the environment for an R that no profile of the user's shall change."""
    # R's own program finds R_HOME by itself, and warns of one that is written in another way.
    left_out = {"R_HOME", "R_PROFILE_USER", "R_DEFAULT_PACKAGES"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def front_end_variables() -> dict[str, str]:
    """Return what R's own program sets in the environment before R starts; empty if it won't say.

    What R sets beside that, from its own Renviron, it sets inside Python as well.
    """
    try:
        told = subprocess.run(  # noqa: S603  (a fixed command)
            [find_r(), "CMD", "env"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=environment(),
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in told.splitlines())
    found = {name: value for name, _, value in pairs if name in _FRONT_END}
    return found if "R_HOME" in found else {}


def lme4_missing(version: str) -> EngineMissingError:
    """Return the error for an R without lme4."""
    return EngineMissingError(
        f"{version} is here, but its package lme4 is not. Install it. {INSTALL_R}; "
        "elsewhere, inside R: install.packages('lme4')"
    )
