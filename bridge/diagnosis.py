"""What a fit rests on: residuals, leverage, deletion, other optimizers, marginal means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from bridge.arguments import as_name, as_names, as_number, as_numbers, as_truth, as_whole, shown
from bridge.errors import ArgumentError
from bridge.handle import ask
from bridge.progress import track
from bridge.record import Record
from bridge.structure import require_random
from bridge.values import as_columns, as_mapping, as_matrix, as_one, as_words
from bridge.values import as_numbers as read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.inference import Ddf
    from bridge.session import Argument, Value

_CHUNK = 5


@dataclass(frozen=True, eq=False)
class Influence:
    """A model without each group (or row) in turn.

    Attributes
    ----------
    estimates
        (k,) parameters of the whole model: SDs, correlations, sigma, fixed effects.
    deleted
        (m, k) those without each group; NaN where that fit failed.
    cooks_distance
        (m,) (b - b_i)' V^-1 (b - b_i) (m - p) / (m p) of the fixed effects, with V their covariance
        in the whole model: lme4's, which has (m - p) / m beside the usual 1 / p.
    errors
        Group -> why the fit without it failed.
    """

    estimates: pd.Series[float]
    deleted: pd.DataFrame
    cooks_distance: pd.Series[float]
    errors: dict[str, str]


@dataclass(frozen=True, eq=False)
class MarginalMeans:
    """Estimated marginal means of emmeans.

    Attributes
    ----------
    means
        emmeans' table: the factors, ``emmean`` (or ``prob``, ``response``, ...), ``SE``, ``df``,
        limits.
    contrasts
        Its table of contrasts, or None where none were asked for.
    text
        What R prints.
    """

    means: pd.DataFrame
    contrasts: pd.DataFrame | None
    text: str

    def __str__(self) -> str:
        """Return what R prints."""
        return self.text

    def _repr_html_(self) -> str:
        parts = [self.means] if self.contrasts is None else [self.means, self.contrasts]
        return "".join(part.to_html(index=False) for part in parts)


class Diagnosis(Record):
    """What a fit rests on."""

    def residuals(
        self,
        type: Literal["response", "pearson", "deviance", "working"] = "pearson",  # noqa: A002
        *,
        scaled: bool = False,
    ) -> pd.Series[float]:
        """Return (n,) residuals of the rows used, R's ``residuals(m, type)``.

        Parameters
        ----------
        type
            ``"response"``: response minus fitted; ``"pearson"``: these over the square root of the
            variance function, times that of the weight; ``"deviance"``, ``"working"``.
        scaled
            Whether over sigma.
        """
        known = ("response", "pearson", "deviance", "working")
        sent: dict[str, Argument] = {
            "type": as_name("type", type, known), "scaled": as_truth("scaled", scaled),
        }  # fmt: skip
        return self._by_row(ask(self, "model_residuals", sent).value)

    def hat_values(self) -> pd.Series[float]:
        """Return (n,) leverages of the rows used: the diagonal of d fitted / d response."""
        return self._by_row(ask(self, "model_leverage").value)

    def cooks_distance(self) -> pd.Series[float]:
        """Return (n,) Cook's distances of the rows used, by their leverages and residuals.

        That of groups, by deletion, is in :meth:`influence`.
        """
        return self._by_row(ask(self, "model_distance").value)

    def _by_row(self, value: Value) -> pd.Series[float]:
        return pd.Series(read_numbers(value), index=self.response.index)

    def row_parts(self) -> pd.DataFrame:
        """Return by row used what R has of it: offset, weights, linear predictor.

        Mixed models have the columns ``offset weights mu sqrt_x_weights sqrt_r_weights wtres
        fixed linear`` (``fixed``: x'beta with the offset), others ``offset weights linear``.
        """
        return as_columns(ask(self, "model_rows").value, self.response.index)

    def influence(self, group: str | None = None, *, progress: bool | None = None) -> Influence:
        """Return the model fitted without each group in turn, from the whole model's estimates.

        Parameters
        ----------
        group
            Name of a column whose values name the groups; None leaves out each row.
        progress
            Whether to show how far it is; by default on a terminal.
        """
        require_random(self, "deletion of groups; `cooks_distance` is there")
        sent: dict[str, Argument] = {} if group is None else {"group": as_name("group", group)}
        levels = list(as_words(ask(self, "group_levels", sent).value))
        chunks = [levels[k : k + _CHUNK] for k in range(0, len(levels), _CHUNK)]
        parts = []
        for chunk in track(chunks, "influence", progress):
            asked: dict[str, Argument] = {**sent, "levels": chunk}
            parts.append(as_mapping(ask(self, "delete_groups", asked).value))
        names = list(as_words(parts[0]["names"]))
        found = np.vstack([as_matrix(part["parameters"]).to_numpy() for part in parts])
        errors = [text for part in parts for text in as_words(part["errors"])]
        index = self._deleted_index(group, levels)
        deleted = pd.DataFrame(found, index=index, columns=names)
        whole = pd.Series(read_numbers(ask(self, "model_parameters").value), index=names)
        return Influence(
            whole,
            deleted,
            _distances(self, deleted),
            {level: text for level, text in zip(levels, errors, strict=True) if text},
        )

    def _deleted_index(self, group: str | None, levels: Sequence[str]) -> pd.Index[Any]:
        if group is not None:
            return pd.Index(levels, name=group, dtype=object)
        return self.frame.index[[int(level) - 1 for level in levels]]

    def all_fit(self, *, maxfun: int = 100_000, progress: bool | None = None) -> pd.DataFrame:
        """Return the model fitted by each optimizer that lme4 finds here (allFit).

        Returns
        -------
        DataFrame
            By optimizer: ``loglik``, ``below_best`` (how far the log-likelihood is below the best
            of them), ``converged``, ``singular``, ``evaluations``, a column for each parameter,
            ``messages`` and ``error``.
        """
        require_random(self, "search for them")
        limit = as_whole("maxfun", maxfun, least=1)
        table = as_columns(ask(self, "optimizer_table").value)
        names = list(as_words(ask(self, "parameter_names").value))
        rows = {}
        tried = list(zip(table["optimizer"], table["method"], strict=True))
        for optimizer, method in track(tried, "all_fit", progress):
            sent: dict[str, Argument] = {
                "optimizer": optimizer, "method": method, "maxfun": limit,
            }  # fmt: skip
            label = f"{optimizer} {method}".strip()
            rows[label] = _tried(as_mapping(ask(self, "fit_by", sent).value), names)
        found = pd.DataFrame.from_dict(rows, orient="index")
        found.insert(1, "below_best", found["loglik"].max() - found["loglik"])
        return found

    def emmeans(  # noqa: PLR0913  (emmeans' arguments)
        self,
        specs: Sequence[str] | str,
        *,
        by: Sequence[str] | str | None = None,
        contrast: str | None = None,
        adjust: str | None = None,
        type: Literal["link", "response"] = "link",  # noqa: A002
        level: float = 0.95,
        ddf: Ddf | Literal["asymptotic"] = "Satterthwaite",
        at: Mapping[str, Sequence[float]] | None = None,
    ) -> MarginalMeans:
        """Return estimated marginal means, by R's package emmeans.

        Parameters
        ----------
        specs, by
            Names of factors: whose means, and within which others.
        contrast
            ``"pairwise"``, ``"trt.vs.ctrl"``, ``"eff"``, ... None gives the means alone.
        adjust
            Of p-values for their number: ``"tukey"``, ``"bonferroni"``, ``"holm"``, ``"none"``, ...
        type
            ``"link"``, or back on the scale of the ``"response"``.
        level
            Coverage of the limits.
        ddf
            lmer: how degrees of freedom are found.
        at
            By covariate, the values at which the means are taken; by default its mean.

        Raises
        ------
        EngineMissingError
            Where R has no emmeans.
        """
        sent: dict[str, Argument] = {
            "specs": as_names("specs", specs),
            "type": as_name("type", type, ("link", "response")),
            "level": as_number("level", level, low=0.0, high=1.0),
            "ddf": as_name("ddf", ddf, ("Satterthwaite", "Kenward-Roger", "asymptotic")),
        }
        if by is not None:
            sent["by"] = as_names("by", by)
        if not sent["specs"]:
            raise ArgumentError("specs is empty; expected the names of one factor or more.")
        if at is not None:
            if not isinstance(at, Mapping):
                raise ArgumentError(
                    f"at is {shown(at)}; expected a mapping of covariates to values."
                )
            sent["at"] = {
                as_name("A name in at", name): as_numbers(f"at[{name!r}]", values)
                for name, values in at.items()
            }
        for name, value in (("contrast", contrast), ("adjust", adjust)):
            if value is not None:
                sent[name] = as_name(name, value)
        parts = as_mapping(ask(self, "marginal_means", sent).value)
        contrasts = None if parts["contrasts"] is None else as_columns(parts["contrasts"])
        return MarginalMeans(
            as_columns(parts["means"]), contrasts, "\n".join(as_words(parts["text"]))
        )


def _distances(fit: Record, deleted: pd.DataFrame) -> pd.Series[float]:
    # The fixed effects come last; a covariate may bear the name of an SD.
    # R's NA is a NaN that signals when it is computed with.
    with np.errstate(invalid="ignore"):
        steps = deleted.to_numpy()[:, -len(fit.fixef) :] - fit.fixef.to_numpy()
        solved = np.linalg.solve(fit.vcov.to_numpy(), steps.T).T
    groups, p = len(deleted), len(fit.fixef)
    distances = (steps * solved).sum(axis=1) * (groups - p) / (groups * p)
    return pd.Series(distances, index=deleted.index, name="cooks_distance")


def _tried(parts: Mapping[str, Value], names: list[str]) -> dict[str, Any]:
    error = str(as_one(parts["error"]))
    if error:
        return {"loglik": np.nan, "messages": "", "error": error}
    return {
        "loglik": as_one(parts["loglik"]),
        "converged": as_one(parts["converged"]),
        "singular": as_one(parts["singular"]),
        "evaluations": as_one(parts["evaluations"]),
        **dict(zip(names, read_numbers(parts["parameters"]).tolist(), strict=True)),
        "messages": "; ".join(as_words(parts["said"])),
        "error": "",
    }
