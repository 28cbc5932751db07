"""What is here of R, lme4 and rpy2, what of it works, and the one command that mends the rest."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from textwrap import wrap
from typing import TYPE_CHECKING

from bridge import scripts
from bridge.cure import Cure, cure_r, cure_rpy2, is_old, this_system
from bridge.errors import EngineMissingError
from bridge.program import environment, find_r
from bridge.trial import Trial, try_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# R's packages that some questions to a fit need, beside lme4.
_OPTIONAL = {
    "lmerTest": "p-values by Satterthwaite's degrees of freedom",
    "pbkrtest": "p-values by Kenward and Roger's",
    "emmeans": "estimated marginal means",
}
_ABSENT = "not installed"
_WIDTH = 17
_REASON_WIDTH = 76
# Symbols of an R from 4.5 on, which a newer rpy2 asks for.
_NEW_SYMBOLS = ("R_getVar", "R_ParentEnv")
NOTHING_WORKS = 3


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found.

    Attributes
    ----------
    versions
        Part -> its version, or "not installed".
    trials
        What each kind of session did with a tiny model.
    cures
        What is missing or does not fit, with the commands that mend it.
    """

    versions: Mapping[str, str]
    trials: tuple[Trial, ...]
    cures: tuple[Cure, ...]

    @property
    def works(self) -> bool:
        """Whether a model can be fitted, in whichever way."""
        return any(trial.works for trial in self.trials)

    @property
    def used(self) -> str | None:
        """The kind of session that is taken by itself, None where none works."""
        return next((trial.kind for trial in self.trials if trial.works), None)

    @property
    def equal(self) -> bool | None:
        """Whether both kinds answered alike to the last bit; None unless both work."""
        if not all(trial.works for trial in self.trials):
            return None
        return len({trial.digest for trial in self.trials}) == 1

    @property
    def status(self) -> int:
        """The exit status of the command: 0 where something works, else 3."""
        return 0 if self.works else NOTHING_WORKS

    def __str__(self) -> str:
        """Return the report."""
        return "\n".join(_report(self))


def examine() -> Examination:
    """Return what is here, what works when it is really tried, and what mends the rest."""
    told = ask_r()
    versions = {name: told.get(name) or _ABSENT for name in _ASKED} | _python_versions()
    trials = try_kinds(("embedded", "worker"))
    return Examination(versions, trials, tuple(_cures(versions, trials)))


_ASKED = ("R", "lme4", "Matrix", "lmerTest", "pbkrtest", "emmeans", "BLAS", "LAPACK")


def ask_r() -> dict[str, str]:
    """Return what R tells about itself, empty where it does not run."""
    try:
        told = subprocess.run(  # noqa: S603  (a fixed command)
            [
                find_r(),
                *("--no-echo", "--no-save", "--no-restore", "--no-init-file"),
                f"--file={scripts.folder() / 'doctor.R'}",
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env=environment(),
        ).stdout
    except (EngineMissingError, OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.partition("\t") for line in told.splitlines())
    return {name: version for name, mark, version in pairs if mark}


def _python_versions() -> dict[str, str]:
    try:
        rpy2 = metadata.version("rpy2-rinterface")
    except metadata.PackageNotFoundError:
        rpy2 = _ABSENT
    return {
        "rpy2-rinterface": rpy2,
        "Python": platform.python_version(),
        "system": platform.platform(),
    }


def _cures(versions: Mapping[str, str], trials: tuple[Trial, ...]) -> Iterator[Cure]:
    no_r = versions["R"] == _ABSENT
    lacking = tuple(name for name in _OPTIONAL if versions[name] == _ABSENT)
    if no_r or versions["lme4"] == _ABSENT:
        what = "R is not here." if no_r else f"R {versions['R']} is here, but lme4 is not."
        yield cure_r(("lme4", *lacking), what, needed=True, no_r=no_r)
    elif lacking:
        uses = "; ".join(f"{name} ({_OPTIONAL[name]})" for name in lacking)
        yield cure_r(lacking, f"Some answers need {uses}.", needed=False, no_r=False)
    embedded = next((trial for trial in trials if trial.kind == "embedded"), None)
    if embedded is not None and not embedded.works and not no_r:
        what = _explain_rpy2(versions, embedded.reason)
        if what:
            yield cure_rpy2(versions["R"], what)


def _explain_rpy2(versions: Mapping[str, str], reason: str) -> str:
    """Return what is wrong with rpy2, empty where the reason is another one."""
    rpy2, r = versions["rpy2-rinterface"], versions["R"]
    if any(symbol in reason for symbol in _NEW_SYMBOLS) and is_old(r):
        return (
            f"rpy2-rinterface {rpy2} cannot load R {r}: it is made for R 4.5 and later. The one "
            "that fits:"
        )
    if "rpy2 is not installed" in reason:
        return "rpy2 is not installed; with it R runs inside Python, without it as a worker."
    return f"rpy2-rinterface {rpy2} does not load R {r}." if "rpy2" in reason else ""


_MEANS = {
    "embedded": "R inside this process, by rpy2",
    "worker": "R in a process of its own, without rpy2",
}


def _line(name: str, text: str) -> str:
    return f"  {name:<{_WIDTH}}{text}"


def _report(found: Examination) -> Iterator[str]:
    yield "What is here"
    yield from (_line(name, version) for name, version in found.versions.items())
    yield ""
    yield "What works"
    for trial in found.trials:
        yield _line(trial.kind, f"{'yes' if trial.works else 'no '}  {_MEANS[trial.kind]}")
        if not trial.works:
            yield from (_line("", f"     {line}") for line in wrap(trial.reason, _REASON_WIDTH))
    if found.equal is not None:
        entries = found.trials[0].entries
        same = "yes  to the last bit of a fit's" if found.equal else "NO   they differ in a fit's"
        yield _line("both alike", f"{same} {entries} entries")
    yield _line("used", f"{found.used or 'none'}{_because(found)}")
    yield ""
    yield from _mending(found.cures)


def _because(found: Examination) -> str:
    if found.used == "worker":
        return ", since R inside this process does not work; nothing is lost but some milliseconds"
    return "" if found.used else ": no model can be fitted"


def _mending(cures: tuple[Cure, ...]) -> Iterator[str]:
    if not cures:
        yield "Nothing is missing."
        return
    here = this_system()
    for cure in cures:
        yield f"{'Needed' if cure.needed else 'Optional'}: {cure.what}"
        for system, command in cure.commands.items():
            mark = "->" if system == here or len(cure.commands) == 1 else "  "
            yield f"{mark}{system:<{_WIDTH}}{command}"
        yield ""
