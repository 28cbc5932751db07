"""The table of a notebook: whole, escaped, and loud where something went wrong."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd
import pytest

from bridge import lmer
from bridge.as_html import as_html, table_of
from bridge.conditions import Condition
from tests.bridge.recorded_fit import RecordedFit

VOID = {"br", "hr", "img", "input", "meta", "link"}
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&amp;\'"'


class Reader(HTMLParser):
    """Collects tags, attributes and text, and insists that each tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open and self._open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_a_mixed_model_shows_what_it_is() -> None:
    fit = RecordedFit("sleep_reml")
    found = Reader(fit._repr_html_())
    text = " ".join(found.texts)
    for words in (
        "lmer", "Reaction ~ Days + (Days | Subject)", "180 rows, Subject 18", "logLik -871.81",
        "REML criterion 1743.63", "AIC 1755.63", "BIC 1774.79",
    ):  # fmt: skip
        assert words in text, words
    assert found.rows == [
        ["term", "estimate", "std. error", "t"],
        ["(Intercept)", "251.41", "6.8246", "36.838"],
        ["Days", "10.467", "1.5458", "6.7715"],
        ["group", "term", "SD", "variance", "corr."],
        ["Subject", "(Intercept)", "24.741", "612.10", ""],
        ["Subject", "(Intercept) : Days", "", "", "0.066"],
        ["Subject", "Days", "5.9221", "35.072", ""],
        ["Residual", "", "25.592", "654.94", ""],
    ]


def test_correlations_have_a_column_where_there_are_some() -> None:
    found = Reader(RecordedFit("penicillin")._repr_html_())
    assert found.rows[2] == ["group", "term", "SD", "variance"]
    assert [len(row) for row in found.rows[3:]] == [4, 4, 4]


@pytest.mark.parametrize(
    ("name", "letter", "caption"),
    [
        ("herds", "z", "Fixed effects"),
        ("odds", "z", "Coefficients"),
        ("gamma", "t", "Coefficients"),
    ],
)
def test_p_values_are_shown_where_r_has_them(name: str, letter: str, caption: str) -> None:
    found = Reader(RecordedFit(name)._repr_html_())
    assert found.rows[0] == ["term", "estimate", "std. error", letter, f"P>|{letter}|"]
    assert found.rows[1][-1] == "<0.0001"
    assert caption in found.texts
    assert ("Random effects" in found.texts) == (name == "herds")


def test_it_needs_no_other_file_and_has_no_colour_of_its_own_for_text() -> None:
    found = Reader(RecordedFit("sleep_reml")._repr_html_())
    assert not {"script", "style", "link", "img", "iframe"} & set(found.tags)
    assert {name for name, _ in found.attributes} == {"style"}
    styles = " ".join(value or "" for _, value in found.attributes)
    assert "url(" not in styles
    assert "color:inherit" in styles
    for colour in ("color:#", "background:#", "background-color"):
        assert colour not in styles


def _hostile() -> RecordedFit:
    fit = RecordedFit("sleep_reml")
    names = pd.Index([HOSTILE, "Days"], dtype=object)
    fit.formula = fit.criterion = HOSTILE
    fit.family = fit.link = HOSTILE
    fit.fixef, fit.bse, fit.tvalues = (
        series.set_axis(names) for series in (fit.fixef, fit.bse, fit.tvalues)
    )
    assert fit.varcorr is not None
    fit.varcorr = fit.varcorr.replace({"Subject": HOSTILE, "(Intercept)": HOSTILE})
    fit.dropped_columns = (HOSTILE,)
    fit.messages = (Condition("warning", (HOSTILE,), HOSTILE, HOSTILE),)
    return fit


def test_every_text_is_escaped() -> None:
    fit = _hostile()
    html = as_html(fit)
    found = Reader(html)
    assert "<script" not in html
    assert "<img" not in html
    assert set(found.tags) == {
        "div", "b", "code", "table", "caption", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert {name for name, _ in found.attributes} == {"style"}
    assert all(HOSTILE not in (value or "") for _, value in found.attributes)
    # Seven places, and what was escaped reads as it was.
    assert " ".join(found.texts).count(HOSTILE) >= 7


def test_what_went_wrong_stands_above_the_numbers() -> None:
    fit = RecordedFit("sleep_reml")
    assert "border-left" not in as_html(fit)
    fit.converged, fit.singular, fit.dropped_columns = False, True, ("x2", "x3")
    fit.messages = tuple(
        Condition("warning", ("simpleWarning",), f"trouble {k}", "") for k in range(12)
    )
    html = as_html(fit)
    text = " ".join(Reader(html).texts)
    for words in (
        "Not converged",
        "Singular",
        "x2, x3",
        "R's warning: trouble 0",
        "4 more messages",
    ):
        assert words in text, words
        assert html.index(words.replace("'", "&#x27;")) < html.index("Fixed effects")
    assert "trouble 8" not in text


def test_a_long_table_is_cut_and_says_so() -> None:
    found = Reader(table_of("t", ["a", "b"], [(str(k), "1") for k in range(100)], names=1))
    assert len(found.rows) == 1 + 40
    assert "60 more rows" in found.texts


@pytest.mark.r
def test_a_live_singular_fit_says_so(sleepstudy: pd.DataFrame) -> None:
    # The response has no differences between subjects.
    data = sleepstudy.assign(y=[float(k % 7) for k in range(180)])
    fit = lmer("y ~ Days + (1 | Subject)", data)
    assert fit.singular
    text = " ".join(Reader(fit._repr_html_()).texts)
    assert "Singular" in text
    assert "boundary (singular) fit" in text
