"""R's own program: which one is taken, and what it is asked before R starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import EngineMissingError
from bridge.program import environment, find_r, front_end_variables, r_version

ROOT = Path(__file__).parents[2]


def program(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "R"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_r_home_goes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home = program(tmp_path / "home" / "bin", "exit 0")
    on_path = program(tmp_path / "path", "exit 0")
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setenv("R_HOME", str(tmp_path / "home"))
    assert find_r() == str(at_home)
    monkeypatch.setenv("R_HOME", str(tmp_path / "nowhere"))
    assert find_r() == str(on_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissingError, match="no program `R` on the PATH"):
        find_r()


def test_the_environment_of_r_has_no_profile_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("R_HOME", "R_PROFILE_USER", "R_DEFAULT_PACKAGES", "R_LIBS_USER"):
        monkeypatch.setenv(name, "x")
    assert environment() == {
        name: value
        for name, value in os.environ.items()
        if name not in {"R_HOME", "R_PROFILE_USER", "R_DEFAULT_PACKAGES"}
    }
    assert environment()["R_LIBS_USER"] == "x"


def test_an_r_that_does_not_speak_is_asked_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("R_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    program(tmp_path, "exit 1")
    assert front_end_variables() == {}
    assert "does not start" in r_version()
    program(tmp_path, "echo R_SHARE_DIR=/share")
    assert front_end_variables() == {}
    program(tmp_path, "echo R_HOME=/r; echo OTHER=x; echo R_SHARE_DIR=/s=t")
    assert front_end_variables() == {"R_HOME": "/r", "R_SHARE_DIR": "/s=t"}


@pytest.mark.r
def test_the_embedded_r_starts_without_an_rscript(tmp_path: Path) -> None:
    code = """
import subprocess
asked = []
class Popen(subprocess.Popen):
    def __init__(self, command, *rest, **named):
        asked.append([command] if isinstance(command, str) else list(command))
        super().__init__(command, *rest, **named)
subprocess.Popen = Popen
from bridge.session import connect
import os
session = connect("embedded")
print([words[1:] for words in asked if words[0].endswith(("R", "Rscript"))])
print(session.call("R.home", {}).value.cells[0] == os.environ["R_HOME"])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == ["[['CMD', 'env']]", "True"]
