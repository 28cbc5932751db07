"""The lock files answer for pyproject.toml, name hashes for all, and name no place."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[2]
LOCKS = sorted((CHECKOUT / "requirements").glob("*.lock"))
PYTHON_LOCKS = [path for path in LOCKS if not path.name.startswith("apt-")]
APT_LOCKS = [path for path in LOCKS if path.name.startswith("apt-")]


def project() -> dict[str, Any]:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["project"]
    return found


def pins(lock: str) -> dict[str, set[Version]]:
    """Return name → versions; a name has several where Pythons differ."""
    text = (CHECKOUT / "requirements" / lock).read_text("utf-8")
    found: dict[str, set[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(Version(version))
    return found


def unmet(requirements: list[str], locked: dict[str, set[Version]]) -> list[str]:
    wanted = [Requirement(text) for text in requirements]
    return [
        str(requirement)
        for requirement in wanted
        if not (versions := locked.get(canonicalize_name(requirement.name)))
        or not all(version in requirement.specifier for version in versions)
    ]


def test_the_base_lock_meets_the_dependencies() -> None:
    assert unmet(project()["dependencies"], pins("base.lock")) == [], "call 'make lock'"


@pytest.mark.parametrize("extra", ["test", "lint"])
def test_the_development_lock_meets_the_extra(extra: str) -> None:
    wanted = project()["optional-dependencies"][extra]
    assert unmet(wanted, pins("dev.lock")) == [], "call 'make lock'"


@pytest.mark.parametrize("lock", ["rpy2-r-before-4.5.lock", "rpy2-r-4.5.lock"])
def test_the_rpy2_locks_meet_the_extra_r(lock: str) -> None:
    assert unmet(project()["optional-dependencies"]["r"], pins(lock)) == [], "call 'make lock'"


def test_rinterface_fits_r_on_either_side_of_4_5() -> None:
    parting = Version("3.6.6")
    (before,) = pins("rpy2-r-before-4.5.lock")["rpy2-rinterface"]
    (since,) = pins("rpy2-r-4.5.lock")["rpy2-rinterface"]
    assert before < parting <= since


def test_locks_that_meet_in_one_environment_agree() -> None:
    development = pins("dev.lock")
    for other in [pins(lock.name) for lock in PYTHON_LOCKS]:
        shared = development.keys() & other.keys()
        assert {name: other[name] for name in shared} == {
            name: development[name] for name in shared
        }


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_lock_names_an_index_or_a_place(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert re.findall(r"https?:|file:|--index|--extra-index|--find-links|^/.*", text) == []


@pytest.mark.parametrize("lock", APT_LOCKS, ids=lambda path: path.name)
def test_every_apt_pin_names_its_version(lock: Path) -> None:
    lines = [line for line in lock.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.+-]+=\S+", line)] == []


def test_every_apt_package_asked_for_is_pinned() -> None:
    for lock in APT_LOCKS:
        asked = set(lock.with_suffix(".in").read_text("utf-8").split())
        pinned = {line.split("=")[0] for line in lock.read_text("utf-8").splitlines()}
        assert asked - pinned == set(), lock.name
