"""lme4 itself, live, through the bridge: the reference."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from parity.engine import EngineError
from parity.engines.lme4_answer import answer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from bridge import BridgeError, Fit
    from bridge.models import Family
    from parity.case import Case
    from parity.result import FitResult
    from parity.spec import ModelSpec


class Lme4:
    """Fits with `bridge.lm`, `bridge.lmer` and `bridge.glmer`, lme4's defaults untouched."""

    name = "lme4"

    def missing(self) -> str | None:
        """Return None where R with lme4 answers to this process."""
        from bridge import session  # noqa: PLC0415 - R starts only when it is asked for

        return session.probe()

    def unsupported(self, case: Case) -> str | None:
        """Return None where the formula holds nothing that R must not evaluate."""
        import bridge  # noqa: PLC0415 - R starts only when it is asked for

        try:
            bridge.check_formula(case.spec.formula)
        except bridge.FormulaError as error:
            return str(error)
        return None

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Fit once in R and return everything."""
        fit = _ask(case.spec, data, cond_var=bool(case.spec.random))
        return answer_of(self.name, case, fit, [str(condition) for condition in fit.messages])

    def isolate(self, time_limit: float) -> None:
        """Let the R of this process be one of its own from now on, each call within a time limit.

        Where R takes longer, or dies, the fit fails with the reason and the next one has a fresh R.

        Parameters
        ----------
        time_limit
            In seconds.

        Raises
        ------
        EngineError
            Where this process runs R inside itself already.
        """
        from bridge import session  # noqa: PLC0415 - R starts only when it is asked for
        from bridge.worker import Worker, as_time_limit  # noqa: PLC0415 - as above

        os.environ[session.VARIABLE] = "worker"
        running = session.current()
        if not isinstance(running, Worker):
            raise EngineError(
                "R runs inside this process already and cannot be given a time limit; start this "
                "in a process of its own."
            )
        running.time_limit = as_time_limit(time_limit)

    def versions(self) -> dict[str, str]:
        """Return the versions of R, lme4, Matrix, BLAS, LAPACK, the platform and, if used, rpy2."""
        from bridge import session  # noqa: PLC0415 - R starts only when it is asked for

        return session.versions()


def _ask(spec: ModelSpec, data: pd.DataFrame, *, cond_var: bool) -> Fit:
    """Send the user's own formula to the function of R that fits it."""
    return _send(spec, data, cond_var=cond_var)


def ask(
    spec: ModelSpec,
    data: pd.DataFrame,
    *,
    start: Mapping[str, Sequence[float]] | None = None,
    control: Mapping[str, object] | None = None,
) -> Fit | BridgeError:
    """Return the fit of a search that starts and goes as told, or the bridge's error.

    Parameters
    ----------
    spec, data
        The model, and its data.
    start
        ``{"theta": ..., "fixef": ...}``, the latter for a generalised model alone; lme4's own
        start for None.
    control
        Settings of ``lmerControl`` or ``glmerControl``; lme4's own for None.
    """
    import bridge  # noqa: PLC0415 - R starts only when it is asked for

    try:
        return _send(spec, data, start=start, control=control)
    except bridge.BridgeError as error:
        return error


def _send(spec: ModelSpec, data: pd.DataFrame, **search: Any) -> Fit:  # noqa: ANN401 - the bridge checks them
    import bridge  # noqa: PLC0415 - R starts only when it is asked for

    if spec.weights is not None:
        search = {**search, "weights": spec.weights}
    if spec.kind == "lm":
        return bridge.lm(spec.formula, data, weights=spec.weights)
    if spec.kind == "lmm":
        return bridge.lmer(spec.formula, data, REML=spec.criterion == "REML", **search)
    family = cast("Family", spec.family)
    return bridge.glmer(spec.formula, data, family=family, link=spec.link, nAGQ=spec.nagq, **search)
