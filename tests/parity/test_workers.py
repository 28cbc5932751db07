"""Processes with one share at a time: what they inherit, what they raise, how they end."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from parity.engine import EngineError
from parity.workers import ONE_THREAD, Lost, work


class StubbornError(Exception):
    """An error that is pickled and cannot be read again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def tell(share: str) -> str | None:
    """Return an environment variable of the process."""
    return os.environ.get(share)


def scribble(share: str) -> tuple[str, int]:
    """Leave a file in the folder for temporary ones, as R does; return the folder and who."""
    folder = os.environ["TMPDIR"]
    (Path(folder) / share).write_text("left behind")
    return folder, os.getpid()


def refuse(share: str) -> None:
    if share == "stubborn":
        raise StubbornError("no ", "way")
    raise EngineError(f"{share} is not here.")


def leave(share: int) -> int:
    if share < 0:
        os._exit(-share)
    return share


def test_shares_are_begun_in_order_and_each_is_answered() -> None:
    assert list(work(leave, [3, 1, 2], 1)) == [(3, 3), (1, 1), (2, 2)]
    assert sorted(work(leave, [3, 1, 2], 8)) == [(1, 1), (2, 2), (3, 3)]
    assert list(work(leave, [], 2)) == []


def test_a_worker_s_blas_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "2")
    assert dict(work(tell, list(ONE_THREAD), 1)) == ONE_THREAD
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_what_a_worker_leaves_behind_is_cleared_away() -> None:
    with closing(work(scribble, ["one", "two"], 1)) as answers:
        _, found = next(answers)
        assert not isinstance(found, Lost)
        folder, process = found
        assert Path(folder, "one").exists()
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_an_error_of_the_task_is_raised_here_with_its_place() -> None:
    with pytest.raises(EngineError, match=r"^julia is not here\.\n") as caught:
        list(work(refuse, ["julia"], 2))
    (note,) = caught.value.__notes__
    assert note.startswith("In a worker process: Traceback")
    assert "in refuse" in note


def test_an_error_that_cannot_travel_is_raised_as_its_text() -> None:
    with pytest.raises(RuntimeError, match=r"^StubbornError: no way$"):
        list(work(refuse, ["stubborn"], 1))


def test_every_share_of_a_dead_worker_is_lost_and_the_next_one_has_a_new_worker() -> None:
    found = dict(work(leave, [1, -3, 2, -4, 5], 1))
    told = "the worker process ended with exit code {}"
    assert found == {1: 1, 2: 2, 5: 5, -3: Lost(told.format(3)), -4: Lost(told.format(4))}
