"""R inside this process: the only module that imports rpy2, and of rpy2 only its low level.

One start, one lock, one private environment of R's. R's global environment stays as it was.
"""

import os
import signal
import subprocess
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import metadata
from importlib.util import find_spec
from shutil import which

from bridge import scripts
from bridge.errors import BridgeError, EngineMissingError
from bridge.guard import RObject, capture_console, interruptible, limit_stack, restore_environment
from bridge.marshal import Marshal
from bridge.session import Answer, Argument

_PAIRS = (
    "R before 4.5 goes with rpy2-rinterface==3.6.5 and rpy2-robjects==3.6.6, "
    "R 4.5 and later with rpy2-rinterface>=3.6.6"
)
_INSTALL_RPY2 = (
    "R before 4.5: pip install 'rpy2-rinterface==3.6.5' 'rpy2-robjects==3.6.6'; "
    "R 4.5 and later: pip install 'rpy2-rinterface>=3.6.6' 'rpy2-robjects>=3.6.6'"
)
_INSTALL_R = "Debian and Ubuntu: sudo apt-get install r-base-core r-cran-lme4"

_FORKED = (
    "R was started before this process was forked, and cannot be shared. Use multiprocessing with "
    "the start method 'spawn', or fit in the child only."
)

# A .RData or .Rprofile of the working directory would fill R's global environment.
_OPTIONS = ("rpy2", "--quiet", "--no-save", "--no-restore", "--no-init-file")


def _load() -> RObject:
    """Return rpy2's low-level interface, not started."""
    if which("R") is None and "R_HOME" not in os.environ:
        raise EngineMissingError(
            f"R is not here: there is no program `R` on the PATH. Install it. {_INSTALL_R}"
        )
    if find_spec("_rinterface_cffi_api") is None:
        # Installed without a compiler: rpy2 would try that mode all the same, and log its failure.
        os.environ.setdefault("RPY2_CFFI_MODE", "ABI")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from rpy2 import rinterface  # noqa: PLC0415  (its import loads R)

            return rinterface
    except ModuleNotFoundError as error:
        raise EngineMissingError(f"rpy2 is not installed. {_INSTALL_RPY2}") from error
    # Its loader fails by whatever the C library, cffi or its own search for R raises.
    except Exception as error:
        raise EngineMissingError(
            f"rpy2-rinterface {_version('rpy2-rinterface')} cannot load {_r_version()}: {error}. "
            f"{_PAIRS}. {_INSTALL_RPY2}"
        ) from error


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(none)"


def _r_version() -> str:
    """Return the first line of `R --version`, as far as R speaks at all."""
    try:
        words = subprocess.run(  # noqa: S603  (a fixed command)
            [which("R") or "R", "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return "this R (which does not start: try `R --version`)"
    return words.partition(" -- ")[0]


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
        with _without_profile():
            _initialize(ri)
    if in_main and handler is not None:
        signal.signal(signal.SIGINT, handler)
    if not ri.baseenv["l10n_info"]().__getitem__(1)[0]:
        ri.baseenv["Sys.setlocale"]("LC_CTYPE", "C.UTF-8")


def _initialize(ri: RObject) -> None:
    try:
        ri.initr()
    except Exception as error:
        raise EngineMissingError(
            f"{_r_version()} does not start inside Python: {type(error).__name__} {error}. Look at "
            "what `Rscript -e 1` says."
        ) from error


class Embedded:
    """The R of this process, with the functions of ``r_scripts`` in an environment of its own."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        with _without_profile():
            self._ri = _load()
        self._pid = os.getpid()
        # rpy2's own lock, so that other users of the same R wait for us too.
        self.lock: threading.RLock = self._ri.openrlib.rlock
        with self.lock, capture_console(self._ri):
            _start(self._ri)
            restore_environment(environment, self._ri.baseenv["Sys.getenv"]().names)
            self._marshal = Marshal(self._ri)
            self._check_lme4()
            self._scope = self._source()

    def is_forked(self) -> bool:
        """Return whether this R was started by a parent of this process."""
        return os.getpid() != self._pid

    def _lme4_folder(self) -> str:
        return str(self._ri.baseenv["system.file"](package="lme4")[0])

    def _check_lme4(self) -> None:
        if not self._lme4_folder():
            raise EngineMissingError(
                f"{_r_version()} is here, but its package lme4 is not. Install it. {_INSTALL_R}; "
                "elsewhere, inside R: install.packages('lme4')"
            )

    def _source(self) -> RObject:
        base = self._ri.baseenv
        scope = base["new.env"](parent=base["asNamespace"]("stats"))
        folder = scripts.folder()
        for name in scripts.SOURCES:
            base["sys.source"](str(folder / name), envir=scope)
        return scope

    @contextmanager
    def _held(self) -> Iterator[list[str]]:
        """Hold R for one call; what it writes to its console gathers in the list."""
        if self.is_forked():
            raise BridgeError(_FORKED)
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
            return self._marshal.to_answer(received, output)

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

    Starts R (half a second, once a process) but neither loads lme4 nor fits anything.
    """
    try:
        return _FORKED if session().is_forked() else None
    except EngineMissingError as error:
        return str(error)


def versions() -> dict[str, str]:
    """Return the versions of R, lme4, Matrix, BLAS, LAPACK, platform, OS and rpy2-rinterface.

    Raises
    ------
    EngineMissingError
        When there is no R to ask; `probe` says so without raising.
    """
    from bridge.extract import text_table  # noqa: PLC0415  (loads pandas)

    running = session()
    answer = running.call("extract_versions", {})
    return text_table(answer.value) | running.versions()
