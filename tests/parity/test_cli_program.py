"""The program as a process: its speed, its manners in a pipe and on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest


def program(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "parity.cli", *arguments],
        check=False, capture_output=True, text=True, env={**os.environ, **changes},
    )  # fmt: skip


def test_help_starts_nothing() -> None:
    heavy = "numpy pandas scipy statsmodels rpy2 matplotlib tqdm importlib.metadata"
    code = (
        "import sys, parity\nfrom parity.cli import main\nassert main(['--help']) == 0\n"
        f"sys.exit(', '.join(set('{heavy}'.split()) & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_command_is_2() -> None:
    done = program()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: parity" in done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = "from parity.commands.output import say; say('x\\n' * 1_000_000)"
    command = f'"{sys.executable}" -c "{code}" | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", command],  # noqa: S607 - the shell on the path
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_output_is_legible_where_the_terminal_knows_no_utf8() -> None:
    code = "from parity.commands.output import say; say('1.5 \u2713')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.stdout == r"1.5 \u2713"


@pytest.mark.parametrize(("changes", "painted"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal_only(changes: dict[str, str], *, painted: bool) -> None:
    code = (
        "import sys; from parity.commands.output import in_colour, say, painted\n"
        "say(painted('AGREE DIFFER') if in_colour() else 'AGREE DIFFER')"
    )
    upper, lower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **changes}
    subprocess.run([sys.executable, "-c", code], check=True, stdout=lower, env=environment)
    os.close(lower)
    shown = os.read(upper, 1000).decode()
    os.close(upper)
    assert ("\x1b[32mAGREE\x1b[0m \x1b[31mDIFFER\x1b[0m" in shown) is painted
    assert "AGREE" in shown
