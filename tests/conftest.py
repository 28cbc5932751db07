"""What every test may rely on: R where it is there, and no silent skip where all is required."""

from __future__ import annotations

import os
import signal
from functools import cache
from typing import TYPE_CHECKING

import pytest

from parity.engine import EngineError, create

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ["pytester"]

REQUIRE = "PARITY_REQUIRE"


def pytest_configure() -> None:
    """Take Ctrl-C back where a shell's background job was told to ignore it.

    Children inherit that, and would never hear the signals that tests send them.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@cache
def why_no_r() -> str | None:
    """Return None where R runs inside this process, else the reason."""
    try:
        return create("lme4").missing()
    except EngineError as error:
        return str(error)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("r") and (reason := why_no_r()):
        pytest.skip(f"needs R with lme4 and rpy2: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where `PARITY_REQUIRE` is set, but for tests that may skip."""
    report = yield
    expected = hasattr(report, "wasxfail") or item.get_closest_marker("may_skip")
    if report.skipped and os.environ.get(REQUIRE) and not expected:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE} is set, so nothing may be skipped, yet: {reason}"
    return report
