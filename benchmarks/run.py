"""Run benchmarks, each group in a pytest of its own, and write the page of results.

    python benchmarks/run.py [GROUP ...]     all groups for none

A group that was run before and is not named keeps its figures on the page; one that fails, or
takes longer than `PATIENCE`, has a line there that says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.results import GROUPS, HERE, MEASURED, load_groups, write_page

PATIENCE = 1200.0
_TAIL = 300


def run(name: str) -> None:
    """Leave the group's JSON in `MEASURED`, whatever becomes of it."""
    path = MEASURED / f"{name}.json"
    path.unlink(missing_ok=True)
    before, started = list(os.getloadavg()), time.monotonic()
    command = [
        sys.executable, "-m", "pytest", str(HERE / f"bench_{name}.py"), "-q", "-p", "no:randomly",
        "--benchmark-quiet", "--benchmark-disable-gc", f"--benchmark-json={path}",
    ]  # fmt: skip
    words = _finish(command)
    if not path.exists() or not path.stat().st_size:
        path.write_text(json.dumps(_nothing(name, words, before)), encoding="utf-8")
    print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def _finish(command: list[str]) -> str:
    """Return the last words of a command; it is killed with its children when it takes too long."""
    process = subprocess.Popen(
        command, cwd=HERE.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        told, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)
        return f"it took longer than {PATIENCE:.0f} s and was ended"
    except BaseException:
        _kill(process)  # a session of its own hears no Ctrl-C
        raise
    if process.returncode:
        print(told, flush=True)
    said = " ".join(told.split())[-_TAIL:]
    return f"pytest ended with code {process.returncode}: {said}"


def _kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _nothing(name: str, words: str, before: list[float]) -> dict[str, object]:
    return {
        "benchmarks": [],
        "unmeasured": [{"name": name, "reason": words}],
        "machine_info": {},
        "load": {"before": before, "after": list(os.getloadavg())},
        "datetime": datetime.now(UTC).isoformat(),
    }


def main(names: list[str]) -> None:
    """Run the groups named, all for none, and write the page.

    Raises
    ------
    SystemExit
        For a name that is no group's.
    """
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise SystemExit(f"No benchmarks are called {unknown}; there are {', '.join(GROUPS)}.")
    MEASURED.mkdir(parents=True, exist_ok=True)
    for name in names or GROUPS:
        run(name)
    write_page(load_groups(MEASURED), HERE)
    print(f"The page is {HERE.name}/RESULTS.md.")


if __name__ == "__main__":
    main(sys.argv[1:])
