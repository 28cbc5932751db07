"""lme4's formula text ⇄ ModelSpec; pure, and the same there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.spec import Criterion, ModelSpec, RandomTerm
from parity.syntax import FormulaError, Node, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_BARS = ("|", "||")
_CONSTANTS = frozenset({"TRUE", "FALSE", "T", "F", "pi", "NULL", "NA", "Inf"})

CANONICAL_LINK = {
    "gaussian": "identity",
    "binomial": "logit",
    "poisson": "log",
    "Gamma": "inverse",
    "inverse.gaussian": "1/mu^2",
}


def parse(
    formula: str,
    *,
    criterion: Criterion = "REML",
    family: str = "gaussian",
    link: str | None = None,
) -> ModelSpec:
    """Return the model that an lme4 formula states.

    Parameters
    ----------
    formula
        Text such as ``"y ~ x + (1 + x | g)"``; ``||`` and ``a/b`` are expanded as lme4 does.
    criterion
        Of a linear mixed model; linear and generalised models are always ``"ML"``.
    family, link
        Of the response; the link defaults to the family's canonical one.

    Raises
    ------
    FormulaError
        Where the text does not parse, has no response, or names an unknown family.
    """
    if family not in CANONICAL_LINK:
        raise FormulaError(f"Unknown family {family!r}; known are {', '.join(CANONICAL_LINK)}.")
    tree = read(formula)
    if tree.kind != "binary" or tree.value != "~":
        raise FormulaError(f"The formula {formula!r} has no response; expected 'response ~ terms'.")
    response, right = tree.children
    fixed, random = _split(right)
    gaussian_mixed = family == "gaussian" and bool(random)
    return ModelSpec(
        formula=formula,
        response=response.source,
        fixed=fixed,
        random=random,
        variables=_variables(tree),
        criterion=criterion if gaussian_mixed else "ML",
        family=family,
        link=link or CANONICAL_LINK[family],
    )


def render(spec: ModelSpec) -> str:
    """Return an lme4 formula that states this model, blocks written out."""
    blocks = [f"({_side(term.columns)} | {term.group})" for term in spec.random]
    return f"{spec.response} ~ {' + '.join([*spec.fixed, *blocks])}"


def _side(columns: tuple[str, ...]) -> str:
    return " + ".join(columns if columns[0] == "1" else ("0", *columns))


def _variables(tree: Node) -> tuple[str, ...]:
    """Names in reading order, each once; heads of calls and constants are none."""
    names = (node.value for node in tree.walk() if node.kind == "name")
    return tuple(dict.fromkeys(name for name in names if name not in _CONSTANTS))


def _addends(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the signed terms of a sum, parentheses around a mere sum opened."""
    if node.kind == "binary" and node.value in "+-":
        yield from _addends(node.children[0])
        for sign, term in _addends(node.children[1]):
            yield (sign if node.value == "+" else _flip(sign)), term
    elif node.kind == "unary" and node.value in "+-":
        for sign, term in _addends(node.children[0]):
            yield (sign if node.value == "+" else _flip(sign)), term
    elif node.kind == "paren" and not _is_bar(node) and not _is_atom(node.children[0]):
        yield from _addends(node.children[0])
    else:
        yield "+", node


def _flip(sign: str) -> str:
    return "-" if sign == "+" else "+"


def _is_atom(node: Node) -> bool:
    """Whether a parenthesis holds something else than a sum."""
    return not (node.kind in {"binary", "unary"} and node.value in "+-")


def _is_bar(node: Node) -> bool:
    inner = node.children[0] if node.kind == "paren" else None
    return inner is not None and inner.kind == "binary" and inner.value in _BARS


def _split(right: Node) -> tuple[tuple[str, ...], tuple[RandomTerm, ...]]:
    """Part the right-hand side into fixed terms and random blocks."""
    random: list[RandomTerm] = []
    fixed: list[tuple[str, Node]] = []
    for sign, term in _addends(right):
        if _is_bar(term):
            if sign == "-":
                raise FormulaError(f"A random term cannot be taken away: '- {term.source}'.")
            random.extend(_blocks(term.children[0]))
        elif any(node.kind == "binary" and node.value in _BARS for node in term.walk()):
            raise FormulaError(
                f"The term {term.source!r} holds a bar outside its own parentheses; write random "
                "terms as '(columns | group)'."
            )
        else:
            fixed.append((sign, term))
    return _columns(fixed), tuple(random)


def _columns(terms: list[tuple[str, Node]]) -> tuple[str, ...]:
    """Return the terms after a leading '1' or '0' for the intercept."""
    intercept = "1"
    kept: list[str] = []
    for sign, term in terms:
        if term.kind == "number" and term.value in {"0", "1"}:
            intercept = "1" if (term.value == "1") == (sign == "+") else "0"
        elif sign == "-":
            removed = term.source
            if removed not in kept:
                raise FormulaError(f"The term {removed!r} is taken away but was never added.")
            kept.remove(removed)
        elif term.source not in kept:
            kept.append(term.source)
    return (intercept, *kept)


def _blocks(bar: Node) -> Iterator[RandomTerm]:
    """Yield the covariance blocks of ``columns | group``, ``/`` and ``||`` expanded."""
    left, right = bar.children
    columns = _columns(list(_addends(left)))
    columns = columns if columns[0] == "1" else columns[1:]
    if not columns:
        raise FormulaError(f"The random term '({bar.source})' has no columns.")
    sides = [(column,) for column in columns] if bar.value == "||" else [columns]
    for side in sides:
        for group, factors in _groups(right):
            yield RandomTerm(columns=side, group=group, factors=factors)


def _groups(node: Node) -> list[tuple[str, tuple[str, ...]]]:
    """Return name and factors of each grouping factor, the innermost of ``a/b`` first."""
    if node.kind == "paren":
        return _groups(node.children[0])
    if node.kind == "binary" and node.value == "/":
        outer = _groups(node.children[0])
        inner_name, inner = _interaction(node.children[1])
        name, factors = outer[0]
        joined = f"({name})" if len(factors) > 1 else name
        return [(f"{inner_name}:{joined}", (*inner, *factors)), *outer]
    return [_interaction(node)]


def _interaction(node: Node) -> tuple[str, tuple[str, ...]]:
    """Return name and factors of ``a``, ``a:b`` or ``factor(a)``."""
    if node.kind == "binary" and node.value == ":":
        left_name, left = _interaction(node.children[0])
        right_name, right = _interaction(node.children[1])
        return f"{left_name}:{right_name}", (*left, *right)
    if node.kind == "paren":
        name, factors = _interaction(node.children[0])
        return f"({name})", factors
    if node.kind == "name":
        return node.source, (node.value,)
    if node.kind == "call" and node.value in {"factor", "as.factor"} and len(node.children) == 1:
        return node.source, _interaction(node.children[0])[1]
    raise FormulaError(
        f"The grouping {node.source!r} is not understood; expected a column, 'a:b' or 'a/b'."
    )
