"""The rules of tests/conftest.py itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity import engine

INNER = """
import pytest

def test_needs_more(): pytest.skip("no seed data")

@pytest.mark.may_skip
def test_of_another_platform(): pytest.skip("not Windows")

@pytest.mark.xfail(reason="declared")
def test_declared(): assert False
"""


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    text = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(text)
    pytester.makeini("[pytest]\nmarkers =\n  r: R\n  may_skip: may\n")
    pytester.makepyfile(INNER)
    return pytester


def test_skips_stay_skips_where_nothing_is_required(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARITY_REQUIRE", raising=False)
    inner.runpytest_inprocess("-p", "no:randomly").assert_outcomes(skipped=2, xfailed=1)


def test_a_skip_fails_where_all_is_required(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_REQUIRE", "lme4 statsmodels")
    result = inner.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*nothing may be skipped, yet: Skipped: no seed data*"])


def test_the_marker_r_skips_with_the_reason(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARITY_REQUIRE", raising=False)
    monkeypatch.setattr(engine, "discover", dict)
    inner.makepyfile("import pytest\n\n@pytest.mark.r\ndef test_r(): pass\n")
    result = inner.runpytest_inprocess("-p", "no:randomly", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs R with lme4 and rpy2: No engine is called 'lme4'*"])
