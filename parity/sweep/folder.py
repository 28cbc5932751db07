"""The folder of a sweep: its rows so far, and what they are rows of; no crash can tear it."""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.sweep import parquet
from parity.sweep.refusal import SweepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from parity.sweep.parquet import Table
    from parity.sweep.plan import Plan
    from parity.sweep.row import Row
    from parity.sweep.station import Versions

BLOCK = 250
"""Models in a part. A part grows by being replaced as a whole, so that there is no moment at which
a model stands in two files, and no thousands of tiny ones."""
# Readers of a folder of Parquet files pass over names that begin with an underscore.
_DESIGN, _ABOUT, _LOCK = "_design.toml", "_about.json", "_lock"


@contextmanager
def lease(path: Path, *, anew: bool) -> Iterator[None]:
    """Make the folder, if need be, and keep other sweeps out of it.

    Raises
    ------
    SweepError
        Where another sweep is at work in it, or it holds something else than a sweep.
    """
    _require_sweep(path)
    path.mkdir(parents=True, exist_ok=True)
    with (path / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SweepError(f"Another sweep is writing to {path}; wait for its end.") from error
        for partial in parquet.partials(path):
            partial.unlink()
        if anew:
            # What they are rows of goes last: until then the folder is a sweep with fewer rows.
            for file in [*parts(path), path / _DESIGN, path / _ABOUT]:
                file.unlink(missing_ok=True)
        yield


def _require_sweep(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise SweepError(f"{path} is a file; a sweep writes a folder. Name another by --output.")
    strange = path.is_dir() and any(not file.name.startswith((".", "_")) for file in path.iterdir())
    if strange and not (path / _ABOUT).is_file():
        raise SweepError(f"{path} holds something else than a sweep. Name another by --output.")


def parts(path: Path) -> list[Path]:
    """Return the files of rows, in order."""
    return sorted(path.glob("part-*.parquet"))


def identify(path: Path, plan: Plan, text: str, versions: Versions) -> None:
    """Write down what the rows are rows of, or require that it was the same.

    Raises
    ------
    SweepError
        Where the folder's rows are of another design, or of other versions of the engines.
    """
    file = path / _ABOUT
    if file.is_file():
        require_design(path, plan)
        require_versions(json.loads(file.read_bytes())["versions"], versions, f"{path} has rows of")
        return
    parquet.write_bytes(text.encode(), path / _DESIGN)
    about = {"design": plan.digest, "versions": versions}
    parquet.write_bytes(json.dumps(about, indent=1, sort_keys=True).encode(), file)


def require_design(path: Path, plan: Plan) -> None:
    """Raise `SweepError` where the folder's rows are of another design."""
    file = path / _ABOUT
    if not file.is_file():
        return
    try:
        known = json.loads(file.read_bytes())["design"]
    except (KeyError, TypeError, ValueError) as error:
        raise SweepError(f"{file} cannot be read: {error}. Start over with --anew.") from error
    if known != plan.digest:
        raise SweepError(
            f"{path} has rows of another design (see its {_DESIGN}); only `models` may change. "
            "Start over with --anew, or name another folder by --output."
        )


def require_versions(
    known: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]], whose: str
) -> None:
    """Raise `SweepError` where a program has another version, naming the first."""
    for engine in dict.fromkeys([*known, *found]):
        one, other = known.get(engine, {}), found.get(engine, {})
        for program in dict.fromkeys([*one, *other]):
            if one.get(program) != other.get(program):
                raise SweepError(
                    f"{whose} {program} {one.get(program, '(none)')}, and here it is "
                    f"{other.get(program, '(none)')} (engine {engine}): rows of two versions would "
                    "be mixed. Start over with --anew, or name another folder by --output."
                )


@dataclass(slots=True)
class Ledger:
    """The rows so far, and where the next ones go.

    Attributes
    ----------
    path
        The folder.
    done
        The models whose rows are on the disk.
    """

    path: Path
    done: set[int] = field(default_factory=set)
    _number: int = 0
    _rows: Table | None = None
    _models: int = 0

    @classmethod
    def open(cls, path: Path, engines: tuple[str, ...]) -> Ledger:
        """Return the ledger of a folder, each of its models whole and there once.

        Raises
        ------
        SweepError
            Where a part cannot be read, or a model's rows are not one for each engine.
        """
        ledger = cls(path)
        for file in parts(path):
            table = parquet.read(file)
            models = ledger._take(file, table, engines)
            ledger._number = int(file.stem.removeprefix("part-"))
            ledger._rows, ledger._models = table, models
        return ledger

    def _take(self, file: Path, table: Table, engines: tuple[str, ...]) -> int:
        named = zip(table["model"].to_pylist(), table["engine"].to_pylist(), strict=True)
        rows = Counter(named)
        found = {model for model, _ in rows}
        expected = Counter({(model, engine): 1 for model in found for engine in engines})
        if rows != expected or found & self.done:
            raise SweepError(
                f"{file} does not hold one row for each engine of its models, or a model that "
                "stands elsewhere too; delete it, and its models are fitted again."
            )
        self.done |= found
        return len(found)

    def enter(self, model: int, rows: Iterable[Row]) -> None:
        """Put a model's rows on the disk.

        Raises
        ------
        SweepError
            Where they are there already.
        """
        if model in self.done:
            raise SweepError(f"Model {model} would stand in {self.path} twice.")
        table = parquet.tabulate(rows)
        if self._rows is None or self._models >= BLOCK:
            self._number += self._rows is not None
            self._rows, self._models = table, 0
        else:
            self._rows = parquet.arrow().concat_tables([self._rows, table]).combine_chunks()
        parquet.write(self._rows, self.path / f"part-{self._number:06d}.parquet")
        self._models += 1
        self.done.add(model)
