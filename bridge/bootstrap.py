"""The parametric bootstrap of a mixed model."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from bridge import session as sessions
from bridge.arguments import as_name, as_number, as_whole
from bridge.errors import FitError
from bridge.handle import ask, ask_in, session_of
from bridge.progress import track
from bridge.session import Vector
from bridge.values import as_array, as_mapping, as_matrix, as_numbers, as_one, as_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.record import Record
    from bridge.session import Argument, Session, Value

# Enough for a worker to be busy, few enough to be stopped soon.
_CHUNK = 20
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
    """

    estimates: pd.Series[float]
    replicates: pd.DataFrame
    singular: pd.Series[bool]
    errors: dict[int, str]
    said: dict[str, int]
    seed: int
    anew: bool

    def confint(
        self, level: float = 0.95, *, kind: Literal["perc", "basic", "norm"] = "perc"
    ) -> pd.DataFrame:
        """Return the intervals of R's ``boot.ci``, failed fits left out.

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
        complete = self.replicates.dropna()
        cells = np.asarray(complete, dtype=np.float64).ravel(order="F")
        sent: dict[str, Argument] = {
            "estimates": Vector(np.asarray(self.estimates, dtype=np.float64)),
            "names": list(self.estimates.index),
            "replicates": Vector(cells, shape=complete.shape),
            "level": level,
            "type": kind,
        }
        answer = sessions.current().call("bootstrap_intervals", sent)
        if answer.failure is not None:
            raise FitError(f"R could not find the intervals: {answer.failure.text}")
        return as_matrix(answer.value)

    def __repr__(self) -> str:
        """Return the sizes, and what went wrong how often."""
        anew = ", each fitted anew" if self.anew else ""
        return (
            f"<Bootstrap of {len(self.replicates)} responses, seed {self.seed}{anew}: "
            f"{int(self.singular.sum())} singular, {len(self.errors)} failed>"
        )


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
