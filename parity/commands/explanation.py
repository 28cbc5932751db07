"""`parity explain`: what a quantity is and how it is judged; or the story of one fit."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from parity import known, tolerance
from parity.case import CaseError
from parity.commands.narration import narrate
from parity.commands.output import say
from parity.quantity import LAYERS, QUANTITIES, UNITS, Quantity
from parity.reports.as_text import table
from parity.reports.blocks import Table, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from parity.known import Known
    from parity.tolerance import Tolerances

_KINDS = {
    "lm": "linear models",
    "lmm": "linear mixed models",
    "glmm": "generalised linear mixed models",
    "lrt": "likelihood-ratio tests",
}


def execute(arguments: argparse.Namespace) -> int:
    """Print the story of a case and an engine, one quantity's entry, or all in a line each."""
    if arguments.subject is None:
        say("\n".join(_all()) + "\n")
        return 0
    if arguments.engine is not None:
        say(narrate(arguments))
        return 0
    quantity = _find(arguments.subject)
    tolerances = tolerance.load_tolerances(arguments.tolerances or tolerance.SHIPPED)
    register = known.load_known(arguments.known or known.SHIPPED)
    say("\n".join(_entry(quantity, tolerances, register)) + "\n")
    return 0


def _find(name: str) -> Quantity:
    """Return the quantity; an element's name, ``fixef[Days]``, finds its quantity."""
    asked = name.partition("[")[0]
    if asked not in QUANTITIES:
        close = get_close_matches(asked, QUANTITIES, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "`parity explain` lists all."
        hint += " The story of a case needs an engine: parity explain CASE ENGINE."
        raise CaseError(f"No quantity is called {asked!r}; {hint}")
    return QUANTITIES[asked]


def _all() -> list[str]:
    rows = tuple(
        (name, entry.layer, entry.unit, entry.definition) for name, entry in QUANTITIES.items()
    )
    layers = ", ".join(f"{letter} {name}" for letter, name in LAYERS.items())
    block = Table(("quantity", "layer", "unit", "definition"), rows, elastic=3)
    return [*table(block), "", f"Layers: {layers}.", "More of one: parity explain QUANTITY."]


def _entry(quantity: Quantity, tolerances: Tolerances, register: tuple[Known, ...]) -> list[str]:
    kinds = ", ".join(_KINDS[kind] for kind in quantity.kinds) or "every model with a design matrix"
    shape = ", ".join(quantity.key)
    about = (
        ("what", quantity.definition),
        ("element", f"{quantity.name}[{shape}]" if shape else "one number"),
        ("of", kinds),
        ("error", f"{quantity.unit}: {UNITS[quantity.unit]}"),
        ("layer", f"{quantity.layer} {LAYERS[quantity.layer]}"),
        ("why", quantity.why),
    )
    lines = [quantity.name, *table(Table(("", ""), about, indent=2, elastic=1, titled=False))]
    rules = tuple(
        (f"{rule.limit:.3g}", rule.candidate, rule.case, printable(rule.why))
        for rule in tolerances.rules
        if rule.quantity == quantity.name
    )
    header = ("largest error", "engine", "case", "why")
    lines += ["", "Tolerances; the last one that matches holds"]
    lines += table(Table(header, rules, frozenset({0}), indent=2, elastic=3))
    return [*lines, *_declared(quantity.name, register)]


def _declared(name: str, register: tuple[Known, ...]) -> Iterator[str]:
    rows = tuple(
        (
            f"{entry.sizes[name]:.3g}",
            entry.candidate,
            entry.reference,
            entry.case,
            printable(entry.reason),
        )
        for entry in register
        if name in entry.sizes
    )
    if rows:
        yield ""
        yield "Known differences; sizes against published figures are in half units of a last digit"
        header = ("size", "engine", "against", "case", "reason")
        yield from table(Table(header, rows, frozenset({0}), indent=2, elastic=4))
