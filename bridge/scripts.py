"""Where the R side lies: inside the installed package, or beside it in a checkout."""

from pathlib import Path

from bridge.errors import EngineMissingError

# The script that sources all others, and the programs that R runs alone.
ENTRY = "command.R"
_PROGRAMS = ("worker.R", "doctor.R")


def folder() -> Path:
    """Return the folder that holds the R scripts.

    Raises
    ------
    EngineMissingError
        When it is in neither place, so that the installation is not whole.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "r_scripts", package.parent / "r_scripts"):
        if all((candidate / name).is_file() for name in (ENTRY, *_PROGRAMS)):
            return candidate
    raise EngineMissingError(
        "The R scripts of lme4-parity are missing from this installation. "
        "Install it again: pip install --force-reinstall 'lme4-parity[r]'"
    )
