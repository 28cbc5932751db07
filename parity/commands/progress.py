"""A progress bar on a terminal; silence in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def bar(fits: int | None) -> Iterator[Callable[[str], None]]:
    """Yield what is to be called before each of so many fits (None: unknown how many)."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - of use on a terminal only

    with tqdm(total=fits, file=sys.stderr, leave=False, unit=" fits") as shown:

        def begin(name: str) -> None:
            shown.set_description_str(name)
            shown.update()

        yield begin
