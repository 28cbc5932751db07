"""lme4's formula text and back: what it states, what lme4 reads, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.formula import LINKS, parse, render
from parity.syntax import MAX_DEPTH, MAX_TOKENS, FormulaError, read

if TYPE_CHECKING:
    from random import Random

    from parity.spec import ModelSpec

# Formula → the same model with its blocks written out.
WRITTEN_OUT = {
    "y ~ x": "y ~ 1 + x",
    "y ~ 1": "y ~ 1",
    "y ~ x + (1 | g)": "y ~ 1 + x + (1 | g)",
    "y ~ x+(x|g)": "y ~ 1 + x + (1 + x | g)",
    "y ~ x + (1 + x | g)": "y ~ 1 + x + (1 + x | g)",
    "y ~ x + (0 + x | g)": "y ~ 1 + x + (0 + x | g)",
    "y ~ x + (x - 1 | g)": "y ~ 1 + x + (0 + x | g)",
    "y ~ x + (x || g)": "y ~ 1 + x + (1 | g) + (0 + x | g)",
    "y ~ x + (1 + x + z || g)": "y ~ 1 + x + (1 | g) + (0 + x | g) + (0 + z | g)",
    "y ~ x + (0 + x + z || g)": "y ~ 1 + x + (0 + x | g) + (0 + z | g)",
    "y ~ x + (1 | a/b)": "y ~ 1 + x + (1 | b:a) + (1 | a)",
    "y ~ x + (x | a/b)": "y ~ 1 + x + (1 + x | b:a) + (1 + x | a)",
    "y ~ x + (x || a/b)": "y ~ 1 + x + (1 | b:a) + (1 | a) + (0 + x | b:a) + (0 + x | a)",
    "y ~ x + (1 | a/b/c)": "y ~ 1 + x + (1 | c:(b:a)) + (1 | b:a) + (1 | a)",
    "y ~ x + (1 | a/b:c)": "y ~ 1 + x + (1 | b:c:a) + (1 | a)",
    "y ~ x + (1 | a:b)": "y ~ 1 + x + (1 | a:b)",
    "y ~ x + (1 | (a:b))": "y ~ 1 + x + (1 | (a:b))",
    "y ~ x + (1 | factor(g))": "y ~ 1 + x + (1 | factor(g))",
    "y ~ x + (1 | a) + (1 | b)": "y ~ 1 + x + (1 | a) + (1 | b)",
    "y ~ x + ((1 | g))": "y ~ 1 + x + (1 | g)",
    "y ~ (x + (1 | g))": "y ~ 1 + x + (1 | g)",
    "y ~ (1 | g) + x": "y ~ 1 + x + (1 | g)",
    "y ~ (1 | g)": "y ~ 1 + (1 | g)",
    "y ~ (x + z) + (1 | g)": "y ~ 1 + x + z + (1 | g)",
    "y ~ x + x + (1 | g)": "y ~ 1 + x + (1 | g)",
    "y ~ 0 + x + (1 | g)": "y ~ 0 + x + (1 | g)",
    "y ~ -1 + x + (1 | g)": "y ~ 0 + x + (1 | g)",
    "y ~ x - 1 + (1 | g)": "y ~ 0 + x + (1 | g)",
    "y ~ x + (1 | g) - 1": "y ~ 0 + x + (1 | g)",
    "y ~ x - 0 + (1 | g)": "y ~ 1 + x + (1 | g)",
    "y ~ x + 0 + 1 + (1 | g)": "y ~ 1 + x + (1 | g)",
    "y ~ x + z - x + (1 | g)": "y ~ 1 + z + (1 | g)",
    "y ~ x * z + (x * z | g)": "y ~ 1 + x * z + (1 + x * z | g)",
    "y ~ (x + z)^2 + (1 | g)": "y ~ 1 + (x + z)^2 + (1 | g)",
    "y ~ x + (x:z || g)": "y ~ 1 + x + (1 | g) + (0 + x:z | g)",
    "y ~ x + (I(x^2) || g)": "y ~ 1 + x + (1 | g) + (0 + I(x^2) | g)",
    "y ~ log(x) + poly(x, 2) + (1 | g)": "y ~ 1 + log(x) + poly(x, 2) + (1 | g)",
    "cbind(a, b - a) ~ x + (1 | g)": "cbind(a, b - a) ~ 1 + x + (1 | g)",
    "y ~ `a b` + (`a b` | `g h`)": "y ~ 1 + `a b` + (1 + `a b` | `g h`)",
    "y ~ x + (1 | `g h`/k)": "y ~ 1 + x + (1 | k:`g h`) + (1 | `g h`)",
    "y ~ x + (1 | k:`g h`)": "y ~ 1 + x + (1 | k:`g h`)",
}


def blocks(spec: ModelSpec) -> list[tuple[tuple[str, ...], str]]:
    return [(term.columns, term.group) for term in spec.random]


@pytest.mark.parametrize(("formula", "expected"), WRITTEN_OUT.items(), ids=list(WRITTEN_OUT))
def test_blocks_are_written_out(formula: str, expected: str) -> None:
    assert render(parse(formula)) == expected


@pytest.mark.parametrize("formula", WRITTEN_OUT)
def test_what_is_rendered_states_the_same_model(formula: str) -> None:
    spec = parse(formula)
    again = parse(render(spec))
    assert (again.response, again.fixed) == (spec.response, spec.fixed)
    assert blocks(again) == blocks(spec)
    assert render(again) == render(spec)


def read_by_lme4(formulas: list[str]) -> list[str]:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not on the PATH")
    script = Path(__file__).with_name("formula_blocks.R")
    answer = subprocess.run(
        [rscript, str(script)],
        input="".join(f"{formula}\n" for formula in formulas),
        capture_output=True, check=True, encoding="utf-8",
    )  # fmt: skip
    return answer.stdout.splitlines()


@pytest.mark.r
def test_lme4_reads_the_written_out_formula_as_the_same_model() -> None:
    theirs, ours = read_by_lme4(list(WRITTEN_OUT)), read_by_lme4(list(WRITTEN_OUT.values()))
    assert dict(zip(WRITTEN_OUT, theirs, strict=True)) == dict(zip(WRITTEN_OUT, ours, strict=True))


@pytest.mark.r
def test_groups_have_the_names_that_lme4_gives_them() -> None:
    for formula, line in zip(WRITTEN_OUT, read_by_lme4(list(WRITTEN_OUT)), strict=True):
        theirs = [block.rpartition("|")[2] for block in line.split("\t")[1:]]
        assert [term.group for term in parse(formula).random] == theirs


def test_a_nested_group_names_its_factors_from_the_inside() -> None:
    spec = parse("y ~ 1 + (1 | a/b/c)")
    assert [term.factors for term in spec.random] == [("c", "b", "a"), ("b", "a"), ("a",)]
    assert spec.groups == ("c:(b:a)", "b:a", "a")


def test_variables_are_named_once_in_reading_order() -> None:
    spec = parse("cbind(y, n - y) ~ log(x) + I(z^2) + poly(x, degree = 2) + T + (z | `a b`/c)")
    assert spec.variables == ("y", "n", "x", "z", "a b", "c")


def test_the_users_text_is_kept() -> None:
    text = "y~x +  ( x||g )"
    assert parse(text).formula == text


@pytest.mark.parametrize(("family", "links"), LINKS.items())
def test_the_link_defaults_to_the_canonical_one(family: str, links: tuple[str, ...]) -> None:
    assert parse("y ~ x + (1 | g)", family=family).link == links[0]


def test_the_criterion_is_ml_unless_the_model_is_linear_and_mixed() -> None:
    assert parse("y ~ x + (1 | g)").criterion == "REML"
    assert parse("y ~ x + (1 | g)", criterion="ML").criterion == "ML"
    assert parse("y ~ x").criterion == "ML"
    assert parse("y ~ x + (1 | g)", family="binomial").criterion == "ML"


@pytest.mark.parametrize(
    ("formula", "kind"), [("y ~ x", "lm"), ("y ~ x + (1 | g)", "lmm")], ids=["lm", "lmm"]
)
def test_the_kind_follows_from_the_terms(formula: str, kind: str) -> None:
    assert parse(formula).kind == kind
    assert parse(formula, family="poisson").kind == "glmm"


REFUSED = {
    "": "The formula is empty; expected for example 'y ~ x + (1 | group)'.",
    "y": "The formula 'y' has no response; expected 'response ~ terms'.",
    "~ x": "The formula '~ x' has no response; expected 'response ~ terms'.",
    "y ~ x ~ z": "The formula 'y ~ x ~ z' holds more than one '~'.",
    "y ~ ": "The formula 'y ~ ' does not parse: expected a variable, a number or a parenthesis, ",
    "y ~ x z": "The formula 'y ~ x z' does not parse: expected an operator, found 'z' at ",
    "y ~ (1 | g": "The formula 'y ~ (1 | g' does not parse: expected ')', found the end.",
    "y ~ x; z": "The formula 'y ~ x; z' does not parse: ';' at position 6 is no part of a formula.",
    "y ~ _x": "The formula 'y ~ _x' does not parse: '_' at position 5 is no part of a formula.",
    "y ~ x[1]": "The formula 'y ~ x[1]' does not parse: '[' at position 6 is no part of a ",
    "y ~ x | g": "The term 'x | g' holds a bar outside its own parentheses; write random ",
    "y ~ x:(1 | g)": "The term 'x:(1 | g)' holds a bar outside its own parentheses; ",
    "y ~ x - (1 | g)": "A random term cannot be taken away: '- (1 | g)'.",
    "y ~ x - z": "The term 'z' is taken away but is none of the terms as written; write out ",
    "y ~ x * z - x:z": "The term 'x:z' is taken away but is none of the terms as written; ",
    "y ~ x + (0 | g)": "The random term '(0 | g)' has no columns.",
    "y ~ x + (1 | log(g))": "The grouping 'log(g)' is not understood; expected a column, 'a:b' ",
    "y ~ x + (1 | a * b)": "The grouping 'a * b' is not understood; expected a column, 'a:b' ",
    # lme4 splits these into one block per resulting term; one block would be another model.
    "y ~ x + (x * z || g)": "The random term '(x * z || g)' multiplies columns; lme4 gives each ",
    "y ~ x + (x/z || g)": "The random term '(x/z || g)' multiplies columns; lme4 gives each ",
    "y ~ x + ((x + z)^2 || g)": "The random term '((x + z)^2 || g)' multiplies columns; lme4 ",
}


@pytest.mark.parametrize(("formula", "sentence"), REFUSED.items(), ids=list(REFUSED))
def test_what_cannot_be_stated_is_refused_with_its_reason(formula: str, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    assert str(caught.value).startswith(sentence)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(FormulaError, match="Unknown family 'bernoulli'; known are"):
        parse("y ~ x + (1 | g)", family="bernoulli")


def test_a_long_sum_is_read() -> None:
    names = [f"x{i}" for i in range(MAX_TOKENS // 2 - 1)]
    assert parse("y ~ " + " + ".join(names)).fixed == ("1", *names)


@pytest.mark.parametrize("joint", [":", "/"])
def test_an_endless_grouping_is_refused(joint: str) -> None:
    group = joint.join(f"g{i}" for i in range(MAX_TOKENS // 2 - 10))
    with pytest.raises(FormulaError, match="is too long"):
        parse(f"y ~ (1 | {group})")


def test_too_many_symbols_are_refused() -> None:
    with pytest.raises(FormulaError, match=f"at most {MAX_TOKENS} are read"):
        read("y ~ " + "+".join("x" * MAX_TOKENS))


@pytest.mark.parametrize("opening", ["(", "-", "f("])
def test_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(FormulaError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse("y ~ " + opening * (MAX_DEPTH + 1) + "x")


names = st.from_regex(r"[a-z][a-zA-Z0-9_.]{0,8}", fullmatch=True)
columns = st.lists(names, min_size=1, max_size=3, unique=True)


@st.composite
def models(draw: st.DrawFn) -> tuple[str, tuple[str, ...], list[tuple[tuple[str, ...], str]]]:
    """Draw an lme4 formula with its fixed terms and its blocks."""
    intercept = draw(st.sampled_from(["1", "0"]))
    fixed = draw(columns)
    expected: list[tuple[tuple[str, ...], str]] = []
    parts = []
    for terms, group in draw(st.lists(st.tuples(columns, names), max_size=3)):
        bar = draw(st.sampled_from(["|", "||"]))
        parts.append(f"({' + '.join(terms)} {bar} {group})")
        if bar == "|":
            expected.append((("1", *terms), group))
        else:
            expected.extend([(("1",), group), *(((term,), group) for term in terms)])
    text = " + ".join([intercept, *fixed, *parts])
    return f"response ~ {text}", (intercept, *fixed), expected


@settings(deadline=None)  # a busy machine is no failure
@given(models())
def test_a_formula_states_its_terms_and_survives_the_round_trip(
    model: tuple[str, tuple[str, ...], list[tuple[tuple[str, ...], str]]],
) -> None:
    text, fixed, expected = model
    spec = parse(text)
    assert (spec.fixed, blocks(spec)) == (fixed, expected)
    again = parse(render(spec))
    assert (again.fixed, blocks(again)) == (fixed, expected)


@settings(deadline=None)  # a busy machine is no failure
@given(models(), st.randoms())
def test_white_space_means_nothing(
    model: tuple[str, tuple[str, ...], list[tuple[tuple[str, ...], str]]], random: Random
) -> None:
    text, fixed, expected = model
    spaced = "".join(c if c != " " else random.choice(["", "  ", "\n", "\t"]) for c in text)
    spec = parse(spaced)
    assert (spec.fixed, blocks(spec)) == (fixed, expected)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(alphabet="xyg01 ~+-*/:|()^.,`'\"=<>!&%in\n", max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        spec = parse(text)
    except FormulaError as error:
        assert str(error).endswith((".", "'"))  # noqa: PT017 - both outcomes are right
    else:
        assert blocks(parse(render(spec))) == blocks(spec)


def test_a_link_that_the_family_has_not_is_refused() -> None:
    with pytest.raises(FormulaError, match="The family poisson has no link 'logit'; it has log"):
        parse("y ~ x + (1 | g)", family="poisson", link="logit")
    with pytest.raises(FormulaError, match="The family gaussian has no link 'log'; it has iden"):
        parse("y ~ x + (1 | g)", link="log")
    assert parse("y ~ x + (1 | g)", family="binomial", link="probit").link == "probit"


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("y ~ x + (1 | g)", "gaussian"),
        ("y ~ x + (x | g)", "binomial"),
        ("y ~ x + (1 | g) + (1 | h)", "binomial"),
        ("y ~ x", "binomial"),
    ],
)
def test_quadrature_is_for_generalised_models_of_one_scalar_effect(
    formula: str, family: str
) -> None:
    with pytest.raises(FormulaError, match="nagq = 9 needs a generalised model of one scalar"):
        parse(formula, family=family, nagq=9)
    assert parse("y ~ x + (1 | g)", family="binomial", nagq=9).nagq == 9


@pytest.mark.parametrize("nagq", [0, -1, True, 2.0])
def test_nodes_are_counted(nagq: int) -> None:
    with pytest.raises(FormulaError, match="expected a whole number of nodes, 1 or more"):
        parse("y ~ x + (1 | g)", family="binomial", nagq=nagq)
