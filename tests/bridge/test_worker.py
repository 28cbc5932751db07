"""R in a process of its own: limits, death, Ctrl-C, threads, forks, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.errors import ArgumentError, BridgeError, TimeLimitError, WorkerDiedError
from bridge.session import Argument, Session, Value, Vector, connect
from bridge.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.r
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def shared() -> Iterator[Worker]:
    with Worker() as session:
        yield session


@pytest.fixture
def worker(shared: Worker) -> Worker:
    teach(shared)
    return shared


def teach(session: Session) -> None:
    """Give R the functions of wire.R, in its global environment."""
    answer = session.call("source", {"file": str(HERE / "wire.R")})
    assert answer.failure is None


def one(value: Value) -> object:
    assert isinstance(value, Vector)
    assert len(value.cells) == 1
    return value.cells[0]


def told(session: Session, name: str, **arguments: Argument) -> object:
    answer = session.call(name, arguments)
    assert answer.failure is None, answer.failure
    return one(answer.value)


def is_running(pid: int) -> bool:
    """Return whether the process is there, and no zombie."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except FileNotFoundError:
        return False


def soon(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def later(seconds: float, action: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


def test_a_worker_starts_at_its_first_call_and_names_its_kind() -> None:
    with Worker() as session:
        before = session.pid
        assert told(session, "sum", a=1, b=2) == 3
        assert before is None
        assert isinstance(session.pid, int)
        assert session.kind == "worker"
        assert session.versions() == {}


def test_lme4_is_loaded_before_the_first_call(worker: Worker) -> None:
    assert bool(told(worker, "evaluate", expression="'lme4' %in% loadedNamespaces()"))


def test_an_error_of_r_s_is_a_failure_and_the_session_lives(worker: Worker) -> None:
    answer = worker.call("evaluate", {"expression": "stop('über')"})
    assert answer.failure is not None
    assert answer.failure.text == "über"
    assert answer.failure.classes == ("simpleError", "error", "condition")
    missing = worker.call("no_such_function", {})
    assert missing.failure is not None
    assert "could not find function" in missing.failure.text
    assert told(worker, "sum", a=1) == 1


def test_deep_recursion_is_an_error_of_r_s(worker: Worker) -> None:
    answer = worker.call("add_one", {})
    assert answer.failure is not None
    assert told(worker, "sum", a=1) == 1


def test_a_killed_worker_costs_one_error(worker: Worker) -> None:
    first = worker.pid
    assert first is not None
    timer = later(0.2, lambda: os.kill(first, signal.SIGKILL))
    with pytest.raises(WorkerDiedError, match=r"SIGKILL.* in the middle of a call of forever"):
        worker.call("forever", {})
    timer.join()
    assert told(worker, "sum", a=1) == 1
    assert worker.pid != first


def test_a_worker_that_died_between_calls_is_one_error_too(worker: Worker) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        worker.call("sum", {"a": 1})
    assert told(worker, "sum", a=1) == 1


def test_a_worker_that_quits_tells_its_status_and_last_words(worker: Worker) -> None:
    expression = "{ system('echo last words >&2'); quit(status = 7) }"
    with pytest.raises(WorkerDiedError, match=r"status 7 and printed last: last words"):
        worker.call("evaluate", {"expression": expression})
    assert told(worker, "sum", a=1) == 1


def test_an_answer_that_is_none_ends_the_worker(worker: Worker) -> None:
    expression = "writeBin(charToRaw('nonsense and more of it'), getConnection(4L))"
    with pytest.raises(WorkerDiedError, match="nonsense"):
        worker.call("evaluate", {"expression": expression})
    assert told(worker, "sum", a=1) == 1


def test_the_time_limit_ends_a_call() -> None:
    with Worker(time_limit=0.3) as session:
        teach(session)
        first = session.pid
        with pytest.raises(TimeLimitError, match=r"forever took longer than .* 0\.3 s"):
            session.call("forever", {})
        assert first is not None
        assert not is_running(first)
        assert told(session, "sum", a=1) == 1
        assert session.pid != first


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf"), True, "1"])
def test_a_limit_that_cannot_be_kept_is_refused(limit: float) -> None:
    with pytest.raises(ArgumentError, match="time_limit"):
        Worker(time_limit=limit)


def test_connect_names_what_it_does_not_know() -> None:
    with pytest.raises(ArgumentError, match=r"'julia' is no backend.*'auto', 'embedded', 'worker'"):
        connect("julia")  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(ArgumentError, match="backend='worker'"):
        connect("embedded", time_limit=1.0)
    with connect("auto", time_limit=5.0) as session:
        assert session.kind == "worker"


def test_a_closed_worker_is_gone_and_takes_no_calls() -> None:
    session = Worker()
    folder = Path(str(told(session, "tempdir")))
    pid = session.pid
    assert pid is not None
    assert folder.is_dir()
    session.close()
    session.close()
    assert not is_running(pid)
    assert not folder.exists()
    with pytest.raises(BridgeError, match="closed"):
        session.call("sum", {"a": 1})


def test_stop_from_another_thread_ends_the_call(worker: Worker) -> None:
    timer = later(0.2, worker.stop)
    with pytest.raises(WorkerDiedError):
        worker.call("forever", {})
    timer.join()
    assert told(worker, "sum", a=1) == 1


def test_an_interrupt_between_calls_ends_none(worker: Worker) -> None:
    assert worker.pid is not None
    pid = worker.pid
    for _ in range(3):
        os.kill(pid, signal.SIGINT)
        assert told(worker, "sum", a=1) == 1
        assert worker.call("busy", {"seconds": 0.05}).failure is None
    assert worker.pid == pid


def test_what_r_prints_is_an_output_condition(worker: Worker) -> None:
    for expression, text in [
        ("cat('über\\nzwei')", "über\nzwei"),
        ("print(1:3)", "[1] 1 2 3\n"),
        ("system('echo past')", "past\n"),
    ]:
        answer = worker.call("evaluate", {"expression": expression})
        assert [(said.kind, said.text) for said in answer.conditions] == [("output", text)]
    assert worker.call("sum", {"a": 1}).conditions == ()


def test_what_goes_wrong_on_the_way_to_r_is_no_call(worker: Worker) -> None:
    with pytest.raises(BridgeError, match="NUL"):
        worker.call("sum", {"a": "b\0c"})
    assert told(worker, "sum", a=1) == 1


@pytest.mark.parametrize("backend", ["embedded", "worker"])
def test_threads_share_one_session(backend: str) -> None:
    session = connect(backend)  # type: ignore[arg-type]  # one of them
    with session, ThreadPoolExecutor(4) as threads:
        sums = list(threads.map(lambda k: told(session, "sum", a=k, b=1), range(100)))
        assert sums == list(range(1, 101))
        teach(session)
        deep = list(threads.map(lambda _: session.call("add_one", {}).failure, range(4)))
        assert all(deep)
        session.call("clean_up", {})


def test_a_fork_has_a_worker_of_its_own(worker: Worker) -> None:
    mine = told(worker, "Sys.getpid")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  (in the other process)
        try:
            os.write(writing, str(told(worker, "Sys.getpid")).encode())
            worker.close()
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told_by_child:
        theirs = told_by_child.read()
    assert theirs.isdigit()
    assert theirs != str(mine)
    assert told(worker, "Sys.getpid") == mine


def python(code: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def said(code: str, folder: Path, **environment: str) -> str:
    with python(code, folder, **environment) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out.strip()


START = f"""
from bridge.session import connect
def ready(backend):
    session = connect(backend)
    session.call("source", {{"file": {str(HERE / "wire.R")!r}}})
    print(session.call("Sys.getpid", {{}}).value.cells[0], flush=True)
    return session
"""


def test_an_end_without_close_leaves_nothing(tmp_path: Path) -> None:
    code = START + "session = ready('worker')\nprint(session.call('tempdir', {}).value.cells[0])"
    pid, folder = said(code, tmp_path).splitlines()
    assert not is_running(int(pid))
    assert not Path(folder).exists()


def test_an_end_before_r_has_spoken_leaves_nothing(tmp_path: Path) -> None:
    code = "from bridge.worker import Worker\nWorker().start()\nWorker().start().close()"
    assert said(code, tmp_path, TMPDIR=str(tmp_path)) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "doing", ["import time; time.sleep(60)", "session.call('busy', {'seconds': 2})"]
)
def test_a_worker_ends_with_its_parent(doing: str, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    with python(
        START + "session = ready('worker')\n" + doing,
        tmp_path,
        TMPDIR=str(tmp_path / "temporary"),
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    assert soon(lambda: not is_running(pid))
    assert list((tmp_path / "temporary").iterdir()) == []


CTRL_C = """
session = ready({backend!r})
try:
    session.call({name!r}, {arguments!r})
except KeyboardInterrupt:
    print("stopped", flush=True)
print(session.call("sum", {{"a": 1}}).value.cells[0], flush=True)
"""


@pytest.mark.parametrize(
    ("backend", "name", "arguments"),
    [
        ("embedded", "forever", {}),
        ("worker", "forever", {}),
        # It hears nothing, and has to be killed.
        ("worker", "deaf", {"seconds": 30}),
    ],
)
def test_ctrl_c_ends_a_call_within_a_second_and_leaves_the_session_usable(
    backend: str, name: str, arguments: dict[str, int], tmp_path: Path
) -> None:
    code = START + CTRL_C.format(backend=backend, name=name, arguments=arguments)
    with python(code, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        assert process.stdout.readline() == "stopped\n"
        assert time.perf_counter() - start < 1
        assert process.stdout.readline() == "1\n"


def test_a_terminal_s_ctrl_c_does_not_reach_r(tmp_path: Path) -> None:
    code = (
        START
        + """
import os, signal
session = ready("worker")
try:
    os.killpg(0, signal.SIGINT)
    session.call("Sys.sleep", {"time": 5})
except KeyboardInterrupt:
    print(session.call("Sys.getpid", {}).value.cells[0])
"""
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        out, _ = process.communicate(timeout=60)
    before, after = out.split()
    assert before == after


def test_a_program_that_ignores_ctrl_c_goes_on_ignoring_it(tmp_path: Path) -> None:
    code = (
        START
        + """
import os, signal, threading
signal.signal(signal.SIGINT, signal.SIG_IGN)
for backend in ("embedded", "worker"):
    session = ready(backend)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    # Not by Sys.sleep, which has a handler of its own.
    session.call("busy", {"seconds": 0.5})
    print("on")
"""
    )
    assert [word for word in said(code, tmp_path).split() if word == "on"] == ["on", "on"]


def test_a_fork_of_a_process_that_runs_r_gets_a_worker(tmp_path: Path) -> None:
    code = (
        START
        + """
import os
from bridge.session import current, connect
from bridge.errors import BridgeError
assert current().kind == "embedded"
current().call("sum", {"a": 1})
if os.fork() == 0:
    print(current().kind, connect("auto").kind, current().call("sum", {"a": 1}).value.cells[0])
    try:
        connect("embedded").call("sum", {"a": 1})
    except BridgeError as error:
        print("forked" in str(error), flush=True)
    current().close()
    os._exit(0)
os.wait()
print(current().kind)
"""
    )
    assert said(code, tmp_path).split() == ["worker", "worker", "1", "True", "embedded"]


def test_spawned_processes_have_their_own(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(
        "from bridge.session import current\n"
        "def work(k):\n"
        "    return current().kind, int(current().call('sum', {'a': k, 'b': 1}).value.cells[0])\n"
    )
    code = """
import multiprocessing, task
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(task.work, range(4)))
"""
    (tmp_path / "main.py").write_text(code)
    for backend in ("embedded", "worker"):
        done = subprocess.run(
            [sys.executable, "main.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LME4_PARITY_BACKEND": backend},
        )
        assert done.stdout.strip() == str([(backend, k + 1) for k in range(4)])


def test_the_variable_names_the_backend(tmp_path: Path) -> None:
    code = "from bridge.session import current\nprint(current().kind)\ncurrent().close()"
    assert said(code, tmp_path, LME4_PARITY_BACKEND="worker") == "worker"
    wrong = "from bridge.session import probe\nprint(probe())"
    assert "'julia' is no backend" in said(wrong, tmp_path, LME4_PARITY_BACKEND="julia")


def test_without_rpy2_a_worker_is_taken(tmp_path: Path) -> None:
    (tmp_path / "rpy2").mkdir()
    (tmp_path / "rpy2" / "__init__.py").write_text("")
    (tmp_path / "rpy2" / "rinterface.py").write_text("raise ImportError('undefined: R_getVar')\n")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from bridge.session import current, probe, versions
print(probe(), current().kind, sorted(versions()))
current().close()
"""
    names = "['BLAS', 'LAPACK', 'Matrix', 'OS', 'R', 'lme4', 'platform']"
    assert said(code, tmp_path) == f"None worker {names}"


def test_a_profile_of_the_working_directory_is_not_run(tmp_path: Path) -> None:
    (tmp_path / ".Rprofile").write_text("writeLines('x', 'ran')\n")
    code = START + "ready('worker').close()"
    assert said(code, tmp_path).isdigit()
    assert not (tmp_path / "ran").exists()
