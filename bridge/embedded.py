"""R inside this process: the only module that imports rpy2, and of rpy2 only its low level.

One start, one lock, one private environment of R's. R's global environment stays as it was.
"""

import os
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from bridge import scripts
from bridge.errors import BridgeError, EngineMissingError
from bridge.guard import RObject, capture_console, interruptible, limit_stack, restore_environment
from bridge.marshal import Marshal
from bridge.placement import place_library
from bridge.program import CELLS, find_r, front_end_variables, lme4_missing, r_version
from bridge.reply import to_answer
from bridge.session import Answer, Argument

_PAIRS = (
    "R before 4.5 goes with rpy2-rinterface==3.6.5 and rpy2-robjects==3.6.6, "
    "R 4.5 and later with rpy2-rinterface>=3.6.6"
)
_INSTALL_RPY2 = (
    "R before 4.5: pip install 'rpy2-rinterface==3.6.5' 'rpy2-robjects==3.6.6'; "
    "R 4.5 and later: pip install 'rpy2-rinterface>=3.6.6' 'rpy2-robjects>=3.6.6'"
)
_FORKED = (
    "R was started before this process was forked, and cannot be shared. Use backend='auto' or "
    "'worker', multiprocessing with the start method 'spawn', or fit in the child only."
)

# A .RData or .Rprofile of the working directory would fill R's global environment.
_OPTIONS = ("rpy2", "--quiet", "--no-save", "--no-restore", "--no-init-file", CELLS)


def _situation() -> RObject:
    """Return the module by which rpy2 looks for R, None where there is none."""
    try:
        from rpy2 import situation  # noqa: PLC0415  (rpy2 may be absent)
    except ImportError:
        return None
    return situation


@contextmanager
def _told(module: RObject, question: str, reply: object) -> Iterator[None]:
    """Let a function of rpy2's that would start an Rscript, for 0.15 s, give this reply."""
    asked = getattr(module, question, None)
    if asked is None or not os.environ.get("R_HOME"):
        yield
        return
    setattr(module, question, lambda *_: reply)
    try:
        yield
    finally:
        setattr(module, question, asked)


def _load() -> RObject:
    """Return rpy2's low-level interface, not started."""
    if find_spec("_rinterface_cffi_api") is None:
        # Installed without a compiler: rpy2 would try that mode all the same, and log its failure.
        os.environ.setdefault("RPY2_CFFI_MODE", "ABI")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _told(_situation(), "r_ld_library_path_from_subprocess", ""):
                from rpy2 import rinterface  # noqa: PLC0415  (its import loads R)

            return rinterface
    except ModuleNotFoundError as error:
        raise EngineMissingError(f"rpy2 is not installed. {_INSTALL_RPY2}") from error
    # Its loader fails by whatever the C library, cffi or its own search for R raises.
    except Exception as error:
        raise EngineMissingError(
            f"rpy2-rinterface {_version('rpy2-rinterface')} cannot load {r_version()}: {error}. "
            f"{_PAIRS}. {_INSTALL_RPY2}"
        ) from error


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(none)"


@contextmanager
def _without_profile() -> Iterator[None]:
    """Keep a .Rprofile of the user's or of the working directory out of R's start.

    rpy2 asks an Rscript of its own for R's environment variables: that one runs the profile, and
    what the profile prints would stand in our standard output.
    """
    names = ("R_PROFILE_USER", "R_DEFAULT_PACKAGES")
    saved = {name: os.environ.pop(name, None) for name in names}
    os.environ["R_PROFILE_USER"] = os.devnull
    try:
        yield
    finally:
        for name, value in saved.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _start(ri: RObject) -> None:
    """Start R once in this process, or take the one that rpy2 started before."""
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        # Outside the main thread rpy2 warns that it cannot take over Ctrl-C; it shall not.
        warnings.simplefilter("ignore")
        if not ri.embedded.isinitialized():
            ri.embedded.set_initoptions(_OPTIONS)
        with _without_profile(), _told(ri, "_getrenvvars", ()):
            _initialize(ri)
    if in_main and handler is not None:
        signal.signal(signal.SIGINT, handler)


def _initialize(ri: RObject) -> None:
    try:
        ri.initr()
    except Exception as error:
        raise EngineMissingError(
            f"{r_version()} does not start inside Python: {type(error).__name__} {error}. Look at "
            "what `Rscript -e 1` says."
        ) from error


class Embedded:
    """The R of this process, with the functions of ``r_scripts`` in an environment of its own."""

    kind: Literal["embedded"] = "embedded"

    def __init__(self) -> None:
        environment = dict(os.environ)
        self._pid = os.getpid()
        try:
            find_r()
            os.environ.update(front_end_variables())
            with _without_profile():
                self._ri = _load()
            # rpy2's own lock, so that other users of the same R wait for us too.
            self.lock: threading.RLock = self._ri.openrlib.rlock
            with self.lock, capture_console(self._ri):
                _start(self._ri)
        except BaseException:
            restore_environment(environment, ())
            raise
        with self.lock, capture_console(self._ri):
            restore_environment(environment, self._ri.baseenv["Sys.getenv"]().names)
            self._marshal = Marshal(self._ri)
            self._check_lme4()
            if "lme4" not in self._ri.baseenv["loadedNamespaces"]():
                place_library(Path(self._lme4_folder()))
            self._scope = self._source()

    @property
    def closed(self) -> bool:
        """Whether this process was forked from the one that has this R."""
        return self.is_forked()

    def is_forked(self) -> bool:
        """Return whether this R was started by a parent of this process."""
        return os.getpid() != self._pid

    def ready(self) -> None:
        """Return, since R answers; see :class:`bridge.session.Session`."""
        if self.is_forked():
            raise BridgeError(_FORKED)

    def close(self) -> None:
        """Keep R: a process has one, for good."""

    def __enter__(self) -> Self:
        """Return the session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep R."""

    def _lme4_folder(self) -> str:
        return str(self._ri.baseenv["system.file"](package="lme4")[0])

    def _check_lme4(self) -> None:
        if not self._lme4_folder():
            raise lme4_missing(r_version())

    def _source(self) -> RObject:
        base = self._ri.baseenv
        scope = base["new.env"](parent=base["asNamespace"]("stats"))
        folder = scripts.folder()
        base["sys.source"](str(folder / scripts.ENTRY), envir=scope)
        scope["source_scripts"](str(folder), scope)
        scope["use_utf8"]()
        return scope

    @contextmanager
    def _held(self) -> Iterator[list[str]]:
        """Hold R for one call; what it writes to its console gathers in the list."""
        self.ready()
        with self.lock, ExitStack() as stack:
            output = stack.enter_context(capture_console(self._ri))
            stack.enter_context(limit_stack(self._ri))
            stack.enter_context(interruptible(self._ri))
            yield output

    def call(self, name: str, arguments: Mapping[str, Argument]) -> Answer:
        """Call the function `name` of ``r_scripts``; see :class:`bridge.session.Session`."""
        with self._held() as output:
            try:
                sent = self._marshal.to_r(arguments)
                received = self._scope["answer"](name, sent)
            except self._ri.embedded.RRuntimeError as error:
                raise BridgeError(
                    f"R failed outside of any call that it could report: {error}"
                ) from error
            return to_answer(self._marshal.to_value(received), "".join(output))

    def versions(self) -> dict[str, str]:
        """Return rpy2's versions, which R itself does not know."""
        return {"rpy2-rinterface": _version("rpy2-rinterface")}


_started: Embedded | None = None
_failure: EngineMissingError | None = None
_starting = threading.Lock()


def session() -> Embedded:
    """Return the R of this process, started at the first call.

    Raises
    ------
    EngineMissingError
        When R, lme4 or rpy2 is missing or they do not fit; the text says what mends it.
    """
    global _started, _failure  # noqa: PLW0603  (a process has one R)
    with _starting:
        if _failure is not None:
            raise _failure
        if _started is None:
            try:
                _started = Embedded()
            except EngineMissingError as error:
                _failure = error
                raise
        return _started


def probe() -> str | None:
    """Return None when R with lme4 answers inside this process, else the reason it does not.

    Starts R but neither loads lme4 nor fits anything.
    """
    try:
        session().ready()
    except BridgeError as error:
        return str(error)
    return None
