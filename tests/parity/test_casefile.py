"""Case files: what they state, and the sentence for each mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from parity.case import CaseError, Printed
from parity.casefile import SHIPPED, load_suite
from parity.dataset import Threshold

if TYPE_CHECKING:
    from pathlib import Path

DATA = """
[dataset.pupils]
file = "pupils.csv"
factors = ["school"]
"""

CASE = """
[[case]]
name = "small"
dataset = "pupils"
formula = "math ~ raven + (1 | school)"
criterion = "ML"
"""

LARGE = CASE.replace('"small"', '"large"').replace("raven +", "raven + gender +")

PAIR = """
[[lrt]]
name = "gender"
small = "small"
large = "large"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def refusal(file: Path, text: str) -> str:
    """Return the sentence with which this case file is refused."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_suite(file)
    return str(caught.value)


def test_the_shipped_suite_loads() -> None:
    suite = load_suite()
    names = [case.name for case in suite.cases]
    assert "sleepstudy-slope-reml" in names
    assert "seed-slope-reml" in names
    assert [pair.name for pair in suite.pairs if pair.published] == ["seed-social-lrt"]


def test_a_case_states_its_model(file: Path) -> None:
    file.write_text(DATA + CASE, encoding="utf-8")
    (case,) = load_suite(file).cases
    assert case.name == "small"
    assert case.dataset.file == file.parent / "pupils.csv"
    assert case.dataset.factors == ("school",)
    assert (case.spec.formula, case.spec.criterion) == ("math ~ raven + (1 | school)", "ML")
    assert case.record_rows


def test_reml_is_the_default_of_a_mixed_model_and_ml_of_others(file: Path) -> None:
    plain = CASE.replace('criterion = "ML"', "")
    linear = plain.replace("small", "linear").replace(" + (1 | school)", "")
    logistic = plain.replace("small", "logistic") + 'family = "binomial"\n'
    file.write_text(DATA + plain + linear + logistic, encoding="utf-8")
    assert [case.spec.criterion for case in load_suite(file).cases] == ["REML", "ML", "ML"]


def test_a_pair_joins_two_cases(file: Path) -> None:
    file.write_text(DATA + CASE + LARGE + PAIR, encoding="utf-8")
    (pair,) = load_suite(file).pairs
    assert (pair.small.name, pair.large.name) == ("small", "large")


def test_included_files_may_use_the_first_ones_data(file: Path) -> None:
    file.write_text('include = ["more.toml"]\n' + DATA + CASE, encoding="utf-8")
    file.with_name("more.toml").write_text(LARGE + PAIR, encoding="utf-8")
    suite = load_suite(file)
    assert [case.name for case in suite.cases] == ["small", "large"]
    assert len(suite.pairs) == 1


def test_a_derived_column_is_a_threshold(file: Path) -> None:
    derived = 'derived = { fail = { column = "math", below = -10 } }\n'
    file.write_text(DATA + derived + CASE, encoding="utf-8")
    assert load_suite(file).cases[0].dataset.derived == {"fail": Threshold("math", -10.0)}


def test_published_figures_keep_their_printed_digits(file: Path) -> None:
    figures = 'published_in = "a report"\n[case.published]\nfixef = [["raven", "-0.40"]]\n'
    file.write_text(DATA + CASE + figures, encoding="utf-8")
    (case,) = load_suite(file).cases
    assert case.published == {"fixef": {("raven",): Printed("-0.40", -0.4, 0.005, below=False)}}


MISTAKES = {
    "no TOML": ("[[case]", "mine.toml is no TOML: "),
    "no case": (DATA, "mine.toml holds no case; expected at least one [[case]]."),
    "unknown table": (
        DATA + CASE + "[cases]\n",
        ("mine.toml: unknown entry cases (in the file); known are case, dataset, include, lrt, "
        "schema."),
    ),
    "unknown schema": ("schema = 2\n" + DATA + CASE, "mine.toml: schema 2 is unknown; expected 1."),
    "unknown key of a case": (
        DATA + CASE + "reml = true\n",
        "mine.toml: unknown entry reml (in small); known are criterion, dataset, family, ",
    ),
    "unknown key of a data set": (
        DATA + "factor = []\n" + CASE,
        "mine.toml: unknown entry factor (in pupils); known are derived, factors, file, licence, ",
    ),
    "unknown key of a pair": (
        DATA + CASE + LARGE + PAIR + "df = 1\n",
        "mine.toml: unknown entry df (in gender); known are large, name, published, ",
    ),
    "unknown key of a threshold": (
        DATA + "derived = { fail = { column = 'm', below = 1, above = 0 } }\n" + CASE,
        "mine.toml: unknown entry above (in fail of pupils); known are below, column.",
    ),
    "threshold that is no number": (
        DATA + "derived = { fail = { column = 'm', below = 'ten' } }\n" + CASE,
        "mine.toml: fail of pupils: below is a number, not 'ten'.",
    ),
    "missing key": (
        DATA + CASE.replace('dataset = "pupils"', ""),
        "mine.toml: an entry lacks or misuses 'dataset'.",
    ),
    "unknown data": (
        DATA + CASE.replace('"pupils"', '"teachers"'),
        "mine.toml: case 'small' names the unknown data 'teachers'.",
    ),
    "fetched data without a checksum": (
        DATA + 'url = "https://example.org/pupils.csv"\n' + CASE,
        "mine.toml: the data 'pupils' are fetched; state their sha256.",
    ),
    "duplicate case": (
        DATA + CASE + CASE,
        "Two entries are called 'small'; names must differ.",
    ),
    "pair with a case's name": (
        DATA + CASE + LARGE + PAIR.replace('"gender"', '"small"'),
        "Two entries are called 'small'; names must differ.",
    ),
    "unknown criterion": (
        DATA + CASE.replace('"ML"', '"reml"'),
        "mine.toml: case 'small': criterion is 'ML' or 'REML'.",
    ),
    "formula that does not parse": (
        DATA + CASE.replace("(1 | school)", "(1 | school"),
        ("mine.toml: case 'small': The formula 'math ~ raven + (1 | school' does not parse: "
        "expected ')', found the end."),
    ),
    "unknown family": (
        DATA + CASE + 'family = "bernoulli"\n',
        "mine.toml: case 'small': Unknown family 'bernoulli'; known are gaussian, binomial, ",
    ),
    "REML pair": (
        DATA + CASE + LARGE.replace('"ML"', '"REML"') + PAIR,
        ("mine.toml: pair 'gender' needs two ML cases on the same data: REML likelihoods of "
        "models with different fixed effects cannot be compared."),
    ),
    "pair of two data sets": (
        DATA + DATA.replace("pupils", "teachers") + CASE + LARGE.replace("pupils", "teachers")
        + PAIR,
        "mine.toml: pair 'gender' needs two ML cases on the same data: ",
    ),
    "pair of a model with itself": (
        DATA + CASE + PAIR.replace('"large"', '"small"'),
        "mine.toml: pair 'gender' needs two models of one response and family.",
    ),
    "pair of two responses": (
        DATA + CASE + LARGE.replace("math ~", "english ~") + PAIR,
        "mine.toml: pair 'gender' needs two models of one response and family.",
    ),
    "pair with an unknown case": (
        DATA + CASE + PAIR,
        "mine.toml: pair 'gender' names the unknown case 'large'.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_named_with_its_place(file: Path, text: str, sentence: str) -> None:
    assert refusal(file, text).startswith(sentence)


PUBLISHED_MISTAKES = {
    "unknown quantity": ('beta = [["raven", "1"]]', "'small' publishes 'beta', no quantity of a "),
    "quantity of another kind": ('r2 = [["0.1"]]', "'small' publishes 'r2', no quantity of a lmm."),
    "too few key parts": ('fixef = [["0.1"]]', "'small': fixef needs rows of 1 key parts and a "),
    "too many key parts": ('nobs = [["n", "5"]]', "'small': nobs needs rows of 0 key parts and a "),
    "no rows": ("fixef = []", "'small': fixef needs rows of 1 key parts and a figure, "),
    "empty row": ("nobs = [[]]", "'small': nobs needs rows of 0 key parts and a figure, "),
    "bare number": (
        'fixef = [["raven", -0.40]]',
        (
            "'small': fixef needs rows of 1 key parts and a figure, all in quotes, for a bare "
            "number loses its last zeros."
        ),
    ),
    "one row without its list": ('nobs = ["5"]', "'small': nobs needs rows of 0 key parts and a "),
    "same key twice": (
        'fixef = [["raven", "1"], ["raven", "2"]]',
        "'small': fixef states a key twice.",
    ),
}


@pytest.mark.parametrize(
    ("rows", "sentence"), PUBLISHED_MISTAKES.values(), ids=list(PUBLISHED_MISTAKES)
)
def test_a_wrong_published_figure_is_named(file: Path, rows: str, sentence: str) -> None:
    text = f'{DATA}{CASE}published_in = "a report"\n[case.published]\n{rows}\n'
    assert refusal(file, text).startswith(f"mine.toml: {sentence}")


def test_published_figures_need_their_source(file: Path) -> None:
    text = f'{DATA}{CASE}[case.published]\nfixef = [["raven", "1.0"]]\n'
    sentence = "mine.toml: 'small' publishes figures; say where in published_in."
    assert refusal(file, text) == sentence


def test_a_pair_publishes_quantities_of_a_test_only(file: Path) -> None:
    text = DATA + CASE + LARGE + PAIR + '[lrt.published]\nfixef = [["raven", "1.0"]]\n'
    assert refusal(file, text) == "mine.toml: 'gender' publishes 'fixef', no quantity of a lrt."


def test_data_may_be_named_once_over_all_files(file: Path) -> None:
    file.with_name("more.toml").write_text(DATA, encoding="utf-8")
    text = 'include = ["more.toml"]\n' + DATA + CASE
    assert refusal(file, text) == "Two entries are called 'pupils'; names must differ."


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(CaseError, match=f"^The case file {re.escape(str(file))} does not exist"):
        load_suite(file)


def test_a_missing_included_file_is_named(file: Path) -> None:
    sentence = f"The case file {file.parent / 'more.toml'} does not exist."
    assert refusal(file, 'include = ["more.toml"]\n' + DATA + CASE) == sentence


def test_a_folder_is_no_case_file(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot be read: Is a directory"):
        load_suite(tmp_path)


@pytest.mark.parametrize(
    ("text", "value", "half_unit", "below"),
    [
        ("-1.26915", -1.26915, 5e-6, False),
        ("6.98e-16", 6.98e-16, 5e-19, False),
        ("< 2e-16", 2e-16, 5e-17, True),
        ("<2e-16", 2e-16, 5e-17, True),
        ("1151", 1151.0, 0.5, False),
        ("4.4890", 4.489, 5e-5, False),
    ],
)
def test_a_figure_has_the_precision_that_was_printed(
    text: str, value: float, half_unit: float, *, below: bool
) -> None:
    assert Printed.read(text) == Printed(text, value, half_unit, below)


@pytest.mark.parametrize("text", ["", "NA", "0,5", "1.2.3", "1e", "nan", "inf", "1e999", "> 3"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(CaseError, match="is no printed figure; expected"):
        Printed.read(text)


def test_a_pattern_selects_cases_and_pairs() -> None:
    chosen = load_suite(SHIPPED).select(("seed-social-*", "rail-ml"))
    assert {case.name for case in chosen.cases} == {"rail-ml", "seed-social-reml", "seed-social-ml"}
    assert [pair.name for pair in chosen.pairs] == ["seed-social-lrt"]


def test_no_pattern_selects_all() -> None:
    suite = load_suite(SHIPPED)
    assert suite.select(()) == suite


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(CaseError, match="No case is called 'rails'; `parity list` shows"):
        load_suite(SHIPPED).select(("rails",))
