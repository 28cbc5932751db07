"""What lme4's defects measure, by plain R in its own process: the bridge mends some of them."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from parity.known import is_within

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATASETS = ROOT / "parity" / "data" / "datasets"
SCRIPT = HERE / "lme4.R"

# lme4's library is led to a place where bit 31 of its address is set, or to one where it is not.
FIT_AT_A_PLACE = """
import json, sys
import pandas as pd
import bridge
from bridge import placement
from bridge.session import connect

half = 1 << 31
if sys.argv[2] == "low":
    placement._is_right = lambda start, size: not (start & half or (start + size - 1) & half)
data = pd.read_csv(sys.argv[1], dtype={"plate": "category", "sample": "category"})
fit = bridge.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data, session=connect("embedded"))
with open("/proc/self/maps") as lines:
    starts = [int(one.split("-")[0], 16) for one in lines if one.rstrip().endswith("/lme4.so")]
high = {bool(start & half) for start in starts}
print(json.dumps([fit.versions["lme4"], fit.theta.iloc[0], sorted(high)]))
"""


def by_rscript(function: str) -> tuple[str, float]:
    """Return lme4's version and the number that a function of lme4.R measures."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("there is no Rscript here")
    command = [rscript, "--vanilla", str(SCRIPT), str(DATASETS), function]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    version, number = done.stdout.split()
    return version, float(number)


def lme4_placement() -> tuple[str, float]:
    """Return lme4's version and how far theta lies apart by the place of its library alone."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the place is chosen on Linux, and tried on x86-64")
    answers = {}
    command = [sys.executable, "-c", FIT_AT_A_PLACE, str(DATASETS / "penicillin.csv")]
    started = {
        place: subprocess.Popen([*command, place], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for place in ("high", "low")
    }
    for place, process in started.items():
        out, _ = process.communicate()
        assert process.returncode == 0
        version, theta, high = json.loads(out.splitlines()[-1])
        if is_within(version, "<1.1.35.1"):
            assert high == [place == "high"], "the library does not lie where it was led"
        answers[place] = theta
    return version, answers["low"] / answers["high"] - 1


def _names() -> list[str]:
    return re.findall(r"^(lme4_\w+) <- function", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)


MEASURES = {name.replace("_", "-"): partial(by_rscript, name) for name in _names()}
MEASURES["lme4-placement"] = partial(lme4_placement)
