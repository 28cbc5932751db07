"""Each known defect, measured on shipped data and held against its band."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import statsmodels

from parity.defect import Defect, load_defects
from tests.defects import lme4_measures, statsmodels_measures

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
DEFECTS = load_defects()
# Two processes that start R each, beside one another.
SLOW = {"lme4-placement"}


def parameters(*, slow: bool = False) -> list[object]:
    found: list[object] = []
    for defect in DEFECTS:
        marks = [pytest.mark.r] if defect.program == "lme4" else []
        if slow or defect.name in SLOW:
            marks.append(pytest.mark.slow)
        found.append(pytest.param(defect, id=defect.name, marks=marks))
    return found


def measure(defect: Defect) -> tuple[str, float]:
    """Return the program's version and what was measured."""
    if defect.program == "lme4":
        return lme4_measures.MEASURES[defect.name]()
    return statsmodels.__version__, statsmodels_measures.MEASURES[defect.name]()


def test_every_defect_is_measured_and_nothing_else_is() -> None:
    measured = [*statsmodels_measures.MEASURES, *lme4_measures.MEASURES]
    assert sorted(measured) == sorted(defect.name for defect in DEFECTS)
    assert all(name.startswith("statsmodels-") for name in statsmodels_measures.MEASURES)
    assert all(name.startswith("lme4-") for name in lme4_measures.MEASURES)


@pytest.mark.parametrize("defect", parameters())
def test_a_defect_is_as_declared(
    defect: Defect, record_property: Callable[[str, object], None]
) -> None:
    version, measured = measure(defect)
    judgement = defect.judge(measured, version)
    record_property("judgement", judgement.sentence)
    assert judgement.outcome.green, judgement.sentence


@pytest.mark.parametrize("defect", parameters(slow=True))
def test_a_defect_can_be_seen_by_its_command(defect: Defect) -> None:
    program, *words = shlex.split(defect.see)
    command = [sys.executable if program == "python" else program, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    version, _ = measure(defect)
    if defect.direction == "raises":
        measured = float(done.returncode != 0)
    else:
        assert done.returncode == 0, done.stderr
        measured = float(done.stdout.split()[-1])
    judgement = defect.judge(measured, version)
    assert judgement.outcome.green, judgement.sentence
