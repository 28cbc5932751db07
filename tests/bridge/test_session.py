"""What holds for both kinds of session: random numbers, output, options, Ctrl-C during a fit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.session import Argument, Kind, Session, Vector, connect, current

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.r
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INSTEVAL = ROOT / "parity" / "data" / "datasets" / "insteval.csv.gz"
KINDS: tuple[Kind, ...] = ("embedded", "worker")
# As R prints `set.seed(1); rnorm(3)`, since its version 3.6.
FIRST_DRAWS = [-0.6264538, 0.1836433, -0.8356286]


@pytest.fixture(scope="module", params=KINDS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with connect(request.param) as made:
        answer = made.call("source", {"file": str(HERE / "session.R")})
        assert answer.failure is None
        yield made
        made.call("clean_up", {})


def told(session: Session, name: str, **arguments: Argument) -> list[object]:
    answer = session.call(name, arguments)
    assert answer.failure is None, answer.failure
    assert isinstance(answer.value, Vector)
    return list(answer.value.cells)


def test_a_seed_alone_decides_what_is_drawn(session: Session) -> None:
    assert told(session, "draw", seed=1) == pytest.approx(FIRST_DRAWS, abs=5e-8)  # its last digit
    assert told(session, "draw", seed=1) == told(session, "draw", seed=1)
    assert told(session, "draw", seed=1) != told(session, "draw", seed=2)
    assert told(session, "draw") != told(session, "draw")


def test_other_generators_change_nothing_and_come_back(session: Session) -> None:
    before = told(session, "kinds")
    assert before == ["Mersenne-Twister", "Inversion", "Rejection"]
    assert told(session, "draw_by_old_rules", seed=1)[:3] == told(session, "draw", seed=1)
    assert told(session, "kinds") == before
    told(session, "leave_old_rules")
    assert told(session, "kinds") == before


def test_no_call_leaves_a_seed_behind(session: Session) -> None:
    assert told(session, "has_seed") == [False]
    told(session, "draw", seed=1)
    told(session, "draw_freely")
    told(session, "draw_by_old_rules", seed=1)
    assert told(session, "has_seed") == [False]


def test_options_are_pinned_and_come_back(session: Session) -> None:
    before = told(session, "getOption", x="digits")
    assert told(session, "digits") == [3]
    assert told(session, "getOption", x="digits") == before


def test_what_r_prints_is_one_condition_after_the_others(session: Session) -> None:
    answer = session.call("speak", {})
    said = [(condition.kind, condition.text) for condition in answer.conditions]
    assert said == [
        ("message", "a message"),
        ("warning", "a warning"),
        ("output", 'one\n[1] "two"\n'),
    ]
    assert answer.failure is not None
    assert answer.failure.text == "in the middle of a diversion"
    assert told(session, "count_sinks") == told(session, "count_sinks")


def test_an_error_leaves_no_diversion_and_no_connection(session: Session) -> None:
    sinks, connections = told(session, "count_sinks"), told(session, "count_connections")
    for _ in range(3):
        session.call("speak", {})
    assert told(session, "count_sinks") == sinks
    # The file that the function itself left open is R's to close, and its own.
    assert told(session, "count_connections")[0] <= connections[0] + 3  # type: ignore[operator]


def test_verbose_fits_print_the_same_in_both_kinds() -> None:
    texts = []
    for kind in KINDS:
        with connect(kind) as made:
            made.call("source", {"file": str(HERE / "session.R")})
            answer = made.call("verbose_fit", {})
            made.call("clean_up", {})
        (said,) = answer.conditions
        assert said.kind == "output"
        texts.append(said.text)
    assert texts[0] == texts[1]
    assert "iteration" in texts[0]


def test_current_is_one_and_starts_again_after_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.session._current", None)
    monkeypatch.setenv("LME4_PARITY_BACKEND", "worker")
    first = current()
    assert current() is first
    first.close()
    with current() as second:
        assert second is not first
        assert second.call("sum", {"a": 1}).failure is None


FIT = f"""
import pandas as pd
from bridge import lmer
from bridge.session import connect
session = connect({{kind!r}})
d = pd.read_csv({str(INSTEVAL)!r}, dtype={{{{"s": "category", "d": "category"}}}})
lmer("y ~ 1 + (1 | s)", d.head(2000), session=session)
print("ready", flush=True)
try:
    lmer("y ~ 1 + (1 | s) + (1 | d)", d, session=session)
except KeyboardInterrupt:
    print("stopped", flush=True)
print(lmer("y ~ 1 + (1 | s)", d.head(2000), session=session).converged, flush=True)
session.close()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_ends_a_long_fit(kind: Kind, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FIT.format(kind=kind)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        assert process.stdout.readline() == "stopped\n"
        assert time.perf_counter() - start < 1
        assert process.stdout.readline() == "True\n"
