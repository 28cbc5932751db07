"""What only a fresh process shows: imports, R's globals, locales, missing parts, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIT = """
import numpy as np, pandas as pd
from bridge import lmer
g = np.repeat(np.arange(6), 5)
d = pd.DataFrame({"y": np.sin(np.arange(30.0)) + g, "x": np.arange(30.0) % 7, "g": g})
"""


def python(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def said(code: str, cwd: Path, **environment: str) -> str:
    done = python(code, cwd, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_import_loads_neither_r_nor_pandas(tmp_path: Path) -> None:
    code = """
import sys, time
start = time.perf_counter()
import bridge
took = time.perf_counter() - start
assert took < 0.05, took
print([name for name in ("numpy", "pandas", "rpy2") if name in sys.modules])
"""
    assert said(code, tmp_path) == "[]"


def test_a_name_that_is_not_there_is_no_attribute(tmp_path: Path) -> None:
    code = "import bridge\nprint(hasattr(bridge, 'lmeer'), 'lmer' in dir(bridge))"
    assert said(code, tmp_path) == "False True"


@pytest.mark.r
def test_r_s_global_environment_stays_empty(tmp_path: Path) -> None:
    code = (
        FIT
        + """
control = {"optimizer": "Nelder_Mead", "optCtrl": {"maxfun": 20}}
assert not lmer("y ~ x + (x | g)", d, control=control).converged
from bridge.embedded import session
print(list(session()._ri.globalenv.keys()))
"""
    )
    assert said(code, tmp_path) == "[]"


@pytest.mark.r
def test_a_profile_of_the_working_directory_is_not_run(tmp_path: Path) -> None:
    (tmp_path / ".Rprofile").write_text("cat('from the profile\\n'); writeLines('x', 'ran')\n")
    code = FIT + 'print(lmer("y ~ x + (1 | g)", d).nobs > 0)'
    assert said(code, tmp_path) == "True"
    assert not (tmp_path / "ran").exists()


@pytest.mark.r
def test_child_processes_inherit_the_environment_as_it_was(tmp_path: Path) -> None:
    code = (
        """
import os, subprocess
seen = lambda: set(subprocess.run(["env"], capture_output=True, text=True).stdout.splitlines())
before = seen()
"""
        + FIT
        + """
lmer("y ~ x + (1 | g)", d)
kept = ("R_HOME", "R_ARCH", "PYTHON_SESSION_INITIALIZED", "RPY2_CFFI_MODE", "_=")
print(sorted(line for line in before ^ seen() if not line.startswith(kept)))
"""
    )
    assert said(code, tmp_path) == "[]"


@pytest.mark.r
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + system('touch pwned') + (1 | g)",
        "y ~ x + (1 | system('touch pwned'))",
        "y ~ poly(x, base::system('touch pwned')) + (1 | g)",
        "y ~ do.call('system', list('touch pwned')) + (1 | g)",
    ],
)
def test_the_formula_s_environment_holds_alone(tmp_path: Path, formula: str) -> None:
    code = (
        FIT
        + f"""
from bridge import embedded
from bridge.encode import to_frame
running = embedded.session()
blind = running._ri.parse("walk_formula <- function(...) list()")
with running.lock:
    running._ri.baseenv["eval"](blind, running._scope)
frame = to_frame(d, ["y", "x", "g"])
print(running.call("fit_lmer", {{"formula": {formula!r}, "data": frame}}).failure.text)
"""
    )
    assert "could not find function" in said(code, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.r
def test_files_of_the_folder_change_nothing(tmp_path: Path) -> None:
    (tmp_path / ".Rprofile").write_text("options(contrasts = c('contr.sum', 'contr.sum'))\n")
    code = (
        FIT
        + """
d["f"] = ["a", "b"] * 15
print(list(lmer("y ~ f + (1 | g)", d).fixef.index))
"""
    )
    assert said(code, tmp_path) == "['(Intercept)', 'fb']"


@pytest.mark.r
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_names_and_levels_outlive_the_locale(tmp_path: Path, locale: str) -> None:
    code = (
        FIT
        + """
d["größe"] = d["x"]
d["stadt"] = pd.Categorical.from_codes(d["g"], ["é", "日本", " x", "b:c", "", "NA"])
fit = lmer("y ~ größe + (1 | stadt)", d)
assert list(fit.fixef.index) == ["(Intercept)", "größe"], fit.fixef
assert list(fit.ranef["stadt"].index) == ["é", "日本", " x", "b:c", "", "NA"], fit.ranef
print("größe" in fit.summary())
"""
    )
    assert said(code, tmp_path, LC_ALL=locale, PYTHONUTF8="1") == "True"


@pytest.mark.r
def test_r_can_start_in_a_thread(tmp_path: Path) -> None:
    code = (
        FIT
        + """
import threading
found = []
thread = threading.Thread(target=lambda: found.append(lmer("y ~ x + (1 | g)", d).loglik))
thread.start(); thread.join()
print(found == [lmer("y ~ x + (1 | g)", d).loglik])
"""
    )
    assert said(code, tmp_path) == "True"


@pytest.mark.r
def test_a_fork_fits_by_a_worker_to_the_same_bits(tmp_path: Path) -> None:
    code = (
        FIT
        + """
import os
from bridge.session import current
fit = lmer("y ~ x + (1 | g)", d)
if os.fork() == 0:
    again = lmer("y ~ x + (1 | g)", d)
    print(current().kind, again.loglik == fit.loglik, again.fixef.equals(fit.fixef), flush=True)
    current().close()
    os._exit(0)
os.wait()
print(current().kind, fit.ngroups)
"""
    )
    assert said(code, tmp_path) == "worker True True\nembedded {'g': 6}"


@pytest.mark.r
def test_a_fork_of_the_embedded_r_is_refused_in_words(tmp_path: Path) -> None:
    code = (
        FIT
        + """
import os
from bridge import BridgeError
from bridge.session import connect
lmer("y ~ x + (1 | g)", d)
if os.fork() == 0:
    try:
        lmer("y ~ x + (1 | g)", d, session=connect("embedded"))
    except BridgeError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""
    )
    assert "forked" in said(code, tmp_path)


@pytest.mark.r
def test_deep_recursion_is_an_error_of_r_s(tmp_path: Path) -> None:
    code = (
        FIT
        + """
from bridge.session import current
from bridge import embedded
lmer("y ~ x + (1 | g)", d)
running = embedded.session()
deep = running._ri.parse("deep <- function(n = 0) deep(n + 1)")
with running.lock:
    running._ri.baseenv["eval"](deep, running._scope)
answer = running.call("deep", {})
assert answer.failure is not None
print(lmer("y ~ x + (1 | g)", d).converged)
"""
    )
    assert said(code, tmp_path) == "True"


@pytest.mark.r
def test_ctrl_c_ends_a_fit_and_leaves_r_usable(tmp_path: Path) -> None:
    code = (
        FIT
        + """
from bridge import embedded
running = embedded.session()
long = running._ri.parse("forever <- function() repeat sum(1)")
with running.lock:
    running._ri.baseenv["eval"](long, running._scope)
print("ready", flush=True)
try:
    running.call("forever", {})
except KeyboardInterrupt:
    print("stopped", flush=True)
print(lmer("y ~ x + (1 | g)", d).converged, flush=True)
"""
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        assert process.stdout.readline() == "stopped\n"
        assert time.perf_counter() - start < 1
        assert process.stdout.readline() == "True\n"


def test_no_r_is_one_sentence(tmp_path: Path) -> None:
    code = (
        FIT
        + """
from bridge import BridgeError, EngineMissingError
from bridge.session import probe
import os
os.environ.pop("R_HOME", None)
try:
    lmer("y ~ x + (1 | g)", d)
except EngineMissingError as error:
    assert isinstance(error, BridgeError)
    assert probe() == str(error)
    print(error)
"""
    )
    text = said(code, tmp_path, PATH=str(tmp_path))
    assert text.startswith("R is not here")
    assert "apt-get install" in text


@pytest.mark.r
@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("ModuleNotFoundError('No module named rpy2')", "rpy2 is not installed"),
        ("ImportError('undefined symbol: R_getVar')", "undefined symbol: R_getVar"),
        ("ValueError('r_home is None')", "cannot load"),
    ],
)
def test_an_rpy2_that_does_not_load_is_explained(tmp_path: Path, raised: str, words: str) -> None:
    package = tmp_path / "rpy2"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rinterface.py").write_text(f"raise {raised}\n")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from bridge.embedded import probe
print(probe())
"""
    text = said(code, tmp_path)
    assert words in text
    assert "rpy2-rinterface==3.6.5" in text


@pytest.mark.r
def test_a_missing_lme4_is_one_sentence(tmp_path: Path) -> None:
    code = """
from bridge import embedded
embedded.Embedded._lme4_folder = lambda self: ""
print(embedded.probe())
"""
    assert "package lme4 is not" in said(code, tmp_path)


@pytest.mark.r
def test_versions_are_told_without_a_fit(tmp_path: Path) -> None:
    code = "from bridge.session import probe, versions\nprint(probe(), sorted(versions()))"
    assert said(code, tmp_path) == (
        "None ['BLAS', 'LAPACK', 'Matrix', 'OS', 'R', 'lme4', 'platform', 'rpy2-rinterface']"
    )
