"""Confidence intervals: Wald, profile likelihood, parametric bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
from scipy.stats import norm

from bridge.arguments import (
    MOST_WORKERS,
    as_draws,
    as_name,
    as_names,
    as_number,
    as_whole,
    shown,
)
from bridge.bootstrap import Bootstrap, run_bootstrap, run_elsewhere
from bridge.errors import ArgumentError, FitError, NotDefinedError
from bridge.handle import ask
from bridge.progress import track
from bridge.record import Record
from bridge.values import as_columns, as_mapping, as_matrix, as_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.session import Argument

    Method = Literal["wald", "profile", "boot"]
    BootKind = Literal["perc", "basic", "norm"]


def limits(level: float) -> tuple[str, str]:
    """Return R's names of the two limits: ``("2.5 %", "97.5 %")`` for 0.95."""
    tail = 50 * (1 - level)
    return f"{tail:.3g} %", f"{100 - tail:.10g} %"


class Intervals(Record):
    """Confidence intervals of a model's parameters."""

    def confint(  # noqa: PLR0913  (R's arguments)
        self,
        method: Method = "wald",
        *,
        level: float = 0.95,
        parm: Sequence[str] | str | None = None,
        n_boot: int = 1000,
        seed: int | None = None,
        workers: int = 1,
        boot_type: BootKind = "perc",
        engine: str = "lme4",
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Return confidence intervals.

        Parameters
        ----------
        method
            ``"wald"``: estimate plus or minus a normal quantile (lm: of t) times the standard
            error, fixed effects only. ``"profile"``: by the profile likelihood, all parameters, a
            REML fit by ML. ``"boot"``: by the parametric bootstrap, all parameters.
        level
            Coverage, between 0 and 1.
        parm
            Names of parameters; all by default. SDs are named ``sd_(Intercept)|school``,
            correlations ``cor_raven.(Intercept)|school``, the residual SD ``sigma``.
        n_boot, seed, workers, boot_type
            For ``"boot"``: see :meth:`bootstrap`; kind of interval, ``"perc"`` (percentiles),
            ``"basic"`` or ``"norm"``.
        engine
            For ``"boot"``: see :meth:`bootstrap`.
        progress
            Whether to show how far it is; by default on a terminal.

        Returns
        -------
        DataFrame
            A row a parameter, columns ``2.5 %`` and ``97.5 %`` (as `level` has it). Its ``attrs``
            have ``method``, and of a bootstrap the `Bootstrap` itself.
        """
        as_name("method", method, ("wald", "profile", "boot"))
        as_number("level", level, low=0.0, high=1.0)
        wanted = None if parm is None else as_names("parm", parm)
        if method == "boot":
            as_draws("n_boot", n_boot, self.nobs)
            as_name("boot_type", boot_type, ("perc", "basic", "norm"))
            _parameters(self, wanted)
            found = self.bootstrap(
                n_boot, seed=seed, workers=workers, engine=engine, progress=progress
            )
            table = found.confint(level, kind=boot_type)
            table.attrs["bootstrap"] = found
        elif not self.is_mixed:
            table = _plain(self, level, method)
        elif method == "wald":
            table = _wald(self, level)
        else:
            _, table = _profiles(self, wanted, level, progress)
        table.attrs["method"] = method
        return _chosen(table, wanted)

    def profile(
        self,
        parm: Sequence[str] | str | None = None,
        *,
        level: float = 0.95,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Return the profile likelihood, a row an evaluation.

        Returns
        -------
        DataFrame
            ``.zeta`` (signed square root of the rise of the deviance), a column a parameter, the
            parameter profiled (``.par``) and its value (``.focal``). ``attrs["interval"]`` has the
            intervals at `level`. A REML fit is profiled by ML.
        """
        _require_mixed(self, "profile")
        as_number("level", level, low=0.0, high=1.0)
        wanted = None if parm is None else as_names("parm", parm)
        table, interval = _profiles(self, wanted, level, progress)
        table.attrs["interval"] = interval
        return table

    def bootstrap(
        self,
        n: int = 1000,
        *,
        seed: int | None = None,
        workers: int = 1,
        engine: str = "lme4",
        progress: bool | None = None,
    ) -> Bootstrap:
        """Return a parametric bootstrap: responses simulated from the fit, each fitted again.

        lme4 before 1.1-33 refits a REML fit by a wrong criterion (its ``refit`` takes REML = 1
        where the number of fixed effects belongs); where that is so, each response is fitted anew
        and `Bootstrap.anew` says so. The draws are those of R's ``bootMer`` from the same seed.

        Parameters
        ----------
        n
            Number of responses.
        seed
            Of R's Mersenne twister; by default a random one, which `Bootstrap.seed` keeps.
        workers
            Number of R processes that fit; the result does not depend on it.
        engine
            Who draws and fits. ``"lme4"``; or ``"native"``, for an lmer: draws of NumPy's, all
            fitted at once by Newton's method on the model's criterion, twenty to two hundred times
            faster and each to its optimum's last digits (`workers` and `progress` do not matter).
        progress
            Whether to show how far it is; by default on a terminal.

        Raises
        ------
        EngineMissingError
            For an engine that is not installed.
        NotDefinedError
            For a model without random effects, or for a glmer with another engine than lme4.
        """
        _require_mixed(self, "bootstrap")
        size = as_draws("n", n, self.nobs)
        processes = as_whole("workers", workers, least=1, most=MOST_WORKERS)
        if as_name("engine", engine) != "lme4":
            return run_elsewhere(self, size, seed=seed, engine=engine)
        return run_bootstrap(self, size, seed=seed, workers=processes, progress=progress)


def _require_mixed(fit: Record, what: str) -> None:
    if not fit.is_mixed:
        raise NotDefinedError(
            f"{what} is for mixed models; this one is fitted by {fit.kind}. Its confint() has "
            f"{'method' if fit.kind == 'lm' else 'methods'} 'wald'"
            f"{'' if fit.kind == 'lm' else ' and profile'}."
        )


def _wald(fit: Record, level: float) -> pd.DataFrame:
    reach = norm.isf((1 - level) / 2) * fit.bse
    low, high = limits(level)
    return pd.DataFrame({low: fit.fixef - reach, high: fit.fixef + reach})


def _plain(fit: Record, level: float, method: str) -> pd.DataFrame:
    kind = "t" if fit.kind == "lm" else method
    if fit.kind == "lm" and method == "profile":
        raise NotDefinedError("The intervals of an lm are exact by t: use method='wald'.")
    found = as_matrix(ask(fit, "plain_intervals", {"level": level, "method": kind}).value)
    return found.set_axis(list(limits(level)), axis=1)


def _chosen(table: pd.DataFrame, wanted: list[str] | None) -> pd.DataFrame:
    if wanted is None:
        return table
    if not wanted:
        raise ArgumentError("parm names no parameter; None is all of them.")
    for name in wanted:
        if name not in table.index:
            raise ArgumentError(
                f"parm names {shown(name)}, which is no parameter here. They are: "
                f"{', '.join(map(repr, table.index))}."
            )
    return table.loc[wanted]


def _parameters(fit: Record, wanted: list[str] | None) -> tuple[list[str], list[int]]:
    """Return the names of all parameters of a mixed model, and the places of those wanted."""
    _require_mixed(fit, "bootstrap")
    names = list(as_words(ask(fit, "parameter_names").value))
    _chosen(pd.DataFrame(index=names), wanted)
    if wanted is None:
        return names, list(range(len(names)))
    for name in wanted:
        if names.count(name) > 1:
            raise ArgumentError(f"parm names {name!r}, which {names.count(name)} parameters bear.")
    return names, [names.index(name) for name in wanted]


def _profiles(
    fit: Record,
    wanted: list[str] | None,
    level: float,
    progress: bool | None,  # noqa: FBT001  (handed on)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names, chosen = _parameters(fit, wanted)
    tables, intervals = [], []
    for place in track(chosen, "profile", progress):
        name = names[place]
        sent: dict[str, Argument] = {"which": place + 1, "level": level}
        try:
            parts = as_mapping(ask(fit, "profile_parameter", sent).value)
        except FitError as error:
            raise FitError(f"The profile of {name!r} broke down. {error}") from error
        tables.append(as_columns(parts["table"]))
        intervals.append(as_matrix(parts["interval"]).set_axis([name], axis=0))
    interval = pd.concat(intervals).set_axis(list(limits(level)), axis=1)
    return pd.concat(tables, ignore_index=True), interval
