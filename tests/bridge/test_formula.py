"""A formula is checked before R evaluates any of it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bridge.formula
from bridge import FormulaError, glmer, lm, lmer, scripts
from bridge.column_names import in_backticks
from bridge.errors import ArgumentError
from bridge.formula import check_terms, columns_used, inspect, require_random_terms, update_formula
from bridge.session import Argument, Vector, connect, current

pytestmark = pytest.mark.r

HERE = Path(__file__).parent


def groups(name: str) -> list[dict[str, object]]:
    with (HERE / f"formulas_{name}.toml").open("rb") as file:
        found: list[dict[str, object]] = tomllib.load(file)["group"]
    return found


def formulas(group: dict[str, object]) -> list[str]:
    listed = group["formulas"]
    assert isinstance(listed, list)
    return [str(formula) for formula in listed]


HOSTILE = [formula for group in groups("hostile") for formula in formulas(group)]
LEGITIMATE = [formula for group in groups("legitimate") for formula in formulas(group)]


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


def rscript(*arguments: str | Path, cwd: Path) -> list[str]:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("there is no Rscript here")
    done = subprocess.run(
        [program, "--vanilla", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
        # Some of the hostile formulas, once evaluated, never end.
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_in_r(how: str, named: dict[str, str], tmp_path: Path) -> dict[str, list[str]]:
    """What tests/bridge/formulas.R says of each formula, run in an empty folder."""
    folder, here, columns = tmp_path / "formulas", tmp_path / "here", tmp_path / "columns.txt"
    folder.mkdir()
    here.mkdir()
    for name, formula in named.items():
        (folder / name).write_bytes(formula.encode())
    with (HERE / "formulas_legitimate.toml").open("rb") as file:
        known = tomllib.load(file)["columns"]
    lines = [f"factor\t{name}\t{levels}" for name, levels in known["factor"].items()]
    lines += [f"{kind}\t{name}\t" for kind, names in known["kind"].items() for name in names]
    columns.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = rscript(HERE / "formulas.R", how, scripts.folder(), folder, columns, cwd=here)
    assert list(here.iterdir()) == []
    found: dict[str, list[str]] = {}
    for line in said:
        name, *words = line.split("\t")
        found.setdefault(name, []).append("\t".join(words))
    return found


def test_the_lists_of_formulas_are_long_and_without_repeats() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 200
    assert len(set(LEGITIMATE)) == len(LEGITIMATE) >= 200


@pytest.mark.parametrize("formula", HOSTILE)
def test_code_is_refused_and_not_run(
    table: pd.DataFrame, formula: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormulaError):
        inspect(current(), formula)
    with pytest.raises(FormulaError):
        lmer(formula, table)
    with pytest.raises(FormulaError):
        lm(formula, table)
    assert list(tmp_path.iterdir()) == []


def test_code_that_the_walk_does_not_see_finds_nothing_to_call(tmp_path: Path) -> None:
    # Those of the last group are no code, and would be evaluated for hours.
    code = [formula for group in groups("hostile")[:-1] for formula in formulas(group)]
    named = {f"{number:03d}": formula for number, formula in enumerate(code)}
    said = run_in_r("blind", named, tmp_path)
    tried = {name: [*map(str.strip, lines)] for name, lines in said.items() if name in named}
    assert tried.keys() == named.keys()
    assert len(said) == len(named) + 1
    assert not any("no error" in line for lines in said.values() for line in lines)


def test_r_builds_the_model_of_every_legitimate_formula(tmp_path: Path) -> None:
    named: dict[str, str] = {}
    for group in groups("legitimate"):
        how = f"{group['fit']}-{group.get('family', 'poisson')}-"
        named.update({f"{len(named) + k:03d}-{how}": f for k, f in enumerate(formulas(group))})
    assert len(named) == len(LEGITIMATE)
    built = run_in_r("build", named, tmp_path)
    assert built.keys() == named.keys()
    failed = {named[name]: said for name, said in built.items() if "columns" not in said[0]}
    assert failed == {}


@pytest.mark.parametrize("formula", LEGITIMATE)
def test_what_people_write_passes(formula: str) -> None:
    found = inspect(current(), formula)
    assert found.text == formula
    assert found.variables


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
        ("y ~ fisher(x) + (1 | g)", "`fisher` is not allowed"),
        ("y ~ fisher(x) + (1 | g)", 'allow=("fisher",)'),
        ("y ~ Log(x) + (1 | g)", "Is `log` meant?"),
        ("y ~ car::logit(x) + (1 | g)", 'allow=("car::logit",)'),
        ("y ~ base::log(x) + (1 | g)", "by its plain name, `log(...)`"),
        ("y ~ eval(x) + (1 | g)", "`eval` is not allowed in a formula, and cannot be permitted"),
        ("y ~ x[1] + (1 | g)", "`[` is not allowed"),
        ("y ~ log(, 2) + (1 | g)", "`log(, 2)` has an empty argument"),
        ("y ~ as.vector(x, 'list') + (1 | g)", "as.vector takes one argument"),
        ("y ~ x", "use lm for a model without random terms"),
        ("y ~ x + (1 | (g | f))", "a random term stands inside another one"),
        ("y ~ I(x > 0 | x < -1) + (1 | g)", "lme4 would take `x > 0 | x < -1` for a random term"),
        ("I(x > 0 | y > 0) ~ x + (1 | g)", "lme4 would take `x > 0 | y > 0` for a random term"),
        ("y ~ " + " + ".join(["x"] * 1000) + " + (1 | g)", "too long"),
        ("y ~ " + "(" * 30 + "x" + ")" * 30 + " + (1 | zz)", "no column 'zz'"),
        ("y ~ x + (a + b)^101 + (1 | g)", "a power of terms is a whole number up to 100"),
        ("y ~ " + "*".join("abcdefhijklmnopqr") + " + (1 | g)", "more than 20000 terms"),
        (
            "y ~ x \N{MINUS SIGN} 1 + (1 | g)",
            "character 7, '\N{MINUS SIGN}', is MINUS SIGN: R reads '-'",
        ),
        ("y ~ \N{ZERO WIDTH SPACE}x + (1 | g)", "is ZERO WIDTH SPACE: leave it out"),
        ("y ~ \ud800 + (1 | g)", "half a surrogate pair"),
        ("y ~ \0 + (1 | g)", "a NUL"),
        ("y ~ cs(x, g)", "`cs` in a formula stands around a random term"),
        ("y ~ log(cs(x | g))", "`cs` in a formula stands around a random term"),
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
    formula = (
        "cbind(a, n - a) ~ x + I(b | c) + NULL + poly(x, 2, raw = TRUE) + (1 | g) + (x || h:k)"
    )
    found = inspect(current(), formula)
    assert found.text == formula
    assert found.variables == ("a", "n", "x", "b", "c", "g", "h", "k")
    assert found.response == ("a", "n")
    assert found.bars == ("1 | g", "x || h:k")
    assert found.inner_bars == ("b | c",)
    assert found.functions == ("cbind", "I", "poly")
    assert found.words == ("NULL",)
    assert not found.dot


def test_the_documented_functions_are_the_allowed_ones() -> None:
    text = (bridge.formula.__doc__ or "").split("may call:")[1].split(".\n\n")[0]
    answer = current().call("allowed_functions", {})
    assert isinstance(answer.value, Vector)
    assert sorted(" ".join(text.split()).split(", ")) == sorted(map(str, answer.value.cells))


def test_no_allowed_function_is_one_that_nobody_may_allow(tmp_path: Path) -> None:
    code = f"""
for (name in c("conditions.R", "formula.R")) source(file.path("{scripts.folder()}", name))
for (package in names(FUNCTIONS)) for (name in FUNCTIONS[[package]]) {{
  found <- getExportedValue(package, name)
  calls <- intersect(all.names(body(found)), FORBIDDEN_CALLS)
  # These hand on what was evaluated before, and no allowed function gives them a name or a call.
  if (name %in% c("poly", "polym")) calls <- setdiff(calls, "do.call")
  if (length(calls) > 0L || takes_code(found) || name %in% FORBIDDEN) cat(name, calls, "\\n")
}}
cat("looked at", length(ALLOWED), "\\n")
"""
    lines = rscript("-e", code, cwd=tmp_path)
    assert len(lines) == 1, lines
    assert int(lines[0].split()[-1]) > 80


def test_a_dot_takes_all_columns(table: pd.DataFrame) -> None:
    fit = lmer("y ~ . - g + (1 | g)", table[["y", "x", "g", "f"]])
    assert list(fit.fixef.index) == ["(Intercept)", "x", "fb"]


def test_only_the_columns_used_travel(table: pd.DataFrame) -> None:
    fit = lmer("y ~ x + (1 | g)", table.assign(when=pd.Timestamp("2020-01-01")))
    assert list(fit.data.columns) == ["y", "x", "g"]


def test_text_that_is_no_text_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="is an int"):
        lmer(3, table)  # type: ignore[arg-type]


def test_a_random_term_is_no_term_of_lm(table: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="use lmer or glmer"):
        lm("y ~ x + (1 | g)", table)
    with pytest.raises(FormulaError, match="glmer fits none without"):
        glmer("f ~ x", table)


@pytest.mark.parametrize("kind", ["lm", "glm"])
def test_a_logical_or_inside_a_function_is_no_random_term(kind: str) -> None:
    require_random_terms(inspect(current(), "y ~ I(a | b)"), kind)
    with pytest.raises(FormulaError, match=f"which {kind} does not fit"):
        require_random_terms(inspect(current(), "y ~ a | b"), kind)


def test_a_function_is_permitted_by_its_name(table: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match="`mad` is not allowed"):
        lm("y ~ I(x / mad(x))", table)
    for name in ("mad", "stats::mad"):
        fit = lm("y ~ I(x / mad(x))", table, allow=(name,))
        scale = 1.4826 * np.median(np.abs(table["x"] - table["x"].median()))
        slope = lm("y ~ x", table).fixef["x"] * scale
        # A ratio of two least-squares fits: rounding alone.
        assert fit.fixef["I(x/mad(x))"] == pytest.approx(slope, rel=1e-10)
    mixed = lmer("y ~ I(x / mad(x)) + (1 | g)", table, allow=("mad",))
    assert list(mixed.fixef.index) == ["(Intercept)", "I(x/mad(x))"]


def test_permission_for_one_function_is_none_for_another() -> None:
    assert inspect(current(), "y ~ mad(x)", ("mad",)).functions == ("mad",)
    with pytest.raises(FormulaError, match="`IQR` is not allowed"):
        inspect(current(), "y ~ mad(x) + IQR(x)", ("mad",))
    with pytest.raises(FormulaError, match="`mad` is not allowed"):
        inspect(current(), "y ~ mad(x)")


@pytest.mark.parametrize(
    "name",
    [
        *("system", "base::system", "eval", "evalq", "parse", "source", "do.call", "get", "mget"),
        *(
            "match.fun",
            "Recall",
            "library",
            "require",
            "unlink",
            "file.remove",
            "setwd",
            "quit",
            "q",
        ),
        *(
            "Sys.setenv",
            "assign",
            ".Call",
            ".External",
            "dyn.load",
            "sapply",
            "Reduce",
            "Filter",
            "C",
        ),
        *(
            "Map",
            "outer",
            "Vectorize",
            "ave",
            "lm",
            "lmer",
            "aggregate",
            "quote",
            "substitute",
            "with",
        ),
        *(
            "readRDS",
            "writeLines",
            "cat",
            "options",
            "environment",
            "as.name",
            "methods::new",
            "list",
        ),
        *(
            "utils::download.file",
            "tools::Rd2txt",
            "grDevices::pdf",
            "parallel::mcparallel",
            "rapply",
        ),
        *("stats::optimize", "stats::integrate", "stats::nlm", "read.csv", "trace", "system.time"),
    ],
)
def test_what_runs_code_is_permitted_by_nobody(name: str) -> None:
    with pytest.raises(ArgumentError, match="which no formula may call"):
        inspect(current(), f"y ~ {name.rpartition('::')[2]}(x)", (name,))


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        (("nosuch",), "R finds no such function in base, stats, utils, splines, lme4"),
        (("stats::nosuch",), "R finds no such function in stats"),
        (("nosuch::f",), "R has no package nosuch here"),
        (("letters",), "which is no function"),
        (("+",), "which is no name of a function"),
        (("system('touch pwned')",), "which is no name of a function"),
        (("a::b::c",), "which is no name of a function"),
        ((3,), "expected text"),
        (3, "expected text"),
    ],
)
def test_a_permission_for_nothing_is_refused(allow: object, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        inspect(current(), "y ~ x", allow)  # type: ignore[arg-type]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "formula", "words"),
    [
        (["y", "my x"], "y ~ my x", "The column 'my x' stands in a formula in backticks: `my x`."),
        (["y", "if"], "y ~ if + 1", "in backticks: `if`."),
        (["y", "2nd"], "y ~ 2nd", "in backticks: `2nd`."),
        (["y", "_x"], "y ~ log(_x)", "in backticks: `_x`."),
        (["y", "x y", "x y z"], "y ~ x y z", "in backticks: `x y z`."),
        (["y", "a`b c"], "y ~ a`b c", r"in backticks: `a\`b c`."),
    ],
)
def test_a_name_that_does_not_parse_is_told_with_backticks(
    columns: list[str], formula: str, words: str
) -> None:
    with pytest.raises(FormulaError, match="does not parse") as caught:
        inspect(current(), formula, columns=columns)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "formula", "words"),
    [
        (["y", "x-z"], "y ~ x-z", "The column 'x-z' stands in a formula in backticks: `x-z`."),
        (["y", "x", "x-z"], "y ~ x-z", "in backticks: `x-z`."),
        (["y", "TRUE"], "y ~ TRUE", "`TRUE` in the formula is R's constant"),
        (["y", "x", "NULL"], "y ~ x + NULL", "in backticks: `NULL`."),
        (["y", "x", "NA"], "y ~ x + log(NA)", "`NA` in the formula is R's constant"),
        (["y", "x", "Inf"], "y ~ x + Inf", "`Inf` in the formula is R's constant"),
        (["y", "x", "."], "y ~ .", "one of them is named '.'"),
        (["y", "x", ".."], "y ~ x + ...x", "no column '...x'"),
        (["y", "x", "..."], "y ~ .", "one of them is named '...'"),
        (["y", "x", "..2"], "y ~ .", "one of them is named '..2'"),
    ],
)
def test_a_name_that_means_something_else_to_r_is_refused(
    columns: list[str], formula: str, words: str
) -> None:
    inspected = inspect(current(), formula)
    with pytest.raises(FormulaError) as caught:
        columns_used(inspected, pd.DataFrame(columns=columns))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "formula", "used"),
    [
        (["y", "x", "TRUE"], "y ~ poly(x, 2, raw = TRUE)", ("y", "x")),
        (["y", "x", "T", "pi"], "y ~ T + x * pi", ("y", "x", "T", "pi")),
        (["y", "x"], "y ~ T + x * pi", ("y", "x")),
        (["y", "1", "x"], "y ~ 1 + x", ("y", "x")),
        (["y", "my x", "x"], "y ~ `my x`", ("y", "my x")),
        (["y", "my x", "x"], "y ~ relevel(x, 'my x')", ("y", "x")),
        (["y", 3, "x"], "y ~ .", ("y", "x")),
    ],
)
def test_a_name_that_is_a_column_is_used(
    columns: list[object], formula: str, used: tuple[str, ...]
) -> None:
    inspected = inspect(current(), formula)
    assert columns_used(inspected, pd.DataFrame(columns=columns)) == used


@pytest.mark.parametrize(
    "name",
    [
        *(
            "my x",
            "x.y",
            "größe",
            "日本",
            "🐟",
            "it's",
            'say "hi"',
            "if",
            "TRUE",
            "NULL",
            "NA",
            "1st",
        ),
        *("_x", "x-y", "a+b", "50%", "back\\slash", "tick`tick", "a ~ b", "(1 | g)", "log(x)", "#"),
        *(
            "x) + system('touch pwned') + (1 | g",
            "`+system('touch pwned')+`",
            "$(touch pwned)",
            " ",
        ),
        *("g) = {system('touch pwned')} #", "new\nline", "\\`+system('touch pwned')+`"),
    ],
)
def test_any_name_works_in_backticks(
    table: pd.DataFrame, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quoted = in_backticks(name)
    renamed = table[["y", "x", "g"]].rename(columns={"x": name})
    plain = lmer("y ~ x + (1 | g)", table)
    for formula in (f"y ~ {quoted} + (1 | g)", "y ~ . - g + (1 | g)"):
        assert lmer(formula, renamed).fixef.tolist() == plain.fixef.tolist()
    slopes = lmer(f"y ~ 1 + ({quoted} || g)", renamed)
    assert slopes.loglik == lmer("y ~ 1 + (x || g)", table).loglik
    grouped = table[["y", "x", "g"]].rename(columns={"g": name})
    assert lmer(f"y ~ x + (1 | {quoted})", grouped).loglik == plain.loglik
    assert list(tmp_path.iterdir()) == []


def test_a_grouping_name_that_lme4_misreads_is_refused(table: pd.DataFrame) -> None:
    answer = current().call("misreads_names", {})
    assert isinstance(answer.value, Vector)
    grouped = table.rename(columns={"g": "a+b"})
    formula = "y ~ x + (x || `a+b`)"
    if answer.value.cells[0]:
        with pytest.raises(FormulaError, match=r"misreads the name `a\+b` right of `\|\|`"):
            lmer(formula, grouped)
    else:
        assert lmer(formula, grouped).loglik == lmer("y ~ x + (x || g)", table).loglik


LME4_1 = "lme4_version <- function() package_version('1.1.37')"
LME4_2 = "lme4_version <- function() package_version('2.0.1')"


def with_lme4(version: str, code: str, tmp_path: Path) -> list[str]:
    sources = (
        f"for (n in c('conditions.R', 'formula.R')) source(file.path('{scripts.folder()}', n))"
    )
    return rscript("-e", f"{sources}; {version}; {code}", cwd=tmp_path)


@pytest.mark.parametrize("name", ["us", "diag", "cs", "ar1"])
def test_a_covariance_structure_needs_lme4_2(name: str, tmp_path: Path) -> None:
    formula = f"y ~ x + {name}(1 + x | g, hom = TRUE) + (1 | h)"
    code = (
        f"cat(tryCatch(inspect_formula('{formula}')$bars, error = conditionMessage), sep = '\\n')"
    )
    assert with_lme4(LME4_2, code, tmp_path) == ["1 + x | g", "1 | h"]
    (said,) = with_lme4(LME4_1, code, tmp_path)
    assert f"`{name}(...)`, a covariance structure" in said
    assert "needs lme4 2.0 or later, and this is lme4 1.1.37" in said


@pytest.mark.parametrize(
    ("old", "new", "updated"),
    [
        ("y ~ x + (1 | g)", ". ~ . + z", "y ~ x + (1 | g) + z"),
        ("y ~ x + z + (1 | g)", ". ~ . - x", "y ~ z + (1 | g)"),
        ("y ~ x + (1 | g)", ". ~ . + (1 | h)", "y ~ x + (1 | g) + (1 | h)"),
        ("y ~ x + (1 | g) + (1 | h)", ". ~ . - (1 | h)", "y ~ x + (1 | g)"),
        ("y ~ x + (x || g)", ". ~ . - (x || g) + (1 | g)", "y ~ x + (1 | g)"),
        ("y ~ x + (1 | g)", "log(.) ~ .", "log(y) ~ x + (1 | g)"),
        ("y ~ x + (1 | g)", "~ . + z", "y ~ x + (1 | g) + z"),
        ("y ~ x + (1 | g)", "z ~ .", "z ~ x + (1 | g)"),
        ("y ~ x * z + (1 | g/h)", ". ~ . - x:z", "y ~ x + z + (1 | g/h)"),
        ("y ~ x + (1 | g)", ". ~ . - 1", "y ~ x + (1 | g) - 1"),
        ("y ~ x", ". ~ . + I(x^2)", "y ~ x + I(x^2)"),
        ("y ~ `my x` + (1 | `my g`)", ". ~ . - `my x`", "y ~ (1 | `my g`)"),
        ("y ~ größe + (1 | 学校)", ". ~ . + x", "y ~ größe + (1 | 学校) + x"),
        ("y ~ x + offset(z) + (1 | g)", ". ~ . + w", "y ~ x + (1 | g) + w + offset(z)"),
    ],
)
def test_a_formula_is_updated_as_r_does(old: str, new: str, updated: str) -> None:
    assert update_formula(current(), old, new) == updated


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("y ~ x", ". ~ . + system('touch pwned')", "`system` is not allowed"),
        ("y ~ system('touch pwned')", ". ~ .", "`system` is not allowed"),
        ("y ~ x", ". + z", "no `~`"),
        ("y ~ .", ". ~ . - x", "uses `.` for all columns"),
        ("y ~ x", ". ~ . +", "does not parse"),
        ("y ~ x", 3, "is an int"),
    ],
)
def test_an_update_by_code_is_refused(old: str, new: object, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        update_formula(current(), old, new)
    assert words in str(caught.value)


def test_an_update_keeps_covariance_structures_without_parentheses(tmp_path: Path) -> None:
    code = "cat(updated_formula('y ~ us(1 | g) + cs(x | h, hom = TRUE)', '. ~ . + z'), sep = '\\n')"
    lines = with_lme4(LME4_2, code, tmp_path)
    assert lines == ["y ~ us(1 | g) + cs(x | h, hom = TRUE) + z"]


def test_terms_have_no_response() -> None:
    found = check_terms(current(), "~ (1 | g) + (0 + x | h)")
    assert (found.bars, found.response) == (("1 | g", "0 + x | h"), ())
    with pytest.raises(FormulaError, match="has a response"):
        check_terms(current(), "y ~ (1 | g)")
    with pytest.raises(FormulaError, match="`system` is not allowed"):
        check_terms(current(), "~ (1 | system('touch pwned'))")
    # The same text is no whole formula, though it was seen before.
    with pytest.raises(FormulaError, match="no response"):
        inspect(current(), "~ (1 | g) + (0 + x | h)")


def test_a_formula_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running = current()
    first = inspect(running, "y ~ never + seen + (1 | before)")

    def refuse(name: str, _arguments: dict[str, Argument]) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(type(running), "call", lambda _self, name, given: refuse(name, given))
    assert inspect(running, "y ~ never + seen + (1 | before)") is first


def test_the_memory_of_formulas_is_bounded() -> None:
    for k in range(300):
        inspect(current(), f"y ~ x{k}")
    assert len(bridge.formula._recent._found) <= 256  # noqa: SLF001
    assert inspect(current(), "y ~ x0").variables == ("y", "x0")


ENORMOUS = {
    "1000 terms": "y ~ " + " + ".join(f"x{k}" for k in range(1000)) + " + (1 | g)",
    "1000 terms in parentheses": "y ~ (" + " + ".join(["x"] * 1000) + ") + (1 | g)",
    "4000 terms, none random": "y ~ " + " + ".join(["x"] * 4000),
    "5000 parentheses": "y ~ " + "(" * 5000 + "x" + ")" * 5000 + " + (1 | g)",
    "5000 open parentheses": "y ~ " + "(" * 5000,
    "100k characters": "y ~ " + " + ".join(["x"] * 25_000) + " + (1 | g)",
    "one name": "y ~ " + "x" * 99_000,
    "300 calls": "y ~ " + "log(" * 300 + "x" + ")" * 300 + " + (1 | g)",
    "signs": "y ~ " + "-" * 9000 + "x + (1 | g)",
    "signs inside I": "y ~ I(" + "-" * 2500 + "x) + (1 | g)",
    "powers": "y ~ I(" + "^".join(["x"] * 9000) + ") + (1 | g)",
    "tildes": "y " + "~" * 9000 + " x",
    "lambdas": "y ~ " + "\\(x) " * 9000 + "x",
    "bars": "y ~ (1 | " + " | ".join(["g"] * 9000) + ")",
    "a deep head": "y ~ f(" + "+".join(["x"] * 9000) + ")(1)",
    "assignments": "y ~ " + "<-".join(["x"] * 9000),
    "pipes": "y ~ " + " |> ".join(["f()"] * 9000),
    "grouping factors": "y ~ x + (1 | " + ":".join(["g"] * 1500) + ")",
}

DEEP = """
import sys, threading
from bridge.errors import FormulaError
from bridge.formula import inspect
from bridge.session import current
from tests.bridge.test_formula import ENORMOUS

def read():
    for name, formula in ENORMOUS.items():
        try:
            inspect(current(), formula)
        except FormulaError as error:
            assert len(str(error)) < 1000, str(error)
            refused.append(name)

refused = []
thread = threading.Thread(target=read)
thread.start(); thread.join()
read()
print(len(refused))
"""


def test_no_formula_ends_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEEP],
        cwd=HERE.parents[1],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # All are refused, in a thread and in the main thread.
    assert int(done.stdout) == 2 * len(ENORMOUS)
    assert list(tmp_path.iterdir()) == []


def test_no_formula_ends_a_worker() -> None:
    with connect("worker") as worker:
        before = worker.versions()
        for formula in ENORMOUS.values():
            with pytest.raises(FormulaError):
                inspect(worker, formula)
        assert worker.versions() == before


def test_a_long_sum_without_random_terms_is_fitted(table: pd.DataFrame) -> None:
    random = np.random.default_rng(2)
    wide = table[["y"]].assign(**{f"v{k}": random.normal(size=80) for k in range(60)})
    names = [f"v{k % 60}" for k in range(1500)]
    assert len(lm("y ~ " + " + ".join(names), wide).fixef) == 61
    assert len(lm("y ~ .", wide).fixef) == 61
