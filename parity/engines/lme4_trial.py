"""What searches of one model ended in, and which of them is the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parity.engines.lme4 import ask
from parity.engines.lme4_answer import criterion_of
from parity.engines.lme4_search import evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from bridge import BridgeError, Fit
    from parity.engines.lme4_search import Search
    from parity.spec import ModelSpec

TIE = 1e-9
"""Deviances this close are equal but for rounding and glmer's inner iterations."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A fit that a search ended in.

    Attributes
    ----------
    label
        Which search, from where.
    fit
        What came back.
    deviance
        -2 log-likelihood of what is maximised. For glmer it is evaluated anew at the tight inner
        tolerance and from the trial's own place: the one function for all trials.
    final
        Whether the trial may be the answer where others may.
    """

    label: str
    fit: Fit
    deviance: float
    final: bool

    @property
    def theta(self) -> list[float]:
        """Theta ``(m,)`` in lme4's order, of standard deviations over sigma."""
        assert self.fit.theta is not None  # noqa: S101 - a linear model is never searched for
        return [float(number) for number in self.fit.theta]


@dataclass(slots=True)
class Trials:
    """The trials of one model so far, and what went wrong on the way.

    Attributes
    ----------
    spec, data
        The model, and its data.
    tolerance
        Of glmer's inner iterations.
    done
        Fits, in the order of the searches.
    notes
        Sentences on what failed or was left out.
    failures
        The errors of searches that gave no fit.
    """

    spec: ModelSpec
    data: pd.DataFrame
    tolerance: float
    done: list[Trial] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[BridgeError] = field(default_factory=list)

    @property
    def glmm(self) -> bool:
        """Whether glmer fits the model."""
        return self.spec.kind == "glmm"

    @property
    def settled(self) -> bool:
        """Whether a trial that may be the answer converged."""
        return any(trial.final and trial.fit.converged for trial in self.done)

    @property
    def lowest(self) -> Trial | None:
        """The trial of the lowest deviance so far."""
        return min(self.done, key=lambda trial: trial.deviance, default=None)

    def attempt(
        self,
        label: str,
        search: Search | None,
        theta: Sequence[float] | None,
        *,
        final: bool = True,
    ) -> None:
        """Search from a theta and keep the fit, or note the failure.

        Parameters
        ----------
        label
            For the notes.
        search
            Optimiser and rules of stopping; lme4's own for None.
        theta
            Where to start, ``(m,)``; lme4's own start for None. Fixed effects of glmer start from
            those of the lowest trial.
        final
            Whether what comes may be the answer.
        """
        control = search.control(self.spec, self.tolerance) if search else None
        fit = ask(self.spec, self.data, start=self._start(theta), control=control)
        if isinstance(fit, Exception):
            self._note_failure(label, fit)
            return
        deviance = self._evaluated(label, fit) if self.glmm else criterion_of(self.spec, fit)
        if deviance is not None:
            self.done.append(Trial(label, fit, deviance, final))

    def answer(self) -> Trial:
        """Return the trial of the lowest deviance, of equal ones one that converged.

        Raises
        ------
        BridgeError
            Where every search failed: the first one's.
        """
        if not self.done:
            raise self.failures[0]
        final = [trial for trial in self.done if trial.final] or self.done
        least = min(trial.deviance for trial in final)
        equal = [trial for trial in final if trial.deviance - least <= TIE]
        return min(equal, key=lambda trial: (not trial.fit.converged, trial.deviance))

    def _start(self, theta: Sequence[float] | None) -> Mapping[str, Sequence[float]] | None:
        if theta is None:
            return None
        if not self.glmm or self.lowest is None:
            return {"theta": theta}
        return {"theta": theta, "fixef": _fixef(self.lowest.fit)}

    def _evaluated(self, label: str, fit: Fit) -> float | None:
        """Return glmer's deviance where a fit ended, at the tight inner tolerance."""
        there = {"theta": Trial(label, fit, 0.0, final=False).theta, "fixef": _fixef(fit)}
        anew = ask(self.spec, self.data, start=there, control=evaluation(self.tolerance))
        if isinstance(anew, Exception):
            self._note_failure(f"the evaluation of glmer's deviance where {label} ended", anew)
            return None
        return criterion_of(self.spec, anew)

    def _note_failure(self, what: str, error: BridgeError) -> None:
        self.failures.append(error)
        self.notes.append(f"{what} failed: {error}")


def _fixef(fit: Fit) -> list[float]:
    return [float(number) for number in fit.fixef]
