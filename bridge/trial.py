"""One kind of session, tried for good in a process of its own: a tiny fit and its bits.

``python -m bridge.trial embedded`` prints one line of JSON. A crash of R's ends this process alone.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bridge.column import Column, Frame
from bridge.errors import BridgeError
from bridge.session import Kind, Vector, connect

if TYPE_CHECKING:
    from bridge.session import Value

_GROUPS, _EACH = 6, 4
_SECONDS = 120
_LAST_LINES = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """What a session of one kind did with a tiny model.

    Attributes
    ----------
    kind
        The kind of session.
    reason
        Why it does not work; empty where it does.
    digest
        SHA-256 of all that the fit answered, to the last bit; empty where there is none.
    entries
        Number of entries of the answer.
    """

    kind: Kind
    reason: str
    digest: str = ""
    entries: int = 0

    @property
    def works(self) -> bool:
        """Whether the session fitted the model."""
        return not self.reason


def try_kinds(kinds: tuple[Kind, ...]) -> tuple[Trial, ...]:
    """Return how sessions of these kinds do, each tried in a process of its own, at once."""
    running = [
        subprocess.Popen(  # noqa: S603  (this very Python)
            [sys.executable, "-m", __name__, kind],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for kind in kinds
    ]
    return tuple(_outcome(kind, trial) for kind, trial in zip(kinds, running, strict=True))


def _outcome(kind: Kind, process: subprocess.Popen[str]) -> Trial:
    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Trial(kind, f"A tiny fit took longer than {_SECONDS} s.")
    last = out.strip().rpartition("\n")[2]
    if process.returncode == 0 and last.startswith("{"):
        return Trial(kind, **json.loads(last))
    words = " ".join(err.strip().splitlines()[-_LAST_LINES:])
    return Trial(kind, f"Python ended with status {process.returncode}. {words}".strip())


def fit_tiny(kind: Kind) -> dict[str, Any]:
    """Return how a session of this kind fits a tiny model: reason, digest, entries."""
    place = np.arange(_GROUPS * _EACH)
    group = (place // _EACH + 1).astype(np.int32)
    frame = Frame(
        {
            "y": Column("double", np.sin(place.astype(np.float64)) + group),
            "x": Column("double", (place % 7).astype(np.float64)),
            "g": Column("factor", group, tuple("abcdef")),
        },
        cast("Any", place),
    )
    try:
        with connect(kind) as session:
            answer = session.call("fit_lmer", {"formula": "y ~ x + (1 | g)", "data": frame})
    except BridgeError as error:
        return {"reason": str(error)}
    if answer.failure is not None or not isinstance(answer.value, Mapping):
        return {"reason": f"R could not fit a tiny model: {answer.failure}"}
    return {"reason": "", "digest": digest(answer.value), "entries": len(answer.value)}


def digest(value: Value) -> str:
    """Return the SHA-256 of plain data of R's, to the last bit, names and kinds included."""
    found = hashlib.sha256()
    for part in _parts(value):
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def _parts(value: Value) -> list[bytes]:
    match value:
        case None:
            return [b"NULL"]
        case Vector(cells=cells):
            held = repr(cells).encode() if isinstance(cells, tuple) else cells.tobytes()
            kind = "text" if isinstance(cells, tuple) else cells.dtype.str
            names = (kind, value.names, value.shape, value.rows, value.columns)
            return [repr(names).encode(), held]
        case Mapping():
            named = [[name.encode(), *_parts(part)] for name, part in value.items()]
            return [b"{", *[part for parts in named for part in parts], b"}"]
    return [b"[", *[part for item in value for part in _parts(item)], b"]"]


if __name__ == "__main__":
    print(json.dumps(fit_tiny(cast("Kind", sys.argv[1]))))  # noqa: T201  (its answer)
