"""Whether statsmodels is here, and in which version; importing this module does not start it."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAMS = ("statsmodels", "numpy", "scipy", "pandas", "patsy")


class OnStatsmodels:
    """What every engine on statsmodels says of itself."""

    def missing(self) -> str | None:
        """Return None where statsmodels is installed, else the cure."""
        if find_spec("statsmodels") is None:
            return "statsmodels is not installed; run `pip install statsmodels`"
        return None

    def versions(self) -> Mapping[str, str]:
        """Return program → version."""
        return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    """Return program → version, looked up once: it stands in every answer."""
    found = {program: version(program) for program in _PROGRAMS}
    return {**found, "python": platform.python_version()}
