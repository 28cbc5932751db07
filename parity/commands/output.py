"""Where a report goes: standard output or a file; colour on a terminal only."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from parity.reports import as_json, as_markdown, as_text
from parity.reports.closing import conclusion
from parity.verdict import Verdict

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from parity.report import Report

_GREEN, _YELLOW, _RED, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
_NARROWEST = 100
_COLOUR = {
    **dict.fromkeys((verdict.value for verdict in Verdict), _RED),
    Verdict.AGREE.value: _GREEN,
    Verdict.KNOWN.value: _YELLOW,
    Verdict.UNSUPPORTED.value: _YELLOW,
    "✓": _GREEN,
    "✗": _RED,
}
_PAINTED = re.compile(r"\b(?:" + "|".join(Verdict) + r")\b|[✓✗]")


def refuse_unwritable(path: Path | None) -> None:
    """Raise `OSError` before an hour's work for a file that could not be written after it."""
    if path is None:
        return
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; --output needs a file.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder} to write {path.name} to.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise PermissionError(f"{path} cannot be written: permission denied.")


def deliver(report: Report, arguments: argparse.Namespace) -> int:
    """Print the report or write it to the file, and return the exit code.

    0 where all agree, 1 where something differs, 2 where not one case could run.
    """
    text = _rendered(report, arguments)
    if arguments.output is None:
        say(painted(text) if arguments.format == "text" and in_colour() else text)
    else:
        arguments.output.write_text(text, encoding="utf-8")
        say(f"{conclusion(report)} The report is in {arguments.output}.\n")
    if all(case.message for case in report.cases):
        return 2
    return 0 if report.agrees else 1


def _rendered(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        return as_json.render(report)
    if arguments.format == "markdown":
        return as_markdown.render(report, verbose=arguments.verbose)
    width = as_text.WIDTH
    if arguments.output is None and sys.stdout.isatty():
        width = max(min(shutil.get_terminal_size().columns, width), _NARROWEST)
    return as_text.render(report, verbose=arguments.verbose, width=width)


def in_colour() -> bool:
    """Return whether standard output is a terminal whose user has not asked for no colour."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not refused


def painted(text: str) -> str:
    """Return the text with its verdicts in green, yellow and red."""
    return _PAINTED.sub(lambda match: _COLOUR[match[0]] + match[0] + _PLAIN, text)


def say(text: str) -> None:
    """Write to standard output; a reader who has left early (``| head -1``) is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more at its end, and must not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
