"""The doctor: what is here, what works, what is missing, and the one command that mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from bridge import doctor
from bridge.cure import cure_r, cure_rpy2, is_old, this_system
from bridge.doctor import Examination
from bridge.session import Value, Vector
from bridge.trial import Trial, digest

ROOT = Path(__file__).parents[2]
GOOD = (Trial("embedded", "", "ab", 48), Trial("worker", "", "ab", 48))
SOUND = Examination({"R": "4.2.2", "rpy2-rinterface": "3.6.5"}, GOOD, ())


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bridge", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def fake_rpy2(folder: Path, raised: str) -> str:
    """Put an rpy2 into the folder that raises at its import; return the path to import from."""
    package = folder / "rpy2"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rinterface.py").write_text(f"raise {raised}\n")
    return f"{folder}{os.pathsep}{ROOT}"


@pytest.mark.r
def test_a_sound_installation_is_said_to_be_one(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for part in ("R", "lme4", "Matrix", "lmerTest", "pbkrtest", "emmeans", "BLAS", "LAPACK"):
        assert any(line.startswith(f"  {part} ") for line in lines), part
    assert ["rpy2-rinterface", version("rpy2-rinterface")] in [line.split() for line in lines]
    assert "both alike       yes  to the last bit" in done.stdout
    assert "used             embedded" in done.stdout


@pytest.mark.r
def test_an_rpy2_for_a_newer_r_is_named_and_the_worker_is_used(tmp_path: Path) -> None:
    path = fake_rpy2(tmp_path, "ImportError('libR.so: undefined symbol: R_getVar')")
    done = run(tmp_path, "doctor", PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    assert "embedded no" in said
    assert "undefined symbol: R_getVar" in said
    assert "worker yes" in said
    assert "used worker, since R inside this process does not work" in said
    if is_old(doctor.ask_r()["R"]):
        assert "it is made for R 4.5 and later" in said
        assert "pip install 'rpy2-rinterface==3.6.5' 'rpy2-robjects==3.6.6'" in said


@pytest.mark.r
def test_a_missing_rpy2_is_optional(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", PYTHONPATH=fake_rpy2(tmp_path, "ModuleNotFoundError('rpy2')"))
    assert done.returncode == 0
    assert "Optional: rpy2 is not installed" in done.stdout
    assert "Needed" not in done.stdout


def test_no_r_is_exit_status_3_and_one_command_a_system(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", PATH=str(tmp_path), R_HOME="")
    assert (done.returncode, done.stderr) == (3, "")
    assert "Needed: R is not here." in done.stdout
    assert "sudo apt-get install r-base-core r-cran-lme4" in done.stdout
    assert "conda install -c conda-forge r-base r-lme4" in done.stdout
    assert "brew install r" in done.stdout
    assert "used             none: no model can be fitted" in done.stdout


@pytest.mark.r
def test_no_lme4_is_exit_status_3(tmp_path: Path) -> None:
    # Where lme4 lies among R's own packages it cannot be hidden, so it is not there that we look.
    done = run(tmp_path, "doctor", R_LIBS_SITE=str(tmp_path), R_LIBS_USER=str(tmp_path), R_LIBS="")
    assert (done.returncode, done.stderr) == (3, "")
    assert "but lme4 is not." in done.stdout
    assert "sudo apt-get install r-cran-lme4" in done.stdout
    assert "r-base-core" not in done.stdout.partition("Needed")[2]


def test_an_r_that_does_not_start_is_no_traceback(tmp_path: Path) -> None:
    program = tmp_path / "R"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    program.chmod(0o755)
    done = run(tmp_path, "doctor", PATH=f"{tmp_path}:/usr/bin:/bin", R_HOME="")
    assert (done.returncode, done.stderr) == (3, "")
    assert "R does not start: it ended with status 1 and printed last: broken" in " ".join(
        done.stdout.split()
    )


def test_another_command_is_answered_by_the_usage(tmp_path: Path) -> None:
    for words in ((), ("patient",), ("doctor", "now")):
        done = run(tmp_path, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "python -m bridge doctor" in done.stderr


def test_a_difference_between_the_kinds_is_not_hidden() -> None:
    assert SOUND.equal is True
    differing = replace(SOUND, trials=(GOOD[0], replace(GOOD[1], digest="cd")))
    assert differing.equal is False
    assert "NO   they differ" in str(differing)
    half = replace(SOUND, trials=(GOOD[0], replace(GOOD[1], reason="no")))
    assert half.equal is None
    assert (half.used, half.works, half.status) == ("embedded", True, 0)
    none = replace(SOUND, trials=tuple(replace(trial, reason="no") for trial in GOOD))
    assert (none.used, none.works, none.status) == (None, False, 3)


def test_what_some_answers_need_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"R": "4.2.2", "lme4": "1.1-31", "Matrix": "1.5-3", "lmerTest": "3.1-3"}
    monkeypatch.setattr(doctor, "ask_r", lambda: here)
    monkeypatch.setattr(doctor, "try_kinds", lambda _: GOOD)
    found = doctor.examine()
    (cure,) = found.cures
    assert not cure.needed
    assert cure.commands["Debian, Ubuntu"] == "sudo apt-get install r-cran-pbkrtest r-cran-emmeans"
    assert "emmeans (estimated marginal means)" in cure.what


@pytest.mark.parametrize(
    ("r", "old"), [("4.2.2", True), ("4.4.3", True), ("4.5.0", False), ("5.0.0", False)]
)
def test_the_pins_follow_the_version_of_r(r: str, old: bool) -> None:  # noqa: FBT001
    assert is_old(r) is old
    (command,) = cure_rpy2(r, "").commands.values()
    assert ("==3.6.5" in command) is old


def test_each_command_names_all_that_is_missing() -> None:
    cure = cure_r(("lme4", "lmerTest"), "R is not here.", needed=True, no_r=True)
    assert cure.commands == {
        "Debian, Ubuntu": "sudo apt-get install r-base-core r-cran-lme4 r-cran-lmertest",
        "conda": "conda install -c conda-forge r-base r-lme4 r-lmertest",
        "macOS": "brew install r && R -e 'chooseCRANmirror(ind = 1); "
        'install.packages(c("lme4", "lmerTest"))\'',
    }


def test_the_system_at_hand_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_PREFIX", "/somewhere")
    assert this_system() == "conda"
    cure = cure_r(("lme4",), "R is not here.", needed=True, no_r=True)
    marked = [line for line in str(replace(SOUND, cures=(cure,))).splitlines() if "->" in line]
    assert [line.split()[0] for line in marked] == ["->conda"]


def test_the_digest_sees_a_single_bit_a_name_and_a_kind() -> None:
    whole = Vector(np.array([1.0, 2.0]), names=("a", "b"))
    one: Value = {"x": whole, "y": None}
    others: list[Value] = [
        {"x": Vector(np.array([1.0, np.nextafter(2.0, 3.0)]), names=("a", "b")), "y": None},
        {"x": Vector(np.array([1.0, 2.0]), names=("a", "c")), "y": None},
        {"z": Vector(np.array([1.0, 2.0]), names=("a", "b")), "y": None},
        {"x": Vector(np.array([1.0, 2.0]).view(np.int32), names=("a", "b")), "y": None},
        {"x": (whole,), "y": None},
    ]
    assert digest(one) == digest({"x": whole, "y": None})
    assert len({digest(value) for value in [one, *others]}) == 6
