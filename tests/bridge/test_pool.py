"""Many calls on several workers: in order, none lost, stopped at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.errors import ArgumentError, BridgeError, TimeLimitError, WorkerDiedError
from bridge.pool import Pool, Task
from bridge.session import Answer, Argument, Session, Vector

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.r
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


def number(outcome: object) -> float:
    assert isinstance(outcome, Answer)
    assert isinstance(outcome.value, Vector)
    (cell,) = outcome.value.cells
    assert cell is not None
    return float(cell)


def test_answers_come_in_the_order_asked(pool: Pool) -> None:
    seen: list[tuple[int, int]] = []
    asked = [{"a": k, "b": 0.5} for k in range(40)]
    answers = pool.map("sum", asked, progress=lambda done, all_: seen.append((done, all_)))
    assert [number(answer) for answer in answers] == [k + 0.5 for k in range(40)]
    assert seen == [(done, 40) for done in range(1, 41)]
    assert pool.map("sum", []) == []


def test_the_work_is_shared(pool: Pool) -> None:
    answers = pool.map("Sys.sleep", [{"time": 0.05}] * 6)
    pids = {number(session_pid) for session_pid in pool.run([pid_after_a_nap] * 6)}
    assert len(answers) == 6
    assert len(pids) == 2
    assert os.getpid() not in pids


def pid_after_a_nap(session: Session) -> Answer:
    session.call("Sys.sleep", {"time": 0.05})
    return session.call("Sys.getpid", {})


def test_r_s_own_error_is_an_answer(pool: Pool) -> None:
    good, bad = pool.map("sum", [{"a": 1}, {"a": "x"}])
    assert good.failure is None
    assert bad.failure is not None


def test_a_worker_that_dies_costs_its_call_alone(pool: Pool) -> None:
    outcomes = dict(pool.outcomes([kill_self if k == 3 else add(k) for k in range(7)]))
    assert isinstance(outcomes.pop(3), WorkerDiedError)
    assert {place: number(outcome) for place, outcome in outcomes.items()} == {
        k: k + 1 for k in range(7) if k != 3
    }


def kill_self(session: Session) -> Answer:
    return session.call("quit", {"status": 3})


def add(k: int) -> Task[Answer]:
    return lambda session: session.call("sum", {"a": k, "b": 1})


def test_map_raises_the_first_error_after_all_have_ended(pool: Pool) -> None:
    seen: list[int] = []
    with pytest.raises(WorkerDiedError, match="status 3") as raised:
        pool.map("quit", [{"status": 3}, {"status": 4}], progress=lambda done, _: seen.append(done))
    assert raised.value.__notes__ == ["Call 1 of 2; 2 failed in all."]
    assert seen == [1, 2]
    assert dict(pool.iterate("sum", [{"a": 2}]))[0] == pool.map("sum", [{"a": 2}])[0]


def test_run_raises_what_a_task_raised_and_stops_the_others(pool: Pool) -> None:
    def fail(_session: Session) -> Answer:
        raise ZeroDivisionError

    def wait(session: Session) -> Answer:
        return session.call("Sys.sleep", {"time": 60})

    done = pool.run([add(1), fail, wait, wait])
    assert number(next(done)) == 2
    with pytest.raises(ZeroDivisionError):
        next(done)
    assert [number(answer) for answer in pool.run([add(1), add(2)])] == [2, 3]


def test_a_time_limit_is_each_call_s_own() -> None:
    with Pool(2, time_limit=0.5) as limited:
        asked: list[dict[str, Argument]] = [{"time": 0.01}, {"time": 30}, {"time": 0.01}]
        outcomes = dict(limited.iterate("Sys.sleep", asked))
    assert isinstance(outcomes[1], TimeLimitError)
    assert isinstance(outcomes[0], Answer)
    assert isinstance(outcomes[2], Answer)


def test_left_early_it_stops_what_runs(pool: Pool) -> None:
    ended = pool.outcomes([add(1), *[lambda session: session.call("Sys.sleep", {"time": 60})] * 3])
    assert number(next(ended)[1]) == 2
    with pytest.raises(BridgeError, match="other work"):
        pool.map("sum", [{"a": 1}])
    ended.close()  # type: ignore[attr-defined]  # it is a generator
    assert number(pool.map("sum", [{"a": 1}])[0]) == 1


def test_a_closed_pool_takes_no_work() -> None:
    made = Pool(1)
    made.close()
    with pytest.raises(BridgeError, match="closed"):
        made.map("sum", [{"a": 1}])


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_a_number_of_workers_that_is_none_is_refused(workers: int) -> None:
    with pytest.raises(ArgumentError, match="workers"):
        Pool(workers)


def test_ctrl_c_stops_all_workers(tmp_path: Path) -> None:
    code = """
from bridge.pool import Pool
with Pool(2) as pool:
    pool.map("sum", [{"a": 1}] * 4)
    print("ready", flush=True)
    try:
        pool.map("Sys.sleep", [{"time": 60}] * 4)
    except KeyboardInterrupt:
        print("stopped", pool.map("sum", [{"a": 1}])[0].value.cells[0], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (out, err) == ("stopped 1\n", "")


def test_no_thread_is_left(pool: Pool) -> None:
    before = threading.active_count()
    pool.map("sum", [{"a": 1}] * 4)
    assert threading.active_count() == before
