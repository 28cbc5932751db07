"""Write the first year of the Junior School Project as CSV, from the PyPI package faraway (MIT).

    python tools/datasets_jsp.py parity/data/datasets/jsp.csv

The package's other years are repeated measurements of the same pupils; its first year, coded 0,
has the pupils and schools of the seed's simulated data.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

from faraway.datasets import jsp

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

FIRST_YEAR = 0


def write_first_year(path: Path) -> int:
    """Write the rows of the first year without the then constant column; return their number."""
    table = cast("Callable[[], pd.DataFrame]", jsp.load)()
    first = table[table["year"] == FIRST_YEAR].drop(columns="year")
    path.write_bytes(first.to_csv(index=False, lineterminator="\n").encode())
    return len(first)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the JSP data's first year as CSV.")
    parser.add_argument("path", type=Path, help="the file to write")
    write_first_year(parser.parse_args().path)


if __name__ == "__main__":
    main()
