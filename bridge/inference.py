"""Questions to several fits at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bridge import session
from bridge.errors import ArgumentError, BridgeError, DataError
from bridge.failures import raise_failure
from bridge.fit import Fit
from bridge.session import Argument, Value, Vector

if TYPE_CHECKING:
    from bridge.conditions import Condition

_REFITTED = "refitting model(s) with ML"


@dataclass(frozen=True, eq=False, repr=False)
class Anova:
    """R's comparison of nested models.

    Attributes
    ----------
    table
        A row a model, ``model1``, ``model2``, ... being the order given to :func:`anova`; the
        rows are ordered as R orders them, by number of parameters. Mixed models: columns npar, AIC,
        BIC, logLik, deviance (-2 logLik), Chisq, Df, Pr(>Chisq), by the ML likelihood. Only lm
        fits: Res.Df, RSS, Df, Sum of Sq, F, Pr(>F). NaN where R's table is blank.
    formulas
        The model's name -> its formula.
    refitted
        Whether REML fits were fitted anew by ML, as lme4 does before it compares them.
    message
        lme4's words about that; empty unless `refitted`.
    messages
        All that R said, in order.
    text
        What R prints.
    """

    table: pd.DataFrame
    formulas: dict[str, str]
    refitted: bool
    message: str
    messages: tuple[Condition, ...]
    text: str

    def __str__(self) -> str:
        """Return what R prints, with what it said of refitting."""
        return f"{self.message}\n{self.text}" if self.message else self.text

    def __repr__(self) -> str:
        """Return a line, and what R prints."""
        return f"<Anova of {len(self.formulas)} models>\n{self}"


def anova(first: Fit, *others: Fit) -> Anova:
    """Return R's likelihood-ratio (lm alone: F) tests between nested models.

    REML fits are fitted anew by ML first, as lme4 does, since restricted likelihoods of models with
    different fixed effects cannot be compared.

    Raises
    ------
    ArgumentError
        For fewer than two fits.
    DataError
        For fits of other rows or another response.
    FitError
        When R refuses the comparison.
    """
    fits = (first, *others)
    if not others or not all(isinstance(fit, Fit) for fit in fits):
        raise ArgumentError("anova compares two or more fits: anova(small, large).")
    _require_same_rows(fits)
    formulas = {f"model{k}": fit.formula for k, fit in enumerate(fits, start=1)}
    answer = session.current().call("compare_models", {"models": [_recipe(fit) for fit in fits]})
    if answer.failure is not None:
        raise_failure(answer, " against ".join(formulas.values()))
    said = next((c.text for c in answer.conditions if c.text.startswith(_REFITTED)), "")
    table, text = _read(answer.value)
    return Anova(table, formulas, bool(said), said, answer.conditions, text)


def _recipe(fit: Fit) -> dict[str, Argument]:
    sent = {"formula": fit.formula, "data": fit.frame, **fit.arguments}
    return {"kind": fit.kind, "arguments": sent}


def _require_same_rows(fits: tuple[Fit, ...]) -> None:
    first = fits[0]
    for fit in fits[1:]:
        if not first.fitted.index.equals(fit.fitted.index):
            raise DataError(
                f"The models were fitted to different rows ({first.nobs} and {fit.nobs} of them): "
                "a column of one has missing values, or the data differ. Fit both to the rows that "
                "are complete in both."
            )
        if not np.array_equal(first.response, fit.response):
            raise DataError("The models have different responses, and cannot be compared.")


def _read(value: Value) -> tuple[pd.DataFrame, str]:
    if not isinstance(value, dict):
        raise BridgeError("R answered with no table of models.")
    parts = {name: _cells(value[name]) for name in ("models", "text")}
    columns = {name: _cells(column) for name, column in value["table"].items()}
    return pd.DataFrame(columns, index=list(parts["models"])), "\n".join(parts["text"])


def _cells(value: Value) -> tuple[str, ...]:
    if not isinstance(value, Vector):
        raise BridgeError("R answered with no table of models.")
    return value.cells  # type: ignore[return-value]
