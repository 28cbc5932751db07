"""One question, asked of several engines, judged by the model's own criterion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.checkup import assert_parity, check
    from parity.resampling.bootstrap import bootstrap
    from parity.resampling.lrt import bootstrap_lrt

__all__ = ["assert_parity", "bootstrap", "bootstrap_lrt", "check"]

_HOMES = {
    "assert_parity": "parity.checkup",
    "bootstrap": "parity.resampling.bootstrap",
    "bootstrap_lrt": "parity.resampling.lrt",
    "check": "parity.checkup",
}


def __getattr__(name: str) -> object:
    """Import the public functions when they are first asked for: `import parity` is instant."""
    if name not in __all__:
        raise AttributeError(f"module 'parity' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
