"""The parametric bootstrap of a mixed model."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np
import pandas as pd

from bridge import session as sessions
from bridge.arguments import as_name, as_number, as_whole
from bridge.arrays import arrays_of
from bridge.errors import EngineMissingError, FitError
from bridge.handle import ask, ask_in, session_of
from bridge.progress import track
from bridge.session import Vector
from bridge.values import as_array, as_mapping, as_matrix, as_numbers, as_one, as_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bridge.arrays import Arrays
    from bridge.record import Record
    from bridge.session import Argument, Session, Value

# Enough for a worker to be busy, few enough to be stopped soon.
_CHUNK = 20
ENGINES = "bridge.bootstrap"
"""The group of entry points of programs that bootstrap an lmer in lme4's place."""
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Fits to simulated responses.

    Attributes
    ----------
    estimates
        (k,) the fit's own parameters: SDs, correlations, sigma, fixed effects.
    replicates
        (n, k) those of each response, in the order of the draws; NaN for a fit that failed.
    singular
        (n,) whether the fit is singular.
    errors
        Number of the draw (from 0) -> why its fit failed.
    said
        What R said -> how often.
    seed
        Of the draws.
    anew
        Whether each response was fitted anew since lme4's refit is wrong for this model.
    engine
        What drew and fitted: ``"lme4"``, or the name of another program.
    """

    estimates: pd.Series[float]
    replicates: pd.DataFrame
    singular: pd.Series[bool]
    errors: dict[int, str]
    said: dict[str, int]
    seed: int
    anew: bool
    engine: str = "lme4"

    def confint(
        self, level: float = 0.95, *, kind: Literal["perc", "basic", "norm"] = "perc"
    ) -> pd.DataFrame:
        """Return the intervals of R's ``boot.ci``.

        Each parameter's are from the fits in which it is defined: not from failed ones, and a
        correlation's not from those where an SD is 0. NaN where there are fewer than two.

        Parameters
        ----------
        level
            Coverage, between 0 and 1.
        kind
            ``"perc"``: quantiles of the replicates; ``"basic"``: these mirrored at the estimate;
            ``"norm"``: estimate minus bias, plus or minus a normal quantile times their SD.
            Quantiles are interpolated on the normal scale (Davison & Hinkley 1997, equation 5.8).
        """
        as_name("kind", kind, ("perc", "basic", "norm"))
        as_number("level", level, low=0.0, high=1.0)
        cells = np.asarray(self.replicates, dtype=np.float64).ravel(order="F")
        sent: dict[str, Argument] = {
            "estimates": Vector(np.asarray(self.estimates, dtype=np.float64)),
            "names": list(self.estimates.index),
            "replicates": Vector(cells, shape=self.replicates.shape),
            "level": float(level),
            "type": kind,
        }
        answer = sessions.current().call("bootstrap_intervals", sent)
        if answer.failure is not None:
            raise FitError(f"R could not find the intervals: {answer.failure.text}")
        return as_matrix(answer.value)

    def __repr__(self) -> str:
        """Return the sizes, and what went wrong how often."""
        anew = ", each fitted anew" if self.anew else ""
        anew += "" if self.engine == "lme4" else f", by {self.engine}"
        return (
            f"<Bootstrap of {len(self.replicates)} responses, seed {self.seed}{anew}: "
            f"{int(self.singular.sum())} singular, {len(self.errors)} failed>"
        )


class Refits(Protocol):
    """What another program gives back: (k,) and (n, k) parameters, and (n,) how they ended."""

    estimates: pd.Series[float]
    replicates: pd.DataFrame
    singular: NDArray[np.bool_]
    failed: NDArray[np.bool_]


class Elsewhere(Protocol):
    """A program that simulates from an lmer and refits."""

    def __call__(self, model: Arrays, n: int, seed: int) -> Refits:
        """Return the refits of n responses."""
        ...


def random_seed() -> int:
    """Return a seed that R's generator takes."""
    return secrets.randbelow(_LARGEST_SEED)


def run_bootstrap(
    fit: Record, n: int, *, seed: int | None, workers: int, progress: bool | None
) -> Bootstrap:
    """Return the bootstrap of a mixed model; see :meth:`bridge.Fit.bootstrap`."""
    number = random_seed() if seed is None else as_whole("seed", seed)
    drawn = as_mapping(ask(fit, "draw_responses", {"n": n, "seed": number}).value)
    draws = drawn["draws"]
    if not isinstance(draws, tuple | list) or len(draws) != n:
        raise FitError(f"R drew {draws!r} where {n} responses were expected.")
    names = pd.Index(as_words(drawn["names"]), dtype=object)
    chunks = [draws[start : start + _CHUNK] for start in range(0, n, _CHUNK)]
    done = list(track(_fit_chunks(fit, chunks, workers), "bootstrap", progress))
    parts = [as_mapping(part) for part in done]
    replicates = np.vstack([as_matrix(part["parameters"]).to_numpy() for part in parts])
    errors = [text for part in parts for text in as_words(part["errors"])]
    if all(errors):
        raise FitError(f"The fit to every simulated response failed. The first: {errors[0]}")
    return Bootstrap(
        estimates=pd.Series(as_numbers(drawn["estimates"]), index=names),
        replicates=pd.DataFrame(replicates, columns=names),
        singular=pd.Series(np.concatenate([as_array(part["singular"]) for part in parts])),
        errors={k: text for k, text in enumerate(errors) if text},
        said=dict(Counter(text for part in parts for text in as_words(part["said"]))),
        seed=number,
        anew=bool(as_one(drawn["anew"])),
    )


def run_elsewhere(fit: Record, n: int, *, seed: int | None, engine: str) -> Bootstrap:
    """Return the bootstrap that another program than lme4 makes of the same model.

    Raises
    ------
    EngineMissingError
        Where none is registered under the name.
    """
    found = {point.name: point for point in entry_points(group=ENGINES)}
    if engine not in found:
        known = ", ".join(map(repr, ["lme4", *sorted(found)]))
        raise EngineMissingError(
            f"No engine {engine!r} of bootstraps is installed; there are {known}."
        )
    program = cast("Elsewhere", found[engine].load())
    number = random_seed() if seed is None else as_whole("seed", seed)
    arrays = arrays_of(fit)
    refits = program(arrays, n, number)
    names = pd.Index(arrays.names, dtype=object)
    failed = np.flatnonzero(refits.failed).tolist()
    if len(failed) == n:
        raise FitError("The fit to every simulated response failed: no search arrived.")
    return Bootstrap(
        estimates=pd.Series(refits.estimates.to_numpy(), index=names),
        replicates=pd.DataFrame(refits.replicates.to_numpy(), columns=names),
        singular=pd.Series(refits.singular),
        errors=dict.fromkeys(failed, "The search did not arrive at a minimum."),
        said={},
        seed=number,
        anew=False,
        engine=engine,
    )


def _fit_chunks(fit: Record, chunks: Sequence[Sequence[Value]], workers: int) -> Iterator[Value]:
    def fit_chunk(session: Session, chunk: Sequence[Value]) -> Value:
        return ask_in(session, fit, "bootstrap_chunk", {"draws": list(chunk)}).value

    if workers == 1:
        home = session_of(fit)
        for chunk in chunks:
            yield fit_chunk(home, chunk)
        return
    from bridge.pool import Pool  # noqa: PLC0415  (most sessions never need one)

    with Pool(workers) as pool:
        tasks = [lambda session, chunk=chunk: fit_chunk(session, chunk) for chunk in chunks]
        yield from pool.run(tasks)
