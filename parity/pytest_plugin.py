"""pytest collects case files: one test per case × engine × quantity. Inert until asked.

``pytest mycases.toml`` collects a case file that is named on the command line; the ini option
``parity_cases`` names files that a run without arguments collects as well. No other TOML file is
ever touched. Tests are called ``mycases.toml::CASE::ENGINE::QUANTITY``; see `parity.pytest_items`.

Every pytest run loads this module where the package is installed, so it imports nothing of size.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from parity.pytest_items import CaseFile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all of them are about case files."""
    group = parser.getgroup("parity", "mixed models held against lme4")
    group.addoption(
        "--parity-engine",
        action="append",
        default=[],
        metavar="NAME",
        help="an engine to hold against the reference; may be repeated (default: all that run)",
    )
    group.addoption(
        "--parity-reference",
        metavar="NAME",
        help="the engine to hold the others against (default: lme4, live or recorded)",
    )
    group.addoption(
        "--parity-tolerances",
        type=Path,
        metavar="FILE",
        help="a table of tolerances (default: the one that parity ships)",
    )
    group.addoption(
        "--parity-known",
        type=Path,
        metavar="FILE",
        help="a register of declared differences (default: none but for parity's own cases)",
    )
    parser.addini(
        "parity_cases",
        type="paths",
        default=[],
        help="case files to collect beside testpaths where no argument is given",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the case files of the ini option to a run without arguments."""
    if config.args_source is not config.ArgsSource.ARGS:
        config.args.extend(str(path) for path in config.getini("parity_cases"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Collect a TOML file that was asked for by name."""
    if file_path.suffix != ".toml" or file_path.name == "pyproject.toml":
        return None
    declared = parent.config.getini("parity_cases")
    if not parent.session.isinitpath(file_path) and file_path not in declared:
        return None
    from parity.pytest_items import CaseFile  # noqa: PLC0415 - most runs collect no case file

    return CaseFile.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Place a skip at the case file that asked the question, not at the code that skipped."""
    report = yield
    if report.skipped and item.path.suffix == ".toml" and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), 0, report.longrepr[2])
    return report
