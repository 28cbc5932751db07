"""The README shows real output: every command and every line of Python in it is run."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = Path(sys.executable).parent
SEED = os.environ.get("PARITY_DATA") or str(ROOT.parent / "shared" / "data")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    assert found, language
    return found


def shown(block: str) -> tuple[list[str], str]:
    """Return the command of a console block and the output that it shows."""
    first, _, rest = block.partition("\n")
    assert first.startswith("$ ")
    return shlex.split(first.removeprefix("$ ")), rest


@pytest.mark.r
@pytest.mark.parametrize("block", blocks("console"))
def test_a_command_prints_what_is_shown(block: str) -> None:
    command, expected = shown(block)
    assert command[0] in ("parity", "python")
    environment = {**os.environ, "PARITY_DATA": SEED, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    # a sweep that is shown with what is red ends as one
    code = 1 if re.search(r"(row is|rows are) red", expected) else 0
    assert done.returncode == code, done.stdout + done.stderr
    position = 0
    for line in expected.splitlines():
        if line == "...":
            continue
        shape = re.escape(line).replace(r"\.\.\.", ".*?")
        match = re.compile(f"^{shape}$", re.MULTILINE).search(done.stdout, position)
        assert match, f"not printed: {line}\n{done.stdout}"
        position = match.end()


@pytest.mark.r
def test_the_python_session_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}  # one session, in several blocks
    for block in blocks("pycon"):
        test = doctest.DocTestParser().get_doctest(block, {}, "README", "README.md", 0)
        test.globs = names
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        assert test.examples
        runner.run(test, clear_globs=False)
        assert runner.summarize(verbose=False).failed == 0


def python_blocks() -> tuple[list[str], list[str]]:
    """Return the blocks that hold a test, and the others."""
    found = blocks("python")
    tests = [block for block in found if "def test_" in block]
    return tests, [block for block in found if block not in tests]


@pytest.mark.r
def test_the_test_that_is_shown_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tests, _ = python_blocks()
    assert tests
    for block in tests:
        names: dict[str, object] = {}
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - it is our own text
        test = names["test_the_pupils"]
        assert callable(test)
        test()


@pytest.mark.r
def test_the_other_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - the other tests need no matplotlib
    from matplotlib import pyplot as plt  # noqa: PLC0415

    from parity.table import read_csv  # noqa: PLC0415

    monkeypatch.chdir(ROOT)
    mpl.use("Agg")
    _, others = python_blocks()
    assert others
    data = ROOT / "parity" / "data" / "datasets"
    pastes = read_csv(data / "pastes.csv", ("batch",))
    names: dict[str, object] = {
        "data": pastes.assign(cask=pastes["strength"] ** 2),
        "pupils": read_csv(data / "jsp.csv", ("school", "gender", "social")),
    }
    for block in others:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - it is our own text
    plt.close("all")


def test_the_pictures_are_there() -> None:
    found = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(found) == 5
    assert all((ROOT / path).is_file() for path in found)


def test_the_other_commands_are_targets_or_run_by_the_image_test() -> None:
    image_test = (ROOT / "tests" / "container" / "image_test.sh").read_text(encoding="utf-8")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.strip()]
    assert commands
    for command in commands:
        if command[0] == "make":
            done = subprocess.run(
                [shutil.which("make") or "make", "-n", *command[1:]],
                cwd=ROOT,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        else:
            assert command[0] == "docker"
            assert all(word in image_test for word in command[3:] if word in {"check", "d.csv"})


def test_the_verdicts_are_those_of_the_program() -> None:
    from parity.verdict import MEANING, Verdict  # noqa: PLC0415 - README's own tests need no parity

    rows = re.findall(r"^\| ([A-Z]+) \| (.+?) \| (\d) \|$", README, flags=re.MULTILINE)
    assert {row[0] for row in rows} == set(Verdict)
    for name, meaning, code in rows:
        assert (code == "0") == Verdict(name).green
        assert meaning.split(",")[0].split(" in `")[0] in MEANING[Verdict(name)] or name in {
            "KNOWN", "UNSUPPORTED",
        }  # fmt: skip


def test_every_subcommand_is_named() -> None:
    for command in ("run", "check", "list", "engines", "explain", "certify", "marginal", "record"):
        assert f"parity {command}" in README
