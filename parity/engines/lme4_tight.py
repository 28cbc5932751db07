"""lme4 refitted by its optimisers in turn, with tight stops, each from the best answer so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from parity.engines.lme4 import Lme4, ask
from parity.engines.lme4_answer import answer_of, criterion_of, theta_keys
from parity.engines.lme4_search import BOBYQA_GLMM, BOBYQA_LMM, GLMM, LMM, TOLERANCES, said
from parity.engines.lme4_trial import TIE, Trial, Trials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parity.case import Case
    from parity.engines.lme4_search import Search
    from parity.result import FitResult, Key

DEFAULT = "lme4's default"
# Rows times parameters searched for, above which one restart has to do: VerbAgg (1.3e5) takes a
# minute and InstEval (2.2e5) half a minute for one; the largest of the others has 4e3.
_LARGE = 20_000


class Lme4Tight(Lme4):
    """lme4's default, then its optimisers with tight stops; the lowest deviance stands."""

    name = "lme4-tight"
    on_request = True

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Fit by lme4's default, then restart each optimiser from the best answer so far."""
        return self.refit(case, data, ())

    def refit(
        self, case: Case, data: pd.DataFrame, starts: Sequence[Mapping[Key, float]]
    ) -> FitResult:
        """Return the lowest of lme4's default, of restarts from each theta, and of tight restarts.

        Parameters
        ----------
        case, data
            The model, and its data.
        starts
            Thetas of other engines by (group, row, column) on lme4's scale, standard deviations
            over sigma. A column whose diagonal is negative is turned round, which leaves the
            model as it is; a theta of other keys, or not finite, is left out, and a condition
            says so.

        Raises
        ------
        BridgeError
            Where every search failed: that of lme4's default.
        """
        if case.spec.kind == "lm":
            return _solved(self.name, case, data)
        failed = []
        for tolerance in TOLERANCES:
            trials = _searched(Trials(case.spec, data, tolerance), starts)
            if trials.settled or not trials.glmm:
                break
            failed.append(f"at tolPwrss = {tolerance:g} no search converged")
        winner = trials.answer()
        conditions = [
            f"tight: {note}" for note in (_outcome(trials, winner), *failed, *trials.notes)
        ]
        return answer_of(self.name, case, winner.fit, conditions + said(winner.fit, case.spec))


def _searched(trials: Trials, starts: Sequence[Mapping[Key, float]]) -> Trials:
    """Return the trials of lme4's default, of the starts, and of the optimisers in turn."""
    # glmer's default has another inner tolerance, and a far theta a far start of the inner
    # iterations: both are places to start from, no answers.
    trials.attempt(DEFAULT, None, None, final=not trials.glmm)
    bobyqa = BOBYQA_GLMM if trials.glmm else BOBYQA_LMM
    for number, start in enumerate(starts, 1):
        _try_start(trials, bobyqa, number, start)
    for search in _affordable(trials, bobyqa):
        best = trials.lowest
        trials.attempt(search.optimizer, search, best.theta if best else None)
    return trials


def _solved(engine: str, case: Case, data: pd.DataFrame) -> FitResult:
    """Return the answer of a linear model, which is solved and not searched for."""
    fit = ask(case.spec, data)
    if isinstance(fit, Exception):
        raise fit
    return answer_of(engine, case, fit, said(fit, case.spec))


def _try_start(trials: Trials, search: Search, number: int, start: Mapping[Key, float]) -> None:
    """Search from a challenger's theta, or note why not."""
    known = trials.lowest
    if known is None:
        trials.notes.append(f"challenger {number}'s theta was not tried: no fit tells its order")
        return
    keys = theta_keys(known.fit)
    problem = _problem(start, keys)
    if problem:
        trials.notes.append(f"challenger {number}'s theta was not tried: {problem}")
        return
    label = f"{search.optimizer} from challenger {number}'s theta"
    trials.attempt(label, search, in_order(start, keys), final=not trials.glmm)


def _problem(start: Mapping[Key, float], keys: Sequence[Key]) -> str | None:
    """Return None where the start is a theta of these keys, else what is wrong with it."""
    given, wanted = set(start), set(keys)
    for what, odd in (("it lacks", wanted - given), ("the model has no", given - wanted)):
        if odd:
            return f"{what} {', '.join(sorted(map(str, odd)))}"
    bad = [str(key) for key in keys if not math.isfinite(start[key])]
    return f"it is not finite at {', '.join(bad)}" if bad else None


def in_order(start: Mapping[Key, float], keys: Sequence[Key]) -> list[float]:
    """Return theta ``(m,)`` in the order of the keys, diagonals not negative.

    lme4 bounds the diagonal of each factor at 0. L and L S have one product L L' where S is
    diagonal of 1 and -1, so that a column may be turned round.
    """
    turned = {
        (group, column): -1.0
        for (group, row, column), number in start.items()
        if row == column and number < 0
    }
    return [start[key] * turned.get((key[0], key[2]), 1.0) for key in keys]


def _affordable(trials: Trials, bobyqa: Search) -> Sequence[Search]:
    """Return the searches that the model's size affords."""
    best = trials.lowest
    if best is not None:
        searched = len(best.theta) + (len(best.fit.fixef) if trials.glmm else 0)
        if best.fit.nobs * searched > _LARGE:
            trials.notes.append(
                f"{best.fit.nobs} rows and {searched} parameters: only bobyqa was restarted"
            )
            return (bobyqa,)
    return GLMM if trials.glmm else LMM


def _outcome(trials: Trials, winner: Trial) -> str:
    """Return which search won, and how far above it lme4's default was."""
    default = next((trial for trial in trials.done if trial.label == DEFAULT), None)
    name = "REML criterion" if trials.spec.criterion == "REML" and not trials.glmm else "deviance"
    if default is None:
        return f"{winner.label} won with a {name} of {winner.deviance:.10f}"
    gap = default.deviance - winner.deviance
    if gap <= TIE:
        at = f"{name} of {winner.deviance:.10f}"
        if winner is default:
            return f"no search ended below {DEFAULT} with its {at}"
        return f"{winner.label} won: {DEFAULT} is within {TIE:g} of its {at}"
    told = f"{winner.label} won: {DEFAULT} is {gap:.3g} above its {name} of {winner.deviance:.10f}"
    if trials.glmm:
        stated = criterion_of(trials.spec, default.fit)
        told += (
            f" (at tolPwrss = {trials.tolerance:g}; at lme4's own the default states {stated:.10f})"
        )
    return told
