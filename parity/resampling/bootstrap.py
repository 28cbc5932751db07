"""The parametric bootstrap of a linear mixed model, every response fitted by the criterion."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parity.examination import InputError
from parity.resampling.interval import KINDS, interval
from parity.resampling.subject import (
    Fitted,
    Subject,
    as_spec,
    of_fit,
    of_model,
    parameters_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from parity.criterion.model import Matrix, Model
    from parity.criterion.refit import Refits
    from parity.resampling.interval import Kind
    from parity.resampling.subject import Arrays
    from parity.spec import ModelSpec

_FEWEST = 2


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Fits of a model to responses that were simulated from it.

    Attributes
    ----------
    formula, reml
        What was fitted, and whether by REML.
    estimates
        (k,) the fit's own parameters by name: SDs ``sd_(Intercept)|school``, correlations
        ``cor_raven.(Intercept)|school``, ``sigma``, fixed effects.
    replicates
        (n, k) those of each response, in the order of the draws; NaN in all of a fit that failed,
        and in a correlation where an SD is 0.
    theta, deviance
        (n, m) over sigma, and (n,) -2 log-likelihoods (restricted ones for REML) of the refits.
    singular, failed
        (n,) whether the refit is singular; whether its search did not arrive at a minimum.
    seed
        Of the draws; None where the responses were given.
    """

    formula: str
    reml: bool
    estimates: pd.Series[float]
    replicates: pd.DataFrame
    theta: NDArray[np.float64]
    deviance: NDArray[np.float64]
    singular: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    seed: int | None

    @property
    def undefined(self) -> dict[str, int]:
        """Parameter → in how many of the refits that did not fail it is not defined."""
        missing = self.replicates[~self.failed].isna().sum()
        return {str(name): int(count) for name, count in missing.items() if count}

    @property
    def _cells(self) -> Matrix:
        """The replicates by place: a fixed effect may be called sigma, too."""
        return self.replicates.to_numpy(dtype=np.float64)

    def confint(self, level: float = 0.95, *, kind: Kind = "perc") -> pd.DataFrame:
        """Return intervals of all parameters, those of R's ``boot.ci``.

        Parameters
        ----------
        level
            Coverage, between 0 and 1.
        kind
            ``"perc"``: quantiles of the replicates; ``"basic"``: these mirrored at the estimate;
            ``"norm"``: estimate minus bias, plus or minus a normal quantile times their SD.

        Returns
        -------
        DataFrame
            A row a parameter, columns ``2.5 %`` and ``97.5 %`` (as `level` has it), from the
            refits in which it is defined. NaN where fewer than two are: `undefined` counts them.

        Raises
        ------
        InputError
            For a level or kind that there is none of.
        """
        if kind not in KINDS:
            raise InputError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")
        if isinstance(level, bool) or not (isinstance(level, float) and 0.0 < level < 1.0):
            raise InputError(f"level is {level!r}; expected a number between 0 and 1.")
        limits = []
        for estimate, column in zip(self.estimates, self._cells.T, strict=True):
            present = column[np.isfinite(column)]
            few = len(present) < _FEWEST
            limits.append((np.nan, np.nan) if few else interval(estimate, present, level, kind))
        tail = 50.0 * (1.0 - level)
        columns = [f"{tail:.3g} %", f"{100.0 - tail:.10g} %"]
        return pd.DataFrame(limits, index=self.estimates.index, columns=columns)

    def summary(self) -> pd.DataFrame:
        """Return estimate, bias and SD of the replicates, percentile limits and how many count."""
        cells = pd.DataFrame(self._cells)
        table = pd.DataFrame({"estimate": self.estimates.to_numpy()})
        table["bias"] = cells.mean() - table["estimate"]
        table["se"] = cells.std(ddof=1)
        table = table.join(self.confint().reset_index(drop=True))
        table["replicates"] = cells.notna().sum()
        return table.set_axis(self.estimates.index)

    def __str__(self) -> str:
        """Return the summary, and what went wrong how often."""
        method = "REML" if self.reml else "ML"
        drawn = "responses given" if self.seed is None else f"seed {self.seed}"
        head = f"Parametric bootstrap of {self.formula} ({method}), {drawn}"
        counts = (
            f"{len(self.replicates)} responses: {int(self.singular.sum())} refits are singular, "
            f"{int(self.failed.sum())} failed"
        )
        lines = [
            head,
            counts,
            self.summary().to_string(float_format=lambda number: f"{number:.6g}"),
        ]
        lines += [
            f"{name} is undefined in {count} refits, where an SD is 0"
            for name, count in self.undefined.items()
        ]
        return "\n".join(lines)


def bootstrap(
    fit_or_spec: str | ModelSpec | Fitted,
    data: pd.DataFrame | None = None,
    n: int = 1000,
    *,
    seed: int | None = None,
    REML: bool = True,
    responses: NDArray[np.float64] | None = None,
) -> Bootstrap:
    """Return a parametric bootstrap: responses simulated from the fit, all fitted at once.

    No engine takes part: the criterion is minimised by Newton's method for all responses together
    (`parity.criterion.refit`), and each ends at its own optimum to the last digits.

    Parameters
    ----------
    fit_or_spec
        An lme4 formula or a `ModelSpec`, fitted to `data` first; or an lmer fit of the bridge,
        which is bootstrapped where it is and has its data.
    data
        The data frame of a formula.
    n
        Number of responses.
    seed
        Of NumPy's PCG64; by default a random one, which `Bootstrap.seed` keeps.
    REML
        For a formula: REML or ML.
    responses
        ``(rows, n)`` of the rows used, instead of simulated ones.

    Raises
    ------
    InputError
        For what cannot be bootstrapped, in one sentence.
    """
    subject = _subject(fit_or_spec, data, REML=REML)
    if responses is None:
        return _simulated(subject, require_count(n), draw_seed(seed))
    given = _numbers(responses)
    with _refused():
        fits = subject.fitter.fit(given, subject.parameters.theta)
    return _gathered(subject, [fits], seed=None)


def bootstrap_arrays(model: Arrays, n: int, seed: int) -> Bootstrap:
    """Return the bootstrap of another program's fit: `bridge.bootstrap`'s engine ``native``."""
    return _simulated(of_fit(model), n, seed)


def _simulated(subject: Subject, n: int, seed: int) -> Bootstrap:
    generator = np.random.Generator(np.random.PCG64(seed))
    with _refused():
        fits = list(subject.fitter.resample(subject.parameters, n, generator))
    return _gathered(subject, fits, seed=seed)


@contextmanager
def _refused() -> Iterator[None]:
    """Raise `InputError` for what the criterion refuses."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"The responses cannot be fitted: {error}.") from error


def _subject(
    question: str | ModelSpec | Fitted, data: pd.DataFrame | None, *, REML: bool
) -> Subject:
    if isinstance(question, Fitted):
        if data is not None:
            raise InputError("A fit has its data: leave data out.")
        return of_fit(question.arrays())
    if data is None:
        raise InputError("A formula needs data: a data frame with its variables.")
    return of_model(as_spec(question, REML=REML), data)


def _numbers(responses: NDArray[np.float64]) -> Matrix:
    given = np.asarray(responses)
    if given.dtype.kind not in "iuf":
        raise InputError(f"The responses are {given.dtype}; expected a matrix of numbers.")
    return given.astype(np.float64)


def draw_seed(seed: int | None) -> int:
    """Return a seed, a random one for None."""
    if seed is None:
        return secrets.randbelow(2**31)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed is {seed!r}; expected a whole number, 0 or more.")
    return seed


def require_count(n: int) -> int:
    """Return a number of responses."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InputError(f"n is {n!r}; expected a whole number of responses, 1 or more.")
    return n


def _gathered(subject: Subject, fits: Sequence[Refits], *, seed: int | None) -> Bootstrap:
    where, names = subject.parameters, pd.Index(subject.names, dtype=object)
    model = subject.fitter.model
    own = parameters_of(model, where.theta[None], where.beta[None], np.array([where.sigma]))
    tables = [_parameters(model, fit) for fit in fits]
    return Bootstrap(
        formula=subject.formula,
        reml=subject.fitter.reml,
        estimates=pd.Series(own[0], index=names),
        replicates=pd.DataFrame(np.concatenate(tables), columns=names),
        theta=np.concatenate([fit.theta for fit in fits]),
        deviance=np.concatenate([fit.deviance for fit in fits]),
        singular=np.concatenate([fit.singular for fit in fits]),
        failed=~np.concatenate([fit.converged for fit in fits]),
        seed=seed,
    )


def _parameters(model: Model, fit: Refits) -> Matrix:
    """Return the parameters ``(b, k)``, NaN where the search did not arrive."""
    table = parameters_of(model, fit.theta, fit.beta, fit.sigma)
    table[~fit.converged] = np.nan
    return table
