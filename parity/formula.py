"""lme4's formula text ⇄ ModelSpec; pure, and the same there and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parity.spec import Criterion, ModelSpec, RandomTerm
from parity.syntax import SYNTACTIC, FormulaError, Node, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_BARS = ("|", "||")
_CONSTANTS = frozenset({"TRUE", "FALSE", "T", "F", "pi", "NULL", "NA", "Inf"})

# R's families with their links, the canonical one first (R's help page ?family). A gaussian
# response is lmer's, which has no other link than the identity.
LINKS = {
    "gaussian": ("identity",),
    "binomial": ("logit", "probit", "cloglog", "cauchit", "log"),
    "poisson": ("log", "identity", "sqrt"),
    "Gamma": ("inverse", "identity", "log"),
    "inverse.gaussian": ("1/mu^2", "inverse", "identity", "log"),
}


def parse(
    formula: str,
    *,
    criterion: Criterion = "REML",
    family: str = "gaussian",
    link: str | None = None,
    nagq: int = 1,
    weights: str | None = None,
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
    nagq, weights
        As in `ModelSpec`.

    Raises
    ------
    FormulaError
        Where the text does not parse, has no response, or names an unknown family or link, or
        asks for quadrature where there is none.
    """
    if family not in LINKS:
        raise FormulaError(f"Unknown family {family!r}; known are {', '.join(LINKS)}.")
    if link is not None and link not in LINKS[family]:
        raise FormulaError(
            f"The family {family} has no link {link!r}; it has {', '.join(LINKS[family])}."
        )
    try:
        spec = _parse(formula, criterion, family, link)
    except RecursionError as error:
        raise FormulaError(f"A term of the formula {formula[:60]!r}... is too long.") from error
    _check_quadrature(spec, nagq)
    return replace(spec, nagq=nagq, weights=weights)


def _check_quadrature(spec: ModelSpec, nagq: int) -> None:
    if isinstance(nagq, bool) or not isinstance(nagq, int) or nagq < 1:
        raise FormulaError(f"nagq is {nagq!r}; expected a whole number of nodes, 1 or more.")
    scalar = len(spec.random) == 1 and len(spec.random[0].columns) == 1
    if nagq > 1 and not (spec.kind == "glmm" and scalar):
        raise FormulaError(
            f"nagq = {nagq} needs a generalised model of one scalar random effect; "
            f"{spec.formula!r} is none."
        )


def _parse(formula: str, criterion: Criterion, family: str, link: str | None) -> ModelSpec:
    tree = read(formula)
    if tree.kind != "binary" or tree.value != "~":
        raise FormulaError(f"The formula {formula!r} has no response; expected 'response ~ terms'.")
    response, right = tree.children
    if any(_holds(side, "~") for side in tree.children):
        raise FormulaError(f"The formula {formula!r} holds more than one '~'.")
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
        link=link or LINKS[family][0],
    )


def render(spec: ModelSpec) -> str:
    """Return an lme4 formula that states this model, blocks written out."""
    blocks = [
        f"({_side(term.columns)} | {_quoted(term.group, term.factors)})" for term in spec.random
    ]
    return f"{spec.response} ~ {' + '.join([*spec.fixed, *blocks])}"


def _side(columns: tuple[str, ...]) -> str:
    return " + ".join(columns if columns[0] == "1" else ("0", *columns))


def _quoted(group: str, factors: tuple[str, ...]) -> str:
    """Return a grouping factor as a formula writes it: lme4 names a lone one without quotes."""
    lone = group == factors[0] and not SYNTACTIC.fullmatch(group)
    return f"`{group}`" if lone else group


def _holds(tree: Node, *operators: str) -> bool:
    """Whether one of the operators stands anywhere in the tree."""
    kinds = {"binary", "unary"}
    return any(node.kind in kinds and node.value in operators for node in tree.walk())


def _variables(tree: Node) -> tuple[str, ...]:
    """Names in reading order, each once; heads of calls and constants are none."""
    names = (node.value for node in tree.walk() if node.kind == "name")
    return tuple(dict.fromkeys(name for name in names if name not in _CONSTANTS))


def _addends(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the signed terms of a sum in reading order, parentheses around a mere sum opened."""
    waiting = [("+", node)]
    while waiting:
        sign, term = waiting.pop()
        if term.kind in {"binary", "unary"} and term.value in "+-":
            last = sign if term.value == "+" else _flip(sign)
            waiting.append((last, term.children[-1]))
            waiting.extend((sign, first) for first in term.children[:-1])
        elif term.kind == "paren" and not _is_bar(term) and not _is_atom(term.children[0]):
            waiting.append((sign, term.children[0]))
        else:
            yield sign, term


def _flip(sign: str) -> str:
    return "-" if sign == "+" else "+"


def _is_atom(node: Node) -> bool:
    """Whether a parenthesis holds something else than a sum or another parenthesis."""
    return not (node.kind == "paren" or (node.kind in {"binary", "unary"} and node.value in "+-"))


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
        elif _holds(term, *_BARS):
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
                raise FormulaError(
                    f"The term {removed!r} is taken away but is none of the terms as written; "
                    "write out the terms that stay."
                )
            kept.remove(removed)
        elif term.source not in kept:
            kept.append(term.source)
    return (intercept, *kept)


def _blocks(bar: Node) -> Iterator[RandomTerm]:
    """Yield the covariance blocks of ``columns | group``, ``/`` and ``||`` expanded."""
    left, right = bar.children
    addends = list(_addends(left))
    columns = _columns(addends)
    columns = columns if columns[0] == "1" else columns[1:]
    if not columns:
        raise FormulaError(f"The random term '({bar.source})' has no columns.")
    if bar.value == "||" and any(_is_compound(term) for _, term in addends):
        raise FormulaError(
            f"The random term '({bar.source})' multiplies columns; lme4 gives each resulting term "
            "its own block: write those terms out, joined by '+'."
        )
    sides = [(column,) for column in columns] if bar.value == "||" else [columns]
    for side in sides:
        for group, factors in _groups(right):
            yield RandomTerm(columns=side, group=group, factors=factors)


def _is_compound(node: Node) -> bool:
    """Whether a column stands for several terms, as ``x * z`` does."""
    if node.kind == "binary" and node.value in {"*", "/", "^"}:
        return True
    inside = node.kind in {"binary", "paren"}
    return inside and any(_is_compound(child) for child in node.children)


def _groups(node: Node) -> list[tuple[str, tuple[str, ...]]]:
    """Return name and factors of each grouping factor, the innermost of ``a/b`` first."""
    if node.kind == "paren" and _holds(node, "/"):
        return _groups(node.children[0])
    if node.kind == "binary" and node.value == "/":
        outer = _groups(node.children[0])
        inner_name, inner = _interaction(node.children[1])
        name, factors = outer[0]
        joined = f"({name})" if len(factors) > 1 else _quoted(name, factors)
        return [(f"{inner_name}:{joined}", (*inner, *factors)), *outer]
    if node.kind == "name":
        return [(node.value, (node.value,))]
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
