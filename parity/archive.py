"""Recorded answers: FitResult ⇄ JSON text, every number to the last bit; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from parity.result import Design, FitResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parity.case import Case

SCHEMA = 1
_UNSTATED = {"nagq": 1}
"""What answers hold that were recorded before cases could say it."""
_BY_ROW = ("fitted", "resid")


class RecordError(ValueError):
    """A recorded answer that does not belong to the case, or cannot be read."""


def to_json(result: FitResult, case: Case) -> str:
    """Return the text that records an answer to a case.

    Where the case says ``record_rows = false`` (its data may not be redistributed, or are
    large), nothing that has a value a row is recorded; the reason stands in its place.
    """
    values, absent, design = dict(result.values), dict(result.absent), result.design
    if not case.record_rows:
        reason = f"not recorded: the rows of {case.dataset.name} are not shipped with the answers"
        for name in _BY_ROW:
            if values.pop(name, None) is not None:
                absent[name] = reason
        design = reason
    content = {
        "schema": SCHEMA,
        "case": case.name,
        "formula": case.spec.formula,
        "sha256": case.dataset.sha256,
        "kind": result.kind,
        "family": case.spec.family,
        "link": case.spec.link,
        "nagq": case.spec.nagq,
        "weights": case.spec.weights,
        "criterion": result.criterion,
        "versions": dict(result.versions),
        "conditions": list(result.conditions),
        "rows": _pack_rows(result.rows),
        "groups": {name: list(levels) for name, levels in result.groups.items()},
        "design": _pack_design(design),
        "values": {
            name: _pack_elements(name, elements, result) for name, elements in values.items()
        },
        "absent": absent,
    }
    lines = [f" {json.dumps(key)}: {_layout(part)}" for key, part in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def from_json(text: str, case: Case, engine: str) -> FitResult:
    """Return the recorded answer as the answer of `engine`.

    Raises
    ------
    RecordError
        Where it was recorded for another formula, criterion or data.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(f"The recorded answer to {case.name} is no JSON: {error}.") from error
    if not isinstance(content, dict):
        raise RecordError(f"The recorded answer to {case.name} is no table of JSON.")
    expected = {
        "schema": SCHEMA,
        "case": case.name,
        "formula": case.spec.formula,
        "sha256": case.dataset.sha256,
        "family": case.spec.family,
        "link": case.spec.link,
        "nagq": case.spec.nagq,
        "weights": case.spec.weights,
        "criterion": case.spec.criterion,
    }
    for key, wanted in expected.items():
        found = content.get(key, _UNSTATED.get(key))
        if found != wanted:
            raise RecordError(
                f"The recorded answer to {case.name} has {key} {found!r}, the case "
                f"{wanted!r}; record it anew with `parity record {case.name}`."
            )
    rows = _unpack_rows(content["rows"])
    return FitResult(
        engine=engine,
        case=case.name,
        kind=content["kind"],
        criterion=content["criterion"],
        rows=rows,
        groups={name: tuple(levels) for name, levels in content["groups"].items()},
        design=_unpack_design(content["design"]),
        values={
            name: _unpack_elements(name, elements, rows)
            for name, elements in content["values"].items()
        },
        absent=content["absent"],
        conditions=tuple(content["conditions"]),
        versions=content["versions"],
    )


def _layout(part: object) -> str:
    """Write one entry a line, so that a change of one quantity is a change of one line."""
    if isinstance(part, dict) and part:
        inner = [f"  {json.dumps(k)}: {_compact(v)}" for k, v in part.items()]
        return "{\n" + ",\n".join(inner) + "\n }"
    return _compact(part)


def _compact(part: object) -> str:
    return json.dumps(part, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _pack_rows(rows: tuple[str, ...]) -> list[str] | dict[str, int]:
    """Shorten 1, 2, ..., n to its end."""
    if rows == tuple(str(row) for row in range(1, len(rows) + 1)):
        return {"to": len(rows)}
    return list(rows)


def _unpack_rows(packed: list[str] | dict[str, int]) -> tuple[str, ...]:
    if isinstance(packed, dict):
        return tuple(str(row) for row in range(1, packed["to"] + 1))
    return tuple(packed)


def _pack_design(design: Design | str) -> str | dict[str, list[float]]:
    if isinstance(design, str):
        return design
    return {
        name: [_number(entry) for entry in design.matrix[:, position].tolist()]
        for position, name in enumerate(design.columns)
    }


def _unpack_design(packed: str | dict[str, list[float]]) -> Design | str:
    if isinstance(packed, str):
        return packed
    columns = [np.asarray(column, dtype=np.float64) for column in packed.values()]
    return Design(tuple(packed), np.column_stack(columns))


def _number(value: float) -> float | int:
    """Write 3.0 as 3: shorter, and the same double when read."""
    return int(value) if value.is_integer() and abs(value) < 1e15 and value != 0 else value  # noqa: PLR2004 - below it every integer is a double


def _pack_elements(
    name: str, elements: Mapping[tuple[str, ...], float], result: FitResult
) -> list[Any]:
    """Return [key..., number] an element; numbers alone where the keys are the rows."""
    if name in _BY_ROW and tuple(key[0] for key in elements) == result.rows:
        return [_number(number) for number in elements.values()]
    return [[*key, _number(number)] for key, number in elements.items()]


def _unpack_elements(
    name: str, packed: list[Any], rows: tuple[str, ...]
) -> dict[tuple[str, ...], float]:
    if name in _BY_ROW and packed and not isinstance(packed[0], list):
        return {(row,): float(number) for row, number in zip(rows, packed, strict=True)}
    return {tuple(entry[:-1]): float(entry[-1]) for entry in packed}
