"""Every bad input gives its class of error and names the culprit; none ends the process."""

import os
import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

import bridge
from bridge import BridgeError, DataError, lmer
from bridge.session import Session, connect
from tests.bridge.bad_inputs import BAD_INPUTS, NAN, REMARKED, ROW, BadInput, Desk, table

pytestmark = pytest.mark.r
ROOT = Path(__file__).parents[2]
# What R says from deep inside, and Python of its own: no sentence for the user.
INTERNALS = re.compile(
    r"closure|subsettable|subscript|length zero|TRUE/FALSE needed|non-conformable|coercion|"
    r"['\"]\. R said: .* is not TRUE|could not find function|no applicable method|"
    r"atomic vectors|Traceback|object '\w+' not found|"
    r"Before that it said: (.*) Before that it said: \1( |$)"
)
# Longer than any: a formula of 200 characters, its meaning, R's own words and what came before.
LONGEST = 900


def named(entry: BadInput) -> str:
    return f"{entry.id} [{entry.function}]"


def desk(session: Session) -> Desk:
    return Desk(session, table(), {})


@pytest.fixture(scope="module", autouse=True)
def _no_screen() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield


@pytest.fixture(scope="module")
def embedded() -> Desk:
    return desk(connect("embedded"))


@pytest.fixture(scope="module")
def worker() -> Iterator[Desk]:
    with connect("worker") as session:
        yield desk(session)


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask in an empty folder, and see that no entry left anything in it."""
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


def require_refused(entry: BadInput, where: Desk) -> None:
    assert entry.error is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as caught:  # noqa: PT011  (its very class is looked at below)
            where.ask(entry)
    said = str(caught.value)
    assert type(caught.value) is entry.error, said
    assert re.search(entry.words, said, re.DOTALL), said
    assert not INTERNALS.search(said), said
    assert 0 < len(said) <= LONGEST


def test_the_table_is_long_and_without_repeats() -> None:
    assert len(BAD_INPUTS) >= 150
    ids = [named(entry) for entry in (*BAD_INPUTS, *REMARKED)]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert {entry.function for entry in BAD_INPUTS} >= {"lm", "glm", "lmer", "glmer", "glmer_nb"}


@pytest.mark.parametrize("entry", BAD_INPUTS, ids=named)
@pytest.mark.usefixtures("_elsewhere")
def test_a_bad_input_is_refused_by_name(entry: BadInput, embedded: Desk) -> None:
    require_refused(entry, embedded)


@pytest.mark.parametrize("entry", BAD_INPUTS, ids=named)
@pytest.mark.usefixtures("_elsewhere")
def test_a_worker_refuses_it_too(entry: BadInput, worker: Desk) -> None:
    require_refused(entry, worker)


@pytest.mark.parametrize("entry", REMARKED, ids=named)
def test_what_r_fits_all_the_same_is_remarked_upon(entry: BadInput, embedded: Desk) -> None:
    messages = [said.text for said in embedded.ask(entry).messages]
    assert any(re.search(entry.words, text) for text in messages), messages


@pytest.mark.parametrize("argument", ["weights", "offset"])
def test_a_row_without_a_weight_or_offset_is_dropped_and_known(
    argument: str, embedded: Desk
) -> None:
    values = [NAN if k == 4 else 1.0 for k in ROW]
    arguments: dict[str, Any] = {argument: values, "session": embedded.session}
    fit = lmer("y ~ x + (1 | g)", embedded.data, **arguments)
    assert fit.omitted.tolist() == [4]


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        ("lm", "y ~ x + I(2 * x)"),
        ("glm", "yes ~ x + I(2 * x)"),
        ("lmer", "y ~ x + I(2 * x) + (1 | g)"),
        ("glmer", "yes ~ x + I(2 * x) + (1 | g)"),
        ("glmer_nb", "count ~ x + I(2 * x) + (1 | k)"),
    ],
)
def test_a_column_that_the_others_give_is_dropped_and_named(
    function: str, formula: str, embedded: Desk
) -> None:
    fitter: Any = getattr(bridge, function)
    fit = fitter(formula, embedded.data, session=embedded.session)
    assert fit.dropped_columns == ("I(2 * x)",)


def test_a_row_without_a_group_is_dropped_and_known(embedded: Desk) -> None:
    data = embedded.data.assign(g=[NAN if k == 4 else float(k % 5) for k in ROW])
    fit = lmer("y ~ x + (1 | g)", data, session=embedded.session)
    assert fit.omitted.tolist() == [4]
    assert fit.ngroups == {"g": 5}


@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + offset(z) + (1 | g)"])
def test_a_constant_response_with_an_offset_is_fitted(formula: str, embedded: Desk) -> None:
    data = embedded.data.assign(y=1.0, z=embedded.data["y"])
    offset = None if "offset" in formula else "z"
    fit = lmer(formula, data, offset=offset, session=embedded.session)
    assert fit.sigma > 0.1


def test_rows_of_contrasts_are_put_to_the_levels_by_their_names(embedded: Desk) -> None:
    cells = {"c": [1.0, 0.0], "a": [0.0, 1.0], "b": [-1.0, -1.0]}
    given = pd.DataFrame.from_dict(cells, orient="index")
    fit = lmer("y ~ f + (1 | g)", embedded.data, contrasts={"f": given}, session=embedded.session)
    coding = fit.contrasts["f"].coding
    assert {level: list(coding.loc[level]) for level in coding.index} == cells


def test_the_reference_is_one_of_the_levels_that_the_subset_leaves(embedded: Desk) -> None:
    arguments: dict[str, Any] = {"subset": ROW % 3 != 2, "session": embedded.session}
    fit = lmer("y ~ f + (1 | g)", embedded.data, reference={"f": "b"}, **arguments)
    assert list(fit.fixef.index) == ["(Intercept)", "fa"]
    with pytest.raises(DataError, match="'f' has the level 'c'"):
        lmer("y ~ f + (1 | g)", embedded.data, reference={"f": "c"}, **arguments)


ALL_IN_A_THREAD = """
import threading, warnings
import matplotlib
matplotlib.use("agg")
warnings.simplefilter("ignore")
from bridge.session import connect
from tests.bridge.bad_inputs import BAD_INPUTS, Desk, table

refused = 0

def ask():
    global refused
    desk = Desk(connect("embedded"), table(), {})
    for entry in BAD_INPUTS:
        try:
            desk.ask(entry)
        except entry.error:
            refused += 1

thread = threading.Thread(target=ask)
thread.start()
thread.join()
print(refused, len(BAD_INPUTS))
"""


def test_no_input_ends_a_process_that_asks_in_a_thread(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_A_THREAD],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.split() == [str(len(BAD_INPUTS))] * 2
    assert list(tmp_path.iterdir()) == []


def test_the_documented_errors_are_the_bridge_s_own() -> None:
    # An argument that no function of Python's has is Python's own error.
    others = [entry for entry in BAD_INPUTS if not issubclass(entry.error or str, BridgeError)]
    assert {entry.error for entry in others} == {TypeError}
    assert all("zz" in entry.arguments or "REML" in entry.arguments for entry in others)
