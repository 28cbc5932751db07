"""A formula is checked before R evaluates any of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridge import FormulaError, glmer, lm, lmer
from bridge.formula import inspect
from bridge.session import current

pytestmark = pytest.mark.r

HOSTILE = [
    "y ~ x + system('touch pwned') + (1 | g)",
    "y ~ I(system('touch pwned')) + (1 | g)",
    "y ~ x + (system('touch pwned') | g)",
    "y ~ x + (1 | system('touch pwned'))",
    "system('touch pwned') ~ x + (1 | g)",
    "y ~ x + base::system('touch pwned') + (1 | g)",
    "y ~ x + base:::system('touch pwned') + (1 | g)",
    "y ~ x + `system`('touch pwned') + (1 | g)",
    "y ~ x + 'system'('touch pwned') + (1 | g)",
    "y ~ x + do.call('system', list('touch pwned')) + (1 | g)",
    "y ~ x + I((function() system('touch pwned'))()) + (1 | g)",
    "y ~ x + I((\\() system('touch pwned'))()) + (1 | g)",
    "y ~ x + offset(system('touch pwned')) + (1 | g)",
    "y ~ poly(x, system('touch pwned')) + (1 | g)",
    "y ~ x + {system('touch pwned')} + (1 | g)",
    "y ~ x + C(g, 'system') + (1 | g)",
    "y ~ x + get('system')('touch pwned') + (1 | g)",
    "y ~ x[system('touch pwned')] + (1 | g)",
    "y ~ x$y + (1 | g)",
    "y ~ x@y + (1 | g)",
    "y ~ (x <- 1) + (1 | g)",
    "y ~ x + (1 | g); system('touch pwned')",
    "y ~ x + (1 | g)\nsystem('touch pwned')",
    "system('touch pwned')",
    "y ~ sapply(x, 'system') + (1 | g)",
    "y ~ if (TRUE) x else x + (1 | g)",
    "y ~ eval(parse(text = 'system(1)')) + (1 | g)",
    "y ~ x |> system() + (1 | g)",
]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    random = np.random.default_rng(1)
    group = np.repeat(np.arange(8), 10)
    x = random.normal(size=80)
    return pd.DataFrame(
        {
            "y": x + random.normal(size=8)[group] + random.normal(size=80),
            "x": x,
            "g": pd.Categorical(group),
            "f": np.tile(["a", "b"], 40),
            "my x": x,
        }
    )


@pytest.mark.parametrize("formula", HOSTILE)
def test_code_is_refused_and_not_run(
    table: pd.DataFrame, formula: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormulaError):
        lmer(formula, table)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("y ~ x + (1 | g", "does not parse: unexpected end of input"),
        ("y ~ x + ) (1 | g)", "line 1, column 9"),
        ("", "holds 0"),
        ("x + (1 | g)", "no `~`"),
        ("~ x + (1 | g)", "no response"),
        ("y ~ xx + (1 | g)", "no column 'xx'. Did you mean 'x'"),
        ("y ~ zebra + (1 | g)", "Their columns: 'y', 'x', 'g', 'f', 'my x'"),
        ("y ~ mean(x) + (1 | g)", "`mean` is not allowed"),
        ("y ~ x", "use lm for a model without random terms"),
        ("y ~ " + " + ".join(["x"] * 1000) + " + (1 | g)", "too long"),
        ("y ~ " + "(" * 30 + "x" + ")" * 30 + " + (1 | zz)", "no column 'zz'"),
    ],
)
def test_the_sentence_names_the_culprit(table: pd.DataFrame, formula: str, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        lmer(formula, table)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("y ~ x + (1 | g)", ["x"]),
        ("y ~ poly(x, 2, raw = TRUE) + (1 | g)", None),
        ("y ~ ns(x, df = 3) + (1 | g)", None),
        ("y ~ bs(x) + (1 | g)", None),
        ("y ~ scale(x) + (1 | g)", ["scale(x)"]),
        ("y ~ I(x^2) + x + (1 | g)", ["I(x^2)", "x"]),
        ("y ~ relevel(factor(f), ref = 'b') + (1 | g)", ['relevel(factor(f), ref = "b")a']),
        ("y ~ x * f + (x || g)", ["x", "fb", "x:fb"]),
        ("y ~ x + offset(2 * x) + (0 + x | g)", ["x"]),
        ("y ~ x + (1 | g/f)", ["x"]),
        ("y ~ x + (1 | g) + (1 | g:f)", ["x"]),
        ("y ~ x + (0 + dummy(f, 'a') | g)", ["x"]),
        ("log(y + 100) ~ sin(2 * pi * x) + (1 | g)", ["sin(2 * pi * x)"]),
        ("y ~ `my x` + (1 | g)", ["`my x`"]),
        ("y ~ cut(x, c(-9, 0, 9), labels = F) + (1 | g)", None),
        ("y ~ ifelse(x > 0, 1, 0) + (1 | g)", ["ifelse(x > 0, 1, 0)"]),
    ],
)
def test_what_people_write_is_let_through(
    table: pd.DataFrame, formula: str, columns: list[str] | None
) -> None:
    fit = lmer(formula, table)
    assert fit.formula == formula
    if columns is not None:
        assert list(fit.fixef.index) == ["(Intercept)", *columns]


def test_the_parts_of_a_formula_are_told() -> None:
    found = inspect(current(), "cbind(a, n - a) ~ x + (1 | g) + (x || h:k)")
    assert found.variables == ("a", "n", "x", "g", "h", "k")
    assert found.response == ("a", "n")
    assert found.bars == ("1 | g", "x || h:k")
    assert not found.dot


def test_a_dot_takes_all_columns(table: pd.DataFrame) -> None:
    fit = lmer("y ~ . - g + (1 | g)", table[["y", "x", "g", "f"]])
    assert list(fit.fixef.index) == ["(Intercept)", "x", "fb"]


def test_only_the_columns_used_travel(table: pd.DataFrame) -> None:
    fit = lmer("y ~ x + (1 | g)", table.assign(when=pd.Timestamp("2020-01-01")))
    assert list(fit.data.columns) == ["y", "x", "g"]


def test_text_that_is_no_text_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="is a int"):
        lmer(3, table)  # type: ignore[arg-type]


def test_a_random_term_is_no_term_of_lm(table: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="use lmer or glmer"):
        lm("y ~ x + (1 | g)", table)
    with pytest.raises(FormulaError, match="glmer fits none without"):
        glmer("f ~ x", table)
