"""Case files: TOML → Suite, every mistake named with its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from parity.case import Case, CaseError, NestedPair, Printed, Published, Suite
from parity.dataset import Dataset, Threshold
from parity.formula import parse
from parity.quantity import QUANTITIES
from parity.syntax import FormulaError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from parity.result import Key
    from parity.spec import Criterion

SCHEMA = 1
SHIPPED = Path(__file__).parent / "data" / "cases.toml"
_Entry = TypeVar("_Entry", Case, Dataset, NestedPair)


def load_suite(path: Path = SHIPPED) -> Suite:
    """Return the suite that a TOML case file states.

    A file may name others in ``include = ["more.toml"]``, relative to itself.

    Raises
    ------
    CaseError
        With the file and the entry, where it cannot be used.
    """
    datasets: dict[str, Dataset] = {}
    cases: dict[str, Case] = {}
    pairs: dict[str, NestedPair] = {}
    for file in _with_includes(path):
        table = _read_toml(file)
        _refuse_unknown(file, table, {"schema", "include", "dataset", "case", "lrt"})
        if table.get("schema", SCHEMA) != SCHEMA:
            raise CaseError(f"{file.name}: schema {table['schema']} is unknown; expected {SCHEMA}.")
        try:
            for name, entry in table.get("dataset", {}).items():
                _add(datasets, _dataset(file, name, entry))
            for entry in table.get("case", []):
                _add(cases, _case(file, entry, datasets))
            for entry in table.get("lrt", []):
                _add(pairs, _pair(file, entry, cases), taken=cases)
        except (KeyError, TypeError, AttributeError) as error:
            raise CaseError(f"{file.name}: an entry lacks or misuses {error}.") from error
    if not cases:
        raise CaseError(f"{path.name} holds no case; expected at least one [[case]].")
    return Suite(tuple(cases.values()), tuple(pairs.values()))


def _with_includes(path: Path) -> list[Path]:
    names = _read_toml(path).get("include", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CaseError(f"{path.name}: include is a list of file names.")
    return [path, *(path.parent / name for name in names)]


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CaseError(f"The case file {path} does not exist.") from error
    except OSError as error:
        raise CaseError(f"The case file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{path.name} is no TOML: {error}.") from error


def _add(into: dict[str, _Entry], item: _Entry, *, taken: Collection[str] = ()) -> None:
    if not isinstance(item.name, str):
        raise CaseError(f"An entry is called {item.name!r}; a name is text, in quotes.")
    if item.name in into or item.name in taken:
        raise CaseError(f"Two entries are called {item.name!r}; names must differ.")
    into[item.name] = item


def _refuse_unknown(
    file: Path, entry: Mapping[str, object], known: set[str], where: str = "the file"
) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise CaseError(
            f"{file.name}: unknown entry {', '.join(unknown)} (in {entry.get('name', where)});"
            f" known are {', '.join(sorted(known))}."
        )


def _dataset(file: Path, name: str, entry: Mapping[str, Any]) -> Dataset:
    known = {"file", "sha256", "factors", "derived", "source", "licence", "url"}
    _refuse_unknown(file, entry, known, where=name)
    if "url" in entry and "sha256" not in entry:
        raise CaseError(f"{file.name}: the data {name!r} are fetched; state their sha256.")
    return Dataset(
        name=name,
        file=file.parent / entry["file"],
        sha256=entry.get("sha256"),
        factors=tuple(entry.get("factors", ())),
        derived={
            key: _threshold(file, f"{key} of {name}", rule)
            for key, rule in entry.get("derived", {}).items()
        },
        source=entry.get("source", ""),
        licence=entry.get("licence", ""),
        url=entry.get("url"),
    )


def _threshold(file: Path, where: str, rule: Mapping[str, Any]) -> Threshold:
    _refuse_unknown(file, rule, {"column", "below"}, where)
    if isinstance(rule["below"], bool) or not isinstance(rule["below"], int | float):
        raise CaseError(f"{file.name}: {where}: below is a number, not {rule['below']!r}.")
    return Threshold(rule["column"], float(rule["below"]))


_CASE_KEYS = {
    "name", "dataset", "formula", "criterion", "family", "link", "published", "published_in",
    "record_rows", "nagq", "weights",
}  # fmt: skip


def _case(file: Path, entry: Mapping[str, Any], datasets: Mapping[str, Dataset]) -> Case:
    _refuse_unknown(file, entry, _CASE_KEYS)
    name = entry["name"]
    if entry["dataset"] not in datasets:
        raise CaseError(f"{file.name}: case {name!r} names the unknown data {entry['dataset']!r}.")
    criterion = entry.get("criterion", "REML")
    if criterion not in {"ML", "REML"}:
        raise CaseError(f"{file.name}: case {name!r}: criterion is 'ML' or 'REML'.")
    try:
        spec = parse(
            entry["formula"],
            criterion=cast("Criterion", criterion),
            family=entry.get("family", "gaussian"),
            link=entry.get("link"),
            nagq=entry.get("nagq", 1),
            weights=entry.get("weights"),
        )
    except FormulaError as error:
        raise CaseError(f"{file.name}: case {name!r}: {error}") from error
    return Case(
        name=name,
        dataset=datasets[entry["dataset"]],
        spec=spec,
        published=_published(file, name, entry, spec.kind),
        published_in=entry.get("published_in", ""),
        record_rows=bool(entry.get("record_rows", True)),
    )


def _pair(file: Path, entry: Mapping[str, Any], cases: Mapping[str, Case]) -> NestedPair:
    _refuse_unknown(file, entry, {"name", "small", "large", "published", "published_in"})
    name = entry["name"]
    for side in ("small", "large"):
        if entry[side] not in cases:
            raise CaseError(f"{file.name}: pair {name!r} names the unknown case {entry[side]!r}.")
    small, large = cases[entry["small"]], cases[entry["large"]]
    if small.dataset != large.dataset or {small.spec.criterion, large.spec.criterion} != {"ML"}:
        raise CaseError(
            f"{file.name}: pair {name!r} needs two ML cases on the same data: REML likelihoods of "
            "models with different fixed effects cannot be compared."
        )
    if small is large or _distribution(small) != _distribution(large):
        raise CaseError(f"{file.name}: pair {name!r} needs two models of one response and family.")
    published = _published(file, name, entry, "lrt")
    return NestedPair(name, small, large, published, entry.get("published_in", ""))


def _distribution(case: Case) -> tuple[str, str, str, int, str | None]:
    spec = case.spec
    return spec.response, spec.family, spec.link, spec.nagq, spec.weights


def _published(file: Path, name: str, entry: Mapping[str, Any], kind: str) -> Published:
    """Return the published figures: quantity → rows of key parts and, last, what was printed."""
    published: dict[str, dict[Key, Printed]] = {}
    for quantity, rows in entry.get("published", {}).items():
        if quantity not in QUANTITIES or kind not in QUANTITIES[quantity].kinds:
            raise CaseError(
                f"{file.name}: {name!r} publishes {quantity!r}, no quantity of a {kind}."
            )
        width = len(QUANTITIES[quantity].key)
        if not rows or not all(_is_row(row, width) for row in rows):
            raise CaseError(
                f"{file.name}: {name!r}: {quantity} needs rows of {width} key parts and a figure, "
                "all in quotes, for a bare number loses its last zeros."
            )
        published[quantity] = {tuple(row[:-1]): Printed.read(row[-1]) for row in rows}
        if len(published[quantity]) != len(rows):
            raise CaseError(f"{file.name}: {name!r}: {quantity} states a key twice.")
    if published and not entry.get("published_in"):
        raise CaseError(f"{file.name}: {name!r} publishes figures; say where in published_in.")
    return published


def _is_row(row: object, width: int) -> bool:
    """Whether this is a list of texts: the parts of a key and a figure."""
    parts = row if isinstance(row, list) else []
    return len(parts) == width + 1 and all(isinstance(part, str) for part in parts)
