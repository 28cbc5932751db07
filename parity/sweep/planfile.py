"""Files of sweeps: TOML → Plan, every mistake named with its place."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from parity.simulation.feasibility import LINKS
from parity.sweep.entry import SHARE, WHOLE, Bounds, Reader
from parity.sweep.plan import FamilyShare, Plan
from parity.sweep.refusal import SweepError

if TYPE_CHECKING:
    from parity.spec import Criterion

SCHEMA = 1
SHIPPED = Path(__file__).parents[1] / "data" / "sweep.toml"
_MOST = 10_000_000
_SPREADS = {
    "rows": Bounds(4, _MOST, whole=True),
    "factors": Bounds(1, 9, whole=True),
    "levels": Bounds(2, _MOST, whole=True),
    "balance": Bounds(1e-6, 1),
    "slopes": Bounds(0, 9, whole=True),
    "correlation": Bounds(-1, 1),
    "variance_ratio": Bounds(0, 1e12),
    "covariates": Bounds(0, 99, whole=True),
    "group_covariates": Bounds(0, 99, whole=True),
    "categories": Bounds(0, 99, whole=True),
    "effect": Bounds(-1e12, 1e12),
    "intercept": Bounds(-1e12, 1e12),
    "sigma": Bounds(1e-12, 1e12),
}
_TRIALS = Bounds(1, _MOST, whole=True)
_FAMILY = {"name", "weight", "link", "trials", "intercept", "variance_ratio"}
_FEWEST_ENGINES = 2


def load_plan(path: Path) -> Plan:
    """Return the sweep that a TOML file states; every property has to be stated.

    A property that varies is a number, a list to choose from (``[1, 1, 2]``), or a range:
    ``{ uniform = [0, 1] }`` or ``{ log_uniform = [40, 2000] }``, of whole numbers where the
    property is one.

    Raises
    ------
    SweepError
        With the file and the property, where it cannot be used.
    """
    reader = Reader(path.name, _read_toml(path))
    known = {field.name for field in fields(Plan)} - {"families"}
    reader.refuse_unknown({"schema", "family", *known})
    if reader.table.get("schema", SCHEMA) != SCHEMA:
        raise SweepError(f"{path.name}: schema {reader.table['schema']!r}; expected {SCHEMA}.")
    spreads = {name: reader.spread(name, bounds) for name, bounds in _SPREADS.items()}
    return Plan(
        models=int(reader.number("models", WHOLE)),
        seed=int(reader.number("seed", Bounds(0, 2**63 - 1, whole=True))),
        engines=_engines(reader),
        time_limit=reader.number("time_limit", Bounds(0.1, 1e9)),
        families=_families(path.name, reader),
        criteria=cast("tuple[Criterion, ...]", reader.texts("criteria", ("REML", "ML"))),
        nested=reader.number("nested", SHARE),
        uncorrelated=reader.number("uncorrelated", SHARE),
        boundary=reader.number("boundary", SHARE),
        **spreads,
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SweepError(f"The sweep {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SweepError(f"{path.name} is no TOML: {error}.") from error


def _engines(reader: Reader) -> tuple[str, ...]:
    engines = reader.texts("engines")
    if len(set(engines)) != len(engines) or len(engines) < _FEWEST_ENGINES:
        raise SweepError(
            f"{reader.where}: engines is {list(engines)}; expected two or more, each once, the "
            "reference first."
        )
    return engines


def _families(file: str, reader: Reader) -> tuple[FamilyShare, ...]:
    entries = reader.table.get("family")
    if not isinstance(entries, list) or not entries:
        raise SweepError(f"{file}: expected at least one [[family]].")
    return tuple(
        _family(Reader(f"{file}: family {place}", entry)) for place, entry in enumerate(entries, 1)
    )


def _family(reader: Reader) -> FamilyShare:
    reader.refuse_unknown(_FAMILY)
    name = reader.text("name", tuple(LINKS))
    trials = reader.optional("trials", _TRIALS)
    if trials is not None and name != "binomial":
        raise SweepError(f"{reader.where}: a {name} response has no trials.")
    return FamilyShare(
        name=name,
        weight=reader.number("weight", Bounds(1e-9, 1e9)),
        link=reader.text("link", LINKS[name]) if "link" in reader.table else None,
        trials=trials,
        intercept=reader.optional("intercept", _SPREADS["intercept"]),
        variance_ratio=reader.optional("variance_ratio", _SPREADS["variance_ratio"]),
    )
