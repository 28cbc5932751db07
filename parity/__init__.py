"""One question, asked of several engines, judged by the model's own criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.checkup import assert_parity, check

__all__ = ["assert_parity", "check"]


def __getattr__(name: str) -> object:
    """Import the public functions when they are first asked for: `import parity` is instant."""
    if name not in __all__:
        raise AttributeError(f"module 'parity' has no attribute {name!r}")
    from parity import checkup as module  # noqa: PLC0415 - lazy by design

    return getattr(module, name)
