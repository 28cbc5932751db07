"""How far long work is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sized
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def track(items: Iterable[T], what: str, progress: bool | None = None) -> Iterator[T]:  # noqa: FBT001
    """Yield the items, and show on standard error how many are done.

    Parameters
    ----------
    items
        What there is to do; its length, where it has one, is the whole of the work.
    what
        A word for it.
    progress
        Whether to show it; by default where standard error is a terminal.
    """
    shown = sys.stderr.isatty() if progress is None else progress
    if not shown:
        yield from items
        return
    from tqdm.auto import tqdm  # noqa: PLC0415  (costs 0.1 s)

    yield from tqdm(items, desc=what, leave=False, total=_length(items))


def _length(items: object) -> int | None:
    return len(items) if isinstance(items, Sized) else None
