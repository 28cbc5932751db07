"""The Markdown report holds what the text holds, and shows it as it is."""

from __future__ import annotations

import re

from parity.reports import as_markdown, as_text
from tests.parity.reports.sample import ALL

MARKDOWN = as_markdown.render(ALL)


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line)[1:-1]


def test_tables_are_rectangular() -> None:
    tables = [part.splitlines() for part in MARKDOWN.split("\n\n") if part.startswith("|")]
    assert len(tables) > 5
    for table in tables:
        assert len({len(cells(line)) for line in table}) == 1
        assert set("".join(cells(table[1]))) <= set(" :-")


def test_what_markdown_would_read_is_escaped() -> None:
    assert r"fixef\[x\|y\]" in MARKDOWN
    assert r"wrong sign \| so it stops \<early\>" in MARKDOWN
    assert "`y ~ x + (1 | g)`, ML, 180 rows of school\\|data" in MARKDOWN
    assert "lrt_chisq" in MARKDOWN


def test_every_word_of_the_text_is_there() -> None:
    def words(text: str) -> set[str]:
        return set(re.findall(r"[\w.+]+", text.replace("\\", "")))

    missing = words(as_text.render(ALL)) - words(MARKDOWN)
    # Text cuts a long reason, and folds words that Markdown keeps whole.
    assert {word for word in missing if not word.isalpha()} == set()


def test_headings() -> None:
    assert MARKDOWN.startswith("# Parity report\n\nReference: lme4")
    assert "### drifted" in MARKDOWN
    assert "## Answer" in MARKDOWN
