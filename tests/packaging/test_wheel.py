"""The wheel is whole: installed alone, away from the checkout, it fits and judges."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Command = Sequence[str | Path]

CHECKOUT = Path(__file__).resolve().parents[2]
LOCKS = CHECKOUT / "requirements"

# The wheel is no use if these come from the checkout after all.
WHERE = """
import sys
from pathlib import Path
import bridge, parity
for module in (bridge, parity):
    assert not Path(module.__file__).is_relative_to(sys.argv[1]), module.__file__
"""

FIT = (
    WHERE
    + """
import pandas as pd
data = pd.DataFrame({
    "strength": [62.8, 62.6, 60.1, 62.3, 62.7, 63.1, 60.0, 61.4, 57.5, 56.9, 61.1, 58.9],
    "batch": list("aaaabbbbcccc"),
})
fit = bridge.lmer("strength ~ 1 + (1 | batch)", data)
print(repr(float(fit.fixef["(Intercept)"])))
"""
)


def clean_environment() -> dict[str, str]:
    """Return the environment without what would let Python find the checkout."""
    leaks = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in leaks}


def run(command: Command, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env=clean_environment() | {"RPY2_CFFI_MODE": "ABI"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def succeed(command: Command, directory: Path) -> str:
    done = run(command, directory)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rpy2_lock() -> Path | None:
    """Return the lock that set-up chose for the R that is here; None without rpy2."""
    try:
        version = metadata.version("rpy2-rinterface")
    except metadata.PackageNotFoundError:
        return None
    locks = sorted(LOCKS.glob("rpy2-*.lock"))
    (lock,) = [path for path in locks if f"rpy2-rinterface=={version} " in path.read_text("utf-8")]
    return lock


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build: Command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
    ]
    succeed([*build, CHECKOUT], folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a new environment that holds the wheel and what the locks name."""
    folder = tmp_path_factory.mktemp("elsewhere")
    succeed([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], folder)
    # Rebuilding rpy2 here takes the build tools of this environment: none may be fetched.
    pip: Command = [sys.executable, "-m", "pip"]
    install: Command = [
        *pip,
        "--python",
        folder / "venv/bin/python",
        "install",
        "--quiet",
        "--no-deps",
    ]
    succeed([*install, "--require-hashes", "-r", LOCKS / "base.lock"], folder)
    if (lock := rpy2_lock()) is not None:
        build: Command = [
            *pip,
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-cache-dir",
        ]
        succeed([*build, "--require-hashes", "-r", lock, "-w", folder / "rpy2"], folder)
        succeed([*install, "--no-index", *sorted((folder / "rpy2").glob("*.whl"))], folder)
    succeed([*install, "--no-index", wheel], folder)
    return folder


def test_the_wheel_holds_the_r_scripts_as_they_are(wheel: Path) -> None:
    scripts = {path.name: path.read_bytes() for path in (CHECKOUT / "r_scripts").glob("*.R")}
    assert scripts
    with zipfile.ZipFile(wheel) as archive:
        folder = "bridge/r_scripts/"
        held = {
            name.removeprefix(folder): archive.read(name)
            for name in archive.namelist()
            if name.startswith(folder)
        }
    assert held == scripts


def test_the_wheel_holds_the_data_as_they_are(wheel: Path) -> None:
    files = {
        path.relative_to(CHECKOUT).as_posix(): path.read_bytes()
        for path in (CHECKOUT / "parity/data").rglob("*")
        if path.is_file()
    }
    assert "parity/data/cases.toml" in files
    with zipfile.ZipFile(wheel) as archive:
        held = {
            name: archive.read(name)
            for name in archive.namelist()
            if name.startswith("parity/data/")
        }
    assert held == files


def test_the_wheel_holds_nothing_else_at_its_top(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    version = metadata.version("lme4-parity")
    assert tops == {"bridge", "parity", f"lme4_parity-{version}.dist-info"}


def test_the_wheel_bears_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
        assert archive.read(licence) == (CHECKOUT / "LICENSE").read_bytes()


def test_the_installed_packages_are_not_those_of_the_checkout(home: Path) -> None:
    succeed([home / "venv/bin/python", "-W", "error", "-c", WHERE, CHECKOUT], home)


def test_the_installed_program_judges_a_case(home: Path) -> None:
    report = succeed([home / "venv/bin/parity", "run", "dyestuff*"], home)
    assert "dyestuff" in report


@pytest.mark.r
def test_the_installed_bridge_fits_by_lme4(home: Path) -> None:
    intercept = succeed([home / "venv/bin/python", "-W", "error", "-c", FIT, CHECKOUT], home)
    # In a balanced design the intercept is the mean.
    assert float(intercept) == pytest.approx(729.4 / 12, abs=1e-9)
