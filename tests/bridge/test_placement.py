"""lme4's library lies where it gets the ordering that it means, in every session."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge import child, placement, worker
from bridge.session import Session, Vector, connect
from bridge.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.interrupt import Interrupt

ROOT = Path(__file__).parents[2]
ORDER = ROOT / "tests" / "r" / "order.R"
HALF = 1 << 31
MINIMUM_DEGREE = 2
CAN_PLACE = sys.platform == "linux" and platform.machine() == "x86_64"


def order(session: Session) -> int:
    session.call("source", {"file": str(ORDER)})
    value = session.call("elimination_order", {}).value
    assert isinstance(value, Vector)
    assert value.cells[0] is not None
    return int(value.cells[0])


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("1.1-31", True),
        ("1.1-35", True),
        ("1.1-35.1", False),
        ("1.1-37", False),
        ("2.0-0", False),
        ("1.0-6", True),
    ],
)
def test_later_versions_are_left_alone(tmp_path: Path, version: str, affected: bool) -> None:  # noqa: FBT001
    (tmp_path / "DESCRIPTION").write_text(f"Package: lme4\nVersion: {version}\nTitle: x\n")
    assert placement.is_affected(tmp_path) is affected


def test_what_is_no_package_is_left_alone(tmp_path: Path) -> None:
    assert not placement.is_affected(tmp_path)
    placement.place_library(tmp_path)


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text(encoding="utf-8").splitlines())


@pytest.mark.skipif(not CAN_PLACE, reason="only there a place can be chosen")
@pytest.mark.parametrize("megabytes", [1, 3])
def test_the_next_place_lies_right_and_nothing_stays_reserved(megabytes: int) -> None:
    size = megabytes << 20
    before = mappings()
    with placement._only_right_places(size):  # noqa: SLF001  (what the test is about)
        start = placement._reserve(size)  # noqa: SLF001
    placement._release(start, size)  # noqa: SLF001
    assert start & HALF
    assert (start + size - 1) & HALF
    assert abs(mappings() - before) <= 2  # neighbours may have been joined


@pytest.mark.r
def test_every_session_has_the_ordering_that_lme4_means() -> None:
    assert order(connect("embedded")) == MINIMUM_DEGREE
    with Worker() as session:
        assert order(session) == MINIMUM_DEGREE


@contextmanager
def nothing() -> Iterator[None]:
    yield


@pytest.mark.r
def test_where_places_are_random_a_worker_is_started_until_it_lies_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "steady_places", nothing)
    for _ in range(5):
        with Worker() as session:
            assert order(session) == MINIMUM_DEGREE


@pytest.mark.r
def test_what_a_process_says_of_its_place_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "steady_places", nothing)
    monkeypatch.setattr(worker, "_MOST_STARTS", 1)
    first_words = Worker._first_words  # noqa: SLF001  (what the test listens to)
    heard: list[bool] = []

    def listen(self: Worker, of: child.Child, interrupt: Interrupt) -> object:
        said = first_words(self, of, interrupt)
        if isinstance(said, dict) and "misplaced" in said:
            heard.append(bool(said["misplaced"].cells[0]))
        return said

    monkeypatch.setattr(Worker, "_first_words", listen)
    found: set[tuple[bool, int]] = set()
    # One in two has either place: 14 alike are less likely than 1 in 5,000.
    for _ in range(14):
        with Worker() as session:
            found.add((order(session) != MINIMUM_DEGREE, heard[-1]))
        if len(found) > 1:
            break
    assert found <= {(False, False), (True, True)}
    assert len(found) == (2 if CAN_PLACE and is_affected() else 1)


def is_affected() -> bool:
    value = connect("embedded").call("system.file", {"package": "lme4"}).value
    assert isinstance(value, Vector)
    return placement.is_affected(Path(str(value.cells[0])))


@pytest.mark.r
def test_a_little_room_for_addresses_is_no_error(tmp_path: Path) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
from bridge.session import connect
print(connect("embedded").call("sum", {"a": 1}).value.cells[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
