"""`parity certify` of a few cases: the optimum proven in interval arithmetic, to 50 digits.

Nothing else does this, so that there is no rival; each figure is that of a whole process.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.programs import run_program

if TYPE_CHECKING:
    from benchmarks.contest import Contest

_PARITY = str(Path(sys.executable).with_name("parity"))
_CASES = ("dyestuff-reml", "sleepstudy-slope-reml", "jsp-slope-reml", "pastes-reml", "cbpp")


def bench_certification(contest: Contest) -> None:
    """Certify each."""
    commands = {case: [_PARITY, "certify", case, "--format", "json"] for case in _CASES}
    contest.run(
        "parity certify",
        {case: partial(run_program, command) for case, command in commands.items()},
        rounds=3,
    )
