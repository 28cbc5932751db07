"""A running R, seen from Python: named functions of ``r_scripts`` called with plain arguments."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from bridge.column import Frame
from bridge.errors import ArgumentError, BridgeError, EngineMissingError

if TYPE_CHECKING:
    from types import TracebackType

    from bridge.conditions import Condition

Cells = NDArray[np.float64] | NDArray[np.int32] | NDArray[np.bool_] | tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """An atomic vector or matrix of R.

    Attributes
    ----------
    cells
        (n,) float64, int32 or bool in R's order (a matrix by columns), or a tuple of text,
        None where R has NA. A double's NA is NaN.
    names
        (n,) names, or None.
    shape
        (rows, columns) of a matrix, or None.
    rows, columns
        Names of a matrix' rows and columns, or None.
    """

    cells: Cells
    names: tuple[str, ...] | None = None
    shape: tuple[int, int] | None = None
    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None


# What comes back: NULL, a vector, a list with names, a list without.
Value = None | Vector | Mapping[str, "Value"] | Sequence["Value"]
# What is sent: numbers and text as vectors of one, lists of text, named and unnamed lists, a table,
# and vectors as they came back.
Argument = (
    None
    | bool
    | int
    | float
    | str
    | Frame
    | Vector
    | Mapping[str, "Argument"]
    | Sequence["Argument"]
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of R's: its classes, most special first, its words and the call that raised it."""

    classes: tuple[str, ...]
    text: str
    call: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gave: a value or a failure, and all that R said on the way, in order."""

    value: Value
    failure: Failure | None
    conditions: tuple[Condition, ...]


Kind = Literal["embedded", "worker"]
Backend = Literal["auto", "embedded", "worker"]

# Environment variable that names the backend of `current`.
VARIABLE = "LME4_PARITY_BACKEND"


class Session(Protocol):
    """A running R that has sourced ``r_scripts``; as a context manager it is closed at the end."""

    @property
    def kind(self) -> Kind:
        """Whether R runs inside this process or in one of its own."""

    @property
    def closed(self) -> bool:
        """Whether it answers no more: it was closed, or is the R of a process forked from."""

    def ready(self) -> None:
        """Return when R answers and has lme4.

        Raises
        ------
        EngineMissingError
            When it does not or has not; the text says what mends it.
        """

    def call(self, name: str, arguments: Mapping[str, Argument]) -> Answer:
        """Call the function ``name`` of ``r_scripts`` and return what it answered."""

    def versions(self) -> dict[str, str]:
        """Return the versions that only this kind of session knows (rpy2's, for one)."""

    def close(self) -> None:
        """Give back what the session holds; the R of this process stays."""

    def __enter__(self) -> Self:
        """Return the session itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""


def connect(backend: Backend = "auto", *, time_limit: float | None = None) -> Session:
    """Return a session with R: the R of this process, or a worker of its own.

    Parameters
    ----------
    backend
        ``"embedded"`` is R inside this process, by rpy2: one, shared by all who ask. ``"worker"``
        is an R process of its own, new at each call of this function, without rpy2. ``"auto"`` is
        the first where rpy2 fits R, else the second; in a fork of a process that runs R, and with a
        time limit, it is always a worker.
    time_limit
        Seconds that one call may take, for workers alone: the R of this process cannot be ended.

    Raises
    ------
    ArgumentError
        For another backend, or a time limit that cannot be kept.
    EngineMissingError
        When R, lme4 or rpy2 is missing, or they do not fit; the text says what mends it.
    """
    if backend not in get_args(Backend):
        raise ArgumentError(
            f"{backend!r} is no backend. Expected one of {', '.join(map(repr, get_args(Backend)))}."
        )
    if backend == "worker" or (backend == "auto" and time_limit is not None):
        return _worker(time_limit)
    if time_limit is not None:
        raise ArgumentError(
            "The R of this process cannot be given a time limit, since it cannot be ended. "
            "Use backend='worker'."
        )
    return _automatic() if backend == "auto" else _embedded()


def _worker(time_limit: float | None = None) -> Session:
    from bridge.worker import Worker  # noqa: PLC0415  (worker imports this module)

    return Worker(time_limit).start()


def _embedded() -> Session:
    from bridge import embedded  # noqa: PLC0415  (loads rpy2)

    return embedded.session()


def _automatic() -> Session:
    from bridge import embedded  # noqa: PLC0415  (loads rpy2)

    try:
        running = embedded.session()
    except EngineMissingError:
        return _worker()
    return _worker() if running.is_forked() else running


_current: Session | None = None
_starting = threading.RLock()


def current() -> Session:
    """Return the session of this process, started at its first use.

    The environment variable ``LME4_PARITY_BACKEND`` names its backend, else it is ``"auto"``.

    Raises
    ------
    ArgumentError
        When the variable names no backend.
    EngineMissingError
        When R, lme4 or rpy2 is missing, or they do not fit; the text says what mends it.
    """
    global _current  # noqa: PLW0603  (a process has one)
    with _starting:
        if _current is None or _current.closed:
            _current = connect(cast("Backend", os.environ.get(VARIABLE) or "auto"))
        return _current


def _forget_current() -> None:
    global _current, _starting
    _current, _starting = None, threading.RLock()


# What a forked child inherits is its parent's.
os.register_at_fork(after_in_child=_forget_current)


def probe() -> str | None:
    """Return None when R with lme4 answers to this process, else the reason it does not.

    Starts R but neither waits for lme4 nor fits anything.
    """
    try:
        current().ready()
    except BridgeError as error:
        return str(error)
    return None


def versions() -> dict[str, str]:
    """Return the versions of R, lme4, Matrix, BLAS, LAPACK, platform and OS, and rpy2's if used.

    Raises
    ------
    EngineMissingError
        When there is no R to ask; `probe` says so without raising.
    """
    running = current()
    answer = running.call("extract_versions", {})
    if not isinstance(answer.value, Mapping):
        raise BridgeError(f"R did not tell its versions: {answer.failure}")
    told = {
        name: str(part.cells[0]) for name, part in answer.value.items() if isinstance(part, Vector)
    }
    return told | running.versions()
