"""R's errors as the bridge's: R's own words, and a plain sentence where one helps."""

import re
from typing import NoReturn

from bridge.errors import (
    ArgumentError,
    BridgeError,
    DataError,
    EngineMissingError,
    FitError,
    FormulaError,
)
from bridge.session import Answer

# R marks what its side of the bridge refuses by these classes.
_REFUSALS: dict[str, type[BridgeError]] = {
    "bridge_formula": FormulaError,
    "bridge_data": DataError,
    "bridge_argument": ArgumentError,
    "bridge_missing": EngineMissingError,
}

# Words of R's or lme4's -> what they mean for the user's model.
_MEANINGS = (
    (
        r"new levels detected in newdata",
        (
            "A grouping factor of the new data has groups that the model has not seen: pass "
            "allow_new_levels=True, and their random effects are 0."
        ),
    ),
    (
        r"profiling detected new, lower deviance",
        (
            "The fit is not at its optimum, so that no profile starts from it: fit again with "
            "another optimizer (all_fit shows what each finds) or with tighter tolerances."
        ),
    ),
    (
        r"grouping factors must have > 1 sampled level",
        (
            "A grouping factor has one group only, so that nothing varies between groups: "
            "use lm, or group by another column."
        ),
    ),
    (
        r"number of levels of each grouping factor must be < number of observations",
        (
            "A grouping factor has one group a row, so that its effect cannot be told from the "
            "residual: group by another column."
        ),
    ),
    (
        r"number of observations .* random effects",
        (
            "There are as many random effects as rows: leave a random slope out, or group by "
            "another column."
        ),
    ),
    (
        r"wrong number of contrast matrix rows",
        "A matrix of contrasts has a row for each level that the rows used have, and no other.",
    ),
    (
        r"contrasts can be applied only to factors with 2 or more levels",
        "A categorical column has one level only in the rows used: leave it out.",
    ),
    (
        r"PIRLS|pwrssUpdate",
        (
            "The iteration inside glmer broke down: scale the covariates, or set "
            "control={'nAGQ0initStep': False}."
        ),
    ),
    (
        r"Downdated VtV|not a positive definite matrix|x0 returns NA|generate feasible simplex",
        (
            "The criterion or its curvature cannot be computed: the response is constant, there "
            "are as many coefficients as rows, or the response, a column, a weight or the offset "
            "has values too large or too far apart in size. Scale the columns."
        ),
    ),
    (
        r"NA/NaN/Inf in 'x'|NA/NaN/Inf in foreign",
        (
            "A term of the formula is infinite or no number in some row, as 1 / 0 or the "
            "logarithm of 0 are: compute it as a column, and look at its rows."
        ),
    ),
    (
        r"NA/NaN/Inf in 'y'",
        (
            "The response is infinite or no number in some row, as the logarithm of 0 is: "
            "compute it as a column, and look at its rows."
        ),
    ),
    (
        r"invalid model formula in ExtractVars|invalid term in model formula",
        "A number or a quoted text stands in the formula where a column or a call belongs.",
    ),
    (
        r"variable lengths differ",
        (
            "A term of the formula has not one value a row: functions such as mean and rep give "
            "another number of values."
        ),
    ),
    (
        r"0 \(non-NA\) cases",
        "No row is left: each misses a value, of a column or of a term that the formula computes.",
    ),
    (
        r"length\(theta\) > 0L",
        "The random terms hold no effect at all, as (0 | g) does: write (1 | g).",
    ),
    (
        r"incorrect number of (theta|fixef) components|at least one element in x0 < lb",
        (
            "start does not fit the model: it has as many numbers as the model has parameters of "
            "that kind, and no SD is negative."
        ),
    ),
    (r"ord < 101L", "nAGQ is too large: at most 100 points."),
    (
        r"please supply starting values|no valid set of coefficients",
        "No start for the iterations was found: give start=, or another link.",
    ),
    (
        r"replacement has \d+ rows",
        "The response has another shape than the one that the model was fitted to.",
    ),
    (
        r"must be numeric|non-numeric|invalid type|factor.* response|not meaningful for factors",
        "A column that must be numbers is not: check the types of the data.",
    ),
)

_SHOWN = 200
_MOST_SAID = 3


def raise_failure(answer: Answer, formula: str, *, asked: str = "fit") -> NoReturn:
    """Raise the bridge's error for R's.

    Parameters
    ----------
    answer
        One that holds a failure.
    formula
        Of the model.
    asked
        What R was to do with it.

    Raises
    ------
    BridgeError
        The child that fits; its text is R's, and what it means where that is known.
    """
    failure = answer.failure
    if failure is None:
        raise BridgeError("There is no failure to raise.")
    for mark, error in _REFUSALS.items():
        if mark in failure.classes:
            raise error(failure.text)
    meaning = next((f"{said} " for words, said in _MEANINGS if re.search(words, failure.text)), "")
    said_before = dict.fromkeys(said.text for said in answer.conditions if said.kind != "output")
    before = "".join(f" Before that it said: {text}" for text in [*said_before][:_MOST_SAID])
    model = formula if len(formula) <= _SHOWN else f"{formula[: _SHOWN - 3]}..."
    raise FitError(f"R could not {asked} {model!r}. {meaning}R said: {failure.text}{before}")


def require_no_overflow(answer: Answer) -> None:
    """Raise FitError where R lost rows because a product of integers left its 32 bits.

    R says so by a warning only and goes on without the rows.
    """
    for said in answer.conditions:
        if "integer overflow" in said.text:
            raise FitError(
                f"R computed with 32-bit integers and said: {said.text}. The rows would be lost: "
                "make the columns that the formula multiplies floating-point numbers, as in "
                "data.astype({'a': float})."
            )
