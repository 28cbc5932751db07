"""Names are found in R's text as R would find them."""

import pytest

from bridge.plots.names import (
    Bar,
    bars,
    factors,
    made_factors,
    names_in,
    quoted,
    response_name,
    right_side,
)


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("math ~ raven", "math"),
        ("  math~raven", "math"),
        ("`a ~ b` ~ x", "a ~ b"),
        ("`left hand`~ x + (1 | g)", "left hand"),
        ("log(y + 1) ~ x", "log(y + 1)"),
        ("cbind(incidence, size - incidence) ~ period", "cbind(incidence, size - incidence)"),
        ("`y`/`n` ~ x", "`y`/`n`"),
        ("höhe ~ x", "höhe"),
    ],
)
def test_the_response_stands_left_of_the_first_tilde(formula: str, name: str) -> None:
    assert response_name(formula) == name


def test_the_right_side_is_the_rest() -> None:
    assert right_side("`a ~ b` ~ x + z") == " x + z"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x + z", ("x", "z")),
        ("z:x", ("z", "x")),
        ("xx + x.y + x_1", ("xx", "x.y", "x_1")),
        ("I(x^2) + poly(z, 2)", ("x", "z")),
        ("`two words` + x", ("two words", "x")),
        ('relevel(z, ref = "x")', ("z",)),
        ("1e5 * z", ("z",)),
        ("größe", ("größe",)),
        (".", ()),
    ],
)
def test_names_are_read_whole(text: str, names: tuple[str, ...]) -> None:
    columns = ("x", "z", "xx", "x.y", "x_1", "two words", "two", "e5", "größe", "gr")
    assert names_in(text, columns) == names


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("y ~ x + (1 | g)", (Bar("1", "|", "g"),)),
        ("y ~ (x||g) + (0 + z | h)", (Bar("x", "||", "g"), Bar("0 + z", "|", "h"))),
        ("y ~ x + (log(x) | factor(g))", (Bar("log(x)", "|", "factor(g)"),)),
        ("y ~ I(a | b) + (1 | g)", (Bar("1", "|", "g"),)),
        ("y ~ ((1 | g))", (Bar("1", "|", "g"),)),
        ("y ~ `x | z` + (`x | z` | `my g`)", (Bar("`x | z`", "|", "`my g`"),)),
        ("y ~ x", ()),
        ("y ~ (x + z) * w + (1 | a / b)", (Bar("1", "|", "a / b"),)),
    ],
)
def test_random_terms_are_those_in_parentheses(formula: str, found: tuple[Bar, ...]) -> None:
    assert bars(formula) == found


def test_a_term_is_written_for_another_group() -> None:
    assert Bar("Days", "||", "Subject").of("`b`:a") == "(Days || `b`:a)"


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("g", ("g",)),
        ("a / b", ("a", "a:b")),
        ("a/b/c", ("a", "a:b", "a:b:c")),
        ("a:b", ("a:b",)),
        ("factor(x / y)", ("factor(x / y)",)),
    ],
)
def test_a_slash_is_two_factors(group: str, found: tuple[str, ...]) -> None:
    assert factors(group) == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "x"),
        (".x", ".x"),
        (".2x", "`.2x`"),
        ("a b", "`a b`"),
        ("2x", "`2x`"),
        ("a`", "`a\\``"),
    ],
)
def test_a_name_is_quoted_where_r_needs_it(name: str, text: str) -> None:
    assert quoted(name) == text


def test_numbers_that_become_factors_are_known() -> None:
    assert made_factors("y ~ factor(a) + as.factor( `b c` ) + log(d) + ordered(e)") == (
        "a",
        "b c",
        "e",
    )
