"""The workers of a dask.distributed cluster, by joblib's own backend for them."""

from __future__ import annotations

from concurrent import futures
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import joblib as untyped_joblib

from parity.sweep.refusal import SweepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

joblib: Any = untyped_joblib
FEWEST = 2
"""joblib does the work in this process where it has one job, and an engine that crashes would end
the sweep."""
_WAIT_SECONDS = 15


@contextmanager
def enlist(scheduler: str) -> Iterator[tuple[int, type[Exception]]]:
    """Yield the number of the cluster's threads, and the exception that tells of a death.

    Within, joblib sends its work to the cluster.

    Parameters
    ----------
    scheduler
        ``"tcp://host:port"``.

    Raises
    ------
    SweepError
        Where there is no such cluster, it has no worker, or it goes away.
    """
    distributed: Any = _distributed()
    try:
        client = distributed.Client(scheduler, timeout=_WAIT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise SweepError(f"No scheduler answers at {scheduler}: {error}.") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise SweepError(f"The cluster at {scheduler} has no worker; start one, dask worker.")
        try:
            with joblib.parallel_config(backend=_backend(client)):
                yield threads, distributed.KilledWorker
        except (futures.CancelledError, distributed.CancelledError) as error:
            raise SweepError(
                f"The cluster at {scheduler} went away. The rows so far are kept: the same command "
                "goes on from there."
            ) from error


def _distributed() -> Any:  # noqa: ANN401 - it ships no types
    try:
        return import_module("distributed")
    except ImportError as error:
        raise SweepError(
            "A cluster needs dask.distributed: pip install 'lme4-parity[cluster]'."
        ) from error


def _backend(client: Any) -> Any:  # noqa: ANN401 - neither distributed nor joblib ships types
    """Return joblib's backend for the cluster, which tells of a task that fails there.

    joblib's own (1.6.0) calls back for results alone: where the scheduler gives a task up, or goes
    away, whoever waits for the next result would wait for ever. And where the cluster has one
    thread, or workers that died have not been replaced, joblib would do the work in this process.
    """
    original: Any = import_module("joblib._dask").DaskDistributedBackend

    class Backend(original):  # type: ignore[misc] # joblib is untyped
        def effective_n_jobs(self, _: int) -> int:
            threads: int = sum(self.client.ncores().values())
            return max(threads, FEWEST)

        def submit(self, func: Any, callback: Callable[[object], None]) -> Any:  # noqa: ANN401 - joblib is untyped
            def tell(ended: futures.Future[object]) -> None:
                error = ended.exception()
                if error is not None:
                    callback(error)

            future = super().submit(func, callback)
            future.add_done_callback(tell)
            return future

        def retrieve_result_callback(self, out: object) -> object:
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return Backend(client=client)
