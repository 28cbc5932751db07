"""What a formula uses, and whether it may: R parses and checks it before it evaluates any of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from bridge.errors import BridgeError, FormulaError
from bridge.session import Session, Value, Vector, current

_LONGEST = 20_000
_SHOWN_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a formula holds, by R's own parser.

    Attributes
    ----------
    variables
        Names used as data.
    response
        Those of them left of the ``~``.
    bars
        Random terms as written, without their parentheses: ``1 | school``.
    dot
        Whether ``.`` (all other columns) is used.
    constants
        Names that mean a constant (``pi``, ``T``, ``F``) unless a column has them.
    """

    variables: tuple[str, ...]
    response: tuple[str, ...]
    bars: tuple[str, ...]
    dot: bool
    constants: tuple[str, ...]


def inspect(session: Session, formula: object) -> Inspected:
    """Return what `formula` uses, nothing of it evaluated.

    Raises
    ------
    FormulaError
        When it does not parse, is no formula, or holds what no formula may.
    """
    if not isinstance(formula, str):
        raise FormulaError(
            f"The formula is a {type(formula).__name__}; expected text as "
            "'math ~ raven + (1 | school)'."
        )
    if len(formula) > _LONGEST or "\0" in formula:
        raise FormulaError(f"The formula is longer than {_LONGEST} characters, or holds a NUL.")
    answer = session.call("inspect_formula", {"formula": formula})
    if answer.failure is not None:
        raise FormulaError(f"{answer.failure.text} The formula: {_short(formula)}")
    found = answer.value
    if not isinstance(found, Mapping):
        raise BridgeError("R described the formula in a way that cannot be read.")
    words = {key: _words(value) for key, value in found.items() if key != "dot"}
    return Inspected(dot=_truth(found["dot"]), **words)


def check_formula(formula: str) -> None:
    """Return where R would be let evaluate the formula; starts R, evaluates nothing.

    Raises
    ------
    FormulaError
        When it does not parse, is no formula, or holds what no formula may.
    """
    inspect(current(), formula)


def _words(value: Value) -> tuple[str, ...]:
    if not isinstance(value, Vector) or not isinstance(value.cells, tuple):
        raise BridgeError("R described the formula in a way that cannot be read.")
    return tuple(str(cell) for cell in value.cells)


def _truth(value: Value) -> bool:
    return isinstance(value, Vector) and bool(value.cells[0])


def _short(formula: str, width: int = 200) -> str:
    return formula if len(formula) <= width else formula[: width - 3] + "..."


def require_random_terms(inspected: Inspected, function: str) -> None:
    """Raise FormulaError unless the formula has random terms, or none for lm."""
    if function == "lm" and inspected.bars:
        raise FormulaError(
            f"The formula has the random term ({inspected.bars[0]}), which lm does not fit: "
            "use lmer or glmer."
        )
    if function != "lm" and not inspected.bars:
        raise FormulaError(
            f"The formula has no random term, as (1 | group), and {function} fits none without: "
            "use lm for a model without random terms."
        )


def columns_used(inspected: Inspected, table: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of `table` that the formula uses, in the order of the table.

    Raises
    ------
    FormulaError
        When the formula names what is no column; the text names the nearest ones.
    """
    known = [name for name in table.columns if isinstance(name, str)]
    for name in inspected.variables:
        if name not in known and name not in inspected.constants:
            raise FormulaError(unknown_column(name, known))
    if inspected.dot:
        return tuple(known)
    return tuple(name for name in known if name in inspected.variables)


def unknown_column(name: str, known: list[str]) -> str:
    """Return the sentence that says that `name` is no column, with the nearest that are."""
    near = get_close_matches(name, known, n=3)
    if near:
        return f"The data have no column {name!r}. Did you mean {' or '.join(map(repr, near))}?"
    shown = ", ".join(map(repr, known[:_SHOWN_COLUMNS]))
    more = f" and {len(known) - _SHOWN_COLUMNS} more" if len(known) > _SHOWN_COLUMNS else ""
    return f"The data have no column {name!r}. Their columns: {shown}{more}."
