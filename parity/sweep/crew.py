"""Who fits the models: processes of this machine, or a cluster's workers; some of them may die."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import joblib as untyped_joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from parity.sweep import cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
joblib: Any = untyped_joblib


@dataclass(frozen=True, slots=True)
class Death:
    """A model that no worker survived, alone with it."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers.

    Attributes
    ----------
    jobs
        How many models are fitted at a time.
    deaths
        The exceptions by which their deaths are told.
    processes
        How many workers there are, joblib's ``n_jobs``; with one job one of two waits.
    chances
        How often a model is tried alone after a death. A cluster tells of none before it has tried
        several times by itself.
    """

    jobs: int
    processes: int
    deaths: tuple[type[Exception], ...]
    chances: int = 2

    def outcomes(
        self, work: Callable[[int], T], indices: Iterable[int]
    ) -> Iterator[tuple[int, T] | Death]:
        """Yield each model with what came of it, as they end.

        Where a worker dies all models under way are lost with it. Each is tried again alone, as
        often as there are chances, and then given up.

        Parameters
        ----------
        work
            Of a model's number; it is sent to the workers.
        indices
            The models.
        """
        waiting = deque(indices)
        while waiting:
            under_way: dict[int, None] = {}
            try:
                for index, outcome in self._together(work, waiting, under_way):
                    del under_way[index]
                    yield index, outcome
            except self.deaths:
                # joblib's own thread may still hand one out.
                while under_way:
                    index, _ = under_way.popitem()
                    yield self._alone(work, index)

    def _together(
        self, work: Callable[[int], T], waiting: deque[int], under_way: dict[int, None]
    ) -> Iterator[tuple[int, T]]:
        def hand_out() -> Iterator[int]:
            while waiting:
                index = waiting.popleft()
                under_way[index] = None
                yield index

        # A job more for each worker, lest it wait for the next; none where there are more workers
        # than jobs.
        ahead = self.jobs if self.jobs < self.processes else 2 * self.jobs
        parallel = joblib.Parallel(
            n_jobs=self.processes,
            pre_dispatch=ahead,
            batch_size=1,
            return_as="generator_unordered",
        )
        found: Iterator[tuple[int, T]] = parallel(
            joblib.delayed(_numbered)(work, index) for index in hand_out()
        )
        return found

    def _alone(self, work: Callable[[int], T], index: int) -> tuple[int, T] | Death:
        reasons = []
        for _ in range(self.chances):
            try:
                for outcome in self._together(work, deque([index]), {}):
                    return outcome
            except self.deaths as death:
                reasons.append(f"{type(death).__name__}: {' '.join(str(death).split())}")
        return Death(index, f"no worker survived the model, fitted alone ({reasons[-1]})")


def _numbered(work: Callable[[int], T], index: int) -> tuple[int, T]:
    return index, work(index)


@contextmanager
def hire(jobs: int | None, scheduler: str | None) -> Iterator[Crew]:
    """Yield workers: of this machine, or of the cluster with a scheduler at that address.

    Parameters
    ----------
    jobs
        How many models are fitted at a time; as many as there are processors, or as the cluster has
        threads, for None.
    scheduler
        ``"tcp://host:port"`` of a dask.distributed scheduler, or None.

    Raises
    ------
    SweepError
        Where there is no such cluster, or it has no worker.
    """
    if scheduler is not None:
        with cluster.enlist(scheduler) as (threads, death):
            processes = max(threads, cluster.FEWEST)
            yield Crew(jobs or threads, processes, (death,), chances=1)
        return
    jobs = jobs or int(joblib.cpu_count())
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        yield Crew(jobs, max(jobs, cluster.FEWEST), (BrokenProcessPool,))
