"""Every shipped case, by the R inside this process and by a worker: equal to the last bit."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bridge
from bridge.encode import to_frame
from bridge.placement import is_affected
from bridge.scripts import folder
from bridge.session import Answer, Argument, Session, Vector, connect
from bridge.trial import digest
from bridge.worker import Worker
from parity.casefile import SHIPPED, load_suite
from parity.dataset import NotShippedError

if TYPE_CHECKING:
    from parity.case import Case

pytestmark = pytest.mark.r
HERE = Path(__file__).parent
CASES = {
    case.name: case
    for path in (SHIPPED, SHIPPED.with_name("seed.toml"))
    for case in load_suite(path).cases
}
HEAVY = ("insteval-reml", "verbagg")
CROSSED = "diameter ~ 1 + (1 | plate) + (1 | sample)"
# One in two processes has either order: that as many have the same is less likely than 1 in 10,000.
MOST_PROCESSES = 14


class Recording:
    """A session that keeps the answers of fits."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.fits: list[Answer] = []

    def call(self, name: str, arguments: Mapping[str, Argument]) -> Answer:
        answer = self.session.call(name, arguments)
        if name.startswith("fit_"):
            self.fits.append(answer)
        return answer

    def __getattr__(self, name: str) -> object:
        return getattr(self.session, name)


def order(session: Session) -> int:
    """Return the order of elimination that lme4 gets in this session."""
    session.call("source", {"file": str(HERE / "order.R")})
    value = session.call("elimination_order", {}).value
    assert isinstance(value, Vector)
    assert value.cells[0] is not None
    return int(value.cells[0])


@pytest.fixture(scope="module")
def sessions() -> Iterator[tuple[Session, Session]]:
    """Both kinds of session, of one order of elimination."""
    embedded = connect("embedded")
    for _ in range(MOST_PROCESSES):
        with Worker() as worker:
            # Where the place of lme4's library cannot be chosen, the order is drawn at random.
            if order(worker) == order(embedded):
                yield embedded, worker
                return
    pytest.fail(f"none of {MOST_PROCESSES} workers has the order {order(embedded)}")


def fit(case: Case, data: object, session: Session) -> Answer:
    """Return R's answer to a case, asked for as the harness asks for it."""
    spec = case.spec
    kept = Recording(session)
    asked: dict[str, Any] = {"session": kept}
    if spec.kind == "lm":
        bridge.lm(spec.formula, data, **asked)
    elif spec.kind == "lmm":
        bridge.lmer(spec.formula, data, REML=spec.criterion == "REML", cond_var=True, **asked)
    else:
        asked |= {"family": spec.family, "link": spec.link, "cond_var": True}
        bridge.glmer(spec.formula, data, **asked)
    (answer,) = kept.fits
    return answer


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] * (name in HEAVY))
        for name, case in CASES.items()
    ],
    ids=CASES.keys(),
)
def test_embedded_and_worker_give_the_same_bits(
    case: Case, sessions: tuple[Session, Session]
) -> None:
    try:
        data = case.dataset.load()
    except NotShippedError as error:
        pytest.skip(str(error))
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(fit, case, data, sessions[1])
        inside = fit(case, data, sessions[0])
        outside = other.result()
    assert isinstance(inside.value, Mapping)
    assert isinstance(outside.value, Mapping)
    assert len(inside.value) > 40
    assert list(inside.value) == list(outside.value)
    differing = [
        name for name in inside.value if digest(inside.value[name]) != digest(outside.value[name])
    ]
    assert differing == []
    assert inside.conditions == outside.conditions


def plain_answer(data: Path, out: Path) -> str:
    """Return the digest of what Rscript alone, without the bridge, fits."""
    rscript = shutil.which("Rscript")
    assert rscript is not None
    command = [rscript, str(folder() / "lmer.R"), CROSSED, str(data), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    answer = connect("embedded").call("readRDS", {"file": str(out)})
    assert isinstance(answer.value, Mapping)
    return digest(answer.value)


def test_plain_r_draws_between_two_answers_of_which_ours_is_one(
    sessions: tuple[Session, Session], tmp_path: Path
) -> None:
    embedded, worker = sessions
    table = CASES["penicillin-reml"].dataset.load()
    frame = to_frame(table, list(table.columns))
    data = tmp_path / "penicillin.rds"
    embedded.call("save_result", {"name": "data.frame", "arguments": frame, "path": str(data)})
    ours = {
        digest(session.call("fit_lmer", {"formula": CROSSED, "data": frame}).value)
        for session in (embedded, worker)
    }
    assert len(ours) == 1

    lme4 = embedded.call("system.file", {"package": "lme4"}).value
    assert isinstance(lme4, Vector)
    answers = 2 if is_affected(Path(str(lme4.cells[0]))) else 1
    plain: set[str] = set()
    for _ in range(MOST_PROCESSES):
        plain.add(plain_answer(data, tmp_path / "out.rds"))
        if len(plain) == answers and answers > 1:
            break
    assert len(plain) == answers
    assert ours < plain or ours == plain
